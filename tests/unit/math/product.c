#include "math/product.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"

enum { LARGEST = 620 };

static float a[LARGEST * LARGEST], b[LARGEST * LARGEST], got[LARGEST * LARGEST], wanted[LARGEST * LARGEST];

static void fill(void)
{
    for (int64_t i = 0; i < LARGEST * LARGEST; i++) {
        a[i] = sinf((float)i * 0.7f) * 1.3f;
        b[i] = cosf((float)i * 0.3f) / (1.0f + (float)(i % 7));
    }
}

static struct bl_product chain(void)
{
    struct bl_product product;
    struct bl_error err;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, &err), BL_OK);
    return product;
}

/* One product against the definition, bit by bit; nothing beyond C's rows may change. */
static void check(const struct bl_product *product, int ta, int tb, int64_t m, int64_t n, int64_t k, int add)
{
    const int64_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
    for (int64_t i = 0; i < (m + 1) * ldc; i++)
        got[i] = wanted[i] = (float)i;
    bl_product_naive(ta ? BL_TRANSPOSED : BL_PLAIN, tb ? BL_TRANSPOSED : BL_PLAIN, m, n, k, a, lda, b, ldb,
                     add, wanted, ldc);
    bl_product_run(product, 0, ta ? BL_TRANSPOSED : BL_PLAIN, tb ? BL_TRANSPOSED : BL_PLAIN, m, n, k, a, lda,
                   b, ldb, add, got, ldc);
    cr_assert_eq(memcmp(got, wanted, (size_t)((m + 1) * ldc) * sizeof *got), 0,
                 "%s, ta %d tb %d, %lld x %lld x %lld, add %d", bl_product_level_name(product->kernel), ta,
                 tb, (long long)m, (long long)n, (long long)k, add);
}

