#include "data/normalize.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"

enum { DIM_MAX = 3 };

/* Statistics of n rows at once, as mpi/ takes them over the rows of all ranks: around the first row. */
static struct bl_normalizer fit(int kind, int64_t dim, enum bl_type type, const void *rows, int64_t n,
                                int64_t *n_constant)
{
    struct bl_normalizer normalizer;
    struct bl_spread spread;
    double first[DIM_MAX];
    cr_assert(dim <= DIM_MAX && bl_normalizer_init(&normalizer, kind, dim, NULL) == BL_OK);
    cr_assert_eq(bl_spread_init(&spread, dim, NULL), BL_OK);
    bl_type_to_double(type, rows, dim, first);
    bl_normalizer_add(dim, type, rows, n, NULL, first, 1, spread.mean);
    bl_normalizer_widen(dim, type, rows, n, NULL, spread.lo, spread.hi);
    for (int64_t d = 0; d < dim; d++)
        spread.mean[d] = first[d] + spread.mean[d] / (double)n;
    bl_normalizer_add(dim, type, rows, n, NULL, spread.mean, 2, spread.variance);
    for (int64_t d = 0; d < dim; d++)
        spread.variance[d] /= (double)n;
    int64_t constant = bl_normalizer_set(&normalizer, type, &spread);
    if (n_constant)
        *n_constant = constant;
    bl_spread_free(&spread);
    return normalizer;
}

Test(normalize, none_only_converts)
{
    const uint8_t rows[4] = {0, 7, 255, 1};
    float out[4] = {NAN, NAN, NAN, NAN};
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_NONE, 2, BL_UINT8, rows, 2, NULL);
    bl_normalizer_apply(&normalizer, BL_UINT8, rows, 2, out);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(out[i], (float)rows[i]);
    bl_normalizer_free(&normalizer);
}

Test(normalize, center_subtracts_the_means_and_keeps_the_scale)
{
    const float rows[4] = {1, 10, 3, 30};
    float out[4];
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_CENTER, 2, BL_FLOAT32, rows, 2, NULL);
    bl_normalizer_apply(&normalizer, BL_FLOAT32, rows, 2, out);
    cr_assert(out[0] == -1.0f && out[1] == -10.0f && out[2] == 1.0f && out[3] == 10.0f);
    bl_normalizer_free(&normalizer);
}

Test(normalize, scale_divides_all_columns_by_one_number_and_keeps_their_proportions)
{
    const float rows[6] = {1, 10, 5, 3, 30, 5};
    float out[6];
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_SCALE, 3, BL_FLOAT32, rows, 2, NULL);
    const double all = sqrt((1.0 + 100.0 + 0.0) / 3.0);
    bl_normalizer_apply(&normalizer, BL_FLOAT32, rows, 2, out);
    cr_assert_float_eq(out[3], 1.0 / all, 1e-7);
    cr_assert_float_eq(out[4], 10.0 / all, 1e-7);
    cr_assert_eq(out[5], 0.0f);
    bl_normalizer_free(&normalizer);
}

Test(normalize, standardize_divides_each_column_by_its_own_deviation_whatever_the_others_are)
{
    const double rows[6] = {1, 1e12, 1e-30, 3, 3e12, 3e-30};
    float out[6];
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_STANDARDIZE, 3, BL_FLOAT64, rows, 2, NULL);
    bl_normalizer_apply(&normalizer, BL_FLOAT64, rows, 2, out);
    for (int i = 0; i < 6; i++)
        cr_assert_float_eq(out[i], i < 3 ? -1.0 : 1.0, 1e-6);
    bl_normalizer_free(&normalizer);
}

/* One row in 10,000 is 99.995 deviations away, which is what its value would become. */
Test(normalize, standardize_puts_no_row_farther_out_than_its_reach)
{
    enum { N = 10000 };
    static uint8_t rows[2 * N];
    static float out[2 * N];
    for (int i = 0; i < N; i++)
        rows[2 * i + 1] = (uint8_t)(i % 2);
    rows[2 * 5000] = 255;
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_STANDARDIZE, 2, BL_UINT8, rows, N, NULL);
    bl_normalizer_apply(&normalizer, BL_UINT8, rows, N, out);
    cr_assert_float_eq(out[2 * 5000], BL_NORMALIZER_REACH, 1e-5);
    cr_assert_float_eq(out[0], -(double)BL_NORMALIZER_REACH / (N - 1), 1e-6);
    cr_assert_float_eq(out[1], -1.0, 1e-6);
    bl_normalizer_free(&normalizer);
}

