#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/command/report/report_curves.h"
#include "mpi/command/report/report_draw.h"

enum { RUNS_MAX = 32 };

static void print_cell(double value)
{
    if (isfinite(value))
        printf("\t%.9g", value);
    else
        printf("\t");
}

static int print_data(const struct report_run *runs, int64_t n_runs, struct bl_error *err)
{
    printf("run\tevent\tstep\tepoch\tloss\tmap\tlr\trows_per_s\n");
    for (int64_t i = 0; i < n_runs; i++)
        for (int64_t r = 0; r < runs[i].n; r++) {
            const struct report_row *row = &runs[i].rows[r];
            printf("%s\t%s\t%" PRId64, runs[i].name, report_event_name(row->event), row->step);
            print_cell(row->epoch);
            print_cell(row->loss);
            print_cell(row->map);
            print_cell(row->lr);
            print_cell(row->rows_per_s);
            printf("\n");
        }
    if (fflush(stdout) != 0 || ferror(stdout))
        return bl_fail_path(err, "write to", "standard output", errno);
    return BL_OK;
}

/* Warns if protocols differ: then the better curve needn't belong to the better method. */
static int report_evaluations(const char *const *files, int n, const char *output, int data,
                              struct bl_error *err)
{
    struct report_curves curves = {0};
    int code = BL_OK;
    for (int i = 0; i < n && code == BL_OK; i++)
        code = report_curves_read(&curves, files[i], err);
    if (code == BL_OK && !report_curves_agree(&curves))
        bl_log_warn("these evaluations have different protocols or data; their curves are not comparable");
    if (code == BL_OK)
        code = data ? report_curves_print(&curves, err) : report_curves_draw(&curves, output, err);
    report_curves_free(&curves);
    return code;
}

static int report_runs(const char *const *folders, int n, const char *output, int data, struct bl_error *err)
{
    struct report_run runs[RUNS_MAX] = {{0}};
    int code = BL_OK;
    for (int i = 0; i < n && code == BL_OK; i++)
        code = report_read(&runs[i], folders[i], err);
    if (code == BL_OK)
        code = data ? print_data(runs, n, err) : report_draw(runs, n, output, err);
    for (int i = 0; i < n; i++)
        report_free(&runs[i]);
    return code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    const char *output = NULL, *data = NULL, *curves = NULL, *paths[RUNS_MAX];
    const struct command_option options[] = {
        {.name = "--output|-o", .takes_value = 1, .value = &output},
        {.name = "--data", .value = &data},
        {.name = "--precision-recall", .value = &curves},
    };
    int n = 0;
    (void)par;
    int code = command_parse(argc, argv, options, 3, paths, 1, RUNS_MAX, &n, err);
    if (code == BL_OK && data && output)
        code = bl_fail(err, BL_USAGE, "--data goes to standard output, so -o has no meaning");
    if (code == BL_OK)
        code = curves ? report_evaluations(paths, n, output, data != NULL, err)
                      : report_runs(paths, n, output, data != NULL, err);
    if (code == BL_OK && output)
        bl_log_say("drew %s", output);
    return code;
}

const struct command command_report = {
    .name = "report",
    .summary = "draw the loss and validation mAP of runs, or precision-recall curves",
    .help =
        "usage: bitloom report RUN... [-o PICTURE] [--data]\n"
        "       bitloom report --precision-recall EVALUATION... [-o PICTURE] [--data]\n"
        "\n"
        "Draws the training loss and the validation mAP of run folders over epochs, on the terminal or as a\n"
        "picture, by gnuplot. A run that is still going may be drawn at any time. Or draws precision over "
        "recall within\n"
        "each Hamming radius; an EVALUATION is a file of what `bitloom evaluate --json` printed, one a "
        "line.\n"
        "\n"
        "  -o, --output PICTURE  a file to draw instead; its ending .png, .svg or .pdf is the format\n"
        "  --data                print the numbers as TSV instead, without gnuplot\n"
        "\n"
        "example:\n"
        "  bitloom report runs/first runs/second -o compared.png\n"
        "  bitloom evaluate runs/first/model.h5 cut.h5 --json > first.json\n"
        "  bitloom report --precision-recall first.json lsh.json -o curves.png\n",
    .run = run,
};
