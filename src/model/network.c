#include "model/network.h"

#include "base/buffer.h"
#include "base/minmax.h"
#include "base/rng.h"
#include "math/distance.h"
#include "math/elementwise.h"

static int64_t widest_hidden(const struct bl_shape *shape)
{
    int64_t widest = 0;
    for (int64_t l = 0; l + 1 < shape->n_layers; l++)
        widest = bl_max(widest, shape->width[l + 1]);
    return widest;
}

/* Rows whose gradient a thread computes at a time in the backward pass. */
static int64_t piece_rows(int64_t max_rows, int threads)
{
    return bl_min((max_rows + threads - 1) / threads, BL_NETWORK_PIECE);
}

int64_t bl_network_floats(const struct bl_shape *shape, int64_t max_rows, int threads)
{
    int64_t floats = threads * piece_rows(max_rows, threads) * widest_hidden(shape);
    for (int64_t l = 0; l + 1 < shape->n_layers; l++)
        floats += max_rows * shape->width[l + 1];
    return floats;
}

int bl_network_init(struct bl_network *network, const struct bl_shape *shape, int64_t max_rows,
                    const struct bl_product *product, struct bl_error *err)
{
    *network = (struct bl_network){.shape = *shape, .max_rows = max_rows, .product = product};
    int code = bl_shape_check(shape, err);
    if (code == BL_OK && !bl_shape_is_trainable(shape))
        code = bl_fail(err, BL_DEFECT, "only networks that are linear at both ends have gradients");
    if (code != BL_OK)
        return code;
    network->layout = bl_layout_of(shape);
    for (int64_t l = 0; l + 1 < shape->n_layers && code == BL_OK; l++)
        code = bl_alloc(&network->activation[l], max_rows * shape->width[l + 1], sizeof(float), "activations",
                        err);
    network->piece_floats = piece_rows(max_rows, product->threads) * widest_hidden(shape);
    if (code == BL_OK)
        code = bl_alloc(&network->piece, product->threads * network->piece_floats, sizeof(float),
                        "activation gradients", err);
    if (code != BL_OK)
        bl_network_free(network);
    return code;
}

void bl_network_free(struct bl_network *network)
{
    for (int l = 0; l < BL_HIDDEN_MAX; l++)
        bl_free(&network->activation[l]);
    bl_free(&network->piece);
}

void bl_dropout_apply(const struct bl_dropout *dropout, int64_t layer, int64_t row_lo, int64_t n,
                      int64_t width, float *x)
{
    /* Unit u is kept iff its 32 random bits are at least p 2^32: x 0 or 1/(1-p). */
    const uint64_t threshold = (uint64_t)(dropout->p * 0x1p32);
    const float factor[2] = {0.0f, (float)(1.0 / (1.0 - dropout->p))};
    const uint64_t place = (uint64_t)dropout->step * 64 + (uint64_t)layer;
    if (dropout->p <= 0.0)
        return;
    for (int64_t i = 0; i < n; i++)
        for (int64_t unit = 0; unit < width; unit += 8) {
            uint64_t words[4];
            bl_rng_words(dropout->seed, BL_STREAM_DROPOUT, place, (uint64_t)dropout->rows[row_lo + i],
                         (uint64_t)(unit / 8), words);
            float *at = x + i * width + unit;
            for (int64_t u = 0; u < 8 && unit + u < width; u++) {
                uint64_t bits = words[u / 2] >> (u % 2 * 32) & 0xffffffffu;
                at[u] *= factor[bits >= threshold];
            }
        }
}

