/* Drawing the curves of runs by gnuplot. */
#ifndef PAR_COMMAND_REPORT_REPORT_DRAW_H
#define PAR_COMMAND_REPORT_REPORT_DRAW_H

#include "io/output.h"
#include "mpi/command/report/report_read.h"

/* Draws the loss and, if there is any, the validation mAP over epochs, with one colour for each run. path, replace
 * and errors as for gnuplot_draw. Local. */
int report_draw(const struct report_run *runs, int64_t n_runs, const char *path, enum io_replace replace,
                struct bl_error *err);

#endif
