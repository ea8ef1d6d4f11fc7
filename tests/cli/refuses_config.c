#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny.h"

/* Training by a configuration, or from a start, that can't be: one line, the documented status, on any number
 * of ranks, and no hang. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_refuses_config, .init = enter, .fini = leave);

Test(cli_refuses_config, a_configuration_that_is_not_there)
{
    remove(tiny.config);
    for (int ranks = 1; ranks <= 4; ranks++)
        tiny_train_badly(&tiny, ranks, "", 4, "tiny.yaml");
}

Test(cli_refuses_config, a_mistyped_key_is_answered_by_the_right_one)
{
    char text[] = "data: {file: data.h5, shards: 4}\ntrain: {\n  epoch: 4}\n";
    tiny_write(tiny.config, text, sizeof text - 1);
    tiny_train_badly(&tiny, 3, "", 2, "train.epochs");
    tiny_train_badly(&tiny, 1, "", 2, "tiny.yaml:3");
}

Test(cli_refuses_config, fewer_rows_than_a_batch)
{
    tiny_train_refused(&tiny, "--set train.global_batch=4096", 2, "global_batch");
}

Test(cli_refuses_config, a_batch_that_the_shards_do_not_divide)
{
    tiny_train_refused(&tiny, "--set train.global_batch=30", 2, "28 and 32");
}

Test(cli_refuses_config, more_ranks_than_shards)
{
    tiny_train_badly(&tiny, 3, "--set data.shards=2", 2, "data.shards");
    tiny_train_badly(&tiny, 4, "--set data.shards=2", 2, "data.shards");
}

Test(cli_refuses_config, more_shards_than_rows)
{
    tiny_train_refused(&tiny, "--set data.shards=500 --set train.global_batch=500", 2, "data.shards");
}

Test(cli_refuses_config, stopping_early_needs_held_out_rows)
{
    tiny_train_badly(&tiny, 2, "--set evaluate.early_stop=3 --set data.validation=0", 2,
                     "raise data.validation");
    tiny_train_badly(&tiny, 2, "--set evaluate.early_stop=3 --set data.validation=0.001", 2,
                     "no row is held out");
}

Test(cli_refuses_config, a_run_folder_that_cannot_be_made)
{
    char file[TINY_PATH_MAX];
    tiny_path(&tiny, "file", file);
    tiny_write(file, "x", 1);
    memcpy(tiny.run, file, sizeof file);
    tiny_train_refused(&tiny, "", 4, "file");
    snprintf(tiny.run, sizeof tiny.run, "/proc/bitloom");
    tiny_train_refused(&tiny, "", 4, "/proc/bitloom");
}

Test(cli_refuses_config, a_start_from_what_is_no_model)
{
    char more[TINY_PATH_MAX + 20];
    snprintf(more, sizeof more, "--init %s", tiny.data);
    tiny_train_refused(&tiny, more, 3, "data.h5");
    tiny_train_badly(&tiny, 2, "--init absent.h5", 4, "absent.h5");
}

Test(cli_refuses_config, another_runs_checkpoint_is_refused)
{
    char other[TINY_PATH_MAX], command[4 * TINY_PATH_MAX];
    tiny_path(&tiny, "other", other);
    tiny_train_well(&tiny, 1, other, "--set train.epochs=1 --set model.hidden=[12]");
    snprintf(command, sizeof command, "mkdir -p %s && cp -r %s/checkpoints %s/", tiny.run, other, tiny.run);
    cr_assert_eq(system(command), 0);
    tiny_train_refused(&tiny, "--set train.epochs=1", 2, "model.hidden");
}
