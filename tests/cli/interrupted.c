#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/tiny.h"

/* Signals, pipes that nobody reads and limits, as a shell and a terminal bring them about. tests/unit/process/signals.c
 * has the whole table. */
static struct tiny tiny;
static char model[TINY_PATH_MAX + 16], codes[TINY_PATH_MAX], out[TINY_PATH_MAX], part[TINY_PATH_MAX + 8];

#define FOR_EVER "--set train.epochs=1000000 --set checkpoint.every_steps=0 --set checkpoint.every_minutes=0"

static void enter(void)
{
    tiny_init(&tiny);
    snprintf(model, sizeof model, "%s/model.h5", tiny.run);
    tiny_path(&tiny, "codes.h5", codes);
    tiny_path(&tiny, "out.h5", out);
    snprintf(part, sizeof part, "%s.part", out);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_interrupted, .init = enter, .fini = leave);

static void make_model(void)
{
    tiny_train_well(&tiny, 0, tiny.run, "--set train.steps=3");
    cli_succeeds(0, "encode %s %s --split test -o %s --force", model, tiny.data, codes);
}

/* A library to preload tells the command to end at its second write into the unfinished file. */
static void ends_without_a_trace(const char *line, const char *older)
{
    struct cli_result result;
    int64_t n_before, n_after;
    char copy[2 * TINY_PATH_MAX + 20];
    snprintf(copy, sizeof copy, "cp '%s' '%s'", older, out); /* what was there stays */
    cr_assert_eq(system(copy), 0);
    char *before = tiny_read(out, &n_before);
    setenv("BITLOOM_TEST_DISTURB", "put term 2 -1", 1);
    setenv("BITLOOM_TEST_DISTURB_FILE", part, 1);
    setenv("LD_PRELOAD", TEST_DISTURB, 1);
    cli_run(&result, 0, "%s", line);
    unsetenv("LD_PRELOAD");
    char *after = tiny_read(out, &n_after);
    cr_assert_eq(result.status, 128 + SIGTERM, "%s: status %d, %s", line, result.status, result.err);
    cr_assert_not(tiny_exists(part), "%s left its unfinished file", line);
    cr_assert(n_before == n_after && memcmp(before, after, (size_t)n_before) == 0, "%s changed its output",
              line);
    free(before);
    free(after);
    cli_free(&result);
}

Test(cli_interrupted, whatever_writes_a_file_leaves_nothing_unfinished_and_what_was_there)
{
    char line[1600], rows[TINY_PATH_MAX];
    make_model();
    tiny_path(&tiny, "rows.csv", rows);
    tiny_write(rows, "1,2\n3,4\n5,6\n", 12);
    snprintf(line, sizeof line, "import --format csv --no-header --features %s --split more -o %s", rows,
             out);
    ends_without_a_trace(line, tiny.data);
    snprintf(line, sizeof line, "encode %s %s --split test -o %s --force", model, tiny.data, out);
    ends_without_a_trace(line, codes);
    snprintf(line, sizeof line, "baseline lsh %s --bits 4 -o %s --force", tiny.data, out);
    ends_without_a_trace(line, model);
    snprintf(line, sizeof line, "search %s %s -k 2 --format hdf5 -o %s --force", codes, codes, out);
    ends_without_a_trace(line, "/dev/null");
}

/* The shell command, in which $0 is the program; its output. */
static char *shell(const char *command, char text[4000])
{
    char line[6000];
    snprintf(line, sizeof line, "bash -c '%s' '%s' 2>&1", command, TEST_PROGRAM);
    FILE *pipe = popen(line, "r");
    cr_assert(pipe);
    const size_t n = fread(text, 1, 3999, pipe);
    text[n] = '\0';
    pclose(pipe);
    return text;
}

static void expect_log(const char *text)
{
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/train.log", tiny.run);
    char *log = tiny_read(path, NULL);
    cr_assert(strstr(log, text), "'%s' is not in %s", text, log);
    free(log);
}

/* Waits for the first epoch in train.log, then sends the signal. */
#define UNTIL_IT_STEPS "until grep -qs epoch %s/train.log; do sleep 0.02; done; "

Test(cli_interrupted, a_closed_window_stops_a_run_with_a_checkpoint_and_a_line_in_its_log)
{
    char command[3000], text[4000];
    snprintf(command, sizeof command,
             "\"$0\" train %s --run %s " FOR_EVER " -q 2>&- & " UNTIL_IT_STEPS
             "kill -HUP $!; wait $!; echo status $?",
             tiny.config, tiny.run, tiny.run);
    shell(command, text);
    cr_assert(strstr(text, "status 75"), "%s", text);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 1);
    expect_log("SIGHUP arrived: the terminal or the connection was closed");
    expect_log("stopped on request at step ");
}

Test(cli_interrupted, a_run_under_nohup_outlives_its_window_and_says_quietly_how_it_ended)
{
    char command[3000], text[4000];
    snprintf(command, sizeof command,
             "trap \"\" HUP; \"$0\" train %s --run %s " FOR_EVER " -q & " UNTIL_IT_STEPS
             "kill -HUP $!; sleep 0.2; kill -TERM $!; wait $!; echo status $?",
             tiny.config, tiny.run, tiny.run);
    shell(command, text);
    cr_assert(strstr(text, "status 75"), "%s", text);
    cr_assert(strstr(text, "SIGTERM arrived"), "%s", text);
    cr_assert(strstr(text, "stopped on request at step "), "%s", text);
    cr_assert_not(strstr(text, "SIGHUP"), "%s", text);
}

