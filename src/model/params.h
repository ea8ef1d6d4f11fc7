/* The parameters of a network: one block of floats, with a name and an offset for each tensor. */
#ifndef BL_MODEL_PARAMS_H
#define BL_MODEL_PARAMS_H

#include <stdint.h>

#include "base/error.h"
#include "math/grid.h"
#include "model/shape.h"

/* One tensor of the block: weight [rows, cols] (rows = outputs, cols = inputs) or bias [rows], cols = 1. */
struct bl_tensor {
    char name[32]; /* "layer0/weight", "layer0/bias", ... */
    int64_t offset;
    int64_t rows;
    int64_t cols;
    int is_weight; /* decoupled weight decay applies to it */
};

enum { BL_TENSORS_MAX = 2 * BL_LAYERS_MAX + 8 };

struct bl_layout {
    int64_t n_tensors; /* layer l: weight is tensor 2l, bias is tensor 2l+1; offsets ascend without gaps */
    int64_t n_params;
    int64_t n_network; /* the first n_network parameters are the network's. After them come tensors that terms
                        * of the objective train, such as class centres; they aren't part of the model */
    struct bl_tensor tensor[BL_TENSORS_MAX];
};

/* Parameters [lo, hi) of the block; and several such ranges that don't overlap. */
struct bl_range {
    int64_t lo, hi;
};
struct bl_ranges {
    int64_t n;
    const struct bl_range *range; /* [n] borrowed */
};

/* Where the gradient of a rank's rows goes: laid out like the parameters, as floats or as integers on the
 * grid (math/grid.h). All pointers are borrowed. */
struct bl_grad {
    float *sum;         /* [n_params] sums over all rows; NULL with integers */
    int32_t *integers;  /* [n_params] sums over groups of round(value * scale); NULL with floats */
    const float *scale; /* with integers: [n_tensors] the scale of each tensor */
    uint32_t *largest;  /* with integers: [threads, n_tensors] raised (never lowered) to the bits of a group's
                         * largest |value| among what the thread computed of the tensor */
    int64_t n_tensors;
};

/* The part of grad from parameter `at` on, which lies in `tensor`, for `thread` to write to. */
struct bl_grid_sums bl_grad_at(const struct bl_grad *grad, int thread, int64_t tensor, int64_t at);

/* The layout of a network of this shape. */
struct bl_layout bl_layout_of(const struct bl_shape *shape);

/* Appends a weight [rows, cols] or a bias [rows]. */
void bl_layout_append(struct bl_layout *layout, const char *name, int is_weight, int64_t rows, int64_t cols);

/* The number of tensors of the network itself; and of outputs of its last layer. */
int64_t bl_layout_network_tensors(const struct bl_layout *layout);
int64_t bl_layout_outputs(const struct bl_layout *layout);

/* Initialises params [n_params]: biases 0, weights uniform in +-sqrt(6/(in+out)) (Glorot and Bengio 2010), or
 * in +-sqrt(6/in) before a relu (He et al. 2015). A function of seed, tensor and position alone. layout: the
 * shape's, with what terms of the objective appended. */
void bl_params_init(const struct bl_shape *shape, const struct bl_layout *layout, uint64_t seed,
                    float *params);

/* XXH3-64 of params [n_params] as little-endian IEEE floats: the same digest means the same bits. */
uint64_t bl_params_digest(const float *params, int64_t n_params);

#endif
