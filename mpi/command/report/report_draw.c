#include "mpi/command/report/report_draw.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "mpi/command/report/gnuplot.h"

/* Writes the points of run i's events as a gnuplot data block, $step0, $epoch0 or $evaluation0 for run 0.
 * Returns how many there are. */
static int64_t put_points(FILE *gnuplot, const struct report_run *run, int64_t i, enum report_event event)
{
    int64_t n = 0;
    fprintf(gnuplot, "$%s%" PRId64 " << END\n", report_event_name(event), i);
    for (int64_t r = 0; r < run->n; r++) {
        const struct report_row *row = &run->rows[r];
        const double value = event == REPORT_EVALUATION ? row->map : row->loss;
        if (row->event == event && isfinite(value) && isfinite(row->epoch)) {
            fprintf(gnuplot, "%.9g %.9g\n", row->epoch, value);
            n++;
        }
    }
    if (n == 0)
        fputs("0 NaN\n", gnuplot); /* gnuplot refuses an empty block */
    fputs("END\n", gnuplot);
    return n;
}

/* A run's curve in its full colour. Only the loss has a key, since its upper right is free. */
static void put_curve(FILE *gnuplot, const struct report_run *run, int64_t i, enum report_event event,
                      int named)
{
    fprintf(gnuplot,
            "$%s%" PRId64 " with linespoints pointtype 7 pointsize 0.5 linewidth 1.8 linecolor rgb '#%s' ",
            report_event_name(event), i, gnuplot_colour(i));
    fputs(named ? "title " : "notitle", gnuplot);
    if (named)
        gnuplot_put_text(gnuplot, run->name);
}

/* Steps are a thin pale line under that of epochs; in characters they are left out. */
static void put_loss(FILE *gnuplot, const struct report_run *runs, int64_t n_runs, int steps)
{
    fputs("set title 'training loss'\nplot ", gnuplot);
    for (int64_t i = 0; i < n_runs; i++) {
        if (steps)
            fprintf(gnuplot, "$step%" PRId64 " with lines linewidth 1 linecolor rgb '#a0%s' notitle, ", i,
                    gnuplot_colour(i));
        put_curve(gnuplot, &runs[i], i, REPORT_EPOCH, 1);
        fputs(i + 1 < n_runs ? ", " : "\n", gnuplot);
    }
}

static void put_map(FILE *gnuplot, const struct report_run *runs, int64_t n_runs)
{
    fputs("set title 'validation mAP (held-out rows against training rows)'\nplot ", gnuplot);
    for (int64_t i = 0; i < n_runs; i++) {
        put_curve(gnuplot, &runs[i], i, REPORT_EVALUATION, 0);
        fputs(i + 1 < n_runs ? ", " : "\n", gnuplot);
    }
}

struct runs {
    const struct report_run *runs;
    int64_t n;
};

static void write_script(FILE *gnuplot, int characters, const void *context)
{
    const struct runs *all = context;
    int64_t n_evaluations = 0;
    for (int64_t i = 0; i < all->n; i++) {
        put_points(gnuplot, &all->runs[i], i, REPORT_STEP);
        put_points(gnuplot, &all->runs[i], i, REPORT_EPOCH);
        n_evaluations += put_points(gnuplot, &all->runs[i], i, REPORT_EVALUATION);
    }
    fputs("set xlabel 'epoch'\nset xrange [0:*]\n", gnuplot);
    if (!characters)
        fprintf(gnuplot, "set multiplot layout 1,%d\n", n_evaluations > 0 ? 2 : 1);
    put_loss(gnuplot, all->runs, all->n, !characters);
    if (n_evaluations > 0)
        put_map(gnuplot, all->runs, all->n);
    if (!characters)
        fputs("unset multiplot\n", gnuplot);
}

int report_draw(const struct report_run *runs, int64_t n_runs, const char *path, enum io_replace replace,
                struct bl_error *err)
{
    const struct runs all = {runs, n_runs};
    return gnuplot_draw(path, replace, 900, 360, write_script, &all, err);
}
