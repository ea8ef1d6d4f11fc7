#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mpi/files/checkpoint.h"
#include "support/tiny.h"
#include "support/trace.h"

/* What a kill can't show, as the page cache survives it, and a failing power supply would: in which order files are
 * written, synced, read back and renamed. With support/disturb.c in the program, which traces calls. */
static struct tiny tiny;
static char file[TINY_PATH_MAX], log_path[TINY_PATH_MAX];
static struct trace trace;

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "trace", log_path);
}

static void leave(void)
{
    trace_free(&trace);
    tiny_free(&tiny);
}

TestSuite(cli_order, .init = enter, .fini = leave);

/* Each rank's rows by anyone; by the rank before it. */
static const int anyone[] = {-1, -1, -1}, alone[] = {0}, neighbour[] = {2, 0, 1};

/* Runs `bitloom ARGUMENTS FILE`; 0: nothing can be traced here. */
static int run_traced(int ranks, const char *arguments, const char *name)
{
    tiny_path(&tiny, name, file);
    trace_free(&trace);
    if (!trace_begin(log_path))
        return 0;
    cli_succeeds(ranks, "%s %s", arguments, file);
    trace_end(log_path, &trace);
    return 1;
}

static void import(const char *split, char arguments[4 * TINY_PATH_MAX])
{
    static float features[TINY_TEST * TINY_DIM];
    static int32_t labels[TINY_TEST];
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX];
    tiny_path(&tiny, "rows.npy", x);
    tiny_path(&tiny, "labels.npy", y);
    tiny_rows(TINY_TEST, 3, features, labels);
    tiny_write_npy(x, "<f4", TINY_TEST, TINY_DIM, features);
    tiny_write_npy(y, "<i4", TINY_TEST, 0, labels);
    snprintf(arguments, 4 * TINY_PATH_MAX, "import --format npy --features %s --labels %s --split %s -o", x,
             y, split);
}

Test(cli_order, a_data_set_is_read_back_and_synced_before_it_gets_its_name)
{
    char arguments[4 * TINY_PATH_MAX];
    import("train", arguments);
    if (!run_traced(0, arguments, "new.h5"))
        return;
    trace_expect_read_back(&trace, "new.h5", alone, 1, 0);
    trace_expect_installed(&trace, "new.h5");
    /* Now there is one, which is copied, changed and replaced. */
    import("test", arguments);
    run_traced(0, arguments, "new.h5");
    trace_expect_read_back(&trace, "new.h5", alone, 1, 0);
    trace_expect_installed(&trace, "new.h5");
}

Test(cli_order, a_cut_is_read_back_and_synced_before_it_gets_its_name)
{
    char arguments[2 * TINY_PATH_MAX];
    snprintf(arguments, sizeof arguments, "cut cvpr15 %s --queries-per-class 12 -o", tiny.data);
    if (!run_traced(0, arguments, "cut.h5"))
        return;
    trace_expect_read_back(&trace, "cut.h5", alone, 1, 0);
    trace_expect_installed(&trace, "cut.h5");
}

Test(cli_order, models_and_codes_of_several_ranks_are_read_back_and_synced_before_they_get_their_names)
{
    char arguments[3 * TINY_PATH_MAX], model[TINY_PATH_MAX];
    snprintf(arguments, sizeof arguments, "baseline lsh %s --bits 20 -o", tiny.data);
    if (!run_traced(3, arguments, "lsh.h5"))
        return;
    trace_expect_read_back(&trace, "lsh.h5", neighbour, 3, 1);
    trace_expect_installed(&trace, "lsh.h5");
    memcpy(model, file, sizeof model);
    snprintf(arguments, sizeof arguments, "encode %s %s --split train -o", model, tiny.data);
    run_traced(3, arguments, "codes.h5");
    trace_expect_read_back(&trace, "codes.h5", anyone, 3, 0);
    trace_expect_installed(&trace, "codes.h5");
    char codes[TINY_PATH_MAX];
    memcpy(codes, file, sizeof codes);
    snprintf(arguments, sizeof arguments, "search %s %s -k 3 -o", codes, codes);
    static const char *const names[] = {"found.h5", "found.tsv", "found.json"};
    for (int i = 0; i < 3; i++) {
        run_traced(0, arguments, names[i]);
        trace_expect_installed(&trace, names[i]);
    }
}

