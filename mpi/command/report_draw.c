#include "mpi/command/report_draw.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "io/file.h"

/* Colours that differ for colour-blind readers as well (Okabe and Ito 2008). */
static const char *const colours[] = {"0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "000000"};
enum { COLOURS = sizeof colours / sizeof *colours };

static const struct {
    const char *ending, *terminal;
} formats[] = {
    {".png", "pngcairo size 900,360 font 'sans,10' background '#ffffff'"},
    {".svg", "svg size 900,360 font 'sans,12' background '#ffffff'"},
    {".pdf", "pdfcairo size 24cm,9.6cm font 'sans,10' background '#ffffff'"},
};

static const char *terminal_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i].ending) == 0)
            return formats[i].terminal;
    return NULL;
}

/* In gnuplot's single quotes, where only the quote itself has a meaning; a line end would begin a command. */
static void put_text(FILE *gnuplot, const char *text)
{
    fputc('\'', gnuplot);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', gnuplot);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, gnuplot);
    }
    fputc('\'', gnuplot);
}

/* The points of one event as a data block, $step0, $epoch0 or $evaluation0. Returns their number. */
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
        fputs("0 NaN\n", gnuplot); /* an empty block is an error to gnuplot */
    fputs("END\n", gnuplot);
    return n;
}

static void put_style(FILE *gnuplot, const char *terminal)
{
    if (!terminal) {
        fputs("set terminal dumb noenhanced size 79,22\nset key noenhanced below\nset tics nomirror\n",
              gnuplot);
        return;
    }
    fprintf(gnuplot, "set terminal %s noenhanced\n", terminal);
    fputs("set border 3 linecolor rgb '#8c959f'\nset tics nomirror textcolor rgb '#24292f'\n"
          "set grid linecolor rgb '#d8dee4' linetype 1 linewidth 0.7\nset key noenhanced right top\n",
          gnuplot);
}

/* A run in full colour. Names stand beside the loss, whose upper right is free. */
static void put_curve(FILE *gnuplot, const struct report_run *run, int64_t i, enum report_event event,
                      int named)
{
    fprintf(gnuplot,
            "$%s%" PRId64 " with linespoints pointtype 7 pointsize 0.5 linewidth 1.8 linecolor rgb '#%s' ",
            report_event_name(event), i, colours[i % COLOURS]);
    fputs(named ? "title " : "notitle", gnuplot);
    if (named)
        put_text(gnuplot, run->name);
}

/* Steps are a thin pale line under the epochs; characters have no pale ones. */
static void put_loss(FILE *gnuplot, const struct report_run *runs, int64_t n_runs, int steps)
{
    fputs("set title 'training loss'\nplot ", gnuplot);
    for (int64_t i = 0; i < n_runs; i++) {
        if (steps)
            fprintf(gnuplot, "$step%" PRId64 " with lines linewidth 1 linecolor rgb '#a0%s' notitle, ", i,
                    colours[i % COLOURS]);
        put_curve(gnuplot, &runs[i], i, REPORT_EPOCH, 1);
        fputs(i + 1 < n_runs ? ", " : "\n", gnuplot);
    }
}

static void put_map(FILE *gnuplot, const struct report_run *runs, int64_t n_runs)
{
    fputs("set title 'validation mAP'\nplot ", gnuplot);
    for (int64_t i = 0; i < n_runs; i++) {
        put_curve(gnuplot, &runs[i], i, REPORT_EVALUATION, 0);
        fputs(i + 1 < n_runs ? ", " : "\n", gnuplot);
    }
}

static void write_script(FILE *gnuplot, const struct report_run *runs, int64_t n_runs, const char *terminal,
                         const char *output)
{
    int64_t n_evaluations = 0;
    put_style(gnuplot, terminal);
    if (output) {
        fputs("set output ", gnuplot);
        put_text(gnuplot, output);
        fputc('\n', gnuplot);
    }
    for (int64_t i = 0; i < n_runs; i++) {
        put_points(gnuplot, &runs[i], i, REPORT_STEP);
        put_points(gnuplot, &runs[i], i, REPORT_EPOCH);
        n_evaluations += put_points(gnuplot, &runs[i], i, REPORT_EVALUATION);
    }
    fputs("set xlabel 'epoch'\nset xrange [0:*]\n", gnuplot);
    if (terminal)
        fprintf(gnuplot, "set multiplot layout 1,%d\n", n_evaluations > 0 ? 2 : 1);
    put_loss(gnuplot, runs, n_runs, terminal != NULL);
    if (n_evaluations > 0)
        put_map(gnuplot, runs, n_runs);
    if (terminal)
        fputs("unset multiplot\n", gnuplot);
    fputs("unset output\n", gnuplot);
}

/* Feeds gnuplot, whose own complaints are about lines that nobody sees. */
static int run_gnuplot(const struct report_run *runs, int64_t n_runs, const char *terminal,
                       const char *output, struct bl_error *err)
{
    enum { NOT_THERE = 127 };
    fflush(stdout);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* its exit status says more */
    FILE *gnuplot = popen("command -v gnuplot >/dev/null || exit 127; exec gnuplot 2>/dev/null", "w");
    if (!gnuplot) {
        signal(SIGPIPE, before);
        return bl_fail_path(err, "start", "gnuplot", errno);
    }
    write_script(gnuplot, runs, n_runs, terminal, output);
    const int status = pclose(gnuplot);
    signal(SIGPIPE, before);
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return BL_OK;
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
        return bl_fail(
            err, BL_USAGE,
            "there is no gnuplot in PATH to draw with; install it (Debian: gnuplot-nox), or take the "
            "numbers with --data");
    return bl_fail(
        err, BL_USAGE,
        "gnuplot could not draw this; it may lack the format of the picture (try .svg), or take the "
        "numbers with --data");
}

int report_draw(const struct report_run *runs, int64_t n_runs, const char *path, struct bl_error *err)
{
    char temporary[BL_PATH_MAX + 8];
    if (!path)
        return run_gnuplot(runs, n_runs, NULL, NULL, err);
    const char *terminal = terminal_of(path);
    if (!terminal)
        return bl_fail(err, BL_USAGE, "%s ends in neither .png, .svg nor .pdf, the formats of a picture",
                       path);
    int code = io_file_temporary(path, temporary, sizeof temporary, err);
    if (code != BL_OK)
        return code;
    /* Gnuplot would report a bad path only as a failure. */
    FILE *file = fopen(temporary, "w");
    if (!file)
        return bl_fail_path(err, "write", path, errno);
    fclose(file);
    code = run_gnuplot(runs, n_runs, terminal, temporary, err);
    if (code == BL_OK)
        return io_file_install(temporary, path, err);
    unlink(temporary);
    return code;
}
