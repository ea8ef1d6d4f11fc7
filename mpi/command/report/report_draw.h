/* Curves of runs, drawn by gnuplot, which a pipe feeds. */
#ifndef PAR_COMMAND_REPORT_REPORT_DRAW_H
#define PAR_COMMAND_REPORT_REPORT_DRAW_H

#include "mpi/command/report/report_read.h"

/* Draws loss and, where there is any, validation mAP over epochs, one colour a run: as characters to standard
 * output when path is NULL, otherwise as a file that appears when it is whole. Its ending .png, .svg or .pdf
 * is the format. Errors: BL_USAGE for another ending or when gnuplot is missing; BL_PATH. */
int report_draw(const struct report_run *runs, int64_t n_runs, const char *path, struct bl_error *err);

#endif
