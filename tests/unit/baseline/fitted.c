/* Each classical method against its definition, on the rows that it was fitted to. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/rng.h"
#include "fit/ksh.h"
#include "math/blas.h"
#include "math/distance.h"
#include "model/network.h"
#include "model/params.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/itq.h"
#include "mpi/fit/points.h"

enum { N = 300, DIM = 10, BITS = 6, CLASSES = 3, ANCHORS = 20 };

static float features[N * DIM];
static uint32_t labels[N];
static struct par_sum_groups groups;
static struct rows rows;
static struct bl_model model;
static double z[N * BITS]; /* outputs */
static struct bl_error err;

static int read_rows(void *context, int64_t lo, int64_t n, const void **at, const uint32_t **of,
                     struct bl_error *e)
{
    (void)context;
    (void)n;
    (void)e;
    if (at)
        *at = features + lo * DIM;
    if (of)
        *of = labels + lo;
    return BL_OK;
}

static void enter(void)
{
    const int64_t all[] = {N};
    bl_blas_setup();
    bl_log_setup(BL_LOG_QUIET, 0, 0);
    for (uint64_t i = 0; i < N; i++) {
        labels[i] = (uint32_t)(i * 7 % CLASSES);
        for (uint64_t d = 0; d < DIM; d++) {
            double noise[4], corner[4];
            bl_rng_normal(1, 95, i, d, 0, noise);
            bl_rng_normal(1, 96, labels[i], d, 0, corner);
            features[i * DIM + d] = (float)(corner[0] + 5.0 + (0.4 + 0.1 * (double)d) * noise[0]);
        }
    }
    cr_assert_eq(par_sum_groups_init(&groups, par_alone(), 1, all, 1, 64, &err), BL_OK);
    rows = (struct rows){.dim = DIM,
                         .type = BL_FLOAT32,
                         .n_local = N,
                         .block_rows = 100,
                         .groups = &groups,
                         .labels = bl_label_layout(BL_LABELS_SINGLE, 0),
                         .read = read_rows};
}

static void leave(void)
{
    bl_model_free(&model);
    par_sum_groups_free(&groups);
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

TestSuite(fitted, .init = enter, .fini = leave);

static void fit(const char *name, struct baseline_options options)
{
    const struct baseline *method = baseline_find(name, &err);
    struct bl_shape shape = {.n_layers = method->anchors > 0 ? 2 : 1,
                             .width = {DIM, BITS},
                             .heads = 1,
                             .bits = BITS,
                             .input = method->input,
                             .output = method->output};
    if (method->anchors > 0) {
        shape.width[1] = ANCHORS;
        shape.width[2] = BITS;
    }
    bl_model_free(&model);
    cr_assert_eq(bl_model_init(&model, &shape, BL_NORMALIZE_CENTER, &err), BL_OK);
    cr_assert_eq(par_normalizer_fit(par_alone(), &rows, &model.normalizer, NULL, &err), BL_OK);
    cr_assert_eq(method->fit(par_alone(), &rows, &options, &model, &err), BL_OK, "%s", err.what);
}

/* A row's features in the space of the model. */
static double value(int i, int d)
{
    return (double)features[i * DIM + d] - model.normalizer.mean[d];
}

/* Outputs of a linear layer, in double. */
static void run_linear(void)
{
    const float *w = model.params + model.layout.tensor[0].offset,
                *b = model.params + model.layout.tensor[1].offset;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS; k++) {
            z[i * BITS + k] = b[k];
            for (int d = 0; d < DIM; d++)
                z[i * BITS + k] += (double)w[k * DIM + d] * value(i, d);
        }
}

static double mean_of(int k)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += z[i * BITS + k];
    return sum / N;
}

static double covariance_of(int k, int l)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += (z[i * BITS + k] - mean_of(k)) * (z[i * BITS + l] - mean_of(l));
    return sum / N;
}

