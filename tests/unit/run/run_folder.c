#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/run/run_folder.h"
#include "support/folder.h"

static char folder_path[128];
static struct par_run_folder folder;
static struct bl_error err;

static void enter(void)
{
    cr_assert(folder_make(folder_path, sizeof folder_path));
    cr_assert_eq(par_run_folder_open(&folder, par_alone(), folder_path, &err), BL_OK, "%s", err.what);
}

static void leave(void)
{
    par_run_folder_close(&folder);
    folder_remove(folder_path);
}

TestSuite(run_folder, .init = enter, .fini = leave);

static void touch(const char *name)
{
    char path[2 * PAR_RUN_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder.checkpoints, name);
    FILE *file = fopen(path, "w");
    cr_assert(file && fclose(file) == 0);
}

static int is_there(const char *name)
{
    char path[2 * PAR_RUN_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder.checkpoints, name);
    return access(path, F_OK) == 0;
}

/* The names that are listed, one behind the other. */
static void list(char text[400])
{
    char **paths;
    int64_t n;
    *text = '\0';
    cr_assert_eq(par_run_folder_list_local(folder.checkpoints, &paths, &n, &err), BL_OK);
    for (int64_t i = 0; i < n; i++) {
        strncat(text, strrchr(paths[i], '/') + 1, 399 - strlen(text));
        strncat(text, " ", 399 - strlen(text));
        free(paths[i]);
    }
    free(paths);
}

Test(run_folder, the_newest_checkpoint_is_that_of_most_steps_whatever_its_name_looks_like)
{
    char text[400];
    touch("step-99999999.h5");
    touch("step-00000007.h5");
    touch("step-100000000.h5");
    touch("step-1000000000000.h5");
    list(text);
    cr_assert_str_eq(text, "step-1000000000000.h5 step-100000000.h5 step-99999999.h5 step-00000007.h5 ");
}

Test(run_folder, other_files_are_no_checkpoints)
{
    char text[400];
    touch("step-00000001.h5.part");
    touch("step-00000002.h5.damaged");
    touch("step-.h5");
    touch("step-00000003.h5x");
    touch("stepp00000004.h5");
    touch("step-00000005.h5");
    list(text);
    cr_assert_str_eq(text, "step-00000005.h5 ");
}

Test(run_folder, a_checkpoint_is_named_by_eight_digits_or_more)
{
    char path[PAR_RUN_PATH_MAX];
    par_run_folder_checkpoint_local(&folder, 1234, path, sizeof path);
    cr_assert_str_eq(strrchr(path, '/'), "/step-00001234.h5");
    par_run_folder_checkpoint_local(&folder, 123456789, path, sizeof path);
    cr_assert_str_eq(strrchr(path, '/'), "/step-123456789.h5");
}

Test(run_folder, pruning_keeps_the_newest_and_never_removes_the_one_just_written)
{
    char path[PAR_RUN_PATH_MAX];
    touch("step-00000001.h5");
    touch("step-00000002.h5");
    touch("step-00000003.h5");
    touch("step-00000009.h5");
    par_run_folder_checkpoint_local(&folder, 1, path, sizeof path);
    cr_assert_eq(par_run_folder_prune_local(&folder, 2, path, &err), BL_OK);
    cr_assert(is_there("step-00000001.h5") && !is_there("step-00000002.h5"));
    cr_assert(is_there("step-00000003.h5") && is_there("step-00000009.h5"));
    cr_assert_eq(par_run_folder_prune_local(&folder, 1, NULL, &err), BL_OK);
    cr_assert(is_there("step-00000009.h5") && !is_there("step-00000003.h5") && !is_there("step-00000001.h5"));
}

Test(run_folder, a_damaged_checkpoint_is_set_aside_under_its_name)
{
    char path[PAR_RUN_PATH_MAX];
    touch("step-00000004.h5");
    par_run_folder_checkpoint_local(&folder, 4, path, sizeof path);
    cr_assert_eq(par_run_folder_set_aside_local(path, &err), BL_OK);
    cr_assert(is_there("step-00000004.h5.damaged") && !is_there("step-00000004.h5"));
}

Test(run_folder, opening_removes_what_is_half_written_and_nothing_else)
{
    touch("step-00000001.h5");
    touch("step-00000002.h5.part");
    touch("step-00000003.h5.damaged");
    par_run_folder_close(&folder);
    cr_assert_eq(par_run_folder_open(&folder, par_alone(), folder_path, &err), BL_OK);
    cr_assert(is_there("step-00000001.h5") && is_there("step-00000003.h5.damaged"));
    cr_assert_not(is_there("step-00000002.h5.part"));
}

Test(run_folder, a_second_owner_is_refused_until_the_first_has_left)
{
    struct par_run_folder second;
    cr_assert_eq(par_run_folder_open(&second, par_alone(), folder_path, &err), BL_USAGE);
    cr_assert(strstr(err.what, "in use by process "), "%s", err.what);
    par_run_folder_close(&folder);
    cr_assert_eq(par_run_folder_open(&second, par_alone(), folder_path, &err), BL_OK);
    par_run_folder_close(&second);
}

static void touch_path(const char *path)
{
    FILE *file = fopen(path, "w");
    cr_assert(file && fclose(file) == 0);
}

Test(run_folder, clearing_leaves_the_model_alone_of_the_run_before)
{
    touch("step-00000001.h5");
    touch("step-00000002.h5.damaged");
    touch_path(folder.model);
    touch_path(folder.metrics);
    FILE *file = fopen(folder.log, "w");
    cr_assert(file && fprintf(file, "%500s", "") == 500 && fclose(file) == 0);
    cr_assert_eq(par_run_folder_clear(&folder, par_alone(), EARLIER_ENDED, 1, NULL, &err), BL_OK);
    cr_assert_not(is_there("step-00000001.h5") || is_there("step-00000002.h5.damaged"));
    cr_assert_neq(access(folder.metrics, F_OK), 0);
    struct stat log;
    bl_log_close();
    cr_assert(stat(folder.log, &log) == 0 && log.st_size < 400, "the log isn't a new one");
    cr_assert_neq(access(folder.model, F_OK), 0);
    cr_assert_eq(access(folder.model_before, F_OK), 0);
    /* A model of a run that hadn't finished stays beside it. */
    touch_path(folder.model);
    cr_assert_eq(par_run_folder_clear(&folder, par_alone(), EARLIER_SAVED, 1, NULL, &err), BL_OK);
    cr_assert_eq(access(folder.model, F_OK), 0);
    bl_log_close();
}
