#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/command/report/report_curves.h"
#include "mpi/command/report/report_draw.h"
#include "mpi/command/report/report_follow.h"
#include "mpi/command/report/report_table.h"

enum { RUNS_MAX = 32 };

struct given {
    const char *output, *data, *curves, *table, *follow, *force;
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
    for (int i = 0; i < n && code == BL_OK && !given->table; i++)
        code = report_need_values(&runs[i], err);
    if (code == BL_OK && given->table)
        code = report_table(runs, n, given->data != NULL, err);
    else if (code == BL_OK)
        code = given->data ? print_data(runs, n, err)
                           : report_draw(runs, n, given->output, command_replace(given->force), err);
    for (int i = 0; i < n; i++)
        report_free(&runs[i]);
    return code;
}

static int check_given(const struct given *given, int n, struct bl_error *err)
{
    if (given->data && given->output)
        return bl_fail(err, BL_USAGE, "--data goes to standard output, so -o has no meaning");
    if (!!given->table + !!given->follow + !!given->curves > 1)
        return bl_fail(err, BL_USAGE, "give only one of --table, --follow and --precision-recall");
    if ((given->table || given->follow) && given->output)
        return bl_fail(err, BL_USAGE, "%s goes to standard output, so -o has no meaning",
                       given->table ? given->table : given->follow);
    if (given->follow && (n != 1 || given->data))
        return bl_fail(err, BL_USAGE, "--follow takes one run%s", given->data ? ", and not --data" : "");
    return BL_OK;
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
    {.name = "--table",
     .text = "a line for each run: best mAP, steps, seconds in steps, and the keys in which runs differ",
     .at = offsetof(struct given, table)},
    {.name = "--follow",
     .text = "print the run's log as it comes, until the run ends, and end with its status; "
             "waits for a run that hasn't begun",
     .at = offsetof(struct given, follow)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *paths[RUNS_MAX];
    int n = 0;
    (void)par;
    int code = command_parse(argc, argv, options, &given, paths, 1, RUNS_MAX, &n, err);
    if (code == BL_OK)
        code = check_given(&given, n, err);
    if (code == BL_OK && given.follow)
        return report_follow(paths[0], err);
    if (code == BL_OK)
        code = given.curves ? report_evaluations(paths, n, &given, err) : report_runs(paths, n, &given, err);
    if (code == BL_OK && given.output)
        bl_log_say("drew %s", given.output);
    return code;
}

const struct command command_report = {
    .name = "report",
    .summary = "draw or follow loss and mAP of runs, or precision-recall curves",
    .usage = "RUN... [-o PICTURE [--force]] [--data]\n"
             "--table RUN... [--data]\n"
             "--follow RUN\n"
             "--precision-recall EVALUATION... [-o PICTURE [--force]] [--data]\n",
    .text =
        "Draws the training loss and the validation mAP of run folders over epochs, on the terminal or as "
        "a picture, by gnuplot. "
        "A run that is still going may be drawn at any time. "
        "On a terminal the curves fill it, in colours unless NO_COLOR is set.\n"
        "Or draws precision over recall within each Hamming radius; an EVALUATION is a file with the output of "
        "`bitloom evaluate --json`, one a line.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .status =
        "with --follow that of the run: 0 finished, 75 stopped, 6 if it ended without a word, otherwise that "
        "of its failure.\n",
    .examples = "bitloom report runs/first runs/second -o compared.png\n"
                "bitloom report --table runs/*\n"
                "bitloom report --follow runs/first\n"
                "bitloom evaluate runs/first/model.h5 cut.h5 --json > first.json\n"
                "bitloom report --precision-recall first.json lsh.json -o curves.png\n",
    .run = run,
};
