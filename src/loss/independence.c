#include "loss/term.h"
#include "loss/tile.h"

/* Nearly orthonormal weights: (1/2) sum over layers of |G - I|^2, where G = WW' if a layer has
 * no more outputs than inputs and W'W otherwise, so that 0 can be reached; gradient 2 (WW' - I) W = 2 W (W'W
 * - I). Liong et al., "Deep hashing for compact binary codes learning", CVPR 2015, the orthogonality term (I
 * is the identity, not a matrix of ones). */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t tile(int64_t first, int64_t n, int64_t most)
{
    return smaller(most, n - first);
}

/* Work: G of the largest layer, and a tile of gradient for each thread. */
static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    struct bl_term_size size = {.thread_floats = BL_TILE_ROWS * BL_TILE_COLUMNS};
    (void)config;
    (void)bits;
    (void)labels;
    for (int64_t t = 0; t < bl_layout_network_tensors(network); t++) {
        const int64_t n = smaller(network->tensor[t].rows, network->tensor[t].cols);
        size.floats = n * n > size.floats ? n * n : size.floats;
    }
    return size;
}

/* g [n,n] = G - I of W [rows, cols], n the smaller; returns the sum of its squares. */
static double excess(const struct bl_product *product, int64_t rows, int64_t cols, const float *w, float *g)
{
    const int64_t n = smaller(rows, cols);
    double square = 0.0;
#pragma omp parallel for schedule(static) num_threads(product->threads)
    for (int64_t i = 0; i < n; i += BL_TILE_ROWS)
        if (rows <= cols)
            bl_product_run(product, bl_tile_thread(), BL_PLAIN, BL_TRANSPOSED, tile(i, n, BL_TILE_ROWS), n,
                           cols, w + i * cols, cols, w, cols, 0, g + i * n, n);
        else
            bl_product_run(product, bl_tile_thread(), BL_TRANSPOSED, BL_PLAIN, tile(i, n, BL_TILE_ROWS), n,
                           rows, w + i, cols, w, cols, 0, g + i * n, n);
    for (int64_t i = 0; i < n; i++)
        g[i * n + i] -= 1.0f;
    for (int64_t i = 0; i < n * n; i++)
        square += (double)g[i] * (double)g[i];
    return square;
}

/* Computes the tile of g W (or W g) that begins at [row, column] and adds the part of it in [lo, hi) of the
 * tensor. Tiles begin at the same places for any range, so the bits of the result don't depend on it. */
static void add_tile(const struct bl_product *product, const struct bl_tensor *tensor, const float *w,
                     const float *g, float scale, int64_t row, int64_t column, int64_t lo, int64_t hi,
                     float *space, float *grad)
{
    const int64_t rows = tensor->rows, cols = tensor->cols;
    const int64_t m = tile(row, rows, BL_TILE_ROWS), n = tile(column, cols, BL_TILE_COLUMNS);
    if (rows <= cols)
        bl_product_run(product, bl_tile_thread(), BL_PLAIN, BL_PLAIN, m, n, rows, g + row * rows, rows,
                       w + column, cols, 0, space, n);
    else
        bl_product_run(product, bl_tile_thread(), BL_PLAIN, BL_PLAIN, m, n, cols, w + row * cols, cols,
                       g + column, cols, 0, space, n);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            const int64_t at = (row + i) * cols + column + j;
            if (at >= lo && at < hi)
                grad[at] += scale * space[i * n + j];
        }
}

/* Adds g W (or W g) to the part of the tensor in a range of all parameters. */
static void add_range(const struct bl_product *product, const struct bl_tensor *tensor, const float *w,
                      const float *g, float scale, struct bl_range range, float *space, float *grad)
{
    const int64_t size = tensor->rows * tensor->cols;
    const int64_t lo = range.lo > tensor->offset ? range.lo - tensor->offset : 0,
                  hi = smaller(range.hi - tensor->offset, size);
    if (lo >= hi)
        return;
    const int64_t first_tile = lo / tensor->cols / BL_TILE_ROWS,
                  tiles = (hi - 1) / tensor->cols / BL_TILE_ROWS + 1;
#pragma omp parallel for collapse(2) schedule(static) num_threads(product->threads)
    for (int64_t i = first_tile; i < tiles; i++)
        for (int64_t column = 0; column < tensor->cols; column += BL_TILE_COLUMNS)
            add_tile(product, tensor, w, g, scale, i * BL_TILE_ROWS, column, lo, hi,
                     space + bl_tile_thread() * BL_TILE_ROWS * BL_TILE_COLUMNS, grad + tensor->offset);
}

/* Adds a tensor's gradient to the ranges; returns its part of the sum. */
static double tensor_term(const struct bl_term_in *in, const struct bl_tensor *tensor, const float *params,
                          struct bl_ranges ranges, float *grad)
{
    const struct bl_product *product = in->scratch->product;
    const int64_t n = smaller(tensor->rows, tensor->cols);
    const float *w = params + tensor->offset, scale = (float)(2.0 * in->weight);
    float *g = in->scratch->work;
    const double square = excess(product, tensor->rows, tensor->cols, w, g);
    for (int64_t r = 0; r < ranges.n; r++)
        add_range(product, tensor, w, g, scale, ranges.range[r], g + n * n, grad);
    return square;
}

static double params_term(const struct bl_term_in *in, const struct bl_layout *layout, const float *params,
                          struct bl_ranges ranges, float *grad)
{
    double square = 0.0;
    for (int64_t t = 0; t < bl_layout_network_tensors(layout); t++)
        if (layout->tensor[t].is_weight)
            square += tensor_term(in, &layout->tensor[t], params, ranges, grad);
    return 0.5 * square;
}

const struct bl_term bl_term_independence = {.size = size, .params = params_term};
