#include "model/params.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "data/checks.h"

static void add_tensor(struct bl_layout *layout, int64_t layer, int is_weight, int64_t rows, int64_t cols)
{
    struct bl_tensor *tensor = &layout->tensor[layout->n_tensors++];
    snprintf(tensor->name, sizeof tensor->name, "layer%d/%s", (int)layer, is_weight ? "weight" : "bias");
    tensor->offset = layout->n_params;
    tensor->rows = rows;
    tensor->cols = cols;
    tensor->is_weight = is_weight;
    layout->n_params += rows * cols;
}

struct bl_layout bl_layout_of(const struct bl_shape *shape)
{
    struct bl_layout layout = {0};
    for (int64_t l = 0; l < shape->n_layers; l++) {
        add_tensor(&layout, l, 1, shape->width[l + 1], shape->width[l]);
        add_tensor(&layout, l, 0, shape->width[l + 1], 1);
    }
    return layout;
}

/* Uniform in +-bound; row and block of four columns are the counter, so a value depends on its place alone.
 */
static void fill_weight(uint64_t seed, int64_t layer, const struct bl_tensor *weight, double bound, float *at)
{
    for (int64_t row = 0; row < weight->rows; row++)
        for (int64_t col = 0; col < weight->cols; col += 4) {
            uint64_t words[4];
            bl_rng_words(seed, BL_STREAM_INIT, (uint64_t)layer, (uint64_t)row, (uint64_t)(col / 4), words);
            for (int64_t i = 0; i < 4 && col + i < weight->cols; i++)
                at[row * weight->cols + col + i] = (float)(bound * (2.0 * bl_rng_unit(words[i]) - 1.0));
        }
}

void bl_params_init(const struct bl_shape *shape, uint64_t seed, float *params)
{
    struct bl_layout layout = bl_layout_of(shape);
    for (int64_t l = 0; l < shape->n_layers; l++) {
        const struct bl_tensor *weight = &layout.tensor[2 * l], *bias = &layout.tensor[2 * l + 1];
        int before_relu = l + 1 < shape->n_layers && shape->activation == BL_ACTIVATION_RELU;
        double in = (double)weight->cols, out = (double)weight->rows;
        fill_weight(seed, l, weight, sqrt(6.0 / (before_relu ? in : in + out)), params + weight->offset);
        memset(params + bias->offset, 0, (size_t)bias->rows * sizeof *params);
    }
}

uint64_t bl_params_digest(const float *params, int64_t n_params)
{
    return bl_digest(params, n_params * (int64_t)sizeof *params, 0);
}
