/* All parameters of a network in one block of floats, with a named view for each tensor. */
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
    int is_weight; /* what a decoupled weight decay applies to */
};

enum { BL_TENSORS_MAX = 2 * BL_LAYERS_MAX + 8 };

struct bl_layout {
    int64_t n_tensors; /* layer l: weight is tensor 2l, bias is tensor 2l+1; offsets ascend without gaps */
    int64_t n_params;
    int64_t n_network; /* of these are the network's, and the first; behind them stand tensors that terms of
                        * the objective train for themselves, which are no part of the model */
    struct bl_tensor tensor[BL_TENSORS_MAX];
};

/* Parameters [lo, hi) of the block; some of those, apart from each other. */
struct bl_range {
    int64_t lo, hi;
};
struct bl_ranges {
    int64_t n;
    const struct bl_range *range; /* [n] borrowed */
};

/* Where the gradient of a rank's rows goes: a block like that of the parameters, of floats or of integers on
 * the grid (math/grid.h). All borrowed. */
struct bl_grad {
    float *sum;         /* [n_params] of all rows together; NULL with integers */
    int32_t *integers;  /* [n_params] the sums over groups of round(value * scale); NULL with floats */
    const float *scale; /* [n_tensors] of each tensor; with integers, like the next */
    uint32_t *largest; /* [threads, n_tensors] raised to the bits of the largest |value| of a group among what
                        * a thread computed of a tensor; never lowered */
    int64_t n_tensors;
};

/* From `at` of the block on, which is in `tensor`, for what `thread` computes there. */
struct bl_grid_sums bl_grad_at(const struct bl_grad *grad, int thread, int64_t tensor, int64_t at);

/* Where each tensor of a network of this shape lies in its block. */
struct bl_layout bl_layout_of(const struct bl_shape *shape);

/* Appends a weight [rows, cols] or a bias [rows] behind what is there. */
void bl_layout_append(struct bl_layout *layout, const char *name, int is_weight, int64_t rows, int64_t cols);

/* Tensors of the network alone; outputs of its last layer. */
int64_t bl_layout_network_tensors(const struct bl_layout *layout);
int64_t bl_layout_outputs(const struct bl_layout *layout);

/* Fills params [n_params]: weights uniform in +-sqrt(6/(in+out)) (Glorot and Bengio 2010), or +-sqrt(6/in)
 * before a relu (He et al. 2015); biases 0. A function of seed, place of the tensor and position alone.
 * layout: the shape's, and what terms appended to it. */
void bl_params_init(const struct bl_shape *shape, const struct bl_layout *layout, uint64_t seed,
                    float *params);

/* XXH3-64 of params [n_params] as IEEE numbers, little end first: what two people compare their runs by. */
uint64_t bl_params_digest(const float *params, int64_t n_params);

#endif
