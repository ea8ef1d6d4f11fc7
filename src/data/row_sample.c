#include "data/row_sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/minmax.h"

uint64_t bl_row_hash(enum bl_type type, const void *row, int64_t dim)
{
    float piece[BL_ROW_HASH_PIECE];
    uint64_t hash = 0;
    for (int64_t at = 0; at < dim; at += BL_ROW_HASH_PIECE) {
        const int64_t n = bl_min(dim - at, BL_ROW_HASH_PIECE);
        bl_type_to_float(type, (const char *)row + at * (int64_t)bl_type_bytes(type), n, piece);
        for (int64_t i = 0; i < n; i++)
            piece[i] += 0.0f; /* -0 becomes 0: equal numbers must give equal hashes */
        hash = bl_digest(piece, n * (int64_t)sizeof *piece, hash);
    }
    return hash;
}

/* The index of the first hash that isn't smaller. */
static int64_t place_of(const struct bl_row_sample *sample, uint64_t hash)
{
    int64_t lo = 0, hi = sample->n;
    while (lo < hi) {
        const int64_t middle = (lo + hi) / 2;
        if (sample->hash[middle] < hash)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Inserts a hash that is among the smallest; the largest goes if the sample is full. */
static void keep(struct bl_row_sample *sample, uint64_t hash)
{
    const int64_t at = place_of(sample, hash);
    if (at == BL_ROW_SAMPLE_MAX || (at < sample->n && sample->hash[at] == hash))
        return;
    if (sample->n < BL_ROW_SAMPLE_MAX)
        sample->n++;
    memmove(sample->hash + at + 1, sample->hash + at, (size_t)(sample->n - 1 - at) * sizeof *sample->hash);
    sample->hash[at] = hash;
}

void bl_row_sample_add(struct bl_row_sample *sample, uint64_t hash)
{
    sample->rows++;
    keep(sample, hash);
}

void bl_row_sample_merge(struct bl_row_sample *sample, const struct bl_row_sample *other)
{
    sample->rows += other->rows;
    for (int64_t i = 0; i < other->n; i++)
        keep(sample, other->hash[i]);
}

int bl_row_sample_is_valid(const struct bl_row_sample *sample)
{
    int valid = sample->n >= 1 && sample->n <= BL_ROW_SAMPLE_MAX && sample->rows >= sample->n;
    for (int64_t i = 1; valid && i < sample->n; i++)
        valid = sample->hash[i - 1] < sample->hash[i];
    return valid;
}

void bl_row_sample_print(const struct bl_row_sample *sample, char *text)
{
    int at = snprintf(text, BL_ROW_SAMPLE_TEXT, "%" PRId64, sample->rows);
    for (int64_t i = 0; i < sample->n; i++)
        at += snprintf(text + at, (size_t)(BL_ROW_SAMPLE_TEXT - at), " %016" PRIx64, sample->hash[i]);
}

int bl_row_sample_parse(const char *text, struct bl_row_sample *sample)
{
    struct bl_row_sample read = {0};
    char *end;
    read.rows = strtoll(text, &end, 10);
    for (text = end; *text == ' ' && read.n < BL_ROW_SAMPLE_MAX; text = end)
        read.hash[read.n++] = strtoull(text, &end, 16);
    if (*text != '\0' || !bl_row_sample_is_valid(&read))
        return 0;
    *sample = read;
    return 1;
}

void bl_row_tally_add(struct bl_row_tally *tally, enum bl_type type, const void *rows, int64_t n, int64_t dim)
{
    const struct bl_row_sample *sample = tally->sample;
    const int64_t row_bytes = dim * (int64_t)bl_type_bytes(type);
    for (int64_t i = 0; i < n && sample->n > 0; i++) {
        const uint64_t hash = bl_row_hash(type, (const char *)rows + i * row_bytes, dim);
        const int64_t at = place_of(sample, hash);
        if (at < sample->n && sample->hash[at] == hash)
            tally->found[at] = 1;
    }
}

int64_t bl_row_tally_count(const struct bl_row_tally *tally)
{
    int64_t count = 0;
    for (int64_t i = 0; i < tally->sample->n; i++)
        count += tally->found[i];
    return count;
}