static void expect_orthonormal(void)
{
    const float *w = model.params + model.layout.tensor[0].offset;
    for (int k = 0; k < BITS; k++)
        for (int l = 0; l < BITS; l++) {
            double sum = 0.0;
            for (int d = 0; d < DIM; d++)
                sum += (double)w[k * DIM + d] * w[l * DIM + d];
            cr_assert_float_eq(sum, k == l, 1e-5);
        }
}

/* Columns far from 0, of which two are constant or nearly so. */
Test(fitted, standardized_columns_have_mean_0_and_nearly_variance_1)
{
    struct bl_normalizer normalizer = {0};
    static float normal[N * DIM];
    struct par_normalizer_found found;
    for (int i = 0; i < N; i++)
        features[i * DIM + 3] = 7.0f;
    cr_assert_eq(bl_normalizer_init(&normalizer, BL_NORMALIZE_STANDARDIZE, DIM, &err), BL_OK);
    cr_assert_eq(par_normalizer_fit(par_alone(), &rows, &normalizer, &found, &err), BL_OK);
    cr_assert_eq(found.constant, 1);
    bl_normalizer_apply(&normalizer, BL_FLOAT32, features, N, normal);
    for (int d = 0; d < DIM; d++) {
        double sum = 0.0, squares = 0.0;
        for (int i = 0; i < N; i++) {
            sum += normal[i * DIM + d];
            squares += (double)normal[i * DIM + d] * normal[i * DIM + d];
        }
        cr_assert_float_eq(sum / N, 0.0, 1e-5, "column %d: %g", d, sum / N);
        cr_assert_float_eq(squares / N, d == 3 ? 0.0 : 1.0, 0.01, "column %d: %g", d, squares / N);
    }
    bl_normalizer_free(&normalizer);
}

Test(fitted, lsh_draws_other_planes_for_another_seed_and_has_no_offset)
{
    float first[BITS * DIM];
    fit("lsh", (struct baseline_options){.seed = 1});
    memcpy(first, model.params, sizeof first);
    for (int k = 0; k < BITS; k++)
        cr_assert_eq(model.params[model.layout.tensor[1].offset + k], 0.0f);
    fit("lsh", (struct baseline_options){.seed = 2});
    cr_assert_neq(memcmp(first, model.params, sizeof first), 0);
}

Test(fitted, pcah_projects_on_uncorrelated_directions_of_falling_variance)
{
    fit("pcah", (struct baseline_options){.seed = 1, .own = {5}});
    run_linear();
    expect_orthonormal();
    for (int k = 0; k < BITS; k++) {
        cr_assert_float_eq(mean_of(k), 0.0, 1e-5);
        for (int l = 0; l < k; l++)
            cr_assert_float_eq(covariance_of(k, l), 0.0, 1e-4 * covariance_of(0, 0));
        cr_assert(k == 0 || covariance_of(k, k) <= covariance_of(k - 1, k - 1));
    }
}

static double variance(void)
{
    double sum = 0.0;
    for (int k = 0; k < BITS; k++)
        sum += covariance_of(k, k);
    return sum;
}

/* Of the scaled outputs, which is what ITQ makes small. */
static double quantization_error(void)
{
    const double scale = sqrt(BITS / variance());
    double sum = 0.0;
    for (int i = 0; i < N * BITS; i++)
        sum += (fabs(scale * z[i]) - 1.0) * (fabs(scale * z[i]) - 1.0);
    return sum / (N * BITS);
}

Test(fitted, itq_rotates_the_same_directions_nearer_to_their_signs_with_each_round)
{
    double whole, before = INFINITY;
    fit("pcah", (struct baseline_options){.seed = 1});
    run_linear();
    whole = variance();
    for (int64_t rounds = 0; rounds <= 40; rounds = 2 * rounds + 1) {
        fit("itq", (struct baseline_options){.seed = 1, .own = {rounds}});
        run_linear();
        expect_orthonormal();
        cr_assert_float_eq(variance(), whole, 1e-4 * whole);
        cr_assert_leq(quantization_error(), before + 1e-6, "%d rounds", (int)rounds);
        cr_assert(rounds != 1 || quantization_error() < before - 1e-4);
        before = quantization_error();
    }
}

