/* Drawing with gnuplot, which reads its commands from a pipe. Everything here is local. */
#ifndef PAR_COMMAND_REPORT_GNUPLOT_H
#define PAR_COMMAND_REPORT_GNUPLOT_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "io/output.h"

/* What is drawn: a file, characters, or characters in colours. */
enum gnuplot_look { GNUPLOT_PICTURE, GNUPLOT_TEXT, GNUPLOT_COLOURS };

/* Writes the plots' commands; those for terminal and output come before and after. */
typedef void gnuplot_script(FILE *gnuplot, enum gnuplot_look look, const void *context);

/* Draws into a file of width x height pixels (mpi/files/output.h); its ending .png, .svg or
 * .pdf is the format. Errors: BL_USAGE another ending, or gnuplot is missing or fails; BL_PATH. */
int gnuplot_draw(const char *path, enum io_replace replace, int width, int height, gnuplot_script *script,
                 const void *context, struct bl_error *err);

/* Plots in characters on standard output. */
struct gnuplot_page {
    int width, height; /* of each plot */
    enum gnuplot_look look;
};

/* Sizes with which so many plots, and lines of the caller's own, fill the terminal that standard output is; in
 * colours, unless NO_COLOR is set. Elsewhere 79 x 22 in one colour. */
struct gnuplot_page gnuplot_page(int64_t plots, int64_t lines);

/* Prints the plots without blank lines. Errors: as for gnuplot_draw. */
int gnuplot_print(const struct gnuplot_page *page, gnuplot_script *script, const void *context,
                  struct bl_error *err);

/* How curve i is drawn, behind "with linespoints". */
void gnuplot_put_style(FILE *gnuplot, enum gnuplot_look look, int64_t i, double line_width);

/* The character of curve i's points and a space, in its colour. */
void gnuplot_print_symbol(const struct gnuplot_page *page, int64_t i);

/* Writes the text as a gnuplot string in single quotes, in which only the quote itself is special. */
void gnuplot_put_text(FILE *gnuplot, const char *text);

/* The colour of curve i, as "0072b2"; colours repeat. */
const char *gnuplot_colour(int64_t i);

#endif