/* The sizes with which a file was synced, of those between two events: the largest. */
static int64_t synced_bytes(int from, int to, const char *ending)
{
    int64_t most = -1;
    for (int i = from; (i = trace_next(&trace, i, -1, "sync", ending)) < to; i++)
        most = trace.event[i].bytes > most ? trace.event[i].bytes : most;
    return most;
}

/* The log and the curves are on disk before the checkpoint that says how long they are. */
static void expect_log_synced(int from, int renamed)
{
    struct snapshot head;
    struct bl_error err;
    char path[sizeof trace.event->path];
    snprintf(path, sizeof path, "%s", trace.event[renamed].path);
    path[strlen(path) - strlen(".part")] = '\0';
    cr_assert_eq(par_checkpoint_open(par_alone(), path, &head, &err), BL_OK, "%s", err.what);
    const int64_t log = snapshot_find_number(&head, "log_bytes")->integer;
    const int64_t metrics = snapshot_find_number(&head, "metrics_bytes")->integer;
    cr_assert(log > 0 && metrics > 0);
    cr_expect_geq(synced_bytes(from, renamed, "/train.log"), log, "%s: the log", path);
    cr_expect_geq(synced_bytes(from, renamed, "/metrics.jsonl"), metrics, "%s: the curves", path);
    snapshot_free(&head);
}

/* The file's last bytes, which say that it is whole, are written only when all ranks have read it back. */
static void expect_marked_last(const char *part, int renamed)
{
    int read = -1, made = -1;
    for (int i = 0; i < renamed; i++) {
        const struct trace_event *event = &trace.event[i];
        if (!strstr(event->path, part))
            continue;
        if (!event->is_main && strcmp(event->call, "read") == 0)
            read = i;
        if (strcmp(event->call, "make") == 0)
            made = i;
    }
    cr_expect(read >= 0 && made > read, "%s: marked at event %d, read back at %d", part, made, read);
}

static void expect_checkpoints_in_order(int ranks, const int *reader)
{
    static const char *const steps[] = {"step-00000010.h5", "step-00000020.h5"};
    char part[64];
    int from = 0;
    for (int i = 0; i < 2; i++) {
        snprintf(part, sizeof part, "%s.part", steps[i]);
        trace_expect_read_back(&trace, steps[i], reader, ranks, 1);
        trace_expect_installed(&trace, steps[i]);
        const int renamed = trace_next(&trace, 0, -1, "rename", part);
        expect_log_synced(from, renamed);
        expect_marked_last(part, renamed);
        from = renamed + 1;
    }
    trace_expect_read_back(&trace, "model.h5", reader, ranks, 1);
    trace_expect_installed(&trace, "model.h5");
    trace_expect_installed(&trace, "config.yaml");
}

Test(cli_order, checkpoints_are_read_back_by_a_neighbour_and_synced_after_the_log_before_they_get_their_names)
{
    char arguments[TINY_PATH_MAX + 200];
    snprintf(arguments, sizeof arguments,
             "train %s --set train.steps=20 --set checkpoint.every_steps=10 --set checkpoint.keep=2 --run",
             tiny.config);
    if (!run_traced(3, arguments, "three"))
        return;
    expect_checkpoints_in_order(3, neighbour);
    run_traced(0, arguments, "one");
    expect_checkpoints_in_order(1, alone);
}

