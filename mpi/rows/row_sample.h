/* Merging the ranks' samples of rows (data/row_sample.h). */
#ifndef PAR_ROWS_ROW_SAMPLE_H
#define PAR_ROWS_ROW_SAMPLE_H

#include "data/row_sample.h"
#include "mpi/ranks/comm.h"

/* Replaces each rank's own sample by the sample of all ranks' rows, which is the same for any number of
 * ranks. Allgather of 8 KiB per rank. Collective; agreed. Errors: BL_MEMORY. */
int par_row_sample_merge(struct par par, struct bl_row_sample *sample, struct bl_error *err);

/* Merges what the ranks found of one sample, which is equal on all. Collective. */
void par_row_tally_merge(struct par par, struct bl_row_tally *tally);

#endif