/* 1.7e9 seconds in float32 come in steps of 128: with four different values they tell something. */
Test(normalize, a_column_that_differs_by_rounding_alone_counts_as_constant)
{
    float rows[4 * 3], out[4 * 3];
    double tiny[2] = {0.0, 0x1p-1074};
    int64_t constant = -1;
    for (int i = 0; i < 4; i++) {
        rows[3 * i] = i % 2 ? 0.1f : nextafterf(0.1f, 1.0f);
        rows[3 * i + 1] = 1e7f + (float)(4 * i);
        rows[3 * i + 2] = 1.7e9f + 128.0f * (float)i;
    }
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_STANDARDIZE, 3, BL_FLOAT32, rows, 4, &constant);
    cr_assert(constant == 1 && normalizer.scale[0] == 0.0);
    bl_normalizer_apply(&normalizer, BL_FLOAT32, rows, 4, out);
    cr_assert_float_eq(out[3 * 3 + 1], 1.5 / sqrt(1.25), 1e-6);
    cr_assert_float_eq(out[3 * 3 + 2], 1.5 / sqrt(1.25), 1e-6);
    bl_normalizer_free(&normalizer);
    normalizer = fit(BL_NORMALIZE_STANDARDIZE, 1, BL_FLOAT64, tiny, 2, NULL);
    cr_assert(isfinite(normalizer.scale[0]));
    bl_normalizer_free(&normalizer);
}

Test(normalize, a_constant_column_becomes_exactly_0_and_is_counted)
{
    double rows[3 * 2];
    float out[3 * 2];
    int64_t constant = -1;
    for (int i = 0; i < 3; i++) {
        rows[2 * i] = 0.1; /* its mean by plain summation isn't 0.1 */
        rows[2 * i + 1] = i;
    }
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_STANDARDIZE, 2, BL_FLOAT64, rows, 3, &constant);
    cr_assert_eq(constant, 1);
    cr_assert_eq(normalizer.scale[0], 0.0);
    bl_normalizer_apply(&normalizer, BL_FLOAT64, rows, 3, out);
    cr_assert(out[0] == 0.0f && out[2] == 0.0f && out[4] == 0.0f);
    bl_normalizer_free(&normalizer);
}

Test(normalize, a_huge_offset_in_float64_costs_no_digits)
{
    double rows[4];
    float out[4];
    for (int i = 0; i < 4; i++)
        rows[i] = 1e12 + i;
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_STANDARDIZE, 1, BL_FLOAT64, rows, 4, NULL);
    bl_normalizer_apply(&normalizer, BL_FLOAT64, rows, 4, out);
    double sd = sqrt(1.25);
    for (int i = 0; i < 4; i++)
        cr_assert_float_eq(out[i], (i - 1.5) / sd, 1e-6);
    bl_normalizer_free(&normalizer);
}

Test(normalize, unit_rows_have_length_1_and_a_zero_row_stays_zero)
{
    const double rows[6] = {3, 4, 0, 0, 3e200, -4e200};
    float out[6];
    struct bl_normalizer normalizer = fit(BL_NORMALIZE_UNIT, 2, BL_FLOAT64, rows, 3, NULL);
    bl_normalizer_apply(&normalizer, BL_FLOAT64, rows, 3, out);
    const float expected[6] = {0.6f, 0.8f, 0.0f, 0.0f, 0.6f, -0.8f};
    for (int i = 0; i < 6; i++)
        cr_assert_float_eq(out[i], expected[i], 1e-6);
    bl_normalizer_free(&normalizer);
}

Test(normalize, every_float16_is_converted_as_by_its_definition)
{
    static uint16_t rows[65536];
    static float out[65536];
    struct bl_normalizer normalizer;
    for (int i = 0; i < 65536; i++)
        rows[i] = (uint16_t)i;
    cr_assert_eq(bl_normalizer_init(&normalizer, BL_NORMALIZE_NONE, 65536, NULL), BL_OK);
    bl_normalizer_apply(&normalizer, BL_FLOAT16, rows, 1, out);
    for (int i = 0; i < 65536; i++) {
        float expected = bl_half_to_float((uint16_t)i);
        cr_assert(out[i] == expected || (isnan(out[i]) && isnan(expected)), "half %04x", (unsigned)i);
    }
    bl_normalizer_free(&normalizer);
}

Test(normalize, left_out_rows_have_no_part_in_the_sums)
{
    const float rows[4] = {NAN, 2, 4, 1000};
    const uint8_t keep[4] = {0, 1, 1, 0};
    const double center = 3.0;
    double plain = 1.0, squares = 1.0;
    bl_normalizer_add(1, BL_FLOAT32, rows, 4, keep, NULL, 1, &plain);
    bl_normalizer_add(1, BL_FLOAT32, rows, 4, keep, &center, 2, &squares);
    cr_assert_eq(plain, 7.0);
    cr_assert_eq(squares, 3.0);
}

Test(normalize, the_first_row_that_is_not_finite_is_found)
{
    const double rows[6] = {0, 1, 2, INFINITY, NAN, 0};
    cr_assert_eq(bl_normalizer_bad_row(2, BL_FLOAT64, rows, 3), 1);
    cr_assert_eq(bl_normalizer_bad_row(2, BL_FLOAT64, rows, 1), -1);
}

Test(normalize, freeing_twice_is_safe)
{
    struct bl_normalizer normalizer;
    int64_t live = bl_alloc_live();
    cr_assert_eq(bl_normalizer_init(&normalizer, BL_NORMALIZE_CENTER, 3, NULL), BL_OK);
    bl_normalizer_free(&normalizer);
    bl_normalizer_free(&normalizer);
    struct bl_spread spread;
    cr_assert_eq(bl_spread_init(&spread, 3, NULL), BL_OK);
    bl_spread_free(&spread);
    bl_spread_free(&spread);
    cr_assert_eq(bl_alloc_live(), live);
}
