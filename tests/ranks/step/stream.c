/* Rows that are read from the file while they are trained on. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "data/windows.h"
#include "io/config_file.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"
#include "mpi/ranks/collective.h"
#include "mpi/run/run_state.h"
#include "mpi/run/start_model.h"
#include "mpi/step/step.h"
#include "support/ranks.h"

/* 64 KiB a row, 16 rows a block: 14 blocks and a bit. Shards of 57 rows lie in 4 or 5 of them. */
enum { ROWS = 229, DIM = 8192, CLASSES = 5, PER_BLOCK = 16, BAD_ROW = 100, STEPS = 14, BATCH = 32 };

static const char basis[] =
    "data: {file: x, shards: 4, validation: 0.1, normalize: standardize, bad_rows: drop, residency: %s, "
    "window: %d}\n"
    "model: {hidden: [], heads: 1, bits: 4, init: random}\n"
    "objective: {preset: %s}\n"
    "optimizer: {lr: 0.001, warmup_steps: 0}\n"
    "train: {global_batch: %s, epochs: 20, reduction: exact, seed: 3, threads: 2}\n";

struct variant {
    const char *residency, *preset, *global_batch;
    int window;
};

struct trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state;
    struct phases phases;
    struct par_step step;
};

/* Every value tells its row and column. */
static double value_of(int64_t row, int64_t column)
{
    return (double)(row * 8 + column % 7 * (row % 3 + 1) + row % CLASSES);
}

static void write_data(struct par par, const char *path)
{
    static double row[DIM];
    struct bl_error err = {0};
    struct split_writer *writer = NULL;
    const struct split_writer_options options = {
        .rows = ROWS, .dim = DIM, .type = BL_FLOAT64, .labels = bl_label_layout(BL_LABELS_SINGLE, 0)};
    if (par.rank == 0) {
        CHECK(split_create(&writer, path, "train", &options, &err) == BL_OK);
        for (int64_t i = 0; i < ROWS; i++) {
            const int32_t label = (int32_t)(i % CLASSES);
            for (int64_t d = 0; d < DIM; d++)
                row[d] = value_of(i, d);
            if (i == BAD_ROW)
                row[3] = NAN;
            CHECK(split_append(writer, 1, row, &label, NULL, &err) == BL_OK);
        }
        CHECK(split_commit(writer, &err) == BL_OK);
        split_destroy(writer);
    }
    MPI_Barrier(par.comm);
}

static void make_trainer(struct trainer *trainer, struct par par, const char *path, struct variant variant)
{
    char text[800];
    struct bl_error err = {0};
    memset(trainer, 0, sizeof *trainer);
    snprintf(text, sizeof text, basis, variant.residency ? variant.residency : "stream",
             variant.window ? variant.window : 1, variant.preset ? variant.preset : "likelihood",
             variant.global_batch ? variant.global_batch : "32");
    CHECK(io_config_parse(text, "stream.yaml", &trainer->config, &err) == BL_OK);
    CHECK(par_train_data_init(&trainer->data, par, path, &trainer->config, &err) == BL_OK);
    CHECK(par_nodes_init(&trainer->nodes, par, PAR_SHARE_NOTHING, &err) == BL_OK);
    CHECK(par_run_state_init(&trainer->state, &trainer->nodes, &trainer->config, DIM, trainer->data.labels,
                             &err) == BL_OK);
    phases_begin(&trainer->phases);
    CHECK(par_step_init(&trainer->step, &trainer->nodes, &trainer->config, &trainer->data,
                        &trainer->state.model, &trainer->phases, &err) == BL_OK);
    CHECK(par_start_model(par, &trainer->config, &trainer->data, &trainer->state.model, &err) == BL_OK);
}

static void free_trainer(struct trainer *trainer)
{
    par_step_free(&trainer->step);
    par_run_state_free(&trainer->state);
    par_nodes_free(&trainer->nodes);
    par_train_data_free(&trainer->data);
}

static void make_pair(struct par par, struct trainer *one, struct par one_par, struct variant one_variant,
                      struct trainer *other, struct variant other_variant)
{
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 16];
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/data.h5", folder);
    write_data(par, path);
    make_trainer(one, one_par, path, one_variant);
    make_trainer(other, par_alone(), path, other_variant);
    ranks_remove_folder(par, folder); /* what is open stays readable */
}

static int run(struct trainer *trainer, int64_t number, struct bl_error *err)
{
    struct par_step_outcome outcome;
    return par_step_run(&trainer->step, &trainer->state.model, &trainer->state.optimizer, number, &outcome,
                        err);
}

static void check_same_params(const struct trainer *a, const struct trainer *b)
{
    CHECK(memcmp(a->state.model.params, b->state.model.params,
                 (size_t)a->state.model.layout.n_params * sizeof(float)) == 0);
}

