#include "fit/lsh.h"

#include <string.h>

#include "mpi/baseline/table.h"

/* Every rank draws the same planes: nothing travels. */
static int fit(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err)
{
    (void)par;
    (void)rows;
    (void)err;
    const struct bl_tensor *bias = &model->layout.tensor[1];
    bl_lsh_planes(options->seed, bl_shape_code_bits(&model->shape), bl_shape_dim(&model->shape),
                  model->params);
    memset(model->params + bias->offset, 0, (size_t)bias->rows * sizeof *model->params);
    return BL_OK;
}

const struct baseline baseline_lsh = {
    .name = "lsh",
    .summary = "signs of random projections (Charikar 2002)",
    .fit = fit,
};
