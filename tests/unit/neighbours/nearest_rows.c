#include "neighbours/nearest.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "support/sizes.h"

/* Tiles of a few rows, so that a small set has many, and one with a rest. */
enum { ROWS = 700, QUERIES = 37, DIM = 21, K = 9, K_MAX = 200, TILE_QUERIES = 8, TILE_ROWS = 130 };

/* A set to search in, as float32, and how it is searched. */
static float rows[ROWS * DIM], queries[QUERIES * DIM];
static enum bl_metric metric;
static enum bl_type query_type, row_type;
static int64_t k, dim, n_rows, n_queries, self, part_rows;
static int threads;
static const struct bl_product_kernel *kernel; /* NULL: OpenBLAS */
static int64_t found[QUERIES * K_MAX], computed;
static float distances[QUERIES * K_MAX];

static double random_number(uint64_t set, int64_t i)
{
    double normal[4];
    bl_rng_normal(7, BL_STREAM_LSH, set, (uint64_t)i, 0, normal);
    return normal[0];
}

static void enter(void)
{
    for (int64_t i = 0; i < ROWS * DIM; i++)
        rows[i] = (float)random_number(1, i);
    for (int64_t i = 0; i < QUERIES * DIM; i++)
        queries[i] = (float)random_number(2, i);
    metric = BL_METRIC_L2;
    query_type = row_type = BL_FLOAT32;
    k = K;
    dim = DIM;
    n_rows = part_rows = ROWS;
    n_queries = QUERIES;
    self = -1;
    threads = 1;
    kernel = NULL;
}

static void leave(void)
{
    cr_assert_eq(bl_alloc_live(), 0);
}

TestSuite(nearest_rows, .init = enter, .fini = leave);

/* The values as another type. */
static void *as_type(enum bl_type type, const float *values, int64_t n)
{
    char *out = NULL;
    cr_assert_eq(bl_alloc(&out, n, 8, "values", NULL), BL_OK);
    for (int64_t i = 0; i < n; i++) {
        const double real = (double)values[i] * 1.000000001;
        const uint16_t half = bl_half_from_float(values[i]);
        if (type == BL_FLOAT64)
            memcpy(out + i * 8, &real, 8);
        else if (type == BL_FLOAT16)
            memcpy(out + i * 2, &half, 2);
        else if (type == BL_UINT8)
            out[i] = (char)(uint8_t)(fabs((double)values[i]) * 50.0);
        else
            memcpy(out + i * 4, values + i, 4);
    }
    return out;
}

/* Searches as the variables above say. */
static void search(const void *all, const void *asked)
{
    struct bl_product product;
    struct bl_nearest nearest;
    double centre[DIM], scratch[DIM];
    const int64_t row_bytes = dim * (int64_t)bl_type_bytes(row_type);
    cr_assert_eq(bl_product_init(&product, kernel ? BL_PRODUCT_CHAIN : BL_PRODUCT_BLAS, threads, NULL),
                 BL_OK);
    if (kernel)
        product.kernel = kernel;
    const struct bl_frame frame =
        bl_frame_of(metric, row_type, all, n_rows < 50 ? n_rows : 50, dim, centre, scratch);
    const struct bl_nearest_shape shape = {n_queries, k, TILE_QUERIES, TILE_ROWS, query_type, row_type};
    cr_assert_eq(bl_nearest_init(&nearest, &shape, &frame, &product, NULL), BL_OK);
    bl_nearest_begin(&nearest, asked, n_queries, self);
    /* The last part first. */
    for (int64_t lo = (n_rows - 1) / part_rows * part_rows; lo >= 0; lo -= part_rows)
        bl_nearest_rows(&nearest, (const char *)all + lo * row_bytes,
                        n_rows - lo < part_rows ? n_rows - lo : part_rows, lo, NULL, NULL);
    computed = nearest.computed;
    for (int64_t i = 0; i < n_queries; i++)
        cr_assert_eq(bl_nearest_take(&nearest, i, found + i * k, distances + i * k), k);
    bl_nearest_free(&nearest);
    bl_nearest_free(&nearest);
    bl_product_free(&product);
}

/* Searches, and compares with all keys, sorted. */
static void expect_exact(void)
{
    void *all = as_type(row_type, rows, n_rows * dim), *asked = as_type(query_type, queries, n_queries * dim);
    search(all, asked);
    for (int64_t i = 0; i < n_queries; i++) {
        int64_t expected[K_MAX];
        float far[K_MAX];
        const char *query = (const char *)asked + i * dim * (int64_t)bl_type_bytes(query_type);
        cr_assert_eq(bl_nearest_naive(metric, dim, query_type, query, row_type, all, n_rows,
                                      self >= 0 ? self + i : -1, k, expected, far, NULL),
                     BL_OK);
        for (int64_t j = 0; j < k; j++) {
            cr_assert_eq(found[i * k + j], expected[j], "%s, query %d, place %d: %d, not %d",
                         bl_metric_name(metric), (int)i, (int)j, (int)found[i * k + j], (int)expected[j]);
            cr_assert_eq(distances[i * k + j], far[j]);
        }
    }
    bl_free(&all);
    bl_free(&asked);
}

