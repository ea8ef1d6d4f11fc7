#include "model/shape.h"

#include "base/minmax.h"

struct bl_shape bl_shape_of(const struct bl_config_model *model, int64_t dim)
{
    struct bl_shape shape = {
        .n_layers = model->hidden_count + 1,
        .heads = model->heads,
        .bits = model->bits,
        .activation = model->activation,
    };
    shape.width[0] = dim;
    for (int64_t l = 0; l < model->hidden_count; l++)
        shape.width[l + 1] = model->hidden[l];
    shape.width[shape.n_layers] = model->heads * model->bits;
    return shape;
}

int bl_shape_check(const struct bl_shape *shape, struct bl_error *err)
{
    if (shape->n_layers < 1 || shape->n_layers > BL_LAYERS_MAX)
        return bl_fail(err, BL_DEFECT, "a network has 1 to %d layers, not %lld", BL_LAYERS_MAX,
                       (long long)shape->n_layers);
    for (int64_t l = 0; l <= shape->n_layers; l++)
        if (shape->width[l] < 1 || shape->width[l] > BL_WIDTH_MAX)
            return bl_fail(err, BL_DEFECT, "width %lld of layer %lld isn't between 1 and %d",
                           (long long)shape->width[l], (long long)l, BL_WIDTH_MAX);
    if (shape->heads < 1 || shape->heads > BL_CODE_BITS_MAX || shape->bits < 1 ||
        shape->bits > BL_CODE_BITS_MAX)
        return bl_fail(err, BL_DEFECT, "%lld heads of %lld bits: both must be between 1 and %d",
                       (long long)shape->heads, (long long)shape->bits, BL_CODE_BITS_MAX);
    int64_t code_bits = shape->heads * shape->bits;
    if (code_bits > BL_CODE_BITS_MAX || code_bits != bl_shape_code_bits(shape))
        return bl_fail(err, BL_DEFECT, "%lld heads of %lld bits don't make a code of %lld bits, at most %d",
                       (long long)shape->heads, (long long)shape->bits, (long long)bl_shape_code_bits(shape),
                       BL_CODE_BITS_MAX);
    if (shape->activation != BL_ACTIVATION_RELU && shape->activation != BL_ACTIVATION_TANH)
        return bl_fail(err, BL_DEFECT, "no activation has the number %d", shape->activation);
    if (shape->input < BL_INPUT_LINEAR || shape->input > BL_INPUT_RBF)
        return bl_fail(err, BL_DEFECT, "no input layer has the number %d", shape->input);
    if (shape->output < BL_OUTPUT_LINEAR || shape->output > BL_OUTPUT_COSINE)
        return bl_fail(err, BL_DEFECT, "no output has the number %d", shape->output);
    if (shape->input == BL_INPUT_RBF && shape->n_layers < 2)
        return bl_fail(err, BL_DEFECT, "radial basis functions alone, always above 0, make no code");
    return BL_OK;
}

static int64_t widest_of(const struct bl_shape *shape, int64_t lo, int64_t hi)
{
    int64_t widest = 0;
    for (int64_t l = lo; l < hi; l++)
        widest = bl_max(widest, shape->width[l]);
    return widest;
}

int64_t bl_shape_widest(const struct bl_shape *shape)
{
    return widest_of(shape, 0, shape->n_layers + 1);
}

int64_t bl_shape_widest_hidden(const struct bl_shape *shape)
{
    return widest_of(shape, 1, shape->n_layers);
}
