/* A sample of the rows that a model was trained on, to find out later whether a database contains them. It is
 * made of hashes of the rows' values, so file, split and order don't matter.
 *
 * Of the hashes of all training rows the smallest are kept (a bottom-k sketch). They are a random sample
 * without replacement that doesn't depend on the order of the rows, so the samples of parts can be merged.
 * Source: Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007. */
#ifndef BL_DATA_ROW_SAMPLE_H
#define BL_DATA_ROW_SAMPLE_H

#include <stdint.h>

#include "data/types.h"

/* Enough to detect 1,000 of 50,000 training rows: with probability 10^-9 none of them is in the sample. */
enum { BL_ROW_SAMPLE_MAX = 1024 };

struct bl_row_sample {
    int64_t rows;                     /* rows that were sampled from; 0: nothing is known */
    int64_t n;                        /* hashes kept, at most BL_ROW_SAMPLE_MAX */
    uint64_t hash[BL_ROW_SAMPLE_MAX]; /* ascending, each once */
};

/* XXH3-64 of the row's values as float32, so that equal numbers give the same hash whatever their type. It is
 * taken in pieces, each with the hash of those before as its seed. */
enum { BL_ROW_HASH_PIECE = 512 };
uint64_t bl_row_hash(enum bl_type type, const void *row, int64_t dim);

/* Add one row, by its hash; or all rows of another sample. */
void bl_row_sample_add(struct bl_row_sample *sample, uint64_t hash);
void bl_row_sample_merge(struct bl_row_sample *sample, const struct bl_row_sample *other);

/* The sample as text (rows, then hashes) in text [BL_ROW_SAMPLE_TEXT]; and back, which returns 1, or 0 if
 * text isn't a valid sample. */
enum { BL_ROW_SAMPLE_TEXT = 24 + 17 * BL_ROW_SAMPLE_MAX };
void bl_row_sample_print(const struct bl_row_sample *sample, char *text);
int bl_row_sample_parse(const char *text, struct bl_row_sample *sample);

/* 1 if it is a possible sample: at least one hash, no more hashes than rows, in order. */
int bl_row_sample_is_valid(const struct bl_row_sample *sample);

/* Which hashes of a sample were found among other rows. */
struct bl_row_tally {
    const struct bl_row_sample *sample; /* borrowed */
    int32_t found[BL_ROW_SAMPLE_MAX];   /* 1: found */
};

/* Marks the hashes that occur among n rows [n, dim]; and counts the marks. */
void bl_row_tally_add(struct bl_row_tally *tally, enum bl_type type, const void *rows, int64_t n,
                      int64_t dim);
int64_t bl_row_tally_count(const struct bl_row_tally *tally);

#endif
