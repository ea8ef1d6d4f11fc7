/* Samples of rows that are spread over ranks (data/row_sample.h). */
#ifndef PAR_ROWS_ROW_SAMPLE_H
#define PAR_ROWS_ROW_SAMPLE_H

#include "data/row_sample.h"
#include "mpi/ranks/comm.h"

/* The sample of all ranks' rows from each rank's own, the same for any number of ranks. Collective. Travels:
 * 8 KiB a rank. Errors, agreed: BL_MEMORY. */
int par_row_sample_merge(struct par par, struct bl_row_sample *sample, struct bl_error *err);

/* What any rank has met. Collective (samples equal). */
void par_row_tally_merge(struct par par, struct bl_row_tally *tally);

#endif
