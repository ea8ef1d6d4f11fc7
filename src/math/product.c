#include "math/product.h"

#include <math.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "math/product_kernel.h"

/* Packing B costs about as much as a tile of rows reading it, and saves little until many read it: with 16 rows products
 * took 0.68 of the time in place, with 64 0.89, with 128 0.98, with 512 1.01 (AVX-512). */
enum { FEW_TILES = 8 };

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
    snprintf(product->name, sizeof product->name, "bitloom %s", product->kernel->name);
    return bl_alloc(&product->space, (int64_t)threads * BL_PRODUCT_SPACE, sizeof(float), "packed matrices",
                    err);
}

void bl_product_free(struct bl_product *product)
{
    bl_free(&product->space);
}

static const float *address(enum bl_transpose t, const float *x, int64_t ld, int64_t row, int64_t column)
{
    return t == BL_PLAIN ? x + row * ld + column : x + column * ld + row;
}

/* A tile at the right edge, which would reach beyond the matrix: computed in a copy of full width. */
static void edge_tile(const struct bl_product_kernel *kernel, int rows, int columns, int64_t kc,
                      const float *a, const float *b, struct bl_tile_ends ends)
{
    _Alignas(64) float edge[BL_TILE_NUMBERS_MAX] = {0};
    float *const to = ends.to;
    const int64_t to_stride = ends.to_stride;
    if (ends.from) {
        bl_product_copy(rows, columns, ends.from, ends.from_stride, edge, kernel->columns);
        ends.from = edge;
    }
    ends.from_stride = ends.to_stride = kernel->columns;
    ends.to = edge;
    kernel->tile(rows, kc, a, b, kernel->columns, &ends);
    bl_product_copy(rows, columns, edge, kernel->columns, to, to_stride);
}

/* Where tiles read a block of B from: packed; or in place, with rows ldb apart, but for the columns at the right
 * edge that fill no tile, which are packed. */
struct columns {
    const float *packed, *in_place; /* in_place NULL: all of it is packed */
    int64_t ldb;
};

/* All tiles of a block: C [m,n] = from + A B, a packed; from is laid out like C, or NULL for 0. */
static void run_tiles(const struct bl_product_kernel *kernel, int64_t m, int64_t n, int64_t kc,
                      const float *a, struct columns b, const float *from, float *c, int64_t ldc)
{
    const int64_t whole = b.in_place ? n / kernel->columns * kernel->columns : 0;
    struct bl_tile_ends ends = {.from_stride = ldc, .to_stride = ldc};
    for (int64_t j = 0; j < n; j += kernel->columns)
        for (int64_t i = 0; i < m; i += kernel->rows) {
            const int rows = (int)bl_min(m - i, kernel->rows);
            const int columns = (int)bl_min(n - j, kernel->columns);
            ends.from = from ? from + i * ldc + j : NULL;
            ends.to = c + i * ldc + j;
            if (j < whole)
                kernel->tile(rows, kc, a + i * kc, b.in_place + j, b.ldb, &ends);
            else if (columns == kernel->columns)
                kernel->tile(rows, kc, a + i * kc, b.packed + j * kc, kernel->columns, &ends);
            else
                edge_tile(kernel, rows, columns, kc, a + i * kc, b.packed + (j - whole) * kc, ends);
        }
}

/* A block of B for tiles of m rows of C. Packing pays where many rows of C share it. */
static struct columns columns_of(const struct bl_product_kernel *kernel, enum bl_transpose tb, int64_t m,
                                 int64_t nc, int64_t kc, const float *b, int64_t ldb, float *space)
{
    const int in_place = tb == BL_PLAIN && m <= FEW_TILES * kernel->rows;
    const int64_t whole = in_place ? nc / kernel->columns * kernel->columns : 0;
    bl_product_pack(kernel, tb == BL_PLAIN, nc - whole, kc, b + (tb == BL_PLAIN ? whole : 0), ldb,
                    kernel->columns, space);
    return (struct columns){.packed = space, .in_place = in_place ? b : NULL, .ldb = ldb};
}

/* C += op(A) op(B) by blocks: B's block [kc,nc] is packed once and meets every block [mc,kc] of A. Blocks
 * along k come in ascending order and the chains go on in C, so that blocking doesn't change a bit. */
static void run_chain(const struct bl_product *product, int thread, enum bl_transpose ta,
                      enum bl_transpose tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                      const float *b, int64_t ldb, int add, float *c, int64_t ldc)
{
    const struct bl_product_kernel *kernel = product->kernel;
    float *space_a = product->space + (int64_t)thread * BL_PRODUCT_SPACE;
    float *space_b = space_a + BL_PRODUCT_SPACE_A;
    for (int64_t j = 0; j < n; j += BL_PRODUCT_COLUMNS) {
        const int64_t nc = bl_min(n - j, BL_PRODUCT_COLUMNS);
        int64_t depth = 0;
        do { /* once even for k = 0: C must be set */
            const int64_t kc = bl_min(k - depth, BL_PRODUCT_DEPTH);
            const struct columns columns =
                columns_of(kernel, tb, m, nc, kc, address(tb, b, ldb, depth, j), ldb, space_b);
            for (int64_t i = 0; i < m; i += BL_PRODUCT_ROWS) {
                const int64_t mc = bl_min(m - i, BL_PRODUCT_ROWS);
                float *block = c + i * ldc + j;
                bl_product_pack(kernel, ta == BL_TRANSPOSED, mc, kc, address(ta, a, lda, i, depth), lda,
                                kernel->rows, space_a);
                run_tiles(kernel, mc, nc, kc, space_a, columns, depth > 0 || add ? block : NULL, block, ldc);
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
