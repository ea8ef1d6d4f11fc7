/* A training run that a benchmark steps through, and made-up rows for it. */
#ifndef BENCH_TRAINER_H
#define BENCH_TRAINER_H

#include "base/rng.h"
#include "bench.h"
#include "io/config_file.h"
#include "mpi/files/dataset.h"
#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

enum { BENCH_ROWS = 65536, BENCH_CLASSES = 10, BENCH_DIM = 784 };

/* A data set of BENCH_ROWS rows of up to 1,024 random bytes, with labels. By one rank. */
static inline void bench_make_bytes(const char *path, int64_t dim)
{
    struct split_writer *writer = NULL;
    const struct split_writer_options options = {
        .rows = BENCH_ROWS, .dim = dim, .type = BL_UINT8, .labels = bl_label_layout(BL_LABELS_SINGLE, 0)};
    bench_must(split_create(&writer, path, "train", &options, &bench_error));
    for (uint64_t i = 0; i < BENCH_ROWS; i++) {
        uint64_t words[1024 / 8 + 3];
        for (uint64_t w = 0; w < (uint64_t)dim / 8; w += 4)
            bl_rng_words(1, BL_STREAM_LSH, i, w, 0, words + w);
        const int32_t label = (int32_t)(words[0] % BENCH_CLASSES);
        bench_must(split_append(writer, 1, words, &label, NULL, &bench_error));
    }
    bench_must(split_commit(writer, &bench_error));
    split_destroy(writer);
}

struct bench_trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state;
    struct phases phases;
    struct par_step step;
    int64_t number; /* of the next step */
};

/* From the data set at `path` and a configuration, whose data.file doesn't matter. Collective. */
static inline void bench_trainer_init(struct bench_trainer *trainer, struct par par, const char *path,
                                      const char *text)
{
    trainer->number = 0;
    phases_begin(&trainer->phases);
    bench_must(io_config_parse(text, "bench", &trainer->config, &bench_error));
    bench_must(par_train_data_init(&trainer->data, par, path, &trainer->config, &bench_error));
    const enum par_sharing sharing =
        trainer->config.train.shared == BL_SHARED_OFF ? PAR_SHARE_NOTHING : PAR_SHARE_HOSTS;
    bench_must(par_nodes_init(&trainer->nodes, par, sharing, &bench_error));
    bench_must(par_run_state_init(&trainer->state, &trainer->nodes, &trainer->config, trainer->data.dim,
                                  trainer->data.labels, &bench_error));
    bench_must(par_step_init(&trainer->step, &trainer->nodes, &trainer->config, &trainer->data,
                             &trainer->state.model, &trainer->phases, &bench_error));
}

static inline void bench_trainer_free(struct bench_trainer *trainer)
{
    par_step_free(&trainer->step);
    par_run_state_free(&trainer->state);
    par_nodes_free(&trainer->nodes);
    par_train_data_free(&trainer->data);
}

/* The next step; returns its gradient's norm. Collective. */
static inline double bench_trainer_step(struct bench_trainer *trainer)
{
    struct par_step_outcome outcome;
    bench_must(par_step_run(&trainer->step, &trainer->state.model, &trainer->state.optimizer,
                            trainer->number++, &outcome, &bench_error));
    return outcome.grad_norm;
}

#endif
