/* Retrieval quality of codes that are spread over ranks. */
#ifndef PAR_EVALUATE_RETRIEVE_H
#define PAR_EVALUATE_RETRIEVE_H

#include <stdint.h>

#include "hash/health.h"
#include "hash/retrieval.h"
#include "mpi/files/codes.h"
#include "mpi/ranks/comm.h"

/* Codes and labels that are owned: one piece of a set on each rank, or a whole set. */
struct par_code_set {
    struct bl_code_set set; /* set.words and set.labels are those below */
    uint64_t *words;
    uint32_t *labels;
};

/* Room for `rows` rows, contents unset; labels stay NULL without labels. par_code_set_free is safe twice and
 * on a zeroed struct. Local. Errors: BL_MEMORY. */
int par_code_set_init_local(struct par_code_set *owned, int64_t rows, int64_t bits,
                            struct bl_label_layout layout, int64_t first, struct bl_error *err);
void par_code_set_free(struct par_code_set *owned);

/* This rank's range of the rows of a code file, into *piece. Collective (the outcome is agreed). Errors:
 * BL_INPUT, BL_PATH, BL_MEMORY; *piece is then empty. */
int par_code_set_read(struct par par, struct par_codes *codes, struct par_code_set *piece,
                      struct bl_error *err);

/* The whole set on every rank, in rank order, from the pieces (bits and layout equal on all ranks).
 * Collective. Travels: all codes and labels to all ranks. Errors, agreed: BL_MEMORY. */
int par_code_set_gather(struct par par, const struct par_code_set *piece, struct par_code_set *whole,
                        struct bl_error *err);

/* BL_INPUT unless queries and database can be compared: same number of bits, labels on both and of one kind,
 * multi-labels of one number of classes, lists of groups of one width. The names appear in the message.
 * Local. */
int par_retrieve_check_local(int64_t query_bits, struct bl_label_layout query_layout, const char *query_name,
                             int64_t database_bits, struct bl_label_layout database_layout,
                             const char *database_name, struct bl_error *err);

/* Adds every query, in order, to *retrieval (after bl_retrieval_init, equal on all ranks). queries: all of
 * them on every rank; database: each rank its own piece, disjoint. The result is the same on all ranks, for
 * any number of ranks and any order of the database. Collective. Travels: bits+1 numbers of 8 bytes for each
 * query, in blocks, to rank 0, which also adds; then the sums. Memory: one block. Errors, agreed: BL_MEMORY;
 * BL_USAGE a database above 2^32-1 rows. */
int par_retrieve(struct par par, const struct bl_code_set *queries, const struct bl_code_set *database,
                 int exclude_self, struct bl_retrieval *retrieval, struct bl_error *err);

#endif
