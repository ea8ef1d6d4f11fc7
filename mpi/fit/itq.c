#include "mpi/fit/itq.h"

#include <math.h>

#include "base/buffer.h"
#include "fit/itq.h"
#include "math/covariance.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* What one fit owns. */
struct fit {
    struct par par;
    const struct par_principal *principal;
    const struct bl_product *product;
    int64_t k, dim, groups;
    float *weight;    /* [k, dim] directions, scaled */
    float *centred;   /* [BL_CROSS_BLOCK, dim] */
    float *v;         /* [n_local, k] projections */
    int64_t *end;     /* [groups] group g is rows [end[g-1], end[g]) of v */
    double *rotation; /* [k, k] */
    struct bl_itq itq;
};

/* v = scale P (x - mean), in whose space the rotation is sought: kept, as each iteration needs all of them.
 */
static void project(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    struct fit *fit = context;
    bl_rows_center(n, fit->dim, points, fit->principal->means.mean, NULL, fit->centred);
    bl_product_run(fit->product, 0, BL_PLAIN, BL_TRANSPOSED, n, fit->k, fit->dim, fit->centred, fit->dim,
                   fit->weight, fit->dim, 0, fit->v + first * fit->k, fit->k);
    fit->end[group] = first + n;
}

static int init(struct fit *fit, struct par_points *points, struct bl_error *err)
{
    const struct par_principal *principal = fit->principal;
    const int64_t k = fit->k, dim = fit->dim, groups = fit->groups;
    const struct bl_buffer buffers[] = {
        {&fit->weight, k * dim, sizeof(float), "directions", 0},
        {&fit->centred, BL_CROSS_BLOCK * dim, sizeof(float), "centred rows", 0},
        {&fit->v, par_points_count_local(points) * k, sizeof(float), "projections", 0},
        {&fit->end, groups, sizeof(int64_t), "groups of rows", 1},
        {&fit->rotation, k * k, sizeof(double), "a rotation", 0},
    };
    int code = bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
    if (code == BL_OK)
        code = bl_itq_init(&fit->itq, &points->product, k, principal->means.n, err);
    if (code != BL_OK)
        return code;
    const double scale = sqrt((double)k / par_principal_variance_local(principal));
    for (int64_t i = 0; i < k * dim; i++)
        fit->weight[i] = (float)(scale * principal->vectors[i]);
    code = par_points_visit_local(points, project, fit, err);
    for (int64_t g = 1; g < groups; g++) /* a group may have had no point */
        fit->end[g] = fit->end[g] > fit->end[g - 1] ? fit->end[g] : fit->end[g - 1];
    return code;
}

static void release(struct fit *fit)
{
    bl_free(&fit->weight);
    bl_free(&fit->centred);
    bl_free(&fit->v);
    bl_free(&fit->end);
    bl_free(&fit->rotation);
    bl_itq_free(&fit->itq);
}

/* The same rotation everywhere, or the same failure. */
static int share(struct fit *fit, int code, struct bl_error *err)
{
    code = par_agree(fit->par, code, err);
    if (code == BL_OK)
        par_broadcast(fit->par, fit->rotation, fit->k * fit->k * (int64_t)sizeof(double));
    return code;
}

/* The sums of all rows for the present rotation. Blocks end with their group, as everywhere. */
static void pass(struct fit *fit)
{
    stall_tick("iterative quantization");
    bl_itq_begin(&fit->itq, fit->rotation);
    for (int64_t g = 0; g < fit->groups; g++)
        for (int64_t lo = g > 0 ? fit->end[g - 1] : 0; lo < fit->end[g]; lo += BL_CROSS_BLOCK) {
            const int64_t n = fit->end[g] - lo;
            bl_itq_add(&fit->itq, n < BL_CROSS_BLOCK ? n : BL_CROSS_BLOCK, fit->v + lo * fit->k);
        }
    par_sum_integers(fit->par, fit->itq.sums, fit->k * fit->k);
}

/* In turns: B = sign(v R), then the R that brings v R nearest to B, which rank 0 finds from the sums of all
 * rows. */
static int iterate(struct fit *fit, int64_t iterations, uint64_t seed, double errors[2], struct bl_error *err)
{
    const int computes = fit->par.rank == 0;
    int code = share(fit, computes ? bl_itq_random(seed, fit->k, fit->rotation, err) : BL_OK, err);
    for (int64_t i = 0; i < iterations && code == BL_OK; i++) {
        pass(fit);
        if (i == 0)
            errors[0] = bl_itq_error(&fit->itq, fit->rotation);
        code = share(fit, computes ? bl_itq_update(&fit->itq, fit->rotation, err) : BL_OK, err);
    }
    if (code != BL_OK)
        return code;
    pass(fit); /* once more, as the error is known only after a pass */
    errors[1] = bl_itq_error(&fit->itq, fit->rotation);
    errors[0] = iterations > 0 ? errors[0] : errors[1];
    return BL_OK;
}

int par_itq_rotate(struct par_principal *principal, struct par par, struct par_points *points,
                   int64_t iterations, uint64_t seed, double errors[2], struct bl_error *err)
{
    struct fit fit = {.par = par,
                      .principal = principal,
                      .product = &points->product,
                      .k = principal->k,
                      .dim = principal->means.dim,
                      .groups = points->rows->groups->local.n};
    int code = par_agree(par, init(&fit, points, err), err);
    if (code == BL_OK)
        code = iterate(&fit, iterations, seed, errors, err);
    if (code == BL_OK)
        code = bl_itq_rotate(fit.k, fit.dim, fit.rotation, principal->vectors, err);
    code = par_agree(par, code, err);
    release(&fit);
    return code;
}
