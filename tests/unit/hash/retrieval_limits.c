/* How many rows, queries and cuts there may be. */
#include <criterion/criterion.h>

#include "hash/retrieval.h"

Test(retrieval_limits, more_rows_than_a_bucket_holds_are_refused)
{
    struct bl_error err = {0};
    cr_assert_eq(bl_bucket_items(bl_bucket_of((uint64_t)BL_DATABASE_ROWS_MAX, 1)), BL_DATABASE_ROWS_MAX);
    cr_assert_eq(bl_retrieval_check_rows(0, &err), BL_OK);
    cr_assert_eq(bl_retrieval_check_rows(BL_DATABASE_ROWS_MAX, &err), BL_OK);
    cr_assert_eq(bl_retrieval_check_rows(BL_DATABASE_ROWS_MAX + 1, &err), BL_USAGE);
    cr_assert_str_eq(err.what, "the database has 4294967296 rows; at most 4294967295 can be counted");
    cr_assert_neq(bl_bucket_items(bl_bucket_of((uint64_t)BL_DATABASE_ROWS_MAX + 1, 0)),
                  BL_DATABASE_ROWS_MAX + 1); /* what the bound is for */
}

Test(retrieval_limits, blocks_of_queries_have_a_mebibyte_of_buckets)
{
    for (int64_t bits = 1; bits <= BL_CODE_BITS_MAX; bits++) {
        const int64_t bytes = bl_retrieval_block(bits) * (bits + 1) * (int64_t)sizeof(bl_bucket);
        cr_assert(bytes > 0 && bytes <= (1 << 20) + (bits + 1) * (int64_t)sizeof(bl_bucket));
    }
}

Test(retrieval_limits, the_first_cuts_are_kept_as_many_as_there_is_room_for)
{
    const bl_bucket buckets[2] = {bl_bucket_of(20, 20), bl_bucket_of(20, 0)};
    int64_t cuts[BL_CUTS_MAX + 1];
    static struct bl_retrieval retrieval;
    static struct bl_retrieval_means means;
    for (int c = 0; c <= BL_CUTS_MAX; c++)
        cuts[c] = c + 1;
    for (int n = 0; n <= BL_CUTS_MAX + 1; n++) {
        const int kept = n < BL_CUTS_MAX ? n : BL_CUTS_MAX;
        bl_retrieval_init(&retrieval, 1, cuts, n);
        bl_retrieval_add(&retrieval, buckets);
        bl_retrieval_means(&retrieval, &means);
        cr_assert_eq(retrieval.n_cuts, kept);
        for (int c = 0; c < kept; c++) {
            cr_assert_eq(retrieval.cuts[c], cuts[c]);
            cr_assert_float_eq(means.precision_at[c], 1.0, 1e-12);
            cr_assert_float_eq(means.map_min[c], 1.0, 1e-12);
        }
    }
}
