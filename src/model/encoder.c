#include "base/buffer.h"
#include "hash/code.h"
#include "math/elementwise.h"
#include "model/model.h"
#include "model/network.h"

int bl_encoder_init(struct bl_encoder *encoder, const struct bl_model *model, int64_t max_rows,
                    struct bl_error *err)
{
    *encoder = (struct bl_encoder){.model = model, .max_rows = max_rows};
    int64_t count = max_rows * bl_shape_widest(&model->shape);
    int code = bl_alloc(&encoder->front, count, sizeof(float), "rows being encoded", err);
    if (code == BL_OK)
        code = bl_alloc(&encoder->back, count, sizeof(float), "rows being encoded", err);
    if (code == BL_OK)
        code = bl_product_init(&encoder->product, BL_PRODUCT_CHAIN, 1, err);
    if (code != BL_OK)
        bl_encoder_free(encoder);
    return code;
}

void bl_encoder_free(struct bl_encoder *encoder)
{
    bl_free(&encoder->front);
    bl_free(&encoder->back);
    bl_product_free(&encoder->product);
}

/* BL_NUMBERS for the first of n rows [n, width] with a value that isn't finite. */
static int check_finite(const float *x, int64_t n, int64_t width, const char *kind, int64_t *bad_row,
                        struct bl_error *err)
{
    if (bl_all_finite(n * width, x))
        return BL_OK;
    int64_t row = 0;
    while (bl_all_finite(width, x + row * width))
        row++;
    *bad_row = row;
    return bl_fail(err, BL_NUMBERS, "row %lld has %s that aren't finite numbers (NaN, infinity)",
                   (long long)row, kind);
}

int bl_encoder_run(struct bl_encoder *encoder, enum bl_type type, const void *rows, int64_t n, uint8_t *codes,
                   int64_t *bad_row, struct bl_error *err)
{
    const struct bl_model *model = encoder->model;
    const struct bl_shape *shape = &model->shape;
    float *in = encoder->front, *out = encoder->back;
    bl_normalizer_apply(&model->normalizer, type, rows, n, in);
    int code = check_finite(in, n, bl_shape_dim(shape), "features", bad_row, err);
    if (code != BL_OK)
        return code;
    /* Layer by layer, between two buffers: a forward pass without what only training needs. */
    for (int64_t l = 0; l < shape->n_layers; l++) {
        bl_layer_forward(shape, &model->layout, l, &encoder->product, 0, model->params, in, n, out);
        float *swap = in;
        in = out;
        out = swap;
    }
    int64_t bits = bl_shape_code_bits(shape);
    code = check_finite(in, n, bits, "outputs", bad_row, err);
    if (code == BL_OK && !bl_code_pack(in, n, bits, codes))
        code = bl_fail(err, BL_DEFECT, "a finite output became NaN while packing codes");
    return code;
}
