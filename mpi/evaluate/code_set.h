/* Codes and labels in memory, a piece of a set on each rank or a whole set on every rank. */
#ifndef PAR_EVALUATE_CODE_SET_H
#define PAR_EVALUATE_CODE_SET_H

#include <stdint.h>

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

#endif
