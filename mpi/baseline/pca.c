#include <stdio.h>

#include "base/log.h"
#include "fit/linear.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/fit/itq.h"

enum { ITERATIONS }; /* ITQ's own option */

/* Weights are directions in the space of the normalised features: at most as many as columns, and as many as
 * the rows vary in. */
static int check(const struct bl_shape *shape, int64_t directions, const char *which, struct bl_error *err)
{
    const long long bits = bl_shape_code_bits(shape), dim = bl_shape_dim(shape), most = directions;
    if (bits <= most)
        return BL_OK;
    return bl_fail(
        err, BL_USAGE,
        "--bits %lld is more than the %lld principal directions %sof %lld feature columns; ask for "
        "at most %lld, or take lsh",
        bits, most, which, dim, most);
}

/* z = P (x - mean). */
static void store(const struct par_principal *principal, struct bl_model *model)
{
    const struct bl_tensor *tensor = model->layout.tensor;
    bl_linear_set(principal->k, principal->means.dim, principal->vectors, principal->means.mean, 1.0,
                  model->params + tensor[0].offset, model->params + tensor[1].offset);
}

/* P becomes R'P with the R of iterative quantization (mpi/fit/itq.h). */
static int rotate(struct par_principal *principal, struct par par, struct par_points *points,
                  const struct baseline_options *options, struct bl_error *err)
{
    double errors[2];
    int code = par_itq_rotate(principal, par, points, options->own[ITERATIONS], options->seed, errors, err);
    if (code == BL_OK)
        bl_log_say("quantization error per bit: %.4f with a random rotation, %.4f after %lld iterations",
                   errors[0], errors[1], (long long)options->own[ITERATIONS]);
    return code;
}

static int fit(struct par par, const struct rows *rows, const struct baseline_options *options, int rotated,
               struct bl_model *model, struct bl_error *err)
{
    struct par_points points = {0};
    struct par_principal principal = {0};
    int code = check(&model->shape, bl_shape_dim(&model->shape), "", err);
    if (code == BL_OK)
        code = par_points_init(&points, par, rows, model, 0, err);
    if (code == BL_OK)
        code = par_principal_fit(&principal, par, &points, bl_shape_code_bits(&model->shape), err);
    if (code == BL_OK)
        code = check(&model->shape, principal.varying, "with variance ", err);
    if (code == BL_OK && rotated)
        code = rotate(&principal, par, &points, options, err);
    if (code == BL_OK) {
        store(&principal, model);
        snprintf(model->arithmetic, sizeof model->arithmetic, "bitloom " BITLOOM_VERSION);
        par_arithmetic_add_lapack(par, model->arithmetic);
    }
    par_principal_free(&principal);
    par_points_free(&points);
    return code;
}

static int fit_pcah(struct par par, const struct rows *rows, const struct baseline_options *options,
                    struct bl_model *model, struct bl_error *err)
{
    return fit(par, rows, options, 0, model, err);
}

static int fit_itq(struct par par, const struct rows *rows, const struct baseline_options *options,
                   struct bl_model *model, struct bl_error *err)
{
    return fit(par, rows, options, 1, model, err);
}

const struct baseline baseline_pcah = {
    .name = "pcah",
    .summary = "signs of the first K principal components (Wang, Kumar and Chang 2012)",
    .fit = fit_pcah,
};

const struct baseline baseline_itq = {
    .name = "itq",
    .summary = "the same, rotated by iterative quantization (Gong and Lazebnik 2011)",
    .option = {[ITERATIONS] = {"--iterations", "rounds of codes and rotation in turn", PAR_ITQ_ITERATIONS, 0,
                               INT32_MAX}},
    .fit = fit_itq,
};
