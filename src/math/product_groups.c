#include <stddef.h>

#include "base/minmax.h"
#include "math/elementwise.h"
#include "math/product.h"
#include "math/product_kernel.h"

/* Sums of A_g' B_g over groups, A_g [rows of g, m], B_g [rows of g, n]. For each block of C the rows are
 * packed in stretches; each tile then passes through all groups of the stretch while its sums stay in the
 * first-level cache. */

/* Tiles of full width, and those at the right edge, whose columns beyond the matrix don't count. */
enum tile_kind { WHOLE, EDGE };

/* A block [mc,nc] of the sums and its work space. */
struct block {
    const struct bl_product_kernel *kernel;
    const struct bl_groups *groups;
    const float *a, *b; /* the block's columns, from the first row */
    int64_t lda, ldb;
    int64_t mc, nc;
    int32_t *sums;
    int64_t ldc;
    float scale;
    float *space_a, *space_b;
    float *chains;                            /* tile by tile: chains of a group that isn't finished */
    uint32_t (*largest)[BL_TILE_COLUMNS_MAX]; /* bits of the largest |value|, for each kind of tile */
};

/* Rows packed together, [row, row + rows): the remaining rows of groups [g, end); or, with end = g, a part of
 * group g that doesn't finish it. */
struct stretch {
    int64_t row, rows;
    int64_t g, end;
    int continues; /* earlier rows of group g are in chains */
};

static int64_t begin_of(const struct bl_groups *groups, int64_t g)
{
    return g > 0 ? groups->end[g - 1] : 0;
}

/* The next stretch: as many groups as fit into BL_PRODUCT_DEPTH rows to their end, else a part of group g. */
static struct stretch stretch_from(const struct bl_groups *groups, int64_t row, int64_t g)
{
    struct stretch stretch = {.row = row, .g = g, .end = g, .continues = row > begin_of(groups, g)};
    while (stretch.end < groups->n && groups->end[stretch.end] - row <= BL_PRODUCT_DEPTH)
        stretch.end++;
    stretch.rows = stretch.end > g ? groups->end[stretch.end - 1] - row : BL_PRODUCT_DEPTH;
    return stretch;
}

/* One tile through all groups of the stretch. Unfinished chains are kept in ends->to; each finished one is
 * added to the sums on the grid. Changes ends. */
static void tile_groups(const struct block *block, const struct stretch *stretch, int rows, const float *a,
                        const float *b, struct bl_tile_ends *ends)
{
    const struct bl_product_kernel *kernel = block->kernel;
    float *const chains = ends->to;
    if (stretch->end == stretch->g) {
        ends->from = stretch->continues ? chains : NULL;
        kernel->tile(rows, stretch->rows, a, b, kernel->columns, ends);
        return;
    }
    ends->to = NULL;
    int64_t row = stretch->row;
    for (int64_t g = stretch->g; g < stretch->end; g++) {
        const int64_t kc = block->groups->end[g] - row, at = row - stretch->row;
        ends->from = g == stretch->g && stretch->continues ? chains : NULL;
        ends->set = g == 0;
        kernel->tile(rows, kc, a + at * kernel->rows, b + at * kernel->columns, kernel->columns, ends);
        row += kc;
    }
}

/* A tile at the right edge: its sums go through a copy of full width. */
static void edge_groups(const struct block *block, const struct stretch *stretch, int rows, int columns,
                        const float *a, const float *b, struct bl_tile_ends *ends)
{
    _Alignas(64) int32_t edge[BL_TILE_NUMBERS_MAX] = {0};
    int32_t *const sums = ends->sums;
    const int64_t stride = ends->sums_stride;
    uint32_t *const largest = ends->largest;
    if (stretch->g > 0)
        bl_product_copy(rows, columns, sums, stride, edge, block->kernel->columns);
    ends->sums = edge;
    ends->sums_stride = block->kernel->columns;
    ends->largest = block->largest[EDGE];
    tile_groups(block, stretch, rows, a, b, ends);
    ends->sums_stride = stride;
    ends->largest = largest;
    if (stretch->end > stretch->g)
        bl_product_copy(rows, columns, edge, block->kernel->columns, sums, stride);
}

