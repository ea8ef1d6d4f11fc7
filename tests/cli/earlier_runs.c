#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny.h"

/* Starting where a run has been: what the command says, on several ranks too. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_earlier_runs, .init = enter, .fini = leave);

static void shell(const char *format, const char *path)
{
    char command[2 * TINY_PATH_MAX];
    snprintf(command, sizeof command, format, path);
    cr_assert_eq(system(command), 0, "%s", command);
}

Test(cli_earlier_runs, a_finished_run_without_checkpoints_is_refused_alike_by_train_and_check)
{
    static const char said[] = "holds a finished model and no checkpoint; --fresh to start over";
    char path[2 * TINY_PATH_MAX];
    struct cli_result result;
    tiny_train_well(&tiny, 0, tiny.run, "--set train.steps=3");
    shell("rm %s/checkpoints/*", tiny.run);
    tiny_train_refused(&tiny, "--set train.steps=3", 2, said);
    tiny_train_badly(&tiny, 2, "--set model.bits=4", 2, said);
    cli_run(&result, 0, "check %s --run %s --set train.steps=3", tiny.config, tiny.run);
    cli_expect_error(&result, 2, said);
    cr_assert(strstr(result.out, "has no checkpoints: it can't go on, and a new run is refused"), "%s",
              result.out);
    cli_free(&result);
    snprintf(path, sizeof path, "%s/model.h5", tiny.run);
    cr_assert(tiny_exists(path));
    tiny_train_well(&tiny, 2, tiny.run, "--set train.steps=3 --fresh");
}

Test(cli_earlier_runs, a_start_that_comes_to_nothing_leaves_no_folder_on_any_number_of_ranks)
{
    tiny_train_refused(&tiny, "--set data.file=absent.h5", 4, "absent.h5");
    tiny_train_refused(&tiny, "--set 'model.hidden=[16777216,16777216]'", 7, "out of memory");
    tiny_train_refused(&tiny, "--set model.bits=none", 2, "model.bits");
    cr_assert_not(tiny_exists(tiny.run));
}
