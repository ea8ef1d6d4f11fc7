#include "mpi/fit/covariance.h"
#include "base/share.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "data/shards.h"
#include "mpi/fit/itq.h"
#include "support/ranks.h"

enum { N = 1900, DIM = 24, HIDDEN = 30, BITS = 10, GROUPS = 6, ITERATIONS = 8 };

/* Rows that rise and fall together, one in seven left out. */
static void make_rows(float *rows, uint8_t *keep)
{
    for (uint64_t i = 0; i < N; i++) {
        double normal[4];
        keep[i] = i % 7 != 2;
        for (uint64_t d = 0; d < DIM; d++) {
            bl_rng_normal(2, 95, i, d, 0, normal);
            rows[i * DIM + d] =
                (float)(5.0 + normal[0] * (1.0 + (double)d) + 10.0 * sin((double)i) * (d % 3 == 1));
        }
    }
}

/* All that is fitted: from the rows of the ranks of par, as they see them after `layers` layers. */
struct fitted {
    struct par_principal principal;
    double before[BITS * HIDDEN]; /* the directions, not yet rotated */
    double errors[2];
    int64_t n_local;
};

static void count(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    int64_t *seen = context;
    (void)group;
    (void)points;
    CHECK(first == *seen);
    *seen += n;
}

/* BL_OK, or what failed; rows come in pieces of 100. */
static int fit_rows(struct fitted *fitted, struct par par, const struct rows *rows,
                    const struct bl_model *model, int64_t layers)
{
    struct par_points points;
    struct bl_error err = {0};
    int64_t seen = 0;
    int code = par_points_init(&points, par, rows, model, layers, &err);
    if (code == BL_OK)
        code = par_principal_fit(&fitted->principal, par, &points, BITS, &err);
    if (code == BL_OK)
        memcpy(fitted->before, fitted->principal.vectors,
               (size_t)(BITS * points.dim) * sizeof *fitted->before);
    if (code == BL_OK)
        code = par_itq_rotate(&fitted->principal, par, &points, ITERATIONS, 7, fitted->errors, &err);
    CHECK(par_points_visit_local(&points, count, &seen, &err) == BL_OK);
    CHECK(seen == par_points_count_local(&points));
    fitted->n_local = seen;
    par_points_free(&points);
    return code;
}

static int fit(struct fitted *fitted, struct par par, int64_t layers)
{
    static float all[N * DIM];
    static uint8_t keep[N];
    int64_t lo, hi, group_rows[GROUPS];
    struct par_sum_groups groups;
    struct bl_model model;
    const struct bl_config_model config = {
        .hidden = {HIDDEN}, .hidden_count = 1, .activation = BL_ACTIVATION_RELU, .heads = 1, .bits = BITS};
    const struct bl_shape shape = bl_shape_of(&config, DIM);
    memset(fitted, 0, sizeof *fitted);
    make_rows(all, keep);
    bl_share(GROUPS, par.rank, par.size, &lo, &hi);
    for (int64_t g = lo; g < hi; g++)
        group_rows[g - lo] = bl_shard_begin(N, GROUPS, g + 1) - bl_shard_begin(N, GROUPS, g);
    CHECK(par_sum_groups_init(&groups, par, GROUPS, group_rows, hi - lo, HIDDEN, NULL) == BL_OK);
    CHECK(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, NULL) == BL_OK);
    bl_params_init(&shape, &model.layout, 3, model.params);
    const int64_t first = bl_shard_begin(N, GROUPS, lo);
    struct rows rows = rows_resident(DIM, BL_FLOAT32, all + first * DIM,
                                     bl_shard_begin(N, GROUPS, hi) - first, keep + first, &groups);
    rows.block_rows = 100;
    int code = fit_rows(fitted, par, &rows, &model, layers);
    bl_model_free(&model);
    par_sum_groups_free(&groups);
    return code;
}

static void check_equal_to_one_rank(struct par par, int64_t layers)
{
    static struct fitted alone, shared;
    const size_t dim = layers > 0 ? HIDDEN : DIM, bytes = BITS * dim * sizeof(double);
    CHECK(fit(&alone, par_alone(), layers) == BL_OK);
    CHECK(fit(&shared, par, layers) == BL_OK);
    const struct par_principal *a = &alone.principal, *s = &shared.principal;
    CHECK(a->means.n == alone.n_local && s->means.n == alone.n_local);
    CHECK(memcmp(a->means.mean, s->means.mean, dim * sizeof(double)) == 0);
    CHECK(memcmp(a->variance, s->variance, sizeof(double) * BITS) == 0);
    CHECK(memcmp(alone.before, shared.before, bytes) == 0);
    CHECK(memcmp(a->vectors, s->vectors, bytes) == 0);
    CHECK(memcmp(alone.before, a->vectors, bytes) != 0);
    CHECK(memcmp(alone.errors, shared.errors, sizeof alone.errors) == 0);
    CHECK(shared.errors[1] < shared.errors[0]);
    par_principal_free(&alone.principal);
    par_principal_free(&shared.principal);
}