void bl_layer_forward(const struct bl_shape *shape, const struct bl_layout *layout, int64_t layer,
                      const struct bl_product *product, int thread, const float *params, const float *in,
                      int64_t n, float *out)
{
    int64_t from = shape->width[layer], to = shape->width[layer + 1];
    const float *weight = params + layout->tensor[2 * layer].offset;
    const float *bias = params + layout->tensor[2 * layer + 1].offset;
    const int last = layer + 1 == shape->n_layers;
    const int input = layer == 0 ? shape->input : BL_INPUT_LINEAR;
    if (input == BL_INPUT_LINEAR) /* in W', or squared distances to the rows of W; then bias and activation */
        bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, to, from, in, from, weight, from, 0, out,
                       to);
    else
        bl_distance_run(product, thread, n, to, from, in, weight, out);
    if (input == BL_INPUT_DISTANCE)
        bl_bias_minus(n, to, bias, out);
    else if (input == BL_INPUT_RBF)
        bl_bias_rbf(n, to, bias, out);
    else if (last)
        bl_bias_linear(n, to, bias, out);
    else if (shape->activation == BL_ACTIVATION_RELU)
        bl_bias_relu(n, to, bias, out);
    else
        bl_bias_tanh(n, to, bias, out);
    if (last && shape->output == BL_OUTPUT_COSINE)
        bl_cosines(n * to, out);
}

/* Rows are independent in the forward pass: each thread takes its rows through all layers. */
static void forward_rows(struct bl_network *network, int thread, const float *params, int64_t lo, int64_t n,
                         float *z)
{
    const struct bl_shape *shape = &network->shape;
    const float *in = network->input + lo * shape->width[0];
    for (int64_t l = 0; l < shape->n_layers; l++) {
        int hidden = l + 1 < shape->n_layers;
        float *out = (hidden ? network->activation[l] : z) + lo * shape->width[l + 1];
        bl_layer_forward(shape, &network->layout, l, network->product, thread, params, in, n, out);
        if (hidden)
            bl_dropout_apply(&network->dropout, l, lo, n, shape->width[l + 1], out);
        in = out;
    }
}

static int64_t share(int64_t n, int thread, int threads)
{
    return n * thread / threads;
}

void bl_network_forward(struct bl_network *network, const float *params, const float *x, int64_t n,
                        const struct bl_dropout *dropout, float *z)
{
    network->input = x;
    network->dropout = dropout ? *dropout : (struct bl_dropout){0};
    const int threads = network->product->threads;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        int64_t lo = share(n, t, threads);
        forward_rows(network, t, params, lo, share(n, t + 1, threads) - lo, z);
    }
}

/* Rows [lo, hi) of layer l's weight gradient: dW = delta' in, summed over the rows of the batch. */
static void weight_gradient(const struct bl_network *network, int thread, int64_t l, const float *delta,
                            int64_t lo, int64_t hi, const struct bl_groups *groups,
                            const struct bl_grad *grad)
{
    const int64_t from_width = network->shape.width[l], width = network->shape.width[l + 1];
    const float *in = l == 0 ? network->input : network->activation[l - 1];
    const int64_t weight = 2 * l;
    const struct bl_grid_sums to =
        bl_grad_at(grad, thread, weight, network->layout.tensor[weight].offset + lo * from_width);
    if (hi > lo)
        bl_product_groups(network->product, thread, hi - lo, from_width, delta + lo, width, in, from_width,
                          groups, &to, from_width);
}

/* Elements [lo, hi) of layer l's bias gradient: the column sums of delta. */
static void bias_gradient(const struct bl_network *network, int thread, int64_t l, const float *delta,
                          int64_t lo, int64_t hi, const struct bl_groups *groups, const struct bl_grad *grad)
{
    const int64_t bias = 2 * l + 1;
    const struct bl_grid_sums to = bl_grad_at(grad, thread, bias, network->layout.tensor[bias].offset + lo);
    if (hi > lo)
        bl_product_group_sums(network->product, thread, hi - lo, delta + lo, network->shape.width[l + 1],
                              groups, &to);
}

/* With fewer rows per thread a product becomes slower. */
enum { PIECE_ROWS_MIN = 64 };

int64_t bl_network_pieces(const struct bl_layout *layout, int64_t layer, int threads, int64_t piece_floats)
{
    const struct bl_tensor *weight = &layout->tensor[2 * layer];
    const int64_t wanted = piece_floats > 0 ? weight->rows * weight->cols / piece_floats : 1;
    const int64_t most = weight->rows / (PIECE_ROWS_MIN * threads);
    return bl_max(bl_min(wanted, most), 1);
}

