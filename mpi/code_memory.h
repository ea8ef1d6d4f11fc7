/* The last codes of all training rows, which rows of a batch may be paired with
 * (objective.terms.pairwise.against: memory). Every rank holds all of it, in the order of file rows, so it is
 * the same on any number of ranks: docs/decisions/0019. */
#ifndef PAR_CODE_MEMORY_H
#define PAR_CODE_MEMORY_H

#include "loss/term.h"
#include "mpi/gather.h"
#include "mpi/train_data.h"

struct par_code_memory {
    int64_t rows; /* training rows of all ranks; 0: the objective has no use for a memory */
    int64_t bits;
    float *codes;     /* [rows, bits] zeros for rows that were in no batch yet; owned */
    uint32_t *labels; /* [rows, words]; owned */
    int64_t row_lo;   /* this rank's first file row */
    uint32_t *place;  /* [own file rows] where each training row stands; owned */
};

/* An empty memory with all labels if the objective wants one, else nothing. Collective; agreed. Errors:
 * BL_MEMORY; BL_USAGE above 2^31-1 training rows. par_code_memory_free is safe twice. */
int par_code_memory_init(struct par_code_memory *memory, struct par par,
                         const struct bl_config_objective *config, const struct par_train_data *data,
                         int64_t bits, struct bl_error *err);
void par_code_memory_free(struct par_code_memory *memory);

/* Where this rank's rows of the batch, file rows [n], stand: into the gather's places, which travel with the
 * codes. Local. */
void par_code_memory_places_local(const struct par_code_memory *memory, const int64_t *rows, int64_t n,
                                  struct par_gather *gather);

/* Takes over the gathered codes of a batch. Local. */
void par_code_memory_take_local(struct par_code_memory *memory, const struct par_gather *gather);

/* The memory as columns for the rows of the gathered batch; none without a memory. Local. */
struct bl_columns par_code_memory_columns_local(const struct par_code_memory *memory,
                                                const struct par_gather *gather);

#endif
