/* Runs side by side, one line each: how far they came, and the keys in which they differ. */
#ifndef PAR_COMMAND_REPORT_REPORT_TABLE_H
#define PAR_COMMAND_REPORT_REPORT_TABLE_H

#include "mpi/command/report/report_read.h"

/* Prints the table, aligned or as TSV. Of a run without config.yaml the keys are "?". Local. Errors: BL_USAGE a
 * config.yaml that can't be read as one; BL_MEMORY; BL_PATH. */
int report_table(const struct report_run *runs, int64_t n_runs, int as_tsv, struct bl_error *err);

/* "finished", "stopped", "failed", "running", "interrupted" (nobody runs it, and it doesn't say why), or
 * "not begun"; a literal. Local. */
const char *report_state_name(const struct report_run *run);

#endif