/* An older one is removed only when the newer one has its name. */
Test(cli_order, an_old_checkpoint_goes_only_when_the_new_one_is_on_disk)
{
    char arguments[TINY_PATH_MAX + 200], folder[TINY_PATH_MAX + 16];
    snprintf(arguments, sizeof arguments,
             "train %s --set train.steps=20 --set checkpoint.every_steps=10 --set checkpoint.keep=1 --run",
             tiny.config);
    if (!run_traced(0, arguments, "run"))
        return;
    snprintf(folder, sizeof folder, "%s/checkpoints", file);
    const int renamed = trace_next(&trace, 0, -1, "rename", "step-00000020.h5.part");
    const int synced = trace_next(&trace, renamed, -1, "sync", folder);
    const int removed = trace_next(&trace, 0, -1, "remove", "step-00000010.h5");
    cr_assert(renamed < synced && synced < removed && removed < trace.n, "events %d, %d, %d of %d", renamed,
              synced, removed, trace.n);
}

/* In the runs until end_full, there is no room for this file: from that write on, or, if it is 0, since the calls
 * of the C library's streams can't be disturbed, from its first. */
static void begin_full(const char *path, int from)
{
    char what[32];
    if (from == 0) {
        cr_assert_eq(symlink("/dev/full", path), 0);
        return;
    }
    snprintf(what, sizeof what, "put filled %d -1", from);
    setenv("BITLOOM_TEST_DISTURB", what, 1);
    setenv("BITLOOM_TEST_DISTURB_FILE", path, 1);
    setenv("LD_PRELOAD", TEST_DISTURB, 1);
}

static void end_full(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv("BITLOOM_TEST_DISTURB");
    unsetenv("BITLOOM_TEST_DISTURB_FILE");
}

static void expect_told(struct cli_result *result, const char *name)
{
    cli_expect_error(result, 4, name);
    cr_assert(strstr(result->err, "full") || strstr(result->err, "No space"), "%s: %s", name, result->err);
    cli_free(result);
}

__attribute__((format(printf, 2, 3))) static void expect_full(const char *name, const char *format, ...)
{
    va_list args;
    char arguments[5 * TINY_PATH_MAX], part[TINY_PATH_MAX], part_name[64], whole[TINY_PATH_MAX];
    struct cli_result result;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    snprintf(part_name, sizeof part_name, "%s.part", name);
    tiny_path(&tiny, name, whole);
    tiny_path(&tiny, part_name, part);
    tiny_write(whole, "", 0); /* may be replaced, whatever it will be */
    begin_full(part, strstr(name, ".h5") ? 2 : 1);
    cli_run(&result, 0, "%s %s --force", arguments, whole);
    end_full();
    expect_told(&result, name);
    cr_expect(!tiny_exists(part), "%s was left", part);
    char *bytes = tiny_read(whole, NULL);
    cr_expect_str_eq(bytes, "", "%s was replaced", whole);
    free(bytes);
}

Test(cli_order, a_disk_that_is_full_for_one_file_leaves_what_has_its_name)
{
    char model[TINY_PATH_MAX], codes[TINY_PATH_MAX];
    if (!TEST_DISTURB[0])
        return;
    tiny_path(&tiny, "good-model.h5", model);
    tiny_path(&tiny, "good-codes.h5", codes);
    cli_succeeds(0, "baseline lsh %s --bits 20 -o %s --force", tiny.data, model);
    cli_succeeds(0, "encode %s %s --split train -o %s --force", model, tiny.data, codes);
    expect_full("lsh.h5", "baseline lsh %s --bits 20 -o", tiny.data);
    expect_full("codes.h5", "encode %s %s --split train -o", model, tiny.data);
    expect_full("found.h5", "search %s %s -k 3 -o", codes, codes);
    expect_full("found.tsv", "search %s %s -k 3 -o", codes, codes);
    expect_full("found.json", "search %s %s -k 3 -o", codes, codes);
    expect_full("first.yaml", "init --data %s -o", tiny.data);
    expect_full("reference.md", "init --reference -o");
    expect_full("job.sbatch", "slurm %s --ranks 2 --time 1:00:00 -o", tiny.config);
    expect_full("cut.h5", "cut test-train %s -o", tiny.data);
}