int64_t bl_network_piece_begin(const struct bl_layout *layout, int64_t layer, int threads,
                               int64_t piece_floats, int64_t number)
{
    const struct bl_tensor *weight = &layout->tensor[2 * layer];
    const int64_t pieces = bl_network_pieces(layout, layer, threads, piece_floats);
    return weight->offset + weight->rows * number / pieces * weight->cols;
}

/* The gradients of layer l, in pieces from the last rows to the first; `watch` is told after each piece. */
static void layer_gradient(const struct bl_network *network, int64_t l, const float *delta,
                           const struct bl_groups *groups, const struct bl_grad *grad,
                           const struct bl_backward_watch *watch)
{
    const struct bl_layout *layout = &network->layout;
    const int threads = network->product->threads;
    const int64_t width = network->shape.width[l + 1], piece_floats = watch ? watch->piece_floats : 0;
    const int64_t pieces = bl_network_pieces(layout, l, threads, piece_floats);
    for (int64_t p = pieces - 1; p >= 0; p--) {
        const int64_t lo = width * p / pieces, n = width * (p + 1) / pieces - lo;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int t = 0; t < threads; t++) {
            weight_gradient(network, t, l, delta, lo + share(n, t, threads), lo + share(n, t + 1, threads),
                            groups, grad);
            if (p == pieces - 1)
                bias_gradient(network, t, l, delta, share(width, t, threads), share(width, t + 1, threads),
                              groups, grad);
        }
        if (watch)
            watch->reached(watch->context, bl_network_piece_begin(layout, l, threads, piece_floats, p));
    }
}

/* Rows [lo, lo + n), n at most a piece, of the delta of hidden layer l - 1, from that of layer l:
 *   delta_{l-1} = (delta_l W_l) * dropout mask * activation'(a),   written over the activation a. */
static void piece_gradient(struct bl_network *network, int thread, int64_t l, const float *params,
                           const float *delta, int64_t lo, int64_t n)
{
    int64_t from = network->shape.width[l], to = network->shape.width[l + 1];
    const float *weight = params + network->layout.tensor[2 * l].offset;
    const struct bl_dropout *dropout = &network->dropout;
    float *a = network->activation[l - 1] + lo * from;
    float *piece = network->piece + thread * network->piece_floats;
    bl_product_run(network->product, thread, BL_PLAIN, BL_PLAIN, n, from, to, delta + lo * to, to, weight,
                   from, 0, piece, from);
    bl_dropout_apply(dropout, l - 1, lo, n, from, piece);
    if (network->shape.activation == BL_ACTIVATION_RELU)
        bl_relu_backward(n * from, piece, a);
    else
        bl_tanh_backward(n * from, piece, (float)(1.0 - dropout->p), a);
}

static void input_gradient(struct bl_network *network, int thread, int64_t l, const float *params,
                           const float *delta, int64_t lo, int64_t hi)
{
    for (; lo < hi; lo += BL_NETWORK_PIECE)
        piece_gradient(network, thread, l, params, delta, lo, bl_min(hi - lo, BL_NETWORK_PIECE));
}

void bl_network_backward(struct bl_network *network, const float *params, const float *dz,
                         const struct bl_groups *groups, const struct bl_grad *grad,
                         const struct bl_backward_watch *watch)
{
    const int threads = network->product->threads;
    const int64_t n = groups->n > 0 ? groups->end[groups->n - 1] : 0;
    const float *delta = dz; /* the gradient in the outputs of layer l before their activation */
    for (int64_t l = network->shape.n_layers - 1; l >= 0; l--) {
        /* Parallel loops end with a barrier: the second overwrites activations that the first reads. */
        layer_gradient(network, l, delta, groups, grad, watch);
        if (l == 0)
            break;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int t = 0; t < threads; t++)
            input_gradient(network, t, l, params, delta, share(n, t, threads), share(n, t + 1, threads));
        delta = network->activation[l - 1];
    }
}
