/* Sizes around whole blocks of everything in src/math/ that is cut into blocks, against the plainest loops. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "math/cross.h"
#include "math/distance.h"
#include "math/elementwise.h"
#include "math/product.h"
#include "math/product_kernel.h"
#include "support/sizes.h"

enum { NUMBERS = 1 << 18, GROUPS = 3 };

static float a[NUMBERS], b[NUMBERS], got[NUMBERS], wanted[NUMBERS];
static int32_t sums[NUMBERS];

static void fill(void)
{
    for (int64_t i = 0; i < NUMBERS; i++) {
        a[i] = sinf((float)i * 0.7f) * 1.3f;
        b[i] = cosf((float)i * 0.3f) / (1.0f + (float)(i % 7));
    }
}

TestSuite(math_blocks, .init = fill);

static struct bl_product product_of(int threads)
{
    struct bl_product product;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, threads, NULL), BL_OK);
    return product;
}

static void check_product(const struct bl_product *product, int64_t m, int64_t n, int64_t k)
{
    cr_assert(m * k <= NUMBERS && k * n <= NUMBERS && m * n <= NUMBERS);
    for (int way = 0; way < 4; way++) {
        const enum bl_transpose ta = way & 1 ? BL_TRANSPOSED : BL_PLAIN;
        const enum bl_transpose tb = way & 2 ? BL_TRANSPOSED : BL_PLAIN;
        const int64_t lda = ta == BL_PLAIN ? k : m, ldb = tb == BL_PLAIN ? n : k;
        bl_product_naive(ta, tb, m, n, k, a, lda, b, ldb, 0, wanted, n);
        bl_product_run(product, 0, ta, tb, m, n, k, a, lda, b, ldb, 0, got, n);
        cr_assert_eq(memcmp(got, wanted, (size_t)(m * n) * sizeof *got), 0, "%s, way %d, %d x %d x %d",
                     bl_product_level_name(product->kernel), way, (int)m, (int)n, (int)k);
    }
}

/* Sums over groups of which the second ends with the rows and the third has none. */
static void check_groups(const struct bl_product *product, int64_t m, int64_t n, int64_t rows)
{
    const int64_t end[GROUPS] = {rows / 3, rows, rows};
    const struct bl_groups groups = {.n = GROUPS, .end = end};
    uint32_t largest = 0;
    const struct bl_grid_sums to = {.integers = sums, .scale = 0x1p16f, .largest = &largest};
    bl_product_groups(product, 0, m, n, a, m, b, n, &groups, &to, n);
    bl_product_naive(BL_TRANSPOSED, BL_PLAIN, m, n, end[0], a, m, b, n, 0, got, n);
    bl_product_naive(BL_TRANSPOSED, BL_PLAIN, m, n, rows - end[0], a + end[0] * m, m, b + end[0] * n, n, 0,
                     wanted, n);
    float most = 0.0f;
    for (int64_t i = 0; i < m * n; i++) {
        cr_assert_eq(sums[i], lrintf(got[i] * 0x1p16f) + lrintf(wanted[i] * 0x1p16f),
                     "%s, %d x %d of %d rows, number %d", bl_product_level_name(product->kernel), (int)m,
                     (int)n, (int)rows, (int)i);
        most = fmaxf(most, fmaxf(fabsf(got[i]), fabsf(wanted[i])));
    }
    float found;
    memcpy(&found, &largest, sizeof found);
    cr_assert_eq(found, most);
}

Test(math_blocks, products_have_the_bits_of_their_definition)
{
    struct bl_product product = product_of(1);
    for (int level = 0; bl_product_level(level); level++)
        for (int i = 0; i < SIZES_TWO; i++) {
            product.kernel = bl_product_level(level);
            check_product(&product, size_around(BL_PRODUCT_ROWS, i), 5, 3);
            check_product(&product, 5, size_around(BL_PRODUCT_COLUMNS, i), 3);
            check_product(&product, 3, 5, size_around(BL_PRODUCT_DEPTH, i));
            check_product(&product, size_around(product.kernel->rows, i), 3, 4);
            check_product(&product, 3, size_around(product.kernel->columns, i), 4);
        }
    bl_product_free(&product);
}

Test(math_blocks, sums_over_groups_have_the_bits_of_their_definition)
{
    struct bl_product product = product_of(1);
    for (int level = 0; bl_product_level(level); level++)
        for (int i = 0; i < SIZES_TWO; i++) {
            product.kernel = bl_product_level(level);
            check_groups(&product, size_around(BL_PRODUCT_ROWS, i), 5, 7);
            check_groups(&product, 5, size_around(BL_PRODUCT_COLUMNS, i), 7);
            check_groups(&product, 3, 5, size_around(BL_PRODUCT_DEPTH, i));
            check_groups(&product, size_around(product.kernel->rows, i), 3, 7);
            check_groups(&product, 3, size_around(product.kernel->columns, i), 7);
        }
    bl_product_free(&product);
}