static void check_same_steps(struct par par, struct par one_par, struct variant one, struct variant other)
{
    static struct trainer a, b;
    make_pair(par, &a, one_par, one, &b, other);
    for (int64_t number = 0; number < STEPS; number++) {
        struct bl_error err = {0};
        const float before = b.state.model.params[0];
        CHECK(run(&a, number, &err) == BL_OK);
        CHECK(run(&b, number, &err) == BL_OK);
        check_same_params(&a, &b);
        CHECK(b.state.model.params[0] != before);
    }
    free_trainer(&a);
    free_trainer(&b);
}

static void steps_have_the_bits_of_one_rank(struct par par)
{
    for (int window = 1; window <= 2; window++) {
        const struct variant variant = {.window = window};
        check_same_steps(par, par, variant, variant);
    }
    check_same_steps(par, par, (struct variant){.global_batch = "full"},
                     (struct variant){.global_batch = "full"});
    check_same_steps(par, par, (struct variant){.preset = "dpsh"}, (struct variant){.preset = "dpsh"});
}

static void a_window_that_holds_a_shard_gives_the_bits_of_rows_in_memory(struct par par)
{
    check_same_steps(par, par, (struct variant){.window = 8}, (struct variant){.residency = "memory"});
}

/* The rows of shard s's steps of an epoch as bl_windows orders them. */
static void order_of(const struct trainer *trainer, int64_t s, int64_t epoch, int64_t *rows)
{
    struct bl_windows windows;
    struct bl_error err = {0};
    static int64_t place[ROWS];
    CHECK(bl_windows_init(&windows, &trainer->data.shard[s], PER_BLOCK, 1, &err) == BL_OK);
    CHECK(windows.n_windows > 2);
    bl_windows_shuffle(&windows, 3, epoch);
    for (int64_t w = 0, at = 0; w < windows.n_windows; w++)
        at += bl_windows_order(&windows, 3, epoch, w, at, rows + at, place);
    bl_windows_free(&windows);
}

/* Rows, features and labels of the batch that the step took last. */
static void check_batch(const struct trainer *trainer, int64_t number)
{
    const struct par_step *step = &trainer->step;
    const struct par_train_data *data = &trainer->data;
    const int64_t per_epoch = step->batches.steps_per_epoch, q = step->batches.rows_per_shard;
    static int64_t rows[ROWS];
    int64_t at = 0;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++) {
        order_of(trainer, s, number / per_epoch, rows);
        for (int64_t i = 0; i < q; i++, at++) {
            static double row[DIM];
            static float x[DIM];
            CHECK(step->batch.rows[at] == rows[number % per_epoch * q + i]);
            for (int64_t d = 0; d < DIM; d++)
                row[d] = value_of(step->batch.rows[at], d);
            bl_normalizer_apply(&trainer->state.model.normalizer, BL_FLOAT64, row, 1, x);
            CHECK(memcmp(x, step->batch.x + at * DIM, sizeof x) == 0);
            CHECK(memcmp(step->batch.labels + at, train_data_labels(data, step->batch.rows[at]), 4) == 0);
        }
    }
}

static void check_batches(struct par par, const char *global_batch, int64_t per_epoch, const int64_t *numbers,
                          int n)
{
    static struct trainer a, b;
    make_pair(par, &a, par, (struct variant){.global_batch = global_batch}, &b, (struct variant){0});
    CHECK(a.step.batches.steps_per_epoch == per_epoch);
    for (int i = 0; i < n; i++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        CHECK(par_step_gradient(&a.step, &a.state.model, numbers[i], &outcome, &err) == BL_OK);
        check_batch(&a, numbers[i]);
    }
    free_trainer(&a);
    free_trainer(&b);
}

static void a_batch_is_what_its_step_says_in_whatever_order_steps_come(struct par par)
{
    static const int64_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 12, 13, 3, 4, 4, 0, 29};
    check_batches(par, "32", 6, numbers, 14);
}

/* 40 of a shard's 51 rows: the last window of an epoch, or what is left of it, may be in no step. */
static void a_batch_is_what_its_step_says_where_an_epoch_leaves_rows_out(struct par par)
{
    static const int64_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    check_batches(par, "80", 2, numbers, 12);
}

static void an_epoch_takes_no_row_twice(struct par par)
{
    static struct trainer a, b;
    make_pair(par, &a, par, (struct variant){0}, &b, (struct variant){0});
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        int64_t seen[ROWS] = {0}, taken = 0;
        for (int64_t place = 0; place < a.step.batches.steps_per_epoch; place++) {
            struct bl_error err = {0};
            CHECK(run(&a, epoch * a.step.batches.steps_per_epoch + place, &err) == BL_OK);
            for (int64_t i = 0; i < a.step.batch.n_local; i++)
                seen[a.step.batch.rows[i]]++;
        }
        par_allreduce(par, seen, ROWS, MPI_INT64_T, MPI_SUM);
        for (int64_t row = 0; row < ROWS; row++) {
            CHECK(seen[row] <= 1);
            taken += seen[row];
        }
        CHECK(seen[BAD_ROW] == 0);
        CHECK(taken == a.step.batches.steps_per_epoch * BATCH);
    }
    free_trainer(&a);
    free_trainer(&b);
}