Test(cli_order, a_disk_that_is_full_while_a_split_is_added_leaves_the_file_as_it_was)
{
    static const float rows[2 * TINY_DIM] = {1.0f};
    char features[TINY_PATH_MAX], part[TINY_PATH_MAX + 8];
    int64_t before, after;
    struct cli_result result;
    if (!TEST_DISTURB[0])
        return;
    tiny_path(&tiny, "rows.npy", features);
    snprintf(part, sizeof part, "%s.part", tiny.data);
    tiny_write_npy(features, "<f4", 2, TINY_DIM, rows);
    char *old = tiny_read(tiny.data, &before);
    for (int from = 1; from <= 9; from += 4) { /* in the copy, in what is added, and behind it */
        begin_full(part, from);
        cli_run(&result, 0, "import --format npy --features %s --split extra -o %s", features, tiny.data);
        end_full();
        expect_told(&result, "data.h5");
        cr_expect(!tiny_exists(part), "%s was left", part);
        char *now = tiny_read(tiny.data, &after);
        cr_expect(before == after && memcmp(old, now, (size_t)before) == 0, "full from write %d on", from);
        free(now);
    }
    free(old);
}

/* The curves of a run that goes on: a new one removes what it finds. */
static void expect_full_curves(void)
{
    char path[TINY_PATH_MAX + 64];
    struct cli_result result;
    tiny_path(&tiny, "run", tiny.run);
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    tiny_train_well(&tiny, 0, tiny.run, "--set train.steps=11");
    remove(path);
    begin_full(path, 0);
    tiny_train(&tiny, &result, 0, tiny.run, "--set train.steps=22");
    end_full();
    expect_told(&result, "metrics.jsonl");
}

/* Trains in a new folder without room for that file. */
static void expect_full_run(const char *name, const char *written, int from)
{
    char path[TINY_PATH_MAX + 64], checkpoints[TINY_PATH_MAX + 64];
    struct cli_result result;
    tiny_path(&tiny, name, tiny.run);
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", tiny.run);
    snprintf(path, sizeof path, "%s/%s", tiny.run, written);
    cr_assert(mkdir(tiny.run, 0777) == 0 && mkdir(checkpoints, 0777) == 0);
    begin_full(path, from);
    tiny_train(&tiny, &result, 0, tiny.run, "--set train.steps=12 --set log.every_steps=1");
    end_full();
    expect_told(&result, name);
    cr_expect(!tiny_exists(path), "%s was left", path);
}

/* What is said is on standard error, too: the run goes on, and says once that its log doesn't. */
static void expect_full_log(void)
{
    char path[TINY_PATH_MAX + 64], model[TINY_PATH_MAX + 64];
    struct cli_result result;
    tiny_path(&tiny, "logless", tiny.run);
    snprintf(path, sizeof path, "%s/train.log", tiny.run);
    snprintf(model, sizeof model, "%s/model.h5", tiny.run);
    cr_assert_eq(mkdir(tiny.run, 0777), 0);
    begin_full(path, 0);
    tiny_train(&tiny, &result, 0, tiny.run, "--set train.steps=12 --set log.every_steps=1");
    end_full();
    cli_expect_success(&result);
    const char *told = strstr(result.err, "train.log: No space left on device; make room");
    cr_expect(told && !strstr(told + 1, "train.log: No space"), "not once: %s", result.err);
    cli_free(&result);
    cr_expect(tiny_exists(model));
}

Test(cli_order, a_disk_that_is_full_for_one_file_of_a_run_ends_it_and_says_so)
{
    if (!TEST_DISTURB[0])
        return;
    expect_full_run("model.h5", "model.h5.part", 2);
    expect_full_run("config.yaml", "config.yaml.part", 1);
    expect_full_log();
    expect_full_curves();
}
