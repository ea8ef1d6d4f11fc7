#include "math/product.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "math/tree.h"

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

/* Node [first, first + size) of the groups' products, by the tree's definition. */
static void naive_node(const struct bl_groups *groups, int64_t first, int64_t size, int64_t m, int64_t n,
                       float *out)
{
    if (size == 1) {
        const int64_t g = first - groups->first, begin = g ? groups->end[g - 1] : 0;
        bl_product_naive(BL_TRANSPOSED, BL_PLAIN, m, n, groups->end[g] - begin, a + begin * m, m,
                         b + begin * n, n, 0, out, n);
        return;
    }
    float *right = NULL;
    struct bl_error err;
    cr_assert_eq(bl_alloc(&right, m * n, sizeof *right, "a node", &err), BL_OK);
    naive_node(groups, first, size / 2, m, n, out);
    naive_node(groups, first + size / 2, size / 2, m, n, right);
    for (int64_t i = 0; i < m * n; i++)
        out[i] = out[i] + right[i];
    bl_free(&right);
}

static void check_groups(const struct bl_product *product, const struct bl_groups *groups, int64_t m,
                         int64_t n)
{
    const struct bl_tree tree = bl_tree_of(groups->first, groups->first + groups->n);
    cr_assert_eq(tree.n_nodes, groups->n_nodes);
    memset(got, 0, sizeof got);
    bl_product_groups(product, 0, m, n, a, m, b, n, groups, got, n, m * n + 5);
    for (int i = 0; i < tree.n_nodes; i++) {
        naive_node(groups, tree.first[i], tree.size[i], m, n, wanted);
        cr_assert_eq(memcmp(got + i * (m * n + 5), wanted, (size_t)(m * n) * sizeof *got), 0,
                     "%s, node %d of groups %lld + %lld", bl_product_level_name(product->kernel), i,
                     (long long)groups->first, (long long)groups->n);
        cr_assert_eq(got[(i + 1) * (m * n + 5) - 1], 0.0f);
    }
}

Test(product, sums_over_groups_are_the_nodes_of_the_tree)
{
    static const int64_t ends[11] = {3, 3, 10, 270, 275, 279, 290, 294, 300, 301, 340};
    static const int64_t ranges[][2] = {{0, 1}, {0, 8}, {5, 11}, {3, 10}, {1, 2}, {0, 11}};
    struct bl_product product = chain();
    fill();
    for (int level = 0; bl_product_level(level); level++)
        for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
            struct bl_groups groups = {ranges[r][0], ranges[r][1] - ranges[r][0], ends, 0};
            groups.n_nodes = bl_tree_of(ranges[r][0], ranges[r][1]).n_nodes;
            product.kernel = bl_product_level(level);
            check_groups(&product, &groups, 100, 37);
        }
    bl_product_free(&product);
}

Test(product, fast_sums_take_all_groups_as_one)
{
    const int64_t ends[2] = {4, 9};
    const struct bl_groups groups = {0, 2, ends, 1};
    struct bl_product product;
    struct bl_error err;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_BLAS, 1, &err), BL_OK);
    fill();
    bl_product_groups(&product, 0, 6, 5, a, 6, b, 5, &groups, got, 5, 0);
    bl_product_naive(BL_TRANSPOSED, BL_PLAIN, 6, 5, 9, a, 6, b, 5, 0, wanted, 5);
    for (int i = 0; i < 30; i++)
        cr_assert_float_eq(got[i], wanted[i], 1e-5);
    bl_product_free(&product);
}