static void passes_over_the_file_give_the_bits_of_rows_in_memory(struct par par)
{
    static struct trainer a, b;
    struct held_out_result one, other;
    struct bl_error err = {0};
    make_pair(par, &a, par, (struct variant){0}, &b, (struct variant){.residency = "memory"});
    CHECK(a.data.features == NULL && b.data.features != NULL);
    CHECK(a.data.fingerprint == b.data.fingerprint);
    CHECK(a.data.n_dropped_global == 1 && b.data.n_dropped_global == 1);
    CHECK(memcmp(&a.data.trained, &b.data.trained, sizeof a.data.trained) == 0);
    CHECK(a.data.trained.rows == a.data.n_train_global);
    CHECK(memcmp(a.state.model.normalizer.mean, b.state.model.normalizer.mean, DIM * sizeof(double)) == 0);
    CHECK(memcmp(a.state.model.normalizer.scale, b.state.model.normalizer.scale, DIM * sizeof(double)) == 0);
    CHECK(par_held_out_judge(par, &a.data, &a.state.model, &one, &err) == BL_OK);
    CHECK(par_held_out_judge(par_alone(), &b.data, &b.state.model, &other, &err) == BL_OK);
    CHECK(one.map == other.map && one.map > 0.0 && one.queries == other.queries);
    CHECK(memcmp(&one.health, &other.health, sizeof one.health) == 0);
    free_trainer(&a);
    free_trainer(&b);
}

static void ten_steps_allocate_nothing(struct par par)
{
    static struct trainer a, b;
    make_pair(par, &a, par, (struct variant){0}, &b, (struct variant){0});
    const int64_t before = bl_alloc_count();
    for (int64_t number = 0; number < 10; number++) {
        struct bl_error err = {0};
        CHECK(run(&a, number, &err) == BL_OK);
    }
    CHECK(bl_alloc_count() == before);
    free_trainer(&a);
    free_trainer(&b);
}

/* Steps until one fails, on a file that `spoil` changes once training has begun. */
static void check_failure(struct par par, void (*spoil)(const char *path, int64_t offset),
                          const char *expected)
{
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 16];
    static struct trainer trainer;
    struct bl_error err = {0};
    int code = BL_OK;
    int64_t number = 0, offset = 0;
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/data.h5", folder);
    write_data(par, path);
    make_trainer(&trainer, par, path, (struct variant){0});
    if (par.rank == 0) {
        hid_t file, set;
        CHECK(par_h5_open(&file, par_alone(), path, &err) == BL_OK);
        set = H5Dopen2(file, "train/features", H5P_DEFAULT);
        offset = (int64_t)H5Dget_offset(set);
        H5Dclose(set);
        H5Fclose(file);
        spoil(path, offset);
    }
    MPI_Barrier(par.comm);
    const size_t bytes = (size_t)trainer.state.model.layout.n_params * sizeof(float);
    static float before[DIM * 4 + 4];
    while (code == BL_OK && number < 20) {
        memcpy(before, trainer.state.model.params, bytes);
        code = run(&trainer, number++, &err);
    }
    CHECK(code == BL_INPUT);
    CHECK(strstr(err.what, expected));
    CHECK(memcmp(before, trainer.state.model.params, bytes) == 0);
    free_trainer(&trainer);
    ranks_remove_folder(par, folder);
}

static void change_last_row(const char *path, int64_t offset)
{
    FILE *file = fopen(path, "r+b");
    CHECK(file && fseek(file, (long)(offset + (ROWS - 2) * DIM * 8 + 77), SEEK_SET) == 0);
    CHECK(fputc(0x55, file) == 0x55);
    fclose(file);
}

static void cut_last_rows(const char *path, int64_t offset)
{
    CHECK(truncate(path, (off_t)(offset + (ROWS - 9) * DIM * 8)) == 0);
}

/* The last shard alone meets either, so its rank alone does. */
static void a_block_that_changes_fails_on_all_ranks(struct par par)
{
    check_failure(par, change_last_row, "'features' is damaged in rows 224 to 228");
}

static void a_file_that_becomes_shorter_fails_on_all_ranks(struct par par)
{
    check_failure(par, cut_last_rows, "the file has become shorter");
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(steps_have_the_bits_of_one_rank),
        CASE(a_window_that_holds_a_shard_gives_the_bits_of_rows_in_memory),
        CASE(a_batch_is_what_its_step_says_in_whatever_order_steps_come),
        CASE(a_batch_is_what_its_step_says_where_an_epoch_leaves_rows_out),
        CASE(an_epoch_takes_no_row_twice),
        CASE(passes_over_the_file_give_the_bits_of_rows_in_memory),
        CASE(ten_steps_allocate_nothing),
        CASE(a_block_that_changes_fails_on_all_ranks),
        CASE(a_file_that_becomes_shorter_fails_on_all_ranks),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
