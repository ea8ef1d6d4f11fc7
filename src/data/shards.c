#include "data/shards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "base/share.h"

int64_t bl_shard_begin(int64_t rows, int64_t shards, int64_t s)
{
    int64_t lo, hi;
    bl_share(rows, s, shards, &lo, &hi);
    return lo;
}

int64_t bl_validation_rows(int64_t rows, double share)
{
    return llround(share * (double)rows);
}

int64_t bl_validation_rows_of(int64_t rows, double share, int64_t shards, int64_t s)
{
    int64_t held_out = bl_validation_rows(rows, share);
    return bl_shard_begin(held_out, shards, s + 1) - bl_shard_begin(held_out, shards, s);
}

struct keyed_row {
    uint64_t key;
    int64_t row;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed_row *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Sets held[i] = 1 (all are 0 before) for the n_validation rows of the shard with the smallest keys. */
static void hold_out(struct keyed_row *keyed, int64_t row_lo, int64_t n, int64_t n_validation, uint64_t seed,
                     uint8_t *held)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t words[4];
        bl_rng_words(seed, BL_STREAM_VALIDATION, (uint64_t)(row_lo + i), 0, 0, words);
        keyed[i] = (struct keyed_row){words[0], row_lo + i};
    }
    qsort(keyed, (size_t)n, sizeof *keyed, by_key);
    for (int64_t i = 0; i < n_validation; i++)
        held[keyed[i].row - row_lo] = 1;
}

int bl_shard_init(struct bl_shard *shard, int64_t index, int64_t row_lo, int64_t row_hi, int64_t n_validation,
                  uint64_t seed, int ordered, struct bl_error *err)
{
    *shard = (struct bl_shard){.index = index};
    const int64_t n = row_hi - row_lo;
    struct keyed_row *keyed = NULL;
    uint8_t *held = NULL;
    int code = bl_alloc(&keyed, n, sizeof *keyed, "the validation split", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&held, n, 1, "the validation split", err);
    if (code == BL_OK)
        code = bl_alloc(&shard->train, n - n_validation, sizeof(int64_t), "a shard's rows", err);
    if (code == BL_OK && ordered)
        code = bl_alloc(&shard->order, n - n_validation, sizeof(int64_t), "a shard's order", err);
    if (code == BL_OK)
        code = bl_alloc(&shard->validation, n_validation, sizeof(int64_t), "a shard's held-out rows", err);
    if (code != BL_OK)
        goto done;
    hold_out(keyed, row_lo, n, n_validation, seed, held);
    for (int64_t i = 0; i < n; i++) {
        if (held[i])
            shard->validation[shard->n_validation++] = row_lo + i;
        else
            shard->train[shard->n_train++] = row_lo + i;
    }
done:
    bl_free(&keyed);
    bl_free(&held);
    if (code != BL_OK)
        bl_shard_free(shard);
    return code;
}

static int64_t keep_good(int64_t *rows, int64_t n, const uint8_t *bad, int64_t row_lo)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (!bad[rows[i] - row_lo])
            rows[kept++] = rows[i];
    return kept;
}

void bl_shard_drop(struct bl_shard *shard, const uint8_t *bad, int64_t row_lo)
{
    shard->n_train = keep_good(shard->train, shard->n_train, bad, row_lo);
    shard->n_validation = keep_good(shard->validation, shard->n_validation, bad, row_lo);
}

void bl_shard_free(struct bl_shard *shard)
{
    bl_free(&shard->train);
    bl_free(&shard->order);
    bl_free(&shard->validation);
    shard->n_train = shard->n_validation = 0;
}

void bl_shard_shuffle(struct bl_shard *shard, uint64_t seed, int64_t epoch)
{
    memcpy(shard->order, shard->train, (size_t)shard->n_train * sizeof(int64_t));
    for (int64_t i = shard->n_train - 1; i > 0; i--) { /* Fisher-Yates: swap i with a random j in [0, i] */
        uint64_t j = bl_rng_below(seed, BL_STREAM_BATCH, (uint64_t)epoch, (uint64_t)shard->index, (uint64_t)i,
                                  (uint64_t)i + 1);
        int64_t kept = shard->order[i];
        shard->order[i] = shard->order[j];
        shard->order[j] = kept;
    }
}
