#include "math/product.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/isa.h"
#include "math/elementwise.h"
#include "math/product_kernel.h"

/* Blocks after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34,
 * 2008: packed B stays near for all rows, a block of packed A in the second cache. Sums over groups keep a
 * block of every pending node beside them, so theirs are smaller. Multiples of every kernel's tile. */
enum {
    DEPTH = 256,
    PLAIN_ROWS = 384,
    PLAIN_COLUMNS = 512,
    GROUP_ROWS = 96,
    GROUP_COLUMNS = 512,
    GROUP_SLOTS = 24, /* pending nodes of up to 2^12 groups */
    WHOLE_ROWS = 512, /* groups of so many rows together are packed at once */
    EDGE_FLOATS = 16 * 64,
    SPACE_A = PLAIN_ROWS * DEPTH,
    SPACE_B = GROUP_COLUMNS * WHOLE_ROWS, /* at least PLAIN_COLUMNS * DEPTH */
    SPACE_SLOTS = GROUP_SLOTS * GROUP_ROWS * GROUP_COLUMNS,
    SPACE_EDGE = (BL_TREE_SLOTS_MAX + 2) * EDGE_FLOATS,
    SPACE = SPACE_A + SPACE_B + SPACE_SLOTS + SPACE_EDGE
};

static const struct bl_product_kernel *const all_kernels[] = {&bl_product_avx512, &bl_product_avx2,
                                                              &bl_product_portable};

const struct bl_product_kernel *bl_product_level(int number)
{
    for (size_t i = 0; i < sizeof all_kernels / sizeof *all_kernels; i++)
        if (all_kernels[i]->runs_here() && number-- == 0)
            return all_kernels[i];
    return NULL;
}

const char *bl_product_level_name(const struct bl_product_kernel *kernel)
{
    return kernel->name;
}

int bl_product_init(struct bl_product *product, enum bl_product_kind kind, int threads, struct bl_error *err)
{
    *product = (struct bl_product){.kind = kind, .threads = threads};
    if (kind == BL_PRODUCT_BLAS) {
        snprintf(product->name, sizeof product->name, "OpenBLAS %s", bl_blas_kernel());
        return BL_OK;
    }
    product->kernel = bl_product_level(0);
    snprintf(product->name, sizeof product->name, "%s chains", product->kernel->name);
    return bl_alloc(&product->space, (int64_t)threads * SPACE, sizeof(float), "packed matrices", err);
}

void bl_product_free(struct bl_product *product)
{
    bl_free(&product->space);
}

BL_INLINE void copy_lines(const int width, int64_t kc, const float *from, int64_t stride, float *to)
{
    for (int64_t k = 0; k < kc; k++)
        memcpy(to + k * width, from + k * stride, (size_t)width * sizeof *to);
}

/* to[k * width + i] = from[k * stride + i] for i < n, k < kc. */
static void copy_packed(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int width)
{
    if (n == 32 && width == 32)
        copy_lines(32, kc, from, stride, to);
    else if (n == 16 && width == 16)
        copy_lines(16, kc, from, stride, to);
    else if (n == 12 && width == 12)
        copy_lines(12, kc, from, stride, to);
    else
        for (int64_t k = 0; k < kc; k++)
            memcpy(to + k * width, from + k * stride, (size_t)n * sizeof *to);
}

/* Slices of `width` rows of op(X) [n, kc], each packed as [kc, width]; lanes beyond n are 0. `across`: the n
 * index runs along X's rows in memory, so that slices are copied, not transposed. */
static void pack(int across, int64_t n, int64_t kc, const float *x, int64_t ld, int width, float *to)
{
    for (int64_t i = 0; i < n; i += width, to += kc * width) {
        int64_t count = n - i < width ? n - i : width;
        if (count < width)
            memset(to, 0, (size_t)(kc * width) * sizeof *to);
        if (across)
            copy_packed(count, kc, x + i, ld, to, width);
        else
            bl_product_transpose(count, kc, x + i * ld, ld, to, width);
    }
}

static const float *address(enum bl_transpose t, const float *x, int64_t ld, int64_t row, int64_t column)
{
    return t == BL_PLAIN ? x + row * ld + column : x + column * ld + row;
}

/* A tile at the right edge: what would reach beyond the matrix goes through copies of full width. */
static void edge_tile(const struct bl_product_kernel *kernel, int rows, int columns, int64_t kc,
                      const float *a, const float *b, const struct bl_tile_ends *ends, float *edge)
{
    struct bl_tile_ends inner = *ends;
    const size_t bytes = (size_t)columns * sizeof *edge;
    const int64_t stride = kernel->columns;
    for (int p = -1; p < ends->n_pending; p++) {
        const float *from = p < 0 ? ends->from : ends->pending[p];
        const int64_t from_stride = p < 0 ? ends->from_stride : ends->pending_stride[p];
        float *copy = edge + (p + 2) * EDGE_FLOATS;
        if (!from)
            continue;
        memset(copy, 0, (size_t)(rows * stride) * sizeof *copy);
        for (int i = 0; i < rows; i++)
            memcpy(copy + i * stride, from + i * from_stride, bytes);
        *(p < 0 ? &inner.from : &inner.pending[p]) = copy;
        *(p < 0 ? &inner.from_stride : &inner.pending_stride[p]) = stride;
    }
    inner.to = edge;
    inner.to_stride = stride;
    kernel->tile(rows, kc, a, b, &inner);
    for (int i = 0; i < rows; i++)
        memcpy(ends->to + i * ends->to_stride, edge + i * stride, bytes);
}