Test(math_blocks, a_thread_packs_into_its_own_part_of_the_work_space)
{
    struct bl_product product = product_of(2);
    memset(product.space, 0x55, 2 * BL_PRODUCT_SPACE * sizeof(float));
    bl_product_run(&product, 1, BL_PLAIN, BL_PLAIN, 20, 40, 300, a, 300, b, 40, 0, got, 40);
    const unsigned char *bytes = (const unsigned char *)product.space;
    for (size_t i = 0; i < BL_PRODUCT_SPACE * sizeof(float); i++)
        cr_assert_eq(bytes[i], 0x55);
    bl_product_free(&product);
}

/* Whole numbers below 8 in magnitude, so that sums are exact. */
static void fill_whole(float *values, int64_t count, int64_t step)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)(i * step % 15 - 7);
}

Test(math_blocks, cross_products_are_sums_over_rows)
{
    enum { ROWS = 9, K = 5 };
    static int64_t integers[2 * (BL_CROSS_BAND + 1) * (2 * BL_CROSS_BAND + 1)];
    struct bl_product product = product_of(1);
    const struct bl_fixed fixed = bl_fixed_of_bound(1e6);
    fill_whole(a, NUMBERS, 7);
    fill_whole(b, NUMBERS, 11);
    for (int i = 0; i < SIZES_TWO; i++) {
        const int64_t m = size_around(BL_CROSS_BAND, i);
        struct bl_cross cross;
        cr_assert_eq(bl_cross_init(&cross, &product, m, NULL), BL_OK);
        memset(integers, 0, sizeof integers);
        bl_cross_add(&cross, ROWS, m, K, a, b, fixed, integers);
        for (int64_t j = 0; j < m * K; j++) {
            double sum = 0.0;
            for (int64_t row = 0; row < ROWS; row++)
                sum += (double)a[row * m + j / K] * (double)b[row * K + j % K];
            cr_assert_eq(bl_fixed_to(fixed, integers[j]), sum, "%d columns, number %d", (int)m, (int)j);
        }
        memset(integers, 0, sizeof integers);
        bl_cross_add_square(&cross, ROWS, m, a, fixed, integers);
        for (int64_t j = 0; j < m * m; j++) { /* the upper triangle */
            double sum = 0.0;
            for (int64_t row = 0; row < ROWS && j % m >= j / m; row++)
                sum += (double)a[row * m + j / m] * (double)a[row * m + j % m];
            if (j % m >= j / m)
                cr_assert_eq(bl_fixed_to(fixed, integers[j]), sum, "%d columns, number %d", (int)m, (int)j);
        }
        bl_cross_free(&cross);
    }
    bl_product_free(&product);
}

static void check_distances(const struct bl_product *product, int64_t n, int64_t m)
{
    enum { DIM = 3 };
    bl_distance_run(product, 0, n, m, DIM, a, b, got);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) {
            float sum = 0.0f;
            for (int d = 0; d < DIM; d++)
                sum += (a[i * DIM + d] - b[j * DIM + d]) * (a[i * DIM + d] - b[j * DIM + d]);
            cr_assert_eq(got[i * m + j], sum, "row %d of %d, anchor %d of %d", (int)i, (int)n, (int)j,
                         (int)m);
        }
}

Test(math_blocks, distances_are_sums_of_squared_differences)
{
    struct bl_product product = product_of(1);
    fill_whole(a, NUMBERS, 7);
    fill_whole(b, NUMBERS, 11);
    for (int i = 0; i < SIZES_TWO; i++) {
        check_distances(&product, size_around(BL_DISTANCE_ROWS, i), 2);
        check_distances(&product, 2, size_around(BL_DISTANCE_ANCHORS, i));
    }
    bl_product_free(&product);
}

Test(math_blocks, column_sums_are_those_of_each_column)
{
    enum { ROWS = 5 };
    fill_whole(a, NUMBERS, 7);
    for (int i = 0; i < SIZES_TWO; i++) {
        const int64_t width = size_around(BL_SUM_COLUMNS, i);
        memset(got, 0x55, sizeof got);
        bl_column_sums(ROWS, width, a, width + 2, got);
        for (int64_t j = 0; j < width; j++) {
            float sum = 0.0f;
            for (int64_t row = 0; row < ROWS; row++)
                sum += a[row * (width + 2) + j];
            cr_assert_eq(got[j], sum, "column %d of %d", (int)j, (int)width);
        }
    }
}
