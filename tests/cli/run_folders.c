#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny.h"

/* A run folder where a model is wanted, and its configuration used again. */
static struct tiny tiny;
static struct cli_result result;

static void enter(void)
{
    tiny_init(&tiny);
    tiny_train_well(&tiny, 0, tiny.run, "--set train.steps=12");
}

static void leave(void)
{
    cli_free(&result);
    tiny_free(&tiny);
}

TestSuite(cli_run_folders, .init = enter, .fini = leave);

static void shell(const char *format, const char *path)
{
    char command[3 * TINY_PATH_MAX];
    snprintf(command, sizeof command, format, path);
    cr_assert_eq(system(command), 0, "%s", command);
}

static void expect_out(const char *text)
{
    cli_expect_success(&result);
    cr_assert(strstr(result.out, text), "no '%s' in %s", text, result.out);
    cli_free(&result);
}

Test(cli_run_folders, a_run_folder_stands_for_its_model)
{
    cli_run(&result, 0, "info %s", tiny.run);
    expect_out("/model.h5: model");
    cli_run(&result, 0, "check %s/", tiny.run);
    expect_out("/model.h5: bitloom model");
    cli_run(&result, 2, "evaluate %s/ %s --queries test --database train", tiny.run, tiny.data);
    expect_out("mAP ");
    cli_succeeds(0, "encode %s %s --split test -o %s/c.h5 --force", tiny.run, tiny.data, tiny.folder);
    cli_succeeds(2, "train %s --run %s/from --init %s --set train.steps=1", tiny.config, tiny.folder,
                 tiny.run);
    cli_fails(0, 2, "codes are needed here", "search %s %s/c.h5", tiny.run, tiny.folder);
    cli_fails(0, 2, "codes are needed here", "evaluate --codes %s/c.h5 %s", tiny.folder, tiny.run);
    cli_fails(0, 2, "/config.yaml --run ", "train %s", tiny.run);
}

Test(cli_run_folders, without_a_model_its_newest_checkpoint_is_taken_or_named)
{
    shell("rm %s/model.h5", tiny.run);
    cli_run(&result, 0, "info %s", tiny.run);
    expect_out("/step-00000012.h5: checkpoint");
    cli_run(&result, 0, "check %s", tiny.run);
    expect_out("bitloom checkpoint");
    cli_fails(2, 4, "the newest is step-00000012.h5", "encode %s %s --split test -o %s/c.h5 --force",
              tiny.run, tiny.data, tiny.folder);
    cli_fails(0, 4, "not that of a run", "evaluate %s %s --queries test --database train", tiny.folder,
              tiny.data);
    cli_fails(0, 4, "give a file in it", "baseline lsh %s --bits 4 -o %s/l.h5 --force", tiny.run,
              tiny.folder);
}

/* What info --config prints for a path, as a configuration in another folder. */
static void expect_again(const char *path)
{
    char again[TINY_PATH_MAX];
    tiny_path(&tiny, "elsewhere/again.yaml", again);
    cli_run(&result, 0, "info --config %s", path);
    cli_expect_success(&result);
    tiny_write(again, result.out, (int64_t)strlen(result.out));
    cli_free(&result);
    cli_run(&result, 0, "check %s --run %s", again, tiny.run);
    expect_out("step 12 of 12");
}

Test(cli_run_folders, the_configuration_of_a_run_continues_it_from_anywhere)
{
    char newest[TINY_PATH_MAX];
    shell("mkdir %s/elsewhere", tiny.folder);
    cli_run(&result, 0, "train %s/config.yaml --run %s", tiny.run, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "finished already"), "%s", result.err);
    cli_free(&result);
    tiny_checkpoints(tiny.run, newest);
    expect_again(newest);
    expect_again(tiny.run);
    cli_run(&result, 0, "info --json --config %s", tiny.run);
    expect_out("\"config\":\"data:");
}

Test(cli_run_folders, a_project_that_was_moved_as_a_whole_continues)
{
    char moved[TINY_PATH_MAX];
    const char *run = strrchr(tiny.run, '/') + 1, *config = strrchr(tiny.config, '/') + 1;
    snprintf(moved, sizeof moved, "%s/moved", tiny.folder);
    shell("cd %s && mkdir moved && mv $(ls | grep -v moved) moved", tiny.folder);
    cli_run(&result, 0, "train %s/%s --run %s/%s --set train.steps=13", moved, config, moved, run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "from step 12 of 13"), "%s", result.err);
    cli_free(&result);
    cli_run(&result, 0, "train %s/%s/config.yaml --run %s/%s --set train.steps=14", moved, run, moved, run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "from step 13 of 14"), "%s", result.err);
}
