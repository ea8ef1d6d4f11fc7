#include <criterion/criterion.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "data/shards.h"

Test(shards, are_disjoint_and_cover_every_row_for_any_count)
{
    for (int64_t rows = 1; rows <= 70; rows++)
        for (int64_t shards = 1; shards <= rows; shards++) {
            cr_assert_eq(bl_shard_begin(rows, shards, 0), 0);
            cr_assert_eq(bl_shard_begin(rows, shards, shards), rows);
            for (int64_t s = 0; s < shards; s++)
                cr_assert_lt(bl_shard_begin(rows, shards, s), bl_shard_begin(rows, shards, s + 1));
        }
}

Test(shards, split_train_and_validation_without_loss)
{
    struct bl_shard shard;
    cr_assert_eq(bl_shard_init(&shard, 3, 100, 200, 17, 0, 1, NULL), 0);
    cr_assert_eq(shard.n_train, 83);
    cr_assert_eq(shard.n_validation, 17);
    int seen[100] = {0};
    for (int64_t i = 0; i < shard.n_train; i++)
        seen[shard.train[i] - 100]++;
    for (int64_t i = 0; i < shard.n_validation; i++)
        seen[shard.validation[i] - 100]++;
    for (int i = 0; i < 100; i++)
        cr_assert_eq(seen[i], 1);
    bl_shard_free(&shard);
    bl_shard_free(&shard);
    cr_assert_eq(bl_alloc_live(), 0);
}

Test(shards, hold_out_the_same_rows_for_the_same_seed_and_others_for_another)
{
    struct bl_shard a, b, c;
    bl_shard_init(&a, 0, 0, 1000, 100, 0, 1, NULL);
    bl_shard_init(&b, 0, 0, 1000, 100, 0, 1, NULL);
    bl_shard_init(&c, 0, 0, 1000, 100, 1, 1, NULL);
    cr_assert_eq(memcmp(a.validation, b.validation, 100 * sizeof(int64_t)), 0);
    cr_assert_neq(memcmp(a.validation, c.validation, 100 * sizeof(int64_t)), 0);
    bl_shard_free(&a);
    bl_shard_free(&b);
    bl_shard_free(&c);
}

/* A row's key is drawn by its place in the file: shards of any bounds hold out the rows with the smallest keys. */
Test(shards, hold_out_the_rows_with_the_smallest_keys)
{
    for (int64_t lo = 0; lo <= 300; lo += 150) {
        struct bl_shard shard;
        uint64_t largest = 0;
        cr_assert_eq(bl_shard_init(&shard, 0, lo, lo + 200, 20, 7, 0, NULL), 0);
        for (int64_t i = 0; i < shard.n_validation; i++) {
            uint64_t words[4];
            bl_rng_words(7, BL_STREAM_VALIDATION, (uint64_t)shard.validation[i], 0, 0, words);
            largest = words[0] > largest ? words[0] : largest;
        }
        for (int64_t i = 0; i < shard.n_train; i++) {
            uint64_t words[4];
            bl_rng_words(7, BL_STREAM_VALIDATION, (uint64_t)shard.train[i], 0, 0, words);
            cr_assert_gt(words[0], largest, "row %d", (int)shard.train[i]);
        }
        bl_shard_free(&shard);
    }
}

Test(shards, give_validation_rows_that_add_up_over_shards)
{
    for (int64_t shards = 1; shards < 40; shards++) {
        int64_t sum = 0;
        for (int64_t s = 0; s < shards; s++)
            sum += bl_validation_rows_of(60000, 0.05, shards, s);
        cr_assert_eq(sum, 3000);
    }
}

Test(shards, leave_bad_rows_out_of_both_parts)
{
    uint8_t bad[50] = {0};
    bad[7] = bad[31] = 1;
    struct bl_shard shard;
    bl_shard_init(&shard, 0, 100, 150, 10, 0, 0, NULL);
    cr_assert_null(shard.order);
    bl_shard_drop(&shard, bad, 100);
    cr_assert_eq(shard.n_train + shard.n_validation, 48);
    for (int64_t i = 0; i < shard.n_train; i++)
        cr_assert(shard.train[i] != 107 && shard.train[i] != 131);
    for (int64_t i = 0; i < shard.n_validation; i++)
        cr_assert(shard.validation[i] != 107 && shard.validation[i] != 131);
    bl_shard_free(&shard);
}

Test(shards, shuffle_to_a_permutation_that_depends_on_seed_epoch_and_shard)
{
    struct bl_shard a, b;
    bl_shard_init(&a, 0, 0, 300, 0, 0, 1, NULL);
    bl_shard_init(&b, 1, 0, 300, 0, 0, 1, NULL);
    bl_shard_shuffle(&a, 1, 0);
    int64_t first[300];
    memcpy(first, a.order, sizeof first);
    int seen[300] = {0};
    for (int i = 0; i < 300; i++)
        seen[first[i]]++;
    for (int i = 0; i < 300; i++)
        cr_assert_eq(seen[i], 1);
    bl_shard_shuffle(&a, 1, 1);
    cr_assert_neq(memcmp(first, a.order, sizeof first), 0, "another epoch");
    bl_shard_shuffle(&a, 2, 0);
    cr_assert_neq(memcmp(first, a.order, sizeof first), 0, "another seed");
    bl_shard_shuffle(&b, 1, 0);
    cr_assert_neq(memcmp(first, b.order, sizeof first), 0, "another shard");
    bl_shard_shuffle(&a, 1, 0);
    cr_assert_eq(memcmp(first, a.order, sizeof first), 0, "the same again");
    bl_shard_free(&a);
    bl_shard_free(&b);
}
