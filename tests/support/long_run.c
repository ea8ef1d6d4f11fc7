#include "support/long_run.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "mpi/files/model.h"

/* The third is after the first epoch. */
static int has_three_checkpoints(const void *tiny)
{
    return tiny_checkpoints(((const struct tiny *)tiny)->run, NULL) >= 3;
}

void long_run_start(struct background *job, const struct tiny *tiny, int ranks, const char *options)
{
    background_start(job, ranks, "train %s --run %s %s --set checkpoint.every_steps=5", tiny->config,
                     tiny->run, options);
    background_until(job, has_three_checkpoints, tiny);
}

void long_run_kill(const struct tiny *tiny, int ranks, const char *options)
{
    struct background job;
    struct cli_result result;
    char newest[TINY_PATH_MAX], last[40];
    long_run_start(&job, tiny, ranks, options);
    background_signal(&job, -1, SIGKILL);
    background_wait(&job, &result);
    cr_assert_neq(result.status, 0, "it finished before it was killed");
    cli_free(&result);
    tiny_checkpoints(tiny->run, newest);
    snprintf(last, sizeof last, "step-%08d.h5", LONG_RUN_STEPS);
    cr_assert_not(strstr(newest, last), "it finished before it was killed");
}

static void read_model(const char *run, struct bl_model *model)
{
    char path[TINY_PATH_MAX + 32];
    struct bl_error err = {0};
    snprintf(path, sizeof path, "%s/model.h5", run);
    cr_assert_eq(par_model_read(par_alone(), path, model, &err), BL_OK, "%s", err.what);
}

void long_run_expect_same_model(const char *one, const char *other)
{
    struct bl_model a = {0}, b = {0};
    read_model(one, &a);
    read_model(other, &b);
    cr_assert_eq(a.layout.n_params, b.layout.n_params);
    cr_assert_eq(memcmp(a.params, b.params, (size_t)a.layout.n_params * sizeof(float)), 0,
                 "other parameters");
    cr_assert_eq(memcmp(a.normalizer.mean, b.normalizer.mean, TINY_DIM * sizeof(double)), 0);
    cr_assert_eq(memcmp(a.normalizer.scale, b.normalizer.scale, TINY_DIM * sizeof(double)), 0);
    bl_model_free(&a);
    bl_model_free(&b);
}
