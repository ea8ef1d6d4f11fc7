/* Which rows steps take, and how far a clipped one goes. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/model.h"
#include "mpi/step/batch.h"
#include "support/own_run.h"

TestSuite(rows_and_clip, .init = own_run_enter, .fini = own_run_leave);

enum { ROWS = 384, DIM = 8, EPOCHS = 3 };

/* The order of rows in which three epochs take them, [EPOCHS * per_epoch * batch]; returns rows of an epoch. */
static int64_t take(const char *sets, int64_t *order)
{
    char path[2 * OWN_RUN_PATH];
    struct bl_config config;
    struct par_train_data data;
    struct par_batch batch;
    struct batches batches;
    struct bl_error err = {0};
    double zeros[DIM] = {0}, ones[DIM];
    for (int d = 0; d < DIM; d++)
        ones[d] = 1.0;
    const struct bl_normalizer plain = {.kind = BL_NORMALIZE_NONE, .dim = DIM, .mean = zeros, .scale = ones};
    own_run_config(&config, sets);
    snprintf(path, sizeof path, "%s/data.h5", own_run_folder);
    cr_assert_eq(par_train_data_init(&data, par_alone(), path, &config, &err), BL_OK, "%s", err.what);
    cr_assert_eq(batches_plan(&batches, data.shards, data.n_train_global, data.shard_rows_min,
                              config.train.global_batch, &err),
                 BL_OK);
    cr_assert_eq(par_batch_init(&batch, par_alone(), &config, &data, &batches, &err), BL_OK);
    const int64_t n = batch.n_local;
    for (int64_t step = 0; step < EPOCHS * batches.steps_per_epoch; step++) {
        par_batch_load_local(&batch, &plain, step);
        cr_assert_eq(batch.code, BL_OK);
        for (int64_t i = 0; i < n; i++) {
            const void *features;
            cr_assert_eq(par_train_data_row_local(&data, batch.rows[i], &features, &err), BL_OK);
            cr_assert_eq(memcmp(batch.x + i * DIM, features, DIM * sizeof(float)), 0);
            cr_assert_eq(batch.labels[i], *train_data_labels(&data, batch.rows[i]));
            order[step * n + i] = batch.rows[i];
        }
    }
    par_batch_free(&batch);
    par_train_data_free(&data);
    return batches.steps_per_epoch * n;
}

static void expect_epochs(const char *sets)
{
    static int64_t order[EPOCHS * ROWS];
    const int64_t n = take(sets, order);
    for (int e = 0; e < EPOCHS; e++) {
        int seen[ROWS] = {0};
        for (int64_t i = 0; i < n; i++)
            cr_assert_eq(seen[order[e * n + i]]++, 0, "epoch %d takes row %d twice", e,
                         (int)order[e * n + i]);
        for (int other = 0; other < e; other++)
            cr_assert_neq(memcmp(order + e * n, order + other * n, (size_t)n * sizeof *order), 0,
                          "epochs %d and %d have one order", other, e);
    }
}

Test(rows_and_clip, an_epoch_takes_each_row_at_most_once_and_the_next_in_another_order)
{
    expect_epochs("");
    expect_epochs("train.global_batch=full");
    expect_epochs("train.global_batch=20");
    expect_epochs("data.residency=stream");
}

static void read_params(const char *name, float *params, int64_t n)
{
    char path[2 * OWN_RUN_PATH];
    struct bl_model model = {0};
    struct bl_error err = {0};
    own_run_path(name, "model.h5", path);
    cr_assert_eq(par_model_read(par_alone(), path, &model, &err), BL_OK, "%s", err.what);
    cr_assert_eq(model.layout.n_params, n);
    memcpy(params, model.params, (size_t)n * sizeof *params);
    bl_model_free(&model);
}

/* How far one step of plain gradient descent at rate 1 goes. */
static double distance(const char *name, double rate, double clip)
{
    enum { N = 8 * 16 + 16 + 16 * 16 + 16 };
    static float from[N], to[N];
    char sets[300];
    double sum = 0.0;
    for (int still = 0; still < 2; still++) {
        char run[32];
        snprintf(run, sizeof run, "%s%s", name, still ? "-still" : "");
        snprintf(sets, sizeof sets,
                 "optimizer.name=sgd;optimizer.momentum=0;optimizer.weight_decay=0;optimizer.lr=%g;"
                 "optimizer.clip_norm=%.9g;train.steps=1;evaluate.every_epochs=0",
                 still ? 1e-30 : rate, clip);
        cr_assert_eq(own_run_train(run, sets), BL_OK);
        read_params(run, still ? from : to, N);
    }
    for (int i = 0; i < N; i++)
        sum += ((double)to[i] - from[i]) * ((double)to[i] - from[i]);
    return sqrt(sum);
}

Test(rows_and_clip, a_gradient_above_the_limit_is_brought_to_it_and_one_below_is_left)
{
    const double whole = distance("whole", 1.0, 0.0);
    json_t *event = own_run_event("whole", "step", 0);
    cr_assert_float_eq(own_run_number(event, "grad_norm"), whole, 1e-4 * whole);
    json_decref(event);
    cr_assert_float_eq(distance("half", 1.0, whole / 2.0), whole / 2.0, 1e-4 * whole);
    cr_assert_float_eq(distance("tenth", 1.0, whole / 10.0), whole / 10.0, 1e-4 * whole);
    cr_assert_float_eq(distance("above", 1.0, whole * 1.5), whole, 1e-4 * whole);
}
