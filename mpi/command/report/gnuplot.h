/* Drawing with gnuplot, between a script and a pipe; the picture is written by mpi/files/output.h. Everything here is local. */
#ifndef PAR_COMMAND_REPORT_GNUPLOT_H
#define PAR_COMMAND_REPORT_GNUPLOT_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "io/output.h"

/* Writes the plot's commands; those for terminal and output come before and after. characters: 1 if it is
 * drawn in characters. */
typedef void gnuplot_script(FILE *gnuplot, int characters, const void *context);

/* Draws in characters to standard output if path is NULL, otherwise into a file of width x height pixels; its
 * ending .png, .svg or .pdf is the format. Errors: BL_USAGE another ending, or gnuplot is missing or fails;
 * BL_PATH. */
int gnuplot_draw(const char *path, enum io_replace replace, int width, int height, gnuplot_script *script,
                 const void *context, struct bl_error *err);

/* Writes the text as a gnuplot string in single quotes, in which only the quote itself is special. */
void gnuplot_put_text(FILE *gnuplot, const char *text);

/* The colour of curve i, as "0072b2"; colours repeat. */
const char *gnuplot_colour(int64_t i);

#endif