/* Packed slices of both sides, of which a run of k is used: slices are a_rows and b_rows long. */
struct packed {
    const float *a, *b;
    int64_t a_rows, b_rows;
};

/* All tiles of a block [m,n]; block->from, pending and to stand at its origin. */
static void run_tiles(const struct bl_product_kernel *kernel, int64_t m, int64_t n, int64_t kc,
                      const struct packed *packed, const struct bl_tile_ends *block, float *edge)
{
    for (int64_t j = 0; j < n; j += kernel->columns)
        for (int64_t i = 0; i < m; i += kernel->rows) {
            const int rows = (int)(m - i < kernel->rows ? m - i : kernel->rows);
            const int columns = (int)(n - j < kernel->columns ? n - j : kernel->columns);
            struct bl_tile_ends ends; /* its arrays are long: set what is used */
            ends.from = block->from ? block->from + i * block->from_stride + j : NULL;
            ends.from_stride = block->from_stride;
            ends.n_pending = block->n_pending;
            ends.to = block->to + i * block->to_stride + j;
            ends.to_stride = block->to_stride;
            for (int p = 0; p < block->n_pending; p++) {
                ends.pending[p] = block->pending[p] + i * block->pending_stride[p] + j;
                ends.pending_stride[p] = block->pending_stride[p];
            }
            const float *a = packed->a + i * packed->a_rows, *b = packed->b + j * packed->b_rows;
            if (columns == kernel->columns)
                kernel->tile(rows, kc, a, b, &ends);
            else
                edge_tile(kernel, rows, columns, kc, a, b, &ends, edge);
        }
}

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void run_chain(const struct bl_product *product, int thread, enum bl_transpose ta,
                      enum bl_transpose tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                      const float *b, int64_t ldb, int add, float *c, int64_t ldc)
{
    const struct bl_product_kernel *kernel = product->kernel;
    float *space_a = product->space + (int64_t)thread * SPACE;
    float *space_b = space_a + SPACE_A, *edge = space_b + SPACE_B + SPACE_SLOTS;
    for (int64_t j = 0; j < n; j += PLAIN_COLUMNS) {
        const int64_t nc = at_most(n - j, PLAIN_COLUMNS);
        int64_t depth = 0;
        do { /* once also for k = 0 */
            const int64_t kc = at_most(k - depth, DEPTH);
            pack(tb == BL_PLAIN, nc, kc, address(tb, b, ldb, depth, j), ldb, kernel->columns, space_b);
            for (int64_t i = 0; i < m; i += PLAIN_ROWS) {
                const int64_t mc = at_most(m - i, PLAIN_ROWS);
                float *block = c + i * ldc + j;
                const struct bl_tile_ends ends = {.from = depth > 0 || add ? block : NULL,
                                                  .from_stride = ldc,
                                                  .to = block,
                                                  .to_stride = ldc};
                pack(ta == BL_TRANSPOSED, mc, kc, address(ta, a, lda, i, depth), lda, kernel->rows, space_a);
                run_tiles(kernel, mc, nc, kc, &(struct packed){space_a, space_b, kc, kc}, &ends, edge);
            }
            depth += kc;
        } while (depth < k);
    }
}

void bl_product_run(const struct bl_product *product, int thread, enum bl_transpose ta, enum bl_transpose tb,
                    int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    int add, float *c, int64_t ldc)
{
    if (product->kind == BL_PRODUCT_CHAIN)
        run_chain(product, thread, ta, tb, m, n, k, a, lda, b, ldb, add, c, ldc);
    else
        bl_matmul(ta, tb, m, n, k, a, lda, b, ldb, add, c, ldc);
}

/* A block [mc,nc] of the nodes' sums, and where it is worked on. */
struct group_block {
    const struct bl_product_kernel *kernel;
    const struct bl_groups *groups;
    const float *a, *b; /* the block's columns, from the first row */
    int64_t lda, ldb;
    int64_t mc, nc;
    int whole; /* all rows are packed at once */
    float *c;  /* nodes that remain; the others wait in slots */
    int64_t ldc, node_stride;
    float *space_a, *space_b, *slots, *edge;
};

static int is_whole(const struct bl_groups *groups)
{
    return groups->end[groups->n - 1] <= WHOLE_ROWS;
}

static float *place(const struct group_block *block, int node, int64_t *stride)
{
    const int n_nodes = block->groups->n_nodes;
    *stride = node < n_nodes ? block->ldc : GROUP_COLUMNS;
    return node < n_nodes ? block->c + node * block->node_stride
                          : block->slots + (node - n_nodes) * GROUP_ROWS * GROUP_COLUMNS;
}

