#include "data/windows.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"

/* A shard that begins and ends inside a block; rows held out, and some dropped: among them a whole block. */
enum { LO = 1003, HI = 1460, PER_BLOCK = 20, DROPPED_BLOCK = 60, SEED = 5, ROWS_MAX = HI - LO };

static struct bl_shard shard;

static void enter(void)
{
    static uint8_t bad[ROWS_MAX];
    memset(bad, 0, sizeof bad);
    for (int64_t row = DROPPED_BLOCK * PER_BLOCK; row < (DROPPED_BLOCK + 1) * PER_BLOCK; row++)
        bad[row - LO] = 1;
    bad[0] = bad[400] = 1;
    cr_assert_eq(bl_shard_init(&shard, 3, LO, HI, 41, 0, 1, NULL), BL_OK);
    bl_shard_drop(&shard, bad, LO);
}

static void leave(void)
{
    bl_shard_free(&shard);
    cr_assert_eq(bl_alloc_live(), 0);
}

TestSuite(windows, .init = enter, .fini = leave);

/* The whole epoch; ends [n_windows] of windows may be NULL. */
static int64_t order_of(int64_t blocks_per_window, uint64_t seed, int64_t epoch, int64_t *rows, int64_t *ends)
{
    struct bl_windows windows;
    int64_t at = 0, place[ROWS_MAX];
    cr_assert_eq(bl_windows_init(&windows, &shard, PER_BLOCK, blocks_per_window, NULL), BL_OK);
    bl_windows_shuffle(&windows, seed, epoch);
    for (int64_t w = 0; w < windows.n_windows; w++) {
        const int64_t n = bl_windows_order(&windows, seed, epoch, w, at, rows + at, place);
        cr_assert_eq(n, bl_windows_rows(&windows, w));
        cr_assert_leq(n, windows.max_rows);
        at += n;
        if (ends)
            ends[w] = at;
    }
    bl_windows_free(&windows);
    return at;
}

/* As the header says it, with whole lists. */
static int64_t naive_order(int64_t blocks_per_window, int64_t epoch, int64_t *rows)
{
    int64_t block[ROWS_MAX], n_blocks = 0, at = 0;
    for (int64_t b = shard.train[0] / PER_BLOCK; b <= shard.train[shard.n_train - 1] / PER_BLOCK; b++)
        block[n_blocks++] = b;
    for (int64_t i = n_blocks - 1; i > 0; i--) {
        const uint64_t j =
            bl_rng_below(SEED, BL_STREAM_BLOCKS, (uint64_t)epoch, 3, (uint64_t)i, (uint64_t)i + 1);
        const int64_t kept = block[i];
        block[i] = block[j];
        block[j] = kept;
    }
    for (int64_t lo = 0; lo < n_blocks; lo += blocks_per_window) {
        const int64_t begin = at;
        for (int64_t i = 0; i < shard.n_train; i++) /* ascending, whatever the order of the window's blocks */
            for (int64_t b = lo; b < n_blocks && b < lo + blocks_per_window; b++)
                if (shard.train[i] / PER_BLOCK == block[b])
                    rows[at++] = shard.train[i];
        for (int64_t i = at - 1; i > begin; i--) {
            const int64_t j = begin + (int64_t)bl_rng_below(SEED, BL_STREAM_BATCH, (uint64_t)epoch, 3,
                                                            (uint64_t)i, (uint64_t)(i - begin) + 1);
            const int64_t kept = rows[i];
            rows[i] = rows[j];
            rows[j] = kept;
        }
    }
    return at;
}

Test(windows, give_the_order_of_their_naive_twin)
{
    for (int64_t blocks = 1; blocks <= 30; blocks++)
        for (int64_t epoch = 0; epoch < 3; epoch++) {
            int64_t rows[ROWS_MAX], naive[ROWS_MAX];
            cr_assert_eq(order_of(blocks, SEED, epoch, rows, NULL), shard.n_train);
            cr_assert_eq(naive_order(blocks, epoch, naive), shard.n_train);
            cr_assert_eq(memcmp(rows, naive, (size_t)shard.n_train * sizeof *rows), 0, "%d blocks, epoch %d",
                         (int)blocks, (int)epoch);
        }
}

