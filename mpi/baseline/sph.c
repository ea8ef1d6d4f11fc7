#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/rng.h"
#include "config/config.h"
#include "fit/spherical.h"
#include "math/distance.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/draw.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* A pivot starts at the mean of so many rows of the sample: near the middle, where balls overlap much. */
enum { PICKS = 5, MOVES_MAX = 200 };

/* What one fit owns; each rank holds its rows of the sample, all hold the pivots. */
struct fit {
    struct par par;
    int64_t bits, dim;
    struct par_draw sample;
    struct bl_product product;
    float *rows;            /* [n_local, dim] */
    float *squared;         /* [n_local, bits] */
    float *picks;           /* [bits, PICKS, dim] */
    double *pivot, *work;   /* [bits, dim] */
    int64_t *overlap;       /* [bits, bits] */
    float *weight, *radius; /* of the model: pivots, squared radii; borrowed */
};

static int init(struct fit *fit, struct bl_error *err)
{
    const int64_t bits = fit->bits, dim = fit->dim;
    const struct bl_buffer buffers[] = {
        {&fit->squared, fit->sample.n_local * bits, sizeof(float), "distances", 0},
        {&fit->picks, bits * PICKS * dim, sizeof(float), "first pivots", 1},
        {&fit->pivot, bits * dim, sizeof(double), "pivots", 0},
        {&fit->work, bits * dim, sizeof(double), "pivots", 0},
        {&fit->overlap, bits * bits, sizeof(int64_t), "overlaps", 0},
    };
    int code = bl_product_init(&fit->product, BL_PRODUCT_CHAIN, 1, err);
    if (code == BL_OK)
        code = bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
    return par_agree(fit->par, code, err);
}

static void release(struct fit *fit)
{
    bl_product_free(&fit->product);
    bl_free(&fit->rows);
    bl_free(&fit->squared);
    bl_free(&fit->picks);
    bl_free(&fit->pivot);
    bl_free(&fit->work);
    bl_free(&fit->overlap);
    par_draw_free(&fit->sample);
}

/* Pivots at means of PICKS rows of the sample, drawn by the seed on every rank alike: each brings those
 * that it holds. */
static void start(struct fit *fit, uint64_t seed)
{
    const struct par_draw *sample = &fit->sample;
    const int64_t dim = fit->dim;
    for (int64_t i = 0; i < fit->bits * PICKS; i++) {
        const uint64_t n = (uint64_t)sample->n_global;
        const int64_t at =
            (int64_t)bl_rng_below(seed, BL_STREAM_PIVOT, (uint64_t)(i / PICKS), (uint64_t)(i % PICKS), 0, n) -
            sample->first;
        if (at >= 0 && at < sample->n_local)
            memcpy(fit->picks + i * dim, fit->rows + at * dim, (size_t)dim * sizeof(float));
    }
    par_join_bytes(fit->par, fit->picks, fit->bits * PICKS * dim * (int64_t)sizeof(float));
    memset(fit->pivot, 0, (size_t)(fit->bits * dim) * sizeof(double));
    for (int64_t i = 0; i < fit->bits * PICKS; i++)
        for (int64_t d = 0; d < dim; d++)
            fit->pivot[i / PICKS * dim + d] += (double)fit->picks[i * dim + d] / PICKS;
}

/* Radii that hold half of the sample: halving an interval takes only sums of counts, so that no distance
 * travels. */
static void find_radii(struct fit *fit)
{
    struct bl_spherical_search search[BL_CODE_BITS_MAX];
    int64_t counts[BL_CODE_BITS_MAX];
    bl_spherical_search_start(fit->bits, search);
    for (int step = 0; step < BL_SPHERICAL_HALVINGS; step++) {
        memset(counts, 0, sizeof counts);
        bl_spherical_count(fit->sample.n_local, fit->bits, fit->squared, search, counts);
        par_sum_integers(fit->par, counts, fit->bits);
        bl_spherical_halve(fit->bits, counts, (fit->sample.n_global + 1) / 2, search);
    }
    bl_spherical_radii(fit->bits, search, fit->radius);
}

/* Distances to the present pivots, radii, and how many rows each two balls share. */
static void measure(struct fit *fit)
{
    const int64_t bits = fit->bits, n = fit->sample.n_local;
    stall_tick("spherical hashing");
    for (int64_t i = 0; i < bits * fit->dim; i++)
        fit->weight[i] = (float)fit->pivot[i];
    bl_distance_run(&fit->product, 0, n, bits, fit->dim, fit->rows, fit->weight, fit->squared);
    find_radii(fit);
    memset(fit->overlap, 0, (size_t)(bits * bits) * sizeof *fit->overlap);
    bl_spherical_overlap(n, bits, fit->squared, fit->radius, fit->overlap);
    par_sum_integers(fit->par, fit->overlap, bits * bits);
}

/* Moves balls apart that share more than a quarter of the sample and together that share less, until all
 * are near it. */
static void settle(struct fit *fit)
{
    const int64_t n = fit->sample.n_global;
    int moves = 0;
    measure(fit);
    for (; moves < MOVES_MAX && !bl_spherical_is_settled(fit->bits, n, fit->overlap); moves++) {
        bl_spherical_move(fit->bits, fit->dim, n, fit->overlap, fit->pivot, fit->work);
        measure(fit);
    }
    if (bl_spherical_is_settled(fit->bits, n, fit->overlap))
        bl_log_say("balls settled after %d moves, on %lld rows", moves, (long long)n);
    else
        bl_log_say("note: the balls' overlaps were still uneven after %d moves, on %lld rows", moves,
                   (long long)n);
}

static int fit(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err)
{
    struct fit fit = {.par = par,
                      .bits = bl_shape_code_bits(&model->shape),
                      .dim = rows->dim,
                      .weight = model->params + model->layout.tensor[0].offset,
                      .radius = model->params + model->layout.tensor[1].offset};
    const struct par_draw_of of = {.n = options->rows, .seed = options->seed, .use = BL_CHOOSE_ROWS};
    int code = par_draw_make(&fit.sample, par, rows, of, err);
    if (code == BL_OK)
        code = par_draw_collect(&fit.sample, par, rows, model, 0, &fit.rows, err);
    if (code == BL_OK)
        code = init(&fit, err);
    if (code == BL_OK) {
        start(&fit, options->seed);
        settle(&fit);
    }
    release(&fit);
    return code;
}

const struct baseline baseline_sph = {
    .name = "sph",
    .summary = "spherical hashing: which balls a row lies in (Heo et al. 2012)",
    .input = BL_INPUT_DISTANCE,
    .takes_rows = 1,
    .rows = 10000,
    .fit = fit,
};
