/* Forward and backward pass of the network. */
#ifndef BL_MODEL_NETWORK_H
#define BL_MODEL_NETWORK_H

#include <stdint.h>

#include "base/error.h"
#include "math/product.h"
#include "model/params.h"
#include "model/shape.h"

/* Dropout of hidden units in a step. A unit of a row is kept if its 32 random bits are at least p 2^32, and
 * then scaled by 1/(1-p); otherwise it is 0. The bits are a function of (seed, step, layer, file row, unit),
 * so neither the position in the batch nor the rank matters: stream BL_STREAM_DROPOUT, a = 64 step + hidden
 * layer (at most 64), b = file row, c = unit / 8; unit u takes half u%2 (low first) of word u%8/2. */
struct bl_dropout {
    double p; /* in [0, 1) */
    uint64_t seed;
    int64_t step;        /* global step, below 2^57 */
    const int64_t *rows; /* [n] file rows of the batch; borrowed */
};

/* Multiplies x [n, width], rows [row_lo, row_lo + n) of the batch in hidden layer `layer`, by its mask. */
void bl_dropout_apply(const struct bl_dropout *dropout, int64_t layer, int64_t row_lo, int64_t n,
                      int64_t width, float *x);

/* A network's work space for at most max_rows rows. The backward pass overwrites each hidden layer's
 * activations by their gradient, a piece of at most BL_NETWORK_PIECE rows per thread at a time, so that only
 * activations grow with the batch. */
enum { BL_NETWORK_PIECE = 4096 };

struct bl_network {
    struct bl_shape shape;
    struct bl_layout layout;
    int64_t max_rows;
    const struct bl_product *product; /* borrowed */
    float *activation[BL_HIDDEN_MAX]; /* hidden layer l: [max_rows, width[l+1]], after dropout; its gradient
                                       * in the backward pass; owned */
    float *piece;                     /* [threads, piece_floats] some rows of a gradient; owned */
    int64_t piece_floats;
    const float *input; /* x of the latest forward pass; borrowed until its backward pass */
    struct bl_dropout dropout;
};

/* Size of the work space, in floats. */
int64_t bl_network_floats(const struct bl_shape *shape, int64_t max_rows, int threads);

/* Allocates. product->threads OpenMP threads share the rows. With BL_PRODUCT_CHAIN the bits don't depend on
 * the number of threads; with BL_PRODUCT_BLAS the last ones may, but not from run to run. Errors: BL_MEMORY;
 * BL_DEFECT if the shape is invalid or has no gradients (bl_shape_is_trainable). */
int bl_network_init(struct bl_network *network, const struct bl_shape *shape, int64_t max_rows,
                    const struct bl_product *product, struct bl_error *err);
void bl_network_free(struct bl_network *network);

/* z [n,K] from x [n,D], n <= max_rows. dropout may be NULL. x and dropout->rows must not change before the
 * backward pass. Allocates nothing. */
void bl_network_forward(struct bl_network *network, const float *params, const float *x, int64_t n,
                        const struct bl_dropout *dropout, float *z);

/* A callback on the progress of a backward pass, so that finished gradients can be sent meanwhile. Called by
 * the calling thread, outside of parallel regions. */
struct bl_backward_watch {
    void *context;
    int64_t piece_floats; /* a layer's weights are finished in pieces of about this many: bl_network_pieces */
    void (*reached)(void *context, int64_t from); /* the gradients of parameters [from, n_network) are
                                                   * finished; from decreases to 0 */
};

/* The number of pieces in which a watched backward pass finishes a layer. A piece is whole rows of the
 * weight, at least 64 for each thread; the last rows come first, together with the whole bias. And where
 * piece `number` begins in the block of parameters. */
int64_t bl_network_pieces(const struct bl_layout *layout, int64_t layer, int threads, int64_t piece_floats);
int64_t bl_network_piece_begin(const struct bl_layout *layout, int64_t layer, int threads,
                               int64_t piece_floats, int64_t number);

/* Sets the network's part of grad to the gradient with respect to the parameters, as floats with
 * BL_PRODUCT_BLAS and integers with BL_PRODUCT_CHAIN, given dz [n,K], the gradient with respect to z. params
 * and n, the rows of the groups, must be those of the latest forward pass, whose activations are overwritten:
 * one backward pass for each forward pass. Without groups nothing is written. watch may be NULL. Allocates
 * nothing. */
void bl_network_backward(struct bl_network *network, const float *params, const float *dz,
                         const struct bl_groups *groups, const struct bl_grad *grad,
                         const struct bl_backward_watch *watch);

/* One layer: out [n, width[layer+1]] = activation(in W' + bias), without activation in the last layer. Layer
 * 0 and the last layer follow the shape's input and output (model/shape.h). thread: whose work space in
 * product is used. */
void bl_layer_forward(const struct bl_shape *shape, const struct bl_layout *layout, int64_t layer,
                      const struct bl_product *product, int thread, const float *params, const float *in,
                      int64_t n, float *out);

#endif
