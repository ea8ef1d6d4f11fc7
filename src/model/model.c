#include "model/model.h"

#include "base/buffer.h"

int bl_model_init(struct bl_model *model, const struct bl_shape *shape, int normalize, struct bl_error *err)
{
    *model = (struct bl_model){.shape = *shape};
    int code = bl_shape_check(shape, err);
    if (code != BL_OK)
        return code;
    model->layout = bl_layout_of(shape);
    code = bl_alloc(&model->params, model->layout.n_params, sizeof *model->params, "model parameters", err);
    if (code == BL_OK)
        code = bl_normalizer_init(&model->normalizer, normalize, bl_shape_dim(shape), err);
    if (code != BL_OK)
        bl_model_free(model);
    return code;
}

int bl_model_init_training(struct bl_model *model, const struct bl_shape *shape,
                           const struct bl_layout *layout, int normalize, float *params, struct bl_error *err)
{
    *model = (struct bl_model){.shape = *shape, .layout = *layout, .params = params, .borrows_params = 1};
    int code = bl_normalizer_init(&model->normalizer, normalize, bl_shape_dim(shape), err);
    if (code != BL_OK)
        bl_model_free(model);
    return code;
}

void bl_model_free(struct bl_model *model)
{
    if (!model->borrows_params)
        bl_free(&model->params);
    model->params = NULL;
    bl_normalizer_free(&model->normalizer);
}