Test(nearest_rows, are_those_of_all_keys_sorted_under_every_metric)
{
    for (int m = 0; m < BL_METRICS; m++) {
        metric = (enum bl_metric)m;
        expect_exact();
        cr_assert_leq(computed, n_queries * (k + 2), "the bound lets %d rows through", (int)computed);
    }
}

Test(nearest_rows, are_the_same_with_every_kernel_and_any_threads_and_parts)
{
    for (int m = 0; m < BL_METRICS; m++)
        for (int level = -1; level < 0 || bl_product_level(level); level++) {
            metric = (enum bl_metric)m;
            kernel = level < 0 ? NULL : bl_product_level(level);
            threads = 2 + level % 2;
            part_rows = 100 + 77 * (level + 1);
            expect_exact();
        }
}

Test(nearest_rows, are_found_among_rows_of_every_type)
{
    const enum bl_type types[] = {BL_UINT8, BL_FLOAT16, BL_FLOAT32, BL_FLOAT64};
    for (int m = 0; m < BL_METRICS; m++)
        for (int t = 0; t < 4; t++) {
            metric = (enum bl_metric)m;
            row_type = types[t];
            query_type = types[(t + m) % 4];
            expect_exact();
        }
}

Test(nearest_rows, of_sizes_around_a_tile_and_of_one_row)
{
    for (int s = 0; s < SIZES_TWO; s++) {
        n_rows = size_around(TILE_ROWS, s);
        n_queries = size_around(TILE_QUERIES, s);
        part_rows = n_rows;
        expect_exact();
    }
    n_rows = k = part_rows = 1;
    expect_exact();
}

Test(nearest_rows, may_be_all_rows)
{
    n_rows = part_rows = K_MAX;
    k = K_MAX;
    expect_exact();
}

Test(nearest_rows, leave_out_the_query_itself_but_not_its_copies)
{
    self = 100;
    for (int64_t i = 0; i < QUERIES; i++)
        memcpy(queries + i * DIM, rows + (100 + i) * DIM, DIM * sizeof *rows);
    memcpy(rows + 600 * DIM, rows + 100 * DIM, DIM * sizeof *rows);
    for (int m = 0; m < 2; m++) {
        metric = m ? BL_METRIC_COSINE : BL_METRIC_L2;
        part_rows = 90;
        expect_exact();
        cr_assert_eq(found[0], 600);
        cr_assert_eq(distances[0], 0.0f, "equal rows are at distance 0");
    }
    self = -1;
    expect_exact();
    cr_assert_eq(found[0], 100);
}

Test(nearest_rows, rows_at_equal_keys_come_by_their_numbers)
{
    /* Four different rows in all: hundreds of copies of each. */
    for (int64_t i = 4; i < ROWS; i++)
        memcpy(rows + i * DIM, rows + i % 4 * DIM, DIM * sizeof *rows);
    for (int m = 0; m < BL_METRICS; m++)
        for (part_rows = 90; part_rows <= ROWS; part_rows += ROWS - 90) {
            metric = (enum bl_metric)m;
            expect_exact();
        }
    for (int64_t i = 0; i < ROWS * DIM; i++)
        rows[i] = 1.0f;
    expect_exact();
    cr_assert_eq(found[0], 0);
    cr_assert_eq(found[k - 1], k - 1);
}

Test(nearest_rows, differ_by_less_than_a_float_tells)
{
    /* Rows far from 0 and a few units in the last place apart: a score in float can't order them. */
    for (int64_t i = 0; i < ROWS * DIM; i++)
        rows[i] = 1000.0f + (float)(i * 7 % 5) * 0x1p-14f;
    for (int64_t i = 0; i < QUERIES * DIM; i++)
        queries[i] = 1000.0f + (float)(i * 3 % 5) * 0x1p-14f;
    for (int m = 0; m < BL_METRICS; m++) {
        metric = (enum bl_metric)m;
        expect_exact();
    }
}

Test(nearest_rows, of_numbers_that_a_float_product_cant_hold)
{
    const float scales[] = {1e30f, 3e38f / 4, 1e-30f, FLT_MIN};
    for (int m = 0; m < BL_METRICS; m++)
        for (int s = 0; s < 4; s++) {
            metric = (enum bl_metric)m;
            for (int64_t i = 0; i < ROWS * DIM; i++)
                rows[i] = (float)fmax(-1, fmin(1, random_number(1, i))) * scales[s];
            for (int64_t i = 0; i < QUERIES * DIM; i++)
                queries[i] = (float)fmax(-1, fmin(1, random_number(2, i))) * scales[s];
            expect_exact();
        }
}

Test(nearest_rows, of_one_far_row_among_near_ones_and_of_zero_rows)
{
    for (int d = 0; d < DIM; d++) {
        rows[5 * DIM + d] = 1e20f;
        rows[6 * DIM + d] = rows[300 * DIM + d] = queries[d] = 0.0f;
    }
    for (int m = 0; m < BL_METRICS; m++) {
        metric = (enum bl_metric)m;
        expect_exact();
    }
    metric = BL_METRIC_COSINE;
    expect_exact();
    cr_assert_eq(distances[0], 1.0f, "cosine: a zero row is at distance 1 from all");
    cr_assert_eq(found[1], 1, "so the first rows are its nearest");
}
