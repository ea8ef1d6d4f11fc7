/* The true neighbours of a split's rows: /SPLIT/neighbors [Q,k], for each row the numbers of the k nearest rows of a
 * database split, the nearest first, and /SPLIT/distances [Q,k] (docs/neighbours.md). The attributes of `neighbors`
 * say of which split and under which metric, and keep digests of the rows on both sides, so that a truth of other
 * rows is noticed. */
#ifndef PAR_FILES_TRUTH_H
#define PAR_FILES_TRUTH_H

#include <stdint.h>

#include "config/config.h"
#include "mpi/files/dataset.h"
#include "mpi/ranks/comm.h"
#include "neighbours/metric.h"

/* What a truth is of. Plain values. */
struct par_truth_note {
    char database[BL_NAME_MAX];                   /* split; "": another program's, which doesn't say */
    char metric[BL_NAME_MAX];                     /* "l2", "cosine", "ip"; "": unknown */
    int64_t k;                                    /* neighbours of each row */
    char queries_digest[17], database_digest[17]; /* par_rows_digest as hexadecimal; "": unknown */
};

/* A digest of the features of an open split: of the checksums of its blocks, so a file that has them isn't read
 * for it; another one is, by all ranks. Collective; agreed. Errors: those of reading, BL_MEMORY. */
int par_rows_digest(struct par par, struct par_dataset *dataset, char digest[17], struct bl_error *err);

/* An open truth. */
struct par_truth;

/* Opens the truth of a split for reading. Collective, arguments equal on all ranks; agreed. Errors: BL_PATH;
 * BL_INPUT the split has none, or one of another shape or type; BL_MEMORY. *out is NULL then. */
int par_truth_open(struct par_truth **out, struct par par, const char *path, const char *split,
                   struct bl_error *err);

/* Borrowed until par_truth_close. Local. truth_rows: lists, one a row of the split. truth_has_distances: 0 if
 * another program wrote no distances. */
const struct par_truth_note *truth_note(const struct par_truth *truth);
int64_t truth_rows(const struct par_truth *truth);
int truth_has_distances(const struct par_truth *truth);

/* Reads the lists of rows [row_lo, row_lo + n) into rows [n, k] and, if there are any, distances [n, k], and
 * checks them against a database of so many rows: row numbers in it, no row twice in a list, distances
 * ascending and finite. Local. Errors: BL_INPUT, with list and place. */
int par_truth_read_local(struct par_truth *truth, int64_t row_lo, int64_t n, int64_t database_rows,
                         int64_t *rows, float *distances, struct bl_error *err);

/* Collective as the opening was. NULL is fine. */
void par_truth_close(struct par_truth *truth);

/* Writing: the one place where a truth is stored. Rank r brings the lists [lo, hi) of rows and distances [hi - lo,
 * note->k], in the order of ranks; rank 0 writes a changed copy of the file at path, reads it back and renames it. A
 * truth that the split has is replaced only if `replace`. Row numbers are int32, or int64 where the database has
 * more rows than int32 counts. Collective; agreed. Errors: BL_USAGE there is a truth; BL_PATH; BL_INPUT; BL_MEMORY. */
struct par_truth_lists {
    int64_t lo, hi, n_global, database_rows;
    const int64_t *rows;
    const float *distances;
};
int par_truth_store(struct par par, const char *path, const char *split, const struct par_truth_note *note,
                    const struct par_truth_lists *lists, int replace, struct bl_error *err);

/* Whether a truth could be stored there, before the work: BL_USAGE there is one and not `replace`; BL_PATH the file or
 * its folder can't be written. Local. */
int truth_check_place(const char *path, const char *split, int replace, struct bl_error *err);

#endif