Test(cli_interrupted, nobody_has_to_read_the_messages_of_a_run)
{
    char command[3000], text[4000];
    snprintf(command, sizeof command,
             "\"$0\" train %s --run %s --set train.epochs=3 2>&1 | head -1 >/dev/null; "
             "echo status ${PIPESTATUS[0]}",
             tiny.config, tiny.run);
    shell(command, text);
    cr_assert(strstr(text, "status 0"), "%s", text);
    cr_assert(tiny_exists(model));
    expect_log("finished: best");
    /* Under the launcher, which would crash. */
    snprintf(
        command, sizeof command,
        "%s --shared -n 2 \"$0\" train %s --run %s --fresh --set train.epochs=3 2>&1 | head -1 >/dev/null; "
        "echo status ${PIPESTATUS[0]}",
        TEST_LAUNCHER, tiny.config, tiny.run);
    shell(command, text);
    cr_assert(strstr(text, "status 0"), "%s", text);
    expect_log("finished: best");
}

Test(cli_interrupted, an_answer_ends_quietly_with_its_reader)
{
    char command[3000], text[4000];
    make_model();
    snprintf(command, sizeof command, "\"$0\" search %s %s -k 60 | true; echo status ${PIPESTATUS[0]}", codes,
             codes);
    shell(command, text);
    cr_assert_str_eq(text, "status 141\n", "%s", text);
}

Test(cli_interrupted, a_limit_on_file_sizes_is_an_error_and_no_signal)
{
    char command[3000], text[4000];
    snprintf(
        command, sizeof command,
        "ulimit -f 4; \"$0\" train %s --run %s --set model.hidden=[400]; echo status $?; ls %s/*.part %s/*/*.part",
        tiny.config, tiny.run, tiny.run, tiny.run);
    shell(command, text);
    cr_assert(strstr(text, "status 4\n") && strstr(text, "bitloom: error: "), "%s", text);
    snprintf(command, sizeof command,
             "ulimit -f 4; \"$0\" baseline lsh %s --bits 1000 -o %s; echo status $?; ls %s", tiny.data, out,
             part);
    shell(command, text);
    cr_assert(strstr(text, "status 4\n") && strstr(text, "bitloom: error: "), "%s", text);
    cr_assert(strstr(text, "No such file"), "%s", text);
}

Test(cli_interrupted, a_killed_rank_is_named_with_its_signal)
{
    char command[3000], text[4000];
    snprintf(
        command, sizeof command,
        "%s --shared -n 2 sh -c \"echo \\$\\$ >%s/pid-\\$OMPI_COMM_WORLD_RANK; exec $0 train %s --run %s " FOR_EVER
        " -q\" & " UNTIL_IT_STEPS "kill -9 $(cat %s/pid-1); wait $!; echo status $?",
        TEST_LAUNCHER, tiny.folder, tiny.config, tiny.run, tiny.run, tiny.folder);
    shell(command, text);
    cr_assert(strstr(text,
                     "scripts/mpirun: rank 1 was killed by signal 9 (Killed); start the same command again "
                     "to continue\n"),
              "%s", text);
    cr_assert(strstr(text, "status 137"), "%s", text);
}

Test(cli_interrupted, a_detached_run_goes_on_in_a_session_of_its_own)
{
    char command[3000], text[4000];
    snprintf(
        command, sizeof command,
        "said=$(\"$0\" train %s --run %s " FOR_EVER " --detach -q 2>&1); echo status $?; "
        "pid=${said##*kill }; ps -o tty=,sid= $pid; echo pid $pid; " UNTIL_IT_STEPS
        "kill -TERM $pid; while test -d /proc/$pid && ! grep -q zombie /proc/$pid/status; do sleep 0.02; done",
        tiny.config, tiny.run, tiny.run);
    shell(command, text);
    cr_assert(strstr(text, "status 0\n"), "%s", text);
    char own[40];
    const char *pid = strstr(text, "pid ");
    cr_assert(pid);
    snprintf(own, sizeof own, "%ld\npid", strtol(pid + 4, NULL, 10)); /* it leads its session */
    cr_assert(strstr(text, own), "%s", text);
    expect_log("stopped on request at step ");
    cli_fails(0, 2, "unknown key", "train %s --run %s --detach --set model.bitss=3", tiny.config, tiny.run);
    cli_fails(0, 4, "can't open", "train %s --run %s-2 --detach --set data.file=absent.h5", tiny.config,
              tiny.run);
    cli_fails(2, 2, "--detach is for one process", "train %s --run %s --detach", tiny.config, tiny.run);
}

Test(cli_interrupted, a_small_stack_is_enough)
{
    char command[3000], text[4000];
    snprintf(
        command, sizeof command,
        "ulimit -s 150; \"$0\" train %s --run %s --set train.epochs=2 -q && "
        "\"$0\" evaluate %s %s --queries test --database train && \"$0\" check %s >/dev/null; echo status $?",
        tiny.config, tiny.run, model, tiny.data, tiny.config);
    shell(command, text);
    cr_assert(strstr(text, "status 0"), "%s", text);
}
