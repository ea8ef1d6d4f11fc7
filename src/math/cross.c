#include "math/cross.h"

#include "base/buffer.h"
#include "base/minmax.h"

int bl_cross_init(struct bl_cross *cross, const struct bl_product *product, int64_t k, struct bl_error *err)
{
    *cross = (struct bl_cross){.product = product, .k = k};
    return bl_alloc(&cross->band, BL_CROSS_BAND * k, sizeof *cross->band, "products of columns", err);
}

void bl_cross_free(struct bl_cross *cross)
{
    bl_free(&cross->band);
}

/* sums [rows, k] += A'B for one band of columns of A: A [n, rows], whose rows are lda floats apart. */
static void add_band(const struct bl_cross *cross, int64_t n, int64_t rows, int64_t k, const float *a,
                     int64_t lda, const float *b, int64_t ldb, struct bl_fixed fixed, int64_t *sums,
                     int64_t ld)
{
    bl_product_run(cross->product, 0, BL_TRANSPOSED, BL_PLAIN, rows, k, n, a, lda, b, ldb, 0, cross->band, k);
    for (int64_t i = 0; i < rows; i++)
        bl_fixed_add(fixed, k, cross->band + i * k, sums + i * ld);
}

void bl_cross_add(const struct bl_cross *cross, int64_t n, int64_t m, int64_t k, const float *a,
                  const float *b, struct bl_fixed fixed, int64_t *sums)
{
    for (int64_t i = 0; i < m; i += BL_CROSS_BAND)
        add_band(cross, n, bl_min(m - i, BL_CROSS_BAND), k, a + i, m, b, k, fixed, sums + i * k, k);
}

void bl_cross_add_square(const struct bl_cross *cross, int64_t n, int64_t k, const float *a,
                         struct bl_fixed fixed, int64_t *sums)
{
    for (int64_t i = 0; i < k; i += BL_CROSS_BAND)
        add_band(cross, n, bl_min(k - i, BL_CROSS_BAND), k - i, a + i, k, a + i, k, fixed, sums + i * k + i,
                 k);
}