/* Of all rows, also of those in the last block of a group. */
Test(fitted, itq_says_the_error_of_all_rows)
{
    struct par_points points;
    struct par_principal principal;
    double errors[2];
    fit("lsh", (struct baseline_options){.seed = 1});
    cr_assert_eq(par_points_init(&points, par_alone(), &rows, &model, 0, &err), BL_OK);
    cr_assert_eq(par_principal_fit(&principal, par_alone(), &points, BITS, &err), BL_OK);
    cr_assert_eq(par_itq_rotate(&principal, par_alone(), &points, 10, 1, errors, &err), BL_OK);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS; k++) {
            z[i * BITS + k] = 0.0;
            for (int d = 0; d < DIM; d++)
                z[i * BITS + k] += principal.vectors[k * DIM + d] * (value(i, d) - principal.means.mean[d]);
        }
    cr_assert_float_eq(errors[1], quantization_error(), 1e-5);
    cr_assert_gt(errors[0], errors[1]);
    par_principal_free(&principal);
    par_points_free(&points);
}

/* The phase of each bit is 0 at the one end of the rows and a multiple of pi at the other. */
Test(fitted, spectral_hashing_has_whole_half_waves_from_end_to_end)
{
    const double pi = 3.14159265358979323846;
    fit("sh", (struct baseline_options){.seed = 1});
    run_linear();
    for (int k = 0; k < BITS; k++) {
        double least = INFINITY, most = -INFINITY;
        for (int i = 0; i < N; i++) {
            least = fmin(least, z[i * BITS + k]);
            most = fmax(most, z[i * BITS + k]);
        }
        cr_assert_float_eq(least, 0.0, 1e-3);
        cr_assert(most > 3.0 && fabs(most / pi - round(most / pi)) < 1e-3, "bit %d ends at %g", k, most);
    }
}

Test(fitted, each_ball_of_spherical_hashing_holds_half_of_the_rows_and_two_a_quarter)
{
    static char in[N * BITS];
    fit("sph", (struct baseline_options){.seed = 1});
    const float *pivot = model.params + model.layout.tensor[0].offset,
                *radius = model.params + model.layout.tensor[1].offset;
    for (int k = 0; k < BITS; k++) {
        int n = 0;
        for (int i = 0; i < N; i++) {
            double distance = 0.0;
            for (int d = 0; d < DIM; d++)
                distance += (value(i, d) - pivot[k * DIM + d]) * (value(i, d) - pivot[k * DIM + d]);
            in[i * BITS + k] = distance <= radius[k] * (1.0 + 1e-6);
            n += in[i * BITS + k];
        }
        cr_assert(n >= N / 2 && n <= N / 2 + 2, "%d rows in ball %d", n, k);
    }
    /* Where pivots start decides where they end; the bits are the same on every machine. */
    cr_assert_eq(bl_params_digest(model.params, model.layout.n_params), 0x35a83c78f54e0b62u,
                 "digest %016" PRIx64, bl_params_digest(model.params, model.layout.n_params));
    double overlap = 0.0;
    for (int k = 0; k < BITS; k++)
        for (int l = 0; l < k; l++)
            for (int i = 0; i < N; i++)
                overlap += in[i * BITS + k] && in[i * BITS + l];
    cr_assert_float_eq(overlap / (BITS * (BITS - 1) / 2), N / 4.0, 0.1 * N / 4.0);
}

/* Kernel values in double, from the model's anchors and sharpness. */
static double kernel(int i, int j)
{
    const float *anchor = model.params + model.layout.tensor[0].offset + j * DIM;
    const double sharpness = model.params[model.layout.tensor[1].offset + j];
    double distance = 0.0;
    for (int d = 0; d < DIM; d++)
        distance += (value(i, d) - anchor[d]) * (value(i, d) - anchor[d]);
    return exp(-sharpness * distance);
}

