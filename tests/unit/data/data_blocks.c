/* Rows around whole blocks of everything in src/data/ that takes the values of a row in pieces. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "data/checks.h"
#include "data/normalize.h"
#include "data/row_sample.h"
#include "support/sizes.h"

enum { ROWS = 3, VALUES = 4096 };

static uint8_t bytes[VALUES];
static uint16_t halves[VALUES];
static float floats[VALUES];
static double doubles[VALUES];

/* The same whole numbers in every type. */
static void fill(void)
{
    for (int64_t i = 0; i < VALUES; i++) {
        bytes[i] = (uint8_t)(1 + i * 7 % 11);
        floats[i] = bytes[i];
        doubles[i] = bytes[i];
        halves[i] = bl_half_from_float(floats[i]);
    }
}

TestSuite(data_blocks, .init = fill);

static const enum bl_type types[] = {BL_UINT8, BL_FLOAT16, BL_FLOAT32, BL_FLOAT64};

static const void *values_of(enum bl_type type)
{
    return type == BL_UINT8     ? (const void *)bytes
           : type == BL_FLOAT16 ? halves
           : type == BL_FLOAT32 ? floats
                                : (const void *)doubles;
}

Test(data_blocks, a_hash_of_a_row_goes_to_its_last_value_in_every_type)
{
    for (int i = 0; i < SIZES_TWO; i++) {
        const int64_t dim = size_around(BL_ROW_HASH_PIECE, i);
        const uint64_t hash = bl_row_hash(BL_FLOAT32, floats, dim);
        for (int t = 0; t < 4; t++)
            cr_assert_eq(bl_row_hash(types[t], values_of(types[t]), dim), hash);
        for (int64_t at = dim - 3; at < dim; at++) {
            const float kept = floats[at];
            floats[at] += 1.0f;
            cr_assert_neq(bl_row_hash(BL_FLOAT32, floats, dim), hash, "value %d of %d", (int)at, (int)dim);
            floats[at] = kept;
        }
    }
}

Test(data_blocks, a_hash_of_a_row_tells_the_order_of_its_pieces)
{
    enum { DIM = 2 * BL_ROW_HASH_PIECE };
    static float turned[DIM];
    memcpy(turned, floats + BL_ROW_HASH_PIECE, BL_ROW_HASH_PIECE * sizeof *turned);
    memcpy(turned + BL_ROW_HASH_PIECE, floats, BL_ROW_HASH_PIECE * sizeof *turned);
    cr_assert_neq(bl_row_hash(BL_FLOAT32, turned, DIM), bl_row_hash(BL_FLOAT32, floats, DIM));
}

Test(data_blocks, sums_of_columns_are_those_of_each_column)
{
    for (int i = 0; i < SIZES_TWO; i++)
        for (int t = 0; t < 4; t++)
            for (int power = 1; power <= 2; power++) {
                const int64_t dim = size_around(BL_NORMALIZER_BLOCK, i);
                double sums[2 * BL_NORMALIZER_BLOCK + 2] = {0};
                bl_normalizer_add(dim, types[t], values_of(types[t]), ROWS, NULL, doubles + 5, power, sums);
                for (int64_t d = 0; d < dim; d++) {
                    double sum = 0.0;
                    for (int64_t row = 0; row < ROWS; row++)
                        sum += pow(doubles[row * dim + d] - doubles[5 + d], power);
                    cr_assert_eq(sums[d], sum, "column %d of %d", (int)d, (int)dim);
                }
                cr_assert_eq(sums[dim], 0.0);
            }
}

Test(data_blocks, rows_of_unit_length_have_it_over_all_their_values)
{
    for (int i = 0; i < SIZES_TWO; i++)
        for (int t = 0; t < 4; t++) {
            const int64_t dim = size_around(BL_NORMALIZER_BLOCK, i);
            static float out[VALUES];
            struct bl_normalizer normalizer;
            cr_assert_eq(bl_normalizer_init(&normalizer, BL_NORMALIZE_UNIT, dim, NULL), BL_OK);
            bl_normalizer_apply(&normalizer, types[t], values_of(types[t]), ROWS, out);
            for (int64_t row = 0; row < ROWS; row++) {
                double squares = 0.0;
                for (int64_t d = 0; d < dim; d++)
                    squares += doubles[row * dim + d] * doubles[row * dim + d];
                for (int64_t d = 0; d < dim; d++)
                    cr_assert_float_eq((double)out[row * dim + d] * sqrt(squares), doubles[row * dim + d],
                                       1e-5, "row %d, value %d of %d", (int)row, (int)d, (int)dim);
            }
            bl_normalizer_free(&normalizer);
        }
}

/* In turn in each place near an edge, of the last row. */
Test(data_blocks, a_value_that_is_not_finite_is_found_at_every_edge)
{
    for (int i = 0; i < SIZES_TWO; i++) {
        const int64_t dim = size_around(BL_NORMALIZER_BLOCK, i), n = size_around(BL_CHECK_CHUNK, i);
        cr_assert_eq(bl_normalizer_bad_row(dim, BL_FLOAT32, floats, ROWS), -1);
        cr_assert_eq(bl_first_not_finite(BL_FLOAT32, floats, n), -1);
        for (int edge = 0; edge <= i; edge++) {
            const int64_t col = size_around(BL_NORMALIZER_BLOCK, edge) - 1, at = (ROWS - 1) * dim + col;
            const float kept = floats[at];
            floats[at] = NAN;
            cr_assert_eq(bl_normalizer_bad_row(dim, BL_FLOAT32, floats, ROWS), ROWS - 1);
            floats[at] = kept;
            const int64_t last = size_around(BL_CHECK_CHUNK, edge) - 1;
            const double whole = doubles[last];
            doubles[last] = -INFINITY;
            cr_assert_eq(bl_first_not_finite(BL_FLOAT64, doubles, n), last);
            doubles[last] = whole;
        }
    }
}
