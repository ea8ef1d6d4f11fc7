#include "mpi/command/report/report_draw.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
static void put_curve(FILE *gnuplot, enum gnuplot_look look, const struct report_run *run, int64_t i,
                      enum report_event event)
{
    fprintf(gnuplot, "$%s%" PRId64 " with linespoints", report_event_name(event), i);
    gnuplot_put_style(gnuplot, look, i, 1.8);
    fputs(event == REPORT_EPOCH ? "title " : "notitle", gnuplot);
    if (event == REPORT_EPOCH)
        gnuplot_put_text(gnuplot, run->name);
}

/* Steps are a thin pale line under that of epochs; in characters they are left out. */
static void put_loss(FILE *gnuplot, enum gnuplot_look look, const struct report_run *runs, int64_t n_runs)
{
    fputs("set title 'training loss'\nplot ", gnuplot);
    for (int64_t i = 0; i < n_runs; i++) {
        if (look == GNUPLOT_PICTURE)
            fprintf(gnuplot, "$step%" PRId64 " with lines linewidth 1 linecolor rgb '#a0%s' notitle, ", i,
                    gnuplot_colour(i));
        put_curve(gnuplot, look, &runs[i], i, REPORT_EPOCH);
        fputs(i + 1 < n_runs ? ", " : "\n", gnuplot);
    }
}

static void put_map(FILE *gnuplot, enum gnuplot_look look, const struct report_run *runs, int64_t n_runs)
{
    fputs("set title 'validation mAP (held-out rows against training rows)'\nplot ", gnuplot);
    for (int64_t i = 0; i < n_runs; i++) {
        put_curve(gnuplot, look, &runs[i], i, REPORT_EVALUATION);
        fputs(i + 1 < n_runs ? ", " : "\n", gnuplot);
    }
}

struct runs {
    const struct report_run *runs;
    int64_t n;
};

static void write_script(FILE *gnuplot, enum gnuplot_look look, const void *context)
{
    const struct runs *all = context;
    int64_t n_evaluations = 0;
    for (int64_t i = 0; i < all->n; i++) {
        put_points(gnuplot, &all->runs[i], i, REPORT_STEP);
        put_points(gnuplot, &all->runs[i], i, REPORT_EPOCH);
        n_evaluations += put_points(gnuplot, &all->runs[i], i, REPORT_EVALUATION);
    }
    fputs("set xlabel 'epoch'\nset xrange [0:*]\n", gnuplot);
    if (look == GNUPLOT_PICTURE)
        fprintf(gnuplot, "set multiplot layout 1,%d\n", n_evaluations > 0 ? 2 : 1);
    put_loss(gnuplot, look, all->runs, all->n);
    if (n_evaluations > 0)
        put_map(gnuplot, look, all->runs, all->n);
    if (look == GNUPLOT_PICTURE)
        fputs("unset multiplot\n", gnuplot);
}

/* "A runs/a  best mAP 0.9920 at epoch 5"; of a long name the end. */
static void print_line(const struct gnuplot_page *page, const struct report_run *run, int64_t i)
{
    char value[64] = "no epoch yet";
    const struct report_row *best = report_best(run), *last = report_last(run, REPORT_EPOCH);
    if (best)
        snprintf(value, sizeof value, "best mAP %.4f at epoch %.4g", best->map, best->epoch);
    else if (last)
        snprintf(value, sizeof value, "loss %.4g at epoch %.4g", last->loss, last->epoch);
    const int64_t room = page->width - (int64_t)strlen(value) - 4, n = (int64_t)strlen(run->name);
    const int is_cut = page->look != GNUPLOT_TEXT && n > room && room > 3;
    gnuplot_print_symbol(page, i);
    printf("%s%s  %s\n", is_cut ? "..." : "", is_cut ? run->name + n - room + 3 : run->name, value);
}

static int print_runs(const struct runs *all, struct bl_error *err)
{
    int has_map = 0;
    for (int64_t i = 0; i < all->n; i++)
        has_map |= report_best(&all->runs[i]) != NULL;
    const struct gnuplot_page page = gnuplot_page(1 + has_map, all->n);
    int code = gnuplot_print(&page, write_script, all, err);
    if (code != BL_OK)
        return code;
    for (int64_t i = 0; i < all->n; i++)
        print_line(&page, &all->runs[i], i);
    return fflush(stdout) == 0 ? BL_OK : bl_fail_path(err, "write to", "standard output", errno);
}

int report_draw(const struct report_run *runs, int64_t n_runs, const char *path, enum io_replace replace,
                struct bl_error *err)
{
    const struct runs all = {runs, n_runs};
    return path ? gnuplot_draw(path, replace, 900, 360, write_script, &all, err) : print_runs(&all, err);
}
