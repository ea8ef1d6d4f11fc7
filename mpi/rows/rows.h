/* The rows of a rank as whoever passes over them sees them, be they in memory or in a file. */
#ifndef PAR_ROWS_ROWS_H
#define PAR_ROWS_ROWS_H

#include <stdint.h>

#include "data/labels.h"
#include "data/types.h"
#include "mpi/rows/sum_groups.h"

/* This rank's rows, delivered in blocks, the same ones at every pass. */
struct rows {
    int64_t dim;
    enum bl_type type;
    int64_t n_local;     /* may be 0 on some ranks */
    int64_t block_rows;  /* rows asked for at a time, >= 1 */
    const uint8_t *keep; /* [n_local]: rows with 0 are left out; NULL keeps all. Borrowed */
    /* Of the n_local rows, for sums of up to dim numbers: decides the bits of what is summed. Borrowed. */
    struct par_sum_groups *groups;
    struct bl_label_layout labels; /* of the labels that read gives; kind NONE: there are none */
    /* Sets *rows [n, dim] and *labels [n, labels.words] to those of this rank's rows [lo, lo + n), n <=
     * block_rows, borrowed until the next call; either pointer may be NULL: not wanted. */
    int (*read)(void *context, int64_t lo, int64_t n, const void **rows, const uint32_t **labels,
                struct bl_error *err);
    void *context;
    const void *resident; /* [n_local, dim], used when read is NULL. Borrowed */
};

/* Rows [n_local, dim] that are in memory: `resident` in place of a read function. */
struct rows rows_resident(int64_t dim, enum bl_type type, const void *resident, int64_t n_local,
                          const uint8_t *keep, struct par_sum_groups *groups);

/* Sets *block to rows [lo, lo + n) of this rank, n <= block_rows; borrowed until the next call. */
int rows_read(const struct rows *rows, int64_t lo, int64_t n, const void **block, struct bl_error *err);

#endif
