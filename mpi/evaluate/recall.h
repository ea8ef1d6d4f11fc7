/* Recall of true neighbours by codes that are spread over ranks. */
#ifndef PAR_EVALUATE_RECALL_H
#define PAR_EVALUATE_RECALL_H

#include "hash/recall.h"
#include "mpi/files/truth.h"
#include "mpi/ranks/comm.h"

/* Adds every query, in order, to *recall (after bl_recall_init, equal on all ranks); the sums are on rank 0. queries: all
 * of them on every rank; database: each rank its own rows, which together are those that the truth numbers.
 * Labels aren't looked at. The same for any number of ranks. Collective; agreed. Travels: the counts per distance and
 * the distance of each neighbour, in blocks, to rank 0. Errors: BL_INPUT lists that can't be those of this database
 * (par_truth_read_local); BL_USAGE a database above 2^32-1 rows; BL_MEMORY. */
int par_recall(struct par par, const struct bl_code_set *queries, const struct bl_code_set *database,
               int exclude_self, struct par_truth *truth, int64_t database_rows, struct bl_recall *recall,
               struct bl_error *err);

#endif