Test(product, every_level_gives_the_bits_of_the_definition)
{
    static const int64_t shapes[][3] = {{1, 1, 1},   {5, 7, 3},     {12, 32, 64}, {13, 33, 300},
                                        {4, 64, 17}, {97, 10, 257}, {400, 40, 5}, {3, 530, 9}};
    struct bl_product product = chain();
    fill();
    for (int level = 0; bl_product_level(level); level++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (int way = 0; way < 8; way++) {
                product.kernel = bl_product_level(level);
                check(&product, way & 1, way & 2, shapes[s][0], shapes[s][1], shapes[s][2], way >> 2);
            }
    bl_product_free(&product);
}

Test(product, without_terms_it_is_zero_or_what_was_there)
{
    struct bl_product product = chain();
    fill();
    check(&product, 0, 0, 5, 9, 0, 0);
    check(&product, 0, 0, 5, 9, 0, 1);
    check(&product, 0, 0, 0, 9, 4, 0);
    check(&product, 0, 0, 5, 0, 4, 0);
    bl_product_free(&product);
}

Test(product, the_portable_level_is_always_among_those_that_run)
{
    int level = 0;
    while (bl_product_level(level + 1))
        level++;
    cr_assert_str_eq(bl_product_level_name(bl_product_level(level)), "portable");
}

enum { SUMS_MAX = 200 * 200, GROUPS = 12 };
static int32_t sums[SUMS_MAX], expected[SUMS_MAX];
static int64_t exact[SUMS_MAX];

static uint32_t magnitude(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffffu;
}

/* By definition: each group's chain, rounded, in 64 bits. Returns the largest. */
static uint32_t naive_groups(const struct bl_groups *groups, int64_t m, int64_t n, float scale)
{
    uint32_t largest = 0;
    memset(exact, 0, sizeof exact);
    for (int64_t g = 0; g < groups->n; g++) {
        const int64_t begin = g ? groups->end[g - 1] : 0;
        bl_product_naive(BL_TRANSPOSED, BL_PLAIN, m, n, groups->end[g] - begin, a + begin * m, m,
                         b + begin * n, n, 0, wanted, n);
        for (int64_t i = 0; i < m * n; i++) {
            exact[i] += lrintf(wanted[i] * scale);
            largest = magnitude(wanted[i]) > largest ? magnitude(wanted[i]) : largest;
        }
    }
    return largest;
}

static void check_groups(const struct bl_product *product, const struct bl_groups *groups, int64_t m,
                         int64_t n)
{
    const float scale = 0x1p16f;
    const int64_t ldc = n + 3;
    uint32_t largest = 0;
    const struct bl_grid_sums to = {.integers = sums, .scale = scale, .largest = &largest};
    memset(sums, 0x55, sizeof sums);
    bl_product_groups(product, 0, m, n, a, m, b, n, groups, &to, ldc);
    const uint32_t most = naive_groups(groups, m, n, scale);
    cr_assert(bl_grid_fits(scale, (int)(most >> 23), groups->n));
    for (int64_t i = 0; i < m * ldc; i++)
        cr_assert_eq(sums[i], i % ldc < n ? (int32_t)exact[i / ldc * n + i % ldc] : 0x55555555,
                     "%s, %d groups, %d x %d, number %d", bl_product_level_name(product->kernel),
                     (int)groups->n, (int)m, (int)n, (int)i);
    cr_assert_eq(sums[m * ldc], 0x55555555);
    cr_assert_eq(largest, most);
}

/* Around the depth of packed blocks, 256: groups that fit, that are cut, and that share a block. */
Test(product, sums_over_groups_are_chains_rounded_and_added_on_every_level)
{
    static const int64_t shapes[][2] = {{1, 1}, {12, 32}, {100, 37}, {5, 65}, {13, 16}};
    static const struct {
        int64_t n, end[GROUPS];
    } cases[] = {
        {1, {0}},
        {1, {1}},
        {3, {1, 2, 3}},
        {2, {255, 510}},
        {2, {256, 512}},
        {2, {257, 514}},
        {2, {3, 600}},
        {1, {620}},
        {3, {513, 520, 520}},
        {11, {3, 3, 10, 270, 275, 279, 290, 294, 300, 301, 340}},
        {4, {0, 0, 255, 256}},
    };
    struct bl_product product = chain();
    fill();
    for (int level = 0; bl_product_level(level); level++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
            for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
                const struct bl_groups groups = {.n = cases[c].n, .end = cases[c].end};
                product.kernel = bl_product_level(level);
                check_groups(&product, &groups, shapes[s][0], shapes[s][1]);
            }
    bl_product_free(&product);
}

/* More rows and columns than a packed block has; the last tile and the last block are partial. */
Test(product, sums_over_groups_of_large_matrices_are_those_of_their_parts)
{
    enum { M = 390, N = 530, ROWS = 270 };
    static int32_t whole[M * N], part[N];
    static const int64_t ends[3] = {3, 265, ROWS};
    static float left[ROWS * M], right[ROWS * N];
    const struct bl_groups groups = {.n = 3, .end = ends};
    struct bl_product product = chain();
    uint32_t largest = 0, largest_part = 0;
    for (int i = 0; i < ROWS * M; i++)
        left[i] = sinf((float)i * 0.7f);
    for (int i = 0; i < ROWS * N; i++)
        right[i] = cosf((float)i * 0.3f);
    for (int level = 0; bl_product_level(level); level++) {
        product.kernel = bl_product_level(level);
        bl_product_groups(&product, 0, M, N, left, M, right, N, &groups,
                          &(struct bl_grid_sums){NULL, whole, 0x1p16f, &largest}, N);
        for (int i = 0; i < M; i++) {
            bl_product_groups(&product, 0, 1, N, left + i, M, right, N, &groups,
                              &(struct bl_grid_sums){NULL, part, 0x1p16f, &largest_part}, N);
            cr_assert_eq(memcmp(part, whole + i * N, sizeof part), 0, "row %d", i);
        }
        cr_assert_eq(largest, largest_part);
    }
    bl_product_free(&product);
}

Test(product, sums_of_holders_in_any_order_are_those_of_all_groups)
{
    static const int64_t ends[8] = {30, 60, 95, 100, 400, 405, 406, 520};
    static const int64_t divisions[][5] = {{0, 8}, {0, 4, 8}, {0, 1, 5, 8}, {0, 3, 4, 6, 8}};
    enum { M = 31, N = 45 };
    struct bl_product product = chain();
    uint32_t largest = 0, largest_of_all;
    fill();
    const struct bl_groups all = {.n = 8, .end = ends};
    bl_product_groups(&product, 0, M, N, a, M, b, N, &all,
                      &(struct bl_grid_sums){NULL, expected, 0x1p16f, &largest}, N);
    largest_of_all = largest;
    for (int d = 0; d < 4; d++) {
        static int32_t total[M * N];
        memset(total, 0, sizeof total);
        largest = 0;
        for (int holder = d; holder >= 0; holder--) {
            const int64_t lo = divisions[d][holder], hi = divisions[d][holder + 1];
            const int64_t row = lo > 0 ? ends[lo - 1] : 0;
            int64_t end[8];
            for (int64_t g = lo; g < hi; g++)
                end[g - lo] = ends[g] - row;
            const struct bl_groups own = {.first = lo, .n = hi - lo, .end = end};
            bl_product_groups(&product, 0, M, N, a + row * M, M, b + row * N, N, &own,
                              &(struct bl_grid_sums){NULL, sums, 0x1p16f, &largest}, N);
            bl_grid_add(M * N, sums, total);
        }
        cr_assert_eq(memcmp(total, expected, sizeof total), 0, "%d holders", d + 1);
        cr_assert_eq(largest, largest_of_all);
    }
    bl_product_free(&product);
}

/* Of the matrix, not of what fills a partial tile: infinity times a column beyond the edge is NaN. */
Test(product, infinities_and_nans_are_the_largest_and_their_numbers_worthless_alone)
{
    enum { M = 14, N = 35, ROWS = 9 };
    static const int64_t ends[2] = {4, ROWS};
    static float left[ROWS * M], right[ROWS * N];
    const struct bl_groups groups = {.n = 2, .end = ends};
    const float bad[3] = {INFINITY, -INFINITY, NAN};
    struct bl_product product = chain();
    for (int level = 0; bl_product_level(level); level++)
        for (int kind = 0; kind < 3; kind++) {
            uint32_t largest = 0;
            const struct bl_grid_sums to = {.integers = sums, .scale = 0x1p10f, .largest = &largest};
            product.kernel = bl_product_level(level);
            for (int i = 0; i < ROWS * M; i++)
                left[i] = 1.0f;
            for (int i = 0; i < ROWS * N; i++)
                right[i] = 0.25f;
            bl_product_groups(&product, 0, M, N, left, M, right, N, &groups, &to, N);
            cr_assert_eq(largest, magnitude(0.25f * 5));
            left[6 * M + M - 1] = bad[kind];
            bl_product_groups(&product, 0, M, N, left, M, right, N, &groups, &to, N);
            if (kind < 2)
                cr_assert_eq(largest, magnitude(INFINITY));
            else
                cr_assert_gt(largest, magnitude(INFINITY));
            for (int i = 0; i < (M - 1) * N; i++)
                cr_assert_eq(sums[i], 9 * 256);
        }
    bl_product_free(&product);
}

Test(product, the_largest_is_raised_and_never_lowered)
{
    const int64_t end = 5;
    const struct bl_groups groups = {.n = 1, .end = &end};
    struct bl_product product = chain();
    uint32_t largest = magnitude(1e9f);
    const struct bl_grid_sums to = {.integers = sums, .scale = 0.0f, .largest = &largest};
    fill();
    bl_product_groups(&product, 0, 6, 5, a, 6, b, 5, &groups, &to, 5);
    cr_assert_eq(largest, magnitude(1e9f));
    largest = magnitude(1e-9f);
    bl_product_groups(&product, 0, 6, 5, a, 6, b, 5, &groups, &to, 5);
    cr_assert_eq(largest, naive_groups(&groups, 6, 5, 1.0f));
    cr_assert_gt(largest, magnitude(1e-9f));
    bl_product_free(&product);
}

/* Also numbers far out of range, which are worthless, have no undefined conversion. */
Test(product, levels_agree_on_values_that_do_not_fit)
{
    const int64_t ends[2] = {2, 5};
    const struct bl_groups groups = {.n = 2, .end = ends};
    struct bl_product product = chain();
    uint32_t largest = 0;
    fill();
    a[3] = INFINITY;
    b[4] = NAN;
    for (int level = 0; bl_product_level(level); level++) {
        const struct bl_grid_sums to = {
            .integers = level == 0 ? expected : sums, .scale = 0x1p40f, .largest = &largest};
        product.kernel = bl_product_level(level);
        bl_product_groups(&product, 0, 17, 35, a, 17, b, 35, &groups, &to, 35);
        if (level > 0)
            cr_assert_eq(memcmp(sums, expected, 17 * 35 * sizeof *sums), 0);
    }
    bl_product_free(&product);
}

Test(product, column_sums_over_groups_are_those_of_a_column_of_ones)
{
    enum { N = 45 };
    static const int64_t ends[3] = {7, 300, 301};
    const struct bl_groups groups = {.n = 3, .end = ends};
    struct bl_product product = chain();
    uint32_t largest = 0;
    fill();
    for (int i = 0; i < 301; i++)
        a[i] = 1.0f;
    for (int level = 0; bl_product_level(level); level++) {
        product.kernel = bl_product_level(level);
        bl_product_group_sums(&product, 0, N, b, N, &groups,
                              &(struct bl_grid_sums){NULL, sums, 0x1p16f, &largest});
        cr_assert_eq(largest, naive_groups(&groups, 1, N, 0x1p16f));
        for (int i = 0; i < N; i++)
            cr_assert_eq(sums[i], exact[i]);
    }
    bl_product_free(&product);
}

Test(product, without_groups_nothing_is_written)
{
    const struct bl_groups none = {.n = 0};
    struct bl_product product = chain();
    uint32_t largest = 7;
    const struct bl_grid_sums to = {.integers = sums, .scale = 1.0f, .largest = &largest};
    memset(sums, 0x55, sizeof sums);
    bl_product_groups(&product, 0, 6, 5, a, 6, b, 5, &none, &to, 5);
    bl_product_group_sums(&product, 0, 5, b, 5, &none, &to);
    for (int i = 0; i < 30; i++)
        cr_assert_eq(sums[i], 0x55555555);
    cr_assert_eq(largest, 7);
    bl_product_free(&product);
}

Test(product, fast_sums_take_all_groups_as_one)
{
    const int64_t ends[2] = {4, 9};
    const struct bl_groups groups = {.n = 2, .end = ends};
    struct bl_product product;
    struct bl_error err;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_BLAS, 1, &err), BL_OK);
    fill();
    bl_product_groups(&product, 0, 6, 5, a, 6, b, 5, &groups, &(struct bl_grid_sums){.floats = got}, 5);
    bl_product_naive(BL_TRANSPOSED, BL_PLAIN, 6, 5, 9, a, 6, b, 5, 0, wanted, 5);
    for (int i = 0; i < 30; i++)
        cr_assert_float_eq(got[i], wanted[i], 1e-5);
    bl_product_free(&product);
}
