#include <criterion/criterion.h>
#include <string.h>

#include "data/row_sample.h"

enum { ROWS = 3000, DIM = 5 };

static uint8_t rows[ROWS][DIM];

static void enter(void)
{
    for (int i = 0; i < ROWS; i++) {
        const uint8_t row[DIM] = {(uint8_t)(i % 251), (uint8_t)(i / 251), 3, (uint8_t)(i * 7), 0};
        memcpy(rows[i], row, DIM);
    }
}

TestSuite(row_sample, .init = enter);

static struct bl_row_sample sample_of(int lo, int hi, int step)
{
    struct bl_row_sample sample = {0};
    for (int i = lo; i != hi; i += step)
        bl_row_sample_add(&sample, bl_row_hash(BL_UINT8, rows[i], DIM));
    return sample;
}

static void expect_same(const struct bl_row_sample *a, const struct bl_row_sample *b)
{
    cr_assert_eq(a->rows, b->rows);
    cr_assert_eq(a->n, b->n);
    cr_assert_arr_eq(a->hash, b->hash, (size_t)a->n * sizeof *a->hash);
}

Test(row_sample, equal_numbers_of_any_type_have_one_hash)
{
    float singles[DIM];
    double doubles[DIM];
    for (int i = 0; i < DIM; i++)
        doubles[i] = singles[i] = rows[77][i];
    doubles[4] = -0.0;
    const uint64_t hash = bl_row_hash(BL_UINT8, rows[77], DIM);
    cr_assert_eq(bl_row_hash(BL_FLOAT32, singles, DIM), hash);
    cr_assert_eq(bl_row_hash(BL_FLOAT64, doubles, DIM), hash);
    singles[0] += 1.0f;
    cr_assert_neq(bl_row_hash(BL_FLOAT32, singles, DIM), hash);
}

Test(row_sample, a_row_longer_than_a_piece_counts_to_its_end)
{
    static float row[2000];
    const uint64_t zero = bl_row_hash(BL_FLOAT32, row, 2000);
    row[1999] = 1.0f;
    cr_assert_neq(bl_row_hash(BL_FLOAT32, row, 2000), zero);
}

Test(row_sample, neither_order_nor_repetition_nor_parts_matter)
{
    struct bl_row_sample up = sample_of(0, ROWS, 1), down = sample_of(ROWS - 1, -1, -1);
    cr_assert_eq(up.n, BL_ROW_SAMPLE_MAX);
    expect_same(&up, &down);
    struct bl_row_sample merged = sample_of(0, 1000, 1), rest = sample_of(1000, ROWS, 1);
    bl_row_sample_merge(&merged, &rest);
    expect_same(&merged, &up);
    for (int i = 0; i < ROWS; i++)
        bl_row_sample_add(&merged, bl_row_hash(BL_UINT8, rows[i], DIM));
    cr_assert_eq(merged.rows, 2 * ROWS);
    cr_assert_arr_eq(merged.hash, up.hash, sizeof up.hash);
}

Test(row_sample, a_few_rows_are_all_kept)
{
    struct bl_row_sample few = sample_of(0, 10, 1);
    cr_assert_eq(few.n, 10);
    for (int i = 1; i < 10; i++)
        cr_assert_lt(few.hash[i - 1], few.hash[i]);
}

/* 1,000 rows of a pool of which the model knows most: what a cut's queries are to a model of another cut. */
Test(row_sample, a_small_part_of_the_training_rows_is_not_missed)
{
    static struct bl_row_sample trained;
    struct bl_row_tally tally = {.sample = &trained};
    for (int i = 0; i < 50000; i++) {
        float values[2] = {(float)i, 7.0f};
        bl_row_sample_add(&trained, bl_row_hash(BL_FLOAT32, values, 2));
    }
    for (int i = 100; i < 1100; i++) {
        float values[2] = {(float)i, 7.0f};
        bl_row_tally_add(&tally, BL_FLOAT32, values, 1, 2);
    }
    const int64_t met = bl_row_tally_count(&tally);
    cr_assert(met >= 3 && met <= 42, "%d", (int)met); /* 20.5 expected, deviation 4.5 */
}

Test(row_sample, goes_through_a_text_unchanged)
{
    char text[BL_ROW_SAMPLE_TEXT];
    for (int n = 1; n <= 2500; n += 833) {
        struct bl_row_sample sample = sample_of(0, n, 1), read = {0};
        bl_row_sample_print(&sample, text);
        cr_assert(bl_row_sample_parse(text, &read));
        expect_same(&sample, &read);
    }
}

Test(row_sample, what_is_no_sample_is_not_taken_for_one)
{
    static const char *const texts[] = {"",      "0",   "5", "1 zz", "2 0000000000000002 0000000000000001",
                                        "1 1 2", "-1 1"};
    struct bl_row_sample sample = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_not(bl_row_sample_parse(texts[i], &sample), "%s", texts[i]);
}

static int64_t found(const struct bl_row_sample *sample, int lo, int hi)
{
    struct bl_row_tally tally = {.sample = sample};
    bl_row_tally_add(&tally, BL_UINT8, rows[lo], hi - lo, DIM);
    return bl_row_tally_count(&tally);
}

Test(row_sample, a_tally_tells_all_none_and_part)
{
    struct bl_row_sample trained = sample_of(0, 2000, 1);
    cr_assert_eq(found(&trained, 0, 2000), BL_ROW_SAMPLE_MAX);
    cr_assert_eq(found(&trained, 0, ROWS), BL_ROW_SAMPLE_MAX);
    cr_assert_eq(found(&trained, 2000, ROWS), 0);
    const int64_t half = found(&trained, 1000, ROWS);
    cr_assert(half > 430 && half < 594, "%d", (int)half); /* 512 expected, 5 deviations of 16 */
    struct bl_row_sample unknown = {0};
    cr_assert_eq(found(&unknown, 0, ROWS), 0);
}