static void directions_and_rotation_of_rows_have_the_bits_of_one_rank(struct par par)
{
    check_equal_to_one_rank(par, 0);
}

static void so_have_those_of_a_hidden_layers_output(struct par par)
{
    check_equal_to_one_rank(par, 1);
}

/* The covariance of the kept rows by its definition. */
static double naive_variance(const float *rows, const uint8_t *keep, const double *mean, const double *vector)
{
    double sum = 0.0;
    int n = 0;
    for (int i = 0; i < N; i++) {
        double z = 0.0;
        for (int d = 0; d < DIM; d++)
            z += ((double)rows[i * DIM + d] - mean[d]) * vector[d];
        sum += keep[i] ? z * z : 0.0;
        n += keep[i];
    }
    return sum / n;
}

static void variances_are_those_of_the_kept_rows_along_the_directions(struct par par)
{
    static struct fitted fitted;
    static float rows[N * DIM];
    static uint8_t keep[N];
    make_rows(rows, keep);
    CHECK(fit(&fitted, par, 0) == BL_OK);
    for (int k = 0; k < BITS; k++) {
        const double expected =
            naive_variance(rows, keep, fitted.principal.means.mean, fitted.before + k * DIM);
        CHECK(fabs(fitted.principal.variance[k] - expected) < 1e-6 * expected);
    }
    par_principal_free(&fitted.principal);
}

/* Mean squared distance of the kept rows' scaled projections from their signs. */
static double naive_error(const float *rows, const uint8_t *keep, const struct par_principal *principal)
{
    const double scale = sqrt(BITS / par_principal_variance_local(principal));
    double sum = 0.0;
    int n = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS && keep[i]; k++, n++) {
            double z = 0.0;
            for (int d = 0; d < DIM; d++)
                z += scale * ((double)rows[i * DIM + d] - principal->means.mean[d]) *
                     principal->vectors[k * DIM + d];
            sum += (fabs(z) - 1.0) * (fabs(z) - 1.0);
        }
    return sum / n;
}

static void the_error_after_rotation_is_that_of_the_rotated_directions(struct par par)
{
    static struct fitted fitted;
    static float rows[N * DIM];
    static uint8_t keep[N];
    make_rows(rows, keep);
    CHECK(fit(&fitted, par, 0) == BL_OK);
    CHECK(fabs(fitted.errors[1] - naive_error(rows, keep, &fitted.principal)) < 1e-5);
    par_principal_free(&fitted.principal);
}

static void a_bad_number_is_the_same_error_on_every_rank(struct par par)
{
    float rows[2 * DIM] = {0};
    const int64_t n = par.rank == par.size - 1 ? 2 : 0;
    struct par_sum_groups groups;
    struct par_points points;
    struct par_principal principal;
    struct bl_model model;
    struct bl_error err = {0};
    const struct bl_config_model config = {.heads = 1, .bits = 2};
    const struct bl_shape shape = bl_shape_of(&config, DIM);
    rows[DIM + 3] = NAN;
    CHECK(par_sum_groups_init(&groups, par, par.size, &n, 1, DIM, NULL) == BL_OK);
    CHECK(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, NULL) == BL_OK);
    const struct rows from = rows_resident(DIM, BL_FLOAT32, rows, n, NULL, &groups);
    CHECK(par_points_init(&points, par, &from, &model, 0, NULL) == BL_OK);
    CHECK(par_principal_fit(&principal, par, &points, 2, &err) == BL_NUMBERS);
    CHECK(strstr(err.what, "column 3 "));
    rows[DIM + 3] = 0.0f;
    CHECK(par_principal_fit(&principal, par, &points, 2, &err) == BL_INPUT);
    CHECK(strstr(err.what, "all rows are equal"));
    par_points_free(&points);
    bl_model_free(&model);
    par_sum_groups_free(&groups);
}

static const struct ranks_case cases[] = {
    {"directions_and_rotation_of_rows_have_the_bits_of_one_rank",
     directions_and_rotation_of_rows_have_the_bits_of_one_rank},
    {"so_have_those_of_a_hidden_layers_output", so_have_those_of_a_hidden_layers_output},
    {"variances_are_those_of_the_kept_rows_along_the_directions",
     variances_are_those_of_the_kept_rows_along_the_directions},
    {"the_error_after_rotation_is_that_of_the_rotated_directions",
     the_error_after_rotation_is_that_of_the_rotated_directions},
    {"a_bad_number_is_the_same_error_on_every_rank", a_bad_number_is_the_same_error_on_every_rank},
};

int main(int argc, char **argv)
{
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
