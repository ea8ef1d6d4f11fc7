/* The network's shape: D features -> hidden layers -> K outputs whose sign is the code. */
#ifndef BL_MODEL_SHAPE_H
#define BL_MODEL_SHAPE_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

/* Widths are at most 2^24, so that no number of parameters or values can overflow. */
enum { BL_LAYERS_MAX = BL_HIDDEN_MAX + 1, BL_WIDTH_MAX = 1 << 24 };

/* Output j of layer 0 for row x, with weight w [m, D] and bias c [m]:
 *   LINEAR    w_j x + c_j, then the activation unless it is the last layer
 *   DISTANCE  c_j - |x - w_j|^2, which is >= 0 in the ball of squared radius c_j around w_j
 *   RBF       exp(-c_j |x - w_j|^2), for anchors w_j; never the last layer
 * Outputs of the network, from the last layer's values z: LINEAR z, COSINE cos(z). docs/decisions/0017 says
 * why. */
enum bl_input { BL_INPUT_LINEAR, BL_INPUT_DISTANCE, BL_INPUT_RBF };
enum bl_output { BL_OUTPUT_LINEAR, BL_OUTPUT_COSINE };

/* Layer l maps width[l] to width[l+1] values; the last one is linear, the others end in the activation. The K
 * outputs are `heads` hash tables of `bits` bits: head t is outputs [t*bits, (t+1)*bits). A plain value: copy
 * it freely. */
struct bl_shape {
    int64_t n_layers;
    int64_t width[BL_LAYERS_MAX + 1];
    int64_t heads;
    int64_t bits;
    int activation; /* enum bl_activation */
    int input;      /* enum bl_input */
    int output;     /* enum bl_output */
};

/* The shape that a configuration asks for, on data with dim features. */
struct bl_shape bl_shape_of(const struct bl_config_model *model, int64_t dim);

/* BL_DEFECT unless all widths, heads and bits are in range and heads * bits is the last width, at most
 * BL_CODE_BITS_MAX. Files are checked with this before anything is allocated. */
int bl_shape_check(const struct bl_shape *shape, struct bl_error *err);

/* The largest width, input and output included; and that of hidden layers alone, 0 without any. */
int64_t bl_shape_widest(const struct bl_shape *shape);
int64_t bl_shape_widest_hidden(const struct bl_shape *shape);

/* 1 if a backward pass exists for the shape: it must be linear at both ends. */
static inline int bl_shape_is_trainable(const struct bl_shape *shape)
{
    return shape->input == BL_INPUT_LINEAR && shape->output == BL_OUTPUT_LINEAR;
}
static inline int64_t bl_shape_dim(const struct bl_shape *shape)
{
    return shape->width[0];
}
static inline int64_t bl_shape_code_bits(const struct bl_shape *shape)
{
    return shape->width[shape->n_layers];
}

#endif
