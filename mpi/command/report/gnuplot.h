/* Pictures by gnuplot, which a pipe feeds. */
#ifndef PAR_COMMAND_REPORT_GNUPLOT_H
#define PAR_COMMAND_REPORT_GNUPLOT_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* Writes the commands between the terminal's and the output's. characters: the picture is made of them. */
typedef void gnuplot_script(FILE *gnuplot, int characters, const void *context);

/* Draws: as characters to standard output when path is NULL, otherwise as a file that appears when it is
 * whole, of so many pixels. Its ending .png, .svg or .pdf is the format. Errors: BL_USAGE for another ending
 * or when gnuplot is missing or fails; BL_PATH. */
int gnuplot_draw(const char *path, int width, int height, gnuplot_script *script, const void *context,
                 struct bl_error *err);

/* In single quotes, where only the quote itself has a meaning. */
void gnuplot_put_text(FILE *gnuplot, const char *text);

/* "0072b2" of curve i; they repeat. */
const char *gnuplot_colour(int64_t i);

#endif