/* The packed rows [row, row + kc). */
static struct packed packed_rows(const struct group_block *block, int64_t row, int64_t kc)
{
    const struct bl_product_kernel *kernel = block->kernel;
    if (block->whole) {
        const int64_t rows = block->groups->end[block->groups->n - 1];
        return (struct packed){block->space_a + row * kernel->rows, block->space_b + row * kernel->columns,
                               rows, rows};
    }
    pack(1, block->mc, kc, block->a + row * block->lda, block->lda, kernel->rows, block->space_a);
    pack(1, block->nc, kc, block->b + row * block->ldb, block->ldb, kernel->columns, block->space_b);
    return (struct packed){block->space_a, block->space_b, kc, kc};
}

/* The chains of group g; when they are finished they swallow the pending nodes. */
static void add_group(const struct group_block *block, int64_t g, struct bl_tree *tree)
{
    const int64_t begin = g > 0 ? block->groups->end[g - 1] : 0, rows = block->groups->end[g] - begin;
    const int top = tree->n_nodes;
    const int swallowed = bl_tree_add(tree, 1);
    struct bl_tile_ends ends = {0};
    int64_t depth = 0;
    do {
        const int64_t kc = at_most(rows - depth, DEPTH);
        const struct packed packed = packed_rows(block, begin + depth, kc);
        depth += kc;
        /* Unfinished chains wait above the pending nodes. */
        ends.to = place(block, depth < rows ? top : top - swallowed, &ends.to_stride);
        for (int p = 0; p < swallowed && depth == rows; p++, ends.n_pending++)
            ends.pending[p] = place(block, top - 1 - p, &ends.pending_stride[p]);
        run_tiles(block->kernel, block->mc, block->nc, kc, &packed, &ends, block->edge);
        ends.from = ends.to;
        ends.from_stride = ends.to_stride;
    } while (depth < rows);
}

static void run_block(const struct group_block *block)
{
    struct bl_tree tree = bl_tree_begin(block->groups->first);
    if (block->whole)
        pack(1, block->mc, block->groups->end[block->groups->n - 1], block->a, block->lda,
             block->kernel->rows, block->space_a);
    for (int64_t g = 0; g < block->groups->n; g++)
        add_group(block, g, &tree);
}

void bl_product_groups(const struct bl_product *product, int thread, int64_t m, int64_t n, const float *a,
                       int64_t lda, const float *b, int64_t ldb, const struct bl_groups *groups, float *c,
                       int64_t ldc, int64_t node_stride)
{
    if (groups->n == 0)
        return;
    if (product->kind == BL_PRODUCT_BLAS) {
        bl_matmul(BL_TRANSPOSED, BL_PLAIN, m, n, groups->end[groups->n - 1], a, lda, b, ldb, 0, c, ldc);
        return;
    }
    float *space = product->space + (int64_t)thread * SPACE;
    struct group_block block = {.kernel = product->kernel,
                                .groups = groups,
                                .lda = lda,
                                .ldb = ldb,
                                .whole = is_whole(groups),
                                .ldc = ldc,
                                .node_stride = node_stride,
                                .space_a = space,
                                .space_b = space + SPACE_A,
                                .slots = space + SPACE_A + SPACE_B,
                                .edge = space + SPACE_A + SPACE_B + SPACE_SLOTS};
    for (int64_t j = 0; j < n; j += GROUP_COLUMNS) {
        block.b = b + j;
        block.nc = at_most(n - j, GROUP_COLUMNS);
        if (block.whole)
            pack(1, block.nc, groups->end[groups->n - 1], block.b, ldb, product->kernel->columns,
                 block.space_b);
        for (int64_t i = 0; i < m; i += GROUP_ROWS) {
            block.a = a + i;
            block.mc = at_most(m - i, GROUP_ROWS);
            block.c = c + i * ldc + j;
            run_block(&block);
        }
    }
}

void bl_product_group_sums(const struct bl_product *product, int thread, int64_t n, const float *b,
                           int64_t ldb, const struct bl_groups *groups, float *c, int64_t node_stride)
{
    static const float one = 1.0f;
    if (product->kind == BL_PRODUCT_CHAIN)
        /* A column of ones whose rows all stand at the same place. */
        bl_product_groups(product, thread, 1, n, &one, 0, b, ldb, groups, c, n, node_stride);
    else if (groups->n > 0)
        bl_column_sums(groups->end[groups->n - 1], n, b, ldb, c);
}

void bl_product_naive(enum bl_transpose ta, enum bl_transpose tb, int64_t m, int64_t n, int64_t k,
                      const float *a, int64_t lda, const float *b, int64_t ldb, int add, float *c,
                      int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = add ? c[i * ldc + j] : 0.0f;
            for (int64_t l = 0; l < k; l++)
                sum = fmaf(*address(ta, a, lda, i, l), *address(tb, b, ldb, l, j), sum);
            c[i * ldc + j] = sum;
        }
}
