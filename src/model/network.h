/* The network forward and backward: activations are kept, gradients come out as one block of parameters. */
#ifndef BL_MODEL_NETWORK_H
#define BL_MODEL_NETWORK_H

#include <stdint.h>

#include "base/error.h"
#include "math/product.h"
#include "model/params.h"
#include "model/shape.h"

/* Which hidden units are silent in a step. A unit of a row is kept iff its 32 random bits are at least
 * p 2^32, and then scaled by 1/(1-p). The bits are a function of (seed, step, layer, file row, unit) alone:
 * stream BL_STREAM_DROPOUT, a = 64 step + hidden layer (there are at most 64), b = file row, c = unit / 8;
 * unit u takes half u%2 (low first) of word u%8/2. So neither place in the batch nor rank matters. */
struct bl_dropout {
    double p; /* in [0, 1) */
    uint64_t seed;
    int64_t step;        /* global step, below 2^57 */
    const int64_t *rows; /* [n] the rows' numbers in the file; borrowed */
};

/* Multiplies x [n, width] of hidden layer `layer` by its mask. */
void bl_dropout_apply(const struct bl_dropout *dropout, int64_t layer, int64_t row_lo, int64_t n,
                      int64_t width, float *x);

/* Work space for up to max_rows rows. The way back puts each hidden layer's gradient where its activation
 * stood, through a buffer of a thread's part of the rows or of BL_NETWORK_PIECE, whichever is less: so only
 * the activations grow with the rows. Floats: bl_network_floats. */
enum { BL_NETWORK_PIECE = 4096 };

struct bl_network {
    struct bl_shape shape;
    struct bl_layout layout;
    int64_t max_rows;
    const struct bl_product *product; /* borrowed */
    float *activation[BL_HIDDEN_MAX]; /* hidden layer l: [max_rows, width[l+1]], after dropout; on the way
                                       * back its gradient; owned */
    float *piece;                     /* [threads, piece_floats] a few rows of a gradient; owned */
    int64_t piece_floats;
    const float *input; /* of the latest forward pass: borrowed until its backward pass */
    struct bl_dropout dropout;
};

/* Floats of work space for max_rows rows. */
int64_t bl_network_floats(const struct bl_shape *shape, int64_t max_rows, int threads);

/* Allocates. product->threads OpenMP threads share the rows. With BL_PRODUCT_BLAS results may differ in their
 * last bits between thread counts, never from run to run; with BL_PRODUCT_CHAIN they never do. Errors:
 * BL_MEMORY, BL_DEFECT (shape, or one that
 * has no gradients: bl_shape_is_trainable). */
int bl_network_init(struct bl_network *network, const struct bl_shape *shape, int64_t max_rows,
                    const struct bl_product *product, struct bl_error *err);
void bl_network_free(struct bl_network *network);

/* z [n,K] from x [n,D], n <= max_rows. dropout may be NULL. x and dropout->rows must stay as they are until
 * the backward pass. Allocates nothing. */
void bl_network_forward(struct bl_network *network, const float *params, const float *x, int64_t n,
                        const struct bl_dropout *dropout, float *z);

/* Told how far a backward pass has come, by the thread that called it, outside of parallel regions. */
struct bl_backward_watch {
    void *context;
    int64_t piece_floats; /* weights of a layer are completed about so many at a time: bl_network_pieces */
    void (*reached)(void *context, int64_t from); /* the gradients of the parameters [from, n_network) are
                                                   * there; from falls to 0 */
};

/* In how many pieces, whole rows of its weight and at least 64 of them for each thread, a watched backward
 * pass completes a layer: the last rows, and the whole bias, first. Where piece `number` begins in the block
 * of parameters. */
int64_t bl_network_pieces(const struct bl_layout *layout, int64_t layer, int threads, int64_t piece_floats);
int64_t bl_network_piece_begin(const struct bl_layout *layout, int64_t layer, int threads,
                               int64_t piece_floats, int64_t number);

/* Sets the network's part of grad, floats with BL_PRODUCT_BLAS and integers with BL_PRODUCT_CHAIN: the
 * gradient in the parameters, given dz [n,K] = the gradient in z of the latest forward pass (same params,
 * same n = the groups' rows), whose activations it uses up: once for each forward pass. Without groups
 * nothing is written (math/product.h). watch may be NULL. Allocates nothing. */
void bl_network_backward(struct bl_network *network, const float *params, const float *dz,
                         const struct bl_groups *groups, const struct bl_grad *grad,
                         const struct bl_backward_watch *watch);

/* One layer: out [n, width[layer+1]] = activation(in W' + bias), the last one without it; layer 0 and the
 * last one's values as the shape's input and output say. thread: whose work space of product is used. */
void bl_layer_forward(const struct bl_shape *shape, const struct bl_layout *layout, int64_t layer,
                      const struct bl_product *product, int thread, const float *params, const float *in,
                      int64_t n, float *out);

#endif