Test(windows, hold_every_training_row_once_and_no_other)
{
    for (int64_t blocks = 1; blocks <= 30; blocks += 3) {
        int64_t rows[ROWS_MAX];
        int seen[ROWS_MAX] = {0};
        cr_assert_eq(order_of(blocks, SEED, 7, rows, NULL), shard.n_train);
        for (int64_t i = 0; i < shard.n_train; i++)
            seen[rows[i] - LO]++;
        for (int64_t i = 0; i < shard.n_train; i++)
            cr_assert_eq(seen[shard.train[i] - LO], 1);
    }
}

Test(windows, draw_from_so_many_blocks_at_a_time)
{
    int64_t rows[ROWS_MAX], ends[ROWS_MAX], at = 0;
    order_of(4, SEED, 0, rows, ends);
    for (int w = 0; at < shard.n_train; w++) {
        int64_t blocks[4], n = 0;
        for (; at < ends[w]; at++) {
            int64_t b = 0;
            while (b < n && blocks[b] != rows[at] / PER_BLOCK)
                b++;
            cr_assert_lt(b, 4, "window %d has rows of a fifth block", w);
            if (b == n)
                blocks[n++] = rows[at] / PER_BLOCK;
        }
    }
}

Test(windows, that_hold_a_shard_give_the_order_of_rows_in_memory)
{
    int64_t rows[ROWS_MAX];
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        order_of(1000, SEED, epoch, rows, NULL);
        bl_shard_shuffle(&shard, SEED, epoch);
        cr_assert_eq(memcmp(rows, shard.order, (size_t)shard.n_train * sizeof *rows), 0);
    }
}

Test(windows, depend_on_seed_epoch_and_shard)
{
    int64_t first[ROWS_MAX], rows[ROWS_MAX];
    const size_t bytes = (size_t)shard.n_train * sizeof *rows;
    order_of(2, SEED, 0, first, NULL);
    order_of(2, SEED, 1, rows, NULL);
    cr_assert_neq(memcmp(first, rows, bytes), 0, "another epoch");
    order_of(2, SEED + 1, 0, rows, NULL);
    cr_assert_neq(memcmp(first, rows, bytes), 0, "another seed");
    shard.index++;
    order_of(2, SEED, 0, rows, NULL);
    cr_assert_neq(memcmp(first, rows, bytes), 0, "another shard");
    shard.index--;
    order_of(2, SEED, 0, rows, NULL);
    cr_assert_eq(memcmp(first, rows, bytes), 0, "the same again");
}

Test(windows, say_where_each_row_goes)
{
    struct bl_windows windows;
    int64_t rows[ROWS_MAX], place[ROWS_MAX];
    const int64_t *block, *row;
    bl_windows_init(&windows, &shard, PER_BLOCK, 5, NULL);
    bl_windows_shuffle(&windows, SEED, 0);
    bl_windows_order(&windows, SEED, 0, 1, bl_windows_rows(&windows, 0), rows, place);
    const int64_t n_blocks = bl_windows_blocks(&windows, 1, &block);
    for (int64_t b = 0, at = 0; b < n_blocks; b++) {
        const int64_t n = bl_windows_block_rows(&windows, block[b], &row);
        for (int64_t i = 0; i < n; i++, at++) {
            cr_assert_eq(row[i] / PER_BLOCK, block[b]);
            cr_assert_eq(rows[place[at]], row[i]);
        }
        if (b > 0)
            cr_assert_lt(block[b - 1], block[b]);
    }
    bl_windows_free(&windows);
    bl_windows_free(&windows);
}