static void run_stretch(const struct block *block, const struct stretch *stretch)
{
    const struct bl_product_kernel *kernel = block->kernel;
    const int64_t kc = stretch->rows, mc = (block->mc + kernel->rows - 1) / kernel->rows * kernel->rows;
    bl_product_pack(block->kernel, 1, block->nc, kc, block->b + stretch->row * block->ldb, block->ldb,
                    kernel->columns, block->space_b);
    bl_product_pack(block->kernel, 1, block->mc, kc, block->a + stretch->row * block->lda, block->lda,
                    kernel->rows, block->space_a);
    /* Made once: groups are short, so that clearing it for each tile took a fifth of the time. */
    struct bl_tile_ends ends = {.from_stride = kernel->columns,
                                .to_stride = kernel->columns,
                                .sums_stride = block->ldc,
                                .scale = block->scale,
                                .largest = block->largest[WHOLE]};
    for (int64_t j = 0; j < block->nc; j += kernel->columns)
        for (int64_t i = 0; i < block->mc; i += kernel->rows) {
            const int rows = (int)bl_min(block->mc - i, kernel->rows);
            const int columns = (int)bl_min(block->nc - j, kernel->columns);
            const float *a = block->space_a + i * kc, *b = block->space_b + j * kc;
            ends.to = block->chains + j * mc + i * kernel->columns;
            ends.sums = block->sums + i * block->ldc + j;
            if (columns == kernel->columns)
                tile_groups(block, stretch, rows, a, b, &ends);
            else
                edge_groups(block, stretch, rows, columns, a, b, &ends);
        }
}

static void run_block(const struct block *block)
{
    int64_t row = 0, g = 0;
    while (g < block->groups->n) {
        const struct stretch stretch = stretch_from(block->groups, row, g);
        run_stretch(block, &stretch);
        row += stretch.rows;
        g = stretch.end;
    }
}

static uint32_t raised(uint32_t largest, const uint32_t *of_columns, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        largest = of_columns[j] > largest ? of_columns[j] : largest;
    return largest;
}

static void run_chains(const struct bl_product *product, int thread, int64_t m, int64_t n, const float *a,
                       int64_t lda, const float *b, int64_t ldb, const struct bl_groups *groups,
                       const struct bl_grid_sums *to, int64_t ldc)
{
    const int width = product->kernel->columns;
    _Alignas(64) uint32_t largest[2][BL_TILE_COLUMNS_MAX] = {{0}};
    float *space = product->space + (int64_t)thread * BL_PRODUCT_SPACE;
    struct block block = {.kernel = product->kernel,
                          .groups = groups,
                          .lda = lda,
                          .ldb = ldb,
                          .ldc = ldc,
                          .scale = to->scale,
                          .space_a = space,
                          .space_b = space + BL_PRODUCT_SPACE_A,
                          .chains = space + BL_PRODUCT_SPACE_A + BL_PRODUCT_SPACE_B,
                          .largest = largest};
    for (int64_t j = 0; j < n; j += BL_PRODUCT_COLUMNS)
        for (int64_t i = 0; i < m; i += BL_PRODUCT_ROWS) {
            block.a = a + i;
            block.b = b + j;
            block.mc = bl_min(m - i, BL_PRODUCT_ROWS);
            block.nc = bl_min(n - j, BL_PRODUCT_COLUMNS);
            block.sums = to->integers + i * ldc + j;
            run_block(&block);
        }
    *to->largest = raised(raised(*to->largest, largest[WHOLE], width), largest[EDGE], n % width);
}

void bl_product_groups(const struct bl_product *product, int thread, int64_t m, int64_t n, const float *a,
                       int64_t lda, const float *b, int64_t ldb, const struct bl_groups *groups,
                       const struct bl_grid_sums *to, int64_t ldc)
{
    if (groups->n == 0)
        return;
    if (product->kind == BL_PRODUCT_CHAIN)
        run_chains(product, thread, m, n, a, lda, b, ldb, groups, to, ldc);
    else
        bl_matmul(BL_TRANSPOSED, BL_PLAIN, m, n, groups->end[groups->n - 1], a, lda, b, ldb, 0, to->floats,
                  ldc);
}

void bl_product_group_sums(const struct bl_product *product, int thread, int64_t n, const float *b,
                           int64_t ldb, const struct bl_groups *groups, const struct bl_grid_sums *to)
{
    static const float one = 1.0f;
    if (product->kind == BL_PRODUCT_CHAIN)
        /* Column sums are 1' B: A is a column of ones, which with lda = 0 is a single number. */
        bl_product_groups(product, thread, 1, n, &one, 0, b, ldb, groups, to, n);
    else if (groups->n > 0)
        bl_column_sums(groups->end[groups->n - 1], n, b, ldb, to->floats);
}
