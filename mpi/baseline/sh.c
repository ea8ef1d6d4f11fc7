#include <math.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "fit/linear.h"
#include "fit/spectral.h"
#include "math/elementwise.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/fit/covariance.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* What one fit owns: k principal directions, as a linear layer, and how far the rows reach along them. */
struct fit {
    int64_t k, dim, bits;
    struct par_points points;
    struct par_principal principal;
    float *weight, *bias;           /* [k, dim], [k] */
    float *projected;               /* [BL_CROSS_BLOCK, k] */
    float *lo, *hi;                 /* [k] */
    int64_t *next;                  /* [k] */
    struct bl_spectral_mode *modes; /* [bits] */
};

static int init(struct fit *fit, struct bl_error *err)
{
    const int64_t k = fit->k;
    const struct bl_buffer buffers[] = {
        {&fit->weight, k * fit->dim, sizeof(float), "directions", 0},
        {&fit->bias, k, sizeof(float), "directions", 0},
        {&fit->projected, BL_CROSS_BLOCK * k, sizeof(float), "projections", 0},
        {&fit->lo, k, sizeof(float), "extents", 0},
        {&fit->hi, k, sizeof(float), "extents", 0},
        {&fit->next, k, sizeof(int64_t), "modes", 0},
        {&fit->modes, fit->bits, sizeof *fit->modes, "modes", 0},
    };
    return bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
}

static void release(struct fit *fit)
{
    bl_free(&fit->weight);
    bl_free(&fit->bias);
    bl_free(&fit->projected);
    bl_free(&fit->lo);
    bl_free(&fit->hi);
    bl_free(&fit->next);
    bl_free(&fit->modes);
    par_principal_free(&fit->principal);
    par_points_free(&fit->points);
}

/* Projections v'(x - mean) of a block widen [lo, hi] of each direction. */
static void widen(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    struct fit *fit = context;
    (void)group;
    (void)first;
    bl_product_run(&fit->points.product, 0, BL_PLAIN, BL_TRANSPOSED, n, fit->k, fit->dim, points, fit->dim,
                   fit->weight, fit->dim, 0, fit->projected, fit->k);
    bl_bias_linear(n, fit->k, fit->bias, fit->projected);
    bl_spectral_widen(n, fit->k, fit->projected, fit->lo, fit->hi);
}

/* The smallest and largest projections of all rows. */
static int find_extents(struct fit *fit, struct par par, struct bl_error *err)
{
    bl_linear_set(fit->k, fit->dim, fit->principal.vectors, fit->principal.means.mean, 1.0, fit->weight,
                  fit->bias);
    for (int64_t j = 0; j < fit->k; j++) {
        fit->lo[j] = INFINITY;
        fit->hi[j] = -INFINITY;
    }
    int code = par_agree(par, par_points_visit_local(&fit->points, widen, fit, err), err);
    if (code == BL_OK) {
        par_min_floats(par, fit->lo, fit->k);
        par_max_floats(par, fit->hi, fit->k);
    }
    return code;
}

/* z = frequency (v'(x - mean) - lo): of its cosine the model takes the sign. */
static void store(struct fit *fit, struct bl_model *model)
{
    float *weight = model->params + model->layout.tensor[0].offset;
    float *bias = model->params + model->layout.tensor[1].offset;
    bl_spectral_modes(fit->k, fit->lo, fit->hi, fit->bits, fit->next, fit->modes);
    for (int64_t j = 0; j < fit->bits; j++) {
        const int64_t d = fit->modes[j].direction;
        const double frequency = bl_spectral_frequency(fit->modes[j], fit->lo, fit->hi);
        bl_linear_set(1, fit->dim, fit->principal.vectors + d * fit->dim, fit->principal.means.mean,
                      frequency, weight + j * fit->dim, bias + j);
        bias[j] = (float)((double)bias[j] - frequency * (double)fit->lo[d]);
    }
}

/* Principal directions; how far the rows reach along them; the modes of smallest mode/(hi - lo). */
static int fit(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err)
{
    const int64_t bits = bl_shape_code_bits(&model->shape);
    struct fit fit = {.k = bits < rows->dim ? bits : rows->dim, .dim = rows->dim, .bits = bits};
    (void)options;
    int code = par_agree(par, init(&fit, err), err);
    if (code == BL_OK)
        code = par_points_init(&fit.points, par, rows, model, 0, err);
    if (code == BL_OK)
        code = par_principal_fit(&fit.principal, par, &fit.points, fit.k, err);
    if (code == BL_OK) {
        fit.k = bl_min(fit.k, fit.principal.varying);
        code = find_extents(&fit, par, err);
    }
    if (code == BL_OK) {
        store(&fit, model);
        snprintf(model->arithmetic, sizeof model->arithmetic, "bitloom " BITLOOM_VERSION);
        par_arithmetic_add_lapack(par, model->arithmetic);
    }
    release(&fit);
    return code;
}

const struct baseline baseline_sh = {
    .name = "sh",
    .summary = "spectral hashing: signs of smooth cosines along principal directions "
               "(Weiss, Torralba and Fergus 2008)",
    .output = BL_OUTPUT_COSINE,
    .fit = fit,
};
