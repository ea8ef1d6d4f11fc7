/* Whether a truth is of the rows that a data set has now. */
#ifndef PAR_FILES_TRUTH_CHECK_H
#define PAR_FILES_TRUTH_CHECK_H

#include "mpi/files/truth.h"

/* BL_OK if the open truth of `queries` in the data set at path is of its split `database` as both are now: compares
 * name, number of rows and digests, as far as the truth says. Reads no lists; *database_rows: of that split. Collective, arguments equal on all ranks;
 * agreed. Errors: BL_INPUT a truth of another split, or of rows that have changed; those of opening a split. */
int par_truth_check(struct par par, const struct par_truth *truth, const char *path, const char *queries,
                    const char *database, int64_t *database_rows, struct bl_error *err);

/* Reads all lists of an open truth against a database of so many rows. Local. Errors: those of
 * par_truth_read_local; BL_MEMORY. */
int truth_check_lists(struct par_truth *truth, int64_t database_rows, struct bl_error *err);

#endif
