/* How often each bit of a set of codes is 1: what shows, in one pass and over ranks, that codes are alike. */
#ifndef BL_HASH_BIT_TALLY_H
#define BL_HASH_BIT_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* With fewer rows, equal codes are nothing unusual. */
enum { BL_BIT_TALLY_ROWS_MIN = 32, BL_BIT_TALLY_TEXT = 300 };

/* Plain numbers, rows first: a tally of all ranks is the sum of their first 1 + bits numbers. */
struct bl_bit_tally {
    int64_t rows;
    int64_t ones[BL_CODE_BITS_MAX];
};

/* Adds n codes, packed in bytes [n, bl_code_bytes(bits)] or in words [n, bl_code_words(bits)]. */
void bl_bit_tally_bytes(struct bl_bit_tally *tally, const uint8_t *codes, int64_t n, int64_t bits);
void bl_bit_tally_words(struct bl_bit_tally *tally, const uint64_t *codes, int64_t n, int64_t bits);

/* 1 and a sentence about `whose` codes if they are all the same, or if the average bit is the same in 95 % of
 * the rows; else 0. Few rows are never judged. */
int bl_bit_tally_doubt(const struct bl_bit_tally *tally, int64_t bits, const char *whose,
                       char text[BL_BIT_TALLY_TEXT]);

#endif