static void run_kernels(void)
{
    const float *w = model.params + model.layout.tensor[2].offset,
                *b = model.params + model.layout.tensor[3].offset;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS; k++) {
            z[i * BITS + k] = b[k];
            for (int j = 0; j < ANCHORS; j++)
                z[i * BITS + k] += (double)w[k * ANCHORS + j] * kernel(i, j);
        }
}

/* 1/(2 sigma^2), sigma^2 the mean squared distance of anchors, or the squared mean distance to the nearest one. */
static void expect_sharpness(int nearest)
{
    const float *anchor = model.params + model.layout.tensor[0].offset;
    double sum = 0.0, least_sum = 0.0;
    for (int i = 0; i < ANCHORS; i++) {
        double least = INFINITY;
        for (int j = 0; j < ANCHORS; j++) {
            double distance = 0.0;
            for (int d = 0; d < DIM; d++)
                distance += (double)(anchor[i * DIM + d] - anchor[j * DIM + d]) *
                            (double)(anchor[i * DIM + d] - anchor[j * DIM + d]);
            sum += distance;
            least = i != j ? fmin(least, distance) : least;
        }
        least_sum += sqrt(least);
    }
    const double squared =
        nearest ? least_sum / ANCHORS * (least_sum / ANCHORS) : sum / (ANCHORS * (ANCHORS - 1));
    cr_assert_float_eq(model.params[model.layout.tensor[1].offset], 1.0 / (2.0 * squared), 1e-4 / squared);
}

Test(fitted, ksh_is_fitted_to_centred_kernels_and_its_outputs_have_no_mean)
{
    static double centred[N * ANCHORS], residual[N * N], a[BITS * ANCHORS];
    fit("ksh", (struct baseline_options){.seed = 1});
    expect_sharpness(0);
    run_kernels();
    for (int k = 0; k < BITS; k++)
        cr_assert_float_eq(mean_of(k), 0.0, 1e-4 * sqrt(covariance_of(k, k)), "bit %d: %g", k, mean_of(k));
    for (int j = 0; j < ANCHORS; j++) {
        double mean = 0.0;
        for (int i = 0; i < N; i++)
            mean += kernel(i, j) / N;
        for (int i = 0; i < N; i++)
            centred[i * ANCHORS + j] = kernel(i, j) - mean;
    }
    const struct bl_ksh problem = {
        .n = N, .m = ANCHORS, .bits = BITS, .kernel = centred, .residual = residual};
    bl_ksh_similarity(N, BITS, rows.labels, labels, residual);
    cr_assert_eq(bl_ksh_fit(&problem, a, &err), BL_OK);
    /* The same codes: a itself is found by many small steps, in which rounding grows. */
    int differing = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS; k++) {
            double expected = 0.0;
            for (int j = 0; j < ANCHORS; j++)
                expected += a[k * ANCHORS + j] * centred[i * ANCHORS + j];
            differing += (expected > 0.0) != (z[i * BITS + k] > 0.0);
        }
    cr_assert_lt(differing, N * BITS / 50, "%d of %d bits differ", differing, N * BITS);
}

/* What is nearest to the codes by least squares, with a constant, has their mean. */
Test(fitted, sdhs_outputs_have_the_mean_of_their_signs)
{
    fit("sdh-shen", (struct baseline_options){.seed = 1});
    expect_sharpness(1);
    run_kernels();
    for (int k = 0; k < BITS; k++) {
        double signs = 0.0;
        for (int i = 0; i < N; i++)
            signs += (z[i * BITS + k] > 0.0 ? 1.0 : -1.0) / N;
        cr_assert_float_eq(mean_of(k), signs, 0.05, "bit %d: %g, %g", k, mean_of(k), signs);
    }
}
