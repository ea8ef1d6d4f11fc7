/* Whether rows that a model was trained on are among other rows: told by the rows themselves, whatever file,
 * split or order they come in.
 *
 * Of the hashes of all training rows the smallest are kept. They are a random sample without replacement, a
 * set that doesn't depend on the order or the place of the rows, so samples of parts can be merged. Source:
 * Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007. */
#ifndef BL_DATA_ROW_SAMPLE_H
#define BL_DATA_ROW_SAMPLE_H

#include <stdint.h>

#include "data/types.h"

/* So many that a thousand of 50,000 training rows don't escape: all would be missed once in 10^9 times. */
enum { BL_ROW_SAMPLE_MAX = 1024 };

struct bl_row_sample {
    int64_t rows;                     /* how many rows it is of; 0: nothing is known */
    int64_t n;                        /* hashes kept, at most BL_ROW_SAMPLE_MAX */
    uint64_t hash[BL_ROW_SAMPLE_MAX]; /* ascending, each once */
};

/* XXH3-64 of the row's values as float32, so that equal numbers of any type agree. */
uint64_t bl_row_hash(enum bl_type type, const void *row, int64_t dim);

/* One more row; or the hashes of a sample of other rows. */
void bl_row_sample_add(struct bl_row_sample *sample, uint64_t hash);
void bl_row_sample_merge(struct bl_row_sample *sample, const struct bl_row_sample *other);

/* The sample as text, rows and hashes, in text [BL_ROW_SAMPLE_TEXT]; and back: 1, or 0 if it is none. */
enum { BL_ROW_SAMPLE_TEXT = 24 + 17 * BL_ROW_SAMPLE_MAX };
void bl_row_sample_print(const struct bl_row_sample *sample, char *text);
int bl_row_sample_parse(const char *text, struct bl_row_sample *sample);

/* 1 if it could have come from here: some rows, hashes in order. */
int bl_row_sample_is_valid(const struct bl_row_sample *sample);

/* Which rows of a sample were met among others. */
struct bl_row_tally {
    const struct bl_row_sample *sample; /* borrowed */
    int32_t found[BL_ROW_SAMPLE_MAX];   /* 1: met */
};

/* Looks for n rows [n, dim]. */
void bl_row_tally_add(struct bl_row_tally *tally, enum bl_type type, const void *rows, int64_t n,
                      int64_t dim);
int64_t bl_row_tally_count(const struct bl_row_tally *tally);

#endif
