/* A rank's rows for passes over all of them, whether they are in memory or in a file. Everything here is
 * local. */
#ifndef PAR_ROWS_ROWS_H
#define PAR_ROWS_ROWS_H

#include <stdint.h>

#include "data/labels.h"
#include "data/types.h"
#include "mpi/rows/sum_groups.h"

/* This rank's rows, delivered in blocks, the same at every pass. Borrows everything. */
struct rows {
    int64_t dim;
    enum bl_type type;
    int64_t n_local;     /* may be 0 on some ranks */
    int64_t block_rows;  /* rows asked for at a time, >= 1 */
    const uint8_t *keep; /* [n_local] rows with 0 are left out; NULL keeps all */
    /* How sums of up to dim numbers over the n_local rows are grouped: decides their bits. */
    struct par_sum_groups *groups;
    struct bl_label_layout labels; /* of the labels that `read` returns; kind NONE: there are none */
    /* Sets *rows [n, dim] and *labels [n, labels.words] to those of this rank's rows [lo, lo + n), n <=
     * block_rows, borrowed until the next call; either pointer may be NULL. Returns BL_OK or an error. */
    int (*read)(void *context, int64_t lo, int64_t n, const void **rows, const uint32_t **labels,
                struct bl_error *err);
    void *context;
    const void *resident; /* [n_local, dim], used if `read` is NULL */
};

/* Describes rows [n_local, dim] in memory. */
struct rows rows_resident(int64_t dim, enum bl_type type, const void *resident, int64_t n_local,
                          const uint8_t *keep, struct par_sum_groups *groups);

/* Sets *block to rows [lo, lo + n) of this rank, n <= block_rows; borrowed until the next call. Errors:
 * those of `read`. */
int rows_read(const struct rows *rows, int64_t lo, int64_t n, const void **block, struct bl_error *err);

#endif
