#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/command/report/report_curves.h"
#include "mpi/command/report/report_draw.h"

enum { RUNS_MAX = 32 };

struct given {
    const char *output, *data, *curves, *force;
};

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
static int report_evaluations(const char *const *files, int n, const struct given *given,
                              struct bl_error *err)
{
    struct report_curves curves = {0};
    int code = BL_OK;
    for (int i = 0; i < n && code == BL_OK; i++)
        code = report_curves_read(&curves, files[i], err);
    if (code == BL_OK && !report_curves_agree(&curves))
        bl_log_warn("these evaluations have different protocols or data; their curves are not comparable");
    if (code == BL_OK)
        code = given->data ? report_curves_print(&curves, err)
                           : report_curves_draw(&curves, given->output, command_replace(given->force), err);
    report_curves_free(&curves);
    return code;
}

static int report_runs(const char *const *folders, int n, const struct given *given, struct bl_error *err)
{
    struct report_run runs[RUNS_MAX] = {{0}};
    int code = BL_OK;
    for (int i = 0; i < n && code == BL_OK; i++)
        code = report_read(&runs[i], folders[i], err);
    if (code == BL_OK)
        code = given->data ? print_data(runs, n, err)
                           : report_draw(runs, n, given->output, command_replace(given->force), err);
    for (int i = 0; i < n; i++)
        report_free(&runs[i]);
    return code;
}

static const struct command_option options[] = {
    {.name = "--precision-recall",
     .text = "draw precision over recall of evaluations",
     .at = offsetof(struct given, curves)},
    {.name = "--output|-o",
     .argument = "PICTURE",
     .values = COMMAND_FILES,
     .text = "a file to draw instead; its ending .png, .svg or .pdf is the format",
     .at = offsetof(struct given, output)},
    COMMAND_FORCE(struct given),
    {.name = "--data",
     .text = "print the numbers as TSV instead, without gnuplot",
     .at = offsetof(struct given, data)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *paths[RUNS_MAX];
    int n = 0;
    (void)par;
    int code = command_parse(argc, argv, options, &given, paths, 1, RUNS_MAX, &n, err);
    if (code == BL_OK && given.data && given.output)
        code = bl_fail(err, BL_USAGE, "--data goes to standard output, so -o has no meaning");
    if (code == BL_OK)
        code = given.curves ? report_evaluations(paths, n, &given, err) : report_runs(paths, n, &given, err);
    if (code == BL_OK && given.output)
        bl_log_say("drew %s", given.output);
    return code;
}

const struct command command_report = {
    .name = "report",
    .summary = "draw the loss and validation mAP of runs, or precision-recall curves",
    .usage = "RUN... [-o PICTURE [--force]] [--data]\n"
             "--precision-recall EVALUATION... [-o PICTURE [--force]] [--data]\n",
    .text =
        "Draws the training loss and the validation mAP of run folders over epochs, on the terminal or as "
        "a picture, by gnuplot. "
        "A run that is still going may be drawn at any time.\n"
        "Or draws precision over recall within each Hamming radius; an EVALUATION is a file of what "
        "`bitloom evaluate --json` printed, one a line.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "bitloom report runs/first runs/second -o compared.png\n"
                "bitloom evaluate runs/first/model.h5 cut.h5 --json > first.json\n"
                "bitloom report --precision-recall first.json lsh.json -o curves.png\n",
    .run = run,
};
