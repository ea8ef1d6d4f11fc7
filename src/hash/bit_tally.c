#include "hash/bit_tally.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/count.h"
#include "hash/code.h"

/* Mean of |share of ones - 1/2| from which on codes tell nothing (hash/collapse.c). */
static const double constant = 0.45;

void bl_bit_tally_bytes(struct bl_bit_tally *tally, const uint8_t *codes, int64_t n, int64_t bits)
{
    const int64_t bytes = bl_code_bytes(bits);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < bits; j++)
            tally->ones[j] += codes[i * bytes + j / 8] >> (j % 8) & 1;
    tally->rows += n;
}

void bl_bit_tally_words(struct bl_bit_tally *tally, const uint64_t *codes, int64_t n, int64_t bits)
{
    const int64_t words = bl_code_words(bits);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < bits; j++)
            tally->ones[j] += (int64_t)(codes[i * words + j / 64] >> (j % 64) & 1);
    tally->rows += n;
}

int bl_bit_tally_doubt(const struct bl_bit_tally *tally, int64_t bits, const char *whose,
                       char text[BL_BIT_TALLY_TEXT])
{
    int64_t same = 0;
    double off = 0.0;
    if (tally->rows < BL_BIT_TALLY_ROWS_MIN)
        return 0;
    for (int64_t j = 0; j < bits; j++) {
        const double share = (double)tally->ones[j] / (double)tally->rows;
        same += tally->ones[j] == 0 || tally->ones[j] == tally->rows;
        off += (share < 0.5 ? 0.5 - share : share - 0.5) / (double)bits;
    }
    if (same == bits)
        snprintf(text, BL_BIT_TALLY_TEXT,
                 "%s: 1 distinct code for %s; unless these rows are all of one kind, the model has collapsed "
                 "and a search can't tell them apart",
                 whose, bl_count(tally->rows, "row").text);
    else if (off >= constant)
        snprintf(text, BL_BIT_TALLY_TEXT,
                 "%s: the average bit is the same in %.0f %% of %s; unless nearly all are of one kind, the "
                 "model has collapsed and a search hardly tells them apart",
                 whose, 100.0 * (0.5 + off), bl_count(tally->rows, "row").text);
    return same == bits || off >= constant;
}
