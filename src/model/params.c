#include "model/params.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/rng.h"

void bl_layout_append(struct bl_layout *layout, const char *name, int is_weight, int64_t rows, int64_t cols)
{
    struct bl_tensor *tensor = &layout->tensor[layout->n_tensors++];
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->offset = layout->n_params;
    tensor->rows = rows;
    tensor->cols = cols;
    tensor->is_weight = is_weight;
    layout->n_params += rows * cols;
}

struct bl_grid_sums bl_grad_at(const struct bl_grad *grad, int thread, int64_t tensor, int64_t at)
{
    if (grad->sum)
        return (struct bl_grid_sums){.floats = grad->sum + at};
    return (struct bl_grid_sums){.integers = grad->integers + at,
                                 .scale = grad->scale[tensor],
                                 .largest = grad->largest + thread * grad->n_tensors + tensor};
}

int64_t bl_layout_network_tensors(const struct bl_layout *layout)
{
    int64_t n = 0;
    while (n < layout->n_tensors && layout->tensor[n].offset < layout->n_network)
        n++;
    return n;
}

int64_t bl_layout_outputs(const struct bl_layout *layout)
{
    return layout->tensor[bl_layout_network_tensors(layout) - 1].rows;
}

struct bl_layout bl_layout_of(const struct bl_shape *shape)
{
    struct bl_layout layout = {0};
    for (int l = 0; l < shape->n_layers; l++) {
        char name[32];
        snprintf(name, sizeof name, "layer%d/weight", l);
        bl_layout_append(&layout, name, 1, shape->width[l + 1], shape->width[l]);
        snprintf(name, sizeof name, "layer%d/bias", l);
        bl_layout_append(&layout, name, 0, shape->width[l + 1], 1);
    }
    layout.n_network = layout.n_params;
    return layout;
}

/* Uniform in [-bound, bound). The counter is row and block of four columns: the value's position. */
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

void bl_params_init(const struct bl_shape *shape, const struct bl_layout *layout, uint64_t seed,
                    float *params)
{
    for (int64_t t = 0; t < layout->n_tensors; t++) {
        const struct bl_tensor *tensor = &layout->tensor[t];
        const int before_relu = t / 2 + 1 < shape->n_layers && shape->activation == BL_ACTIVATION_RELU;
        const double in = (double)tensor->cols, out = (double)tensor->rows;
        if (tensor->is_weight) /* He: sqrt(6/in) before a relu; Glorot: sqrt(6/(in + out)) */
            fill_weight(seed, t / 2, tensor, sqrt(6.0 / (before_relu ? in : in + out)),
                        params + tensor->offset);
        else
            memset(params + tensor->offset, 0, (size_t)tensor->rows * sizeof *params);
    }
}

uint64_t bl_params_digest(const float *params, int64_t n_params)
{
    return bl_digest(params, n_params * (int64_t)sizeof *params, 0);
}
