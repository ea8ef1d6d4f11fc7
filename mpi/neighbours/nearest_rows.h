/* The exact nearest rows of one split in another, or of a split in itself. The queries are divided over the
 * ranks; each rank reads its own and all rows of the database, part by part, in bounded memory. No row travels
 * between ranks, and what a query finds depends on no other query. */
#ifndef PAR_NEIGHBOURS_NEAREST_ROWS_H
#define PAR_NEIGHBOURS_NEAREST_ROWS_H

#include <stdint.h>

#include "mpi/files/dataset.h"
#include "neighbours/metric.h"

struct par_nearest_request {
    enum bl_metric metric;
    int64_t k;
    int is_same;          /* both are the same rows: a query doesn't find itself */
    int threads;          /* of each rank */
    int64_t memory_bytes; /* of a rank for rows, scores and candidates, beside its share of the result */
    const char *queries, *database; /* in messages */
};

/* The neighbours of this rank's queries [lo, hi). Owned. */
struct par_nearest {
    int64_t lo, hi, k;
    int64_t *rows;                   /* [hi - lo, k] rows of the database, the nearest first */
    float *distances;                /* [hi - lo, k] */
    int64_t zero_queries, zero_rows; /* under cosine: zero rows on either side, of all ranks */
};

/* Searches. Shows progress on a terminal. Collective, arguments equal on all ranks; agreed. *found is empty on
 * failure; par_nearest_free is local. Errors: BL_INPUT rows of different lengths, those of reading; BL_USAGE
 * k above the rows that a query can find; BL_NUMBERS rows that aren't finite, or too large for double;
 * BL_MEMORY. */
int par_nearest_rows(struct par par, struct par_dataset *queries, struct par_dataset *database,
                     const struct par_nearest_request *request, struct par_nearest *found,
                     struct bl_error *err);
void par_nearest_free(struct par_nearest *found);

#endif
