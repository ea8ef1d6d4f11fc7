/* Retrieval quality of codes that are spread over ranks. */
#ifndef PAR_EVALUATE_RETRIEVE_H
#define PAR_EVALUATE_RETRIEVE_H

#include <stdint.h>

#include "hash/retrieval.h"
#include "mpi/ranks/comm.h"

/* BL_INPUT unless queries and database can be compared: same number of bits, labels on both and of one kind,
 * multi-labels of one number of classes, lists of groups of one width. The names appear in the message.
 * Local. */
int par_retrieve_check_local(int64_t query_bits, struct bl_label_layout query_layout, const char *query_name,
                             int64_t database_bits, struct bl_label_layout database_layout,
                             const char *database_name, struct bl_error *err);

/* BL_INPUT unless they have the same number of bits, which is all that recall needs. Local. */
int par_retrieve_check_bits_local(int64_t query_bits, const char *query_name, int64_t database_bits,
                                  const char *database_name, struct bl_error *err);

/* Adds every query, in order, to *retrieval (after bl_retrieval_init, equal on all ranks). queries: all of
 * them on every rank; database: each rank its own piece, disjoint. The result is the same on all ranks, for
 * any number of ranks and any order of the database. Collective. Travels: bits+1 numbers of 8 bytes for each
 * query, in blocks, to rank 0, which also adds; then the sums. Memory: one block. Errors, agreed: BL_MEMORY;
 * BL_USAGE a database above 2^32-1 rows. */
int par_retrieve(struct par par, const struct bl_code_set *queries, const struct bl_code_set *database,
                 int exclude_self, struct bl_retrieval *retrieval, struct bl_error *err);

#endif
