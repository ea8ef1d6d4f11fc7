#include "trainer.h"

#include <unistd.h>

#include "base/rng.h"
#include "io/config_file.h"
#include "mpi/files/dataset.h"
#include "mpi/ranks/collective.h"

void bench_temp_path(struct par par, const char *name, char path[BENCH_PATH_MAX])
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, BENCH_PATH_MAX, "%.64s/%.24s-%ld.h5", folder ? folder : "/tmp", name, (long)getpid());
    par_broadcast(par, path, BENCH_PATH_MAX);
}

void bench_make_bytes(const char *path, int64_t dim)
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

void bench_trainer_init(struct bench_trainer *trainer, struct par par, const char *path, const char *config)
{
    trainer->number = 0;
    phases_begin(&trainer->phases);
    bench_must(io_config_parse(config, "bench", &trainer->config, &bench_error));
    bench_must(par_train_data_init(&trainer->data, par, path, &trainer->config, &bench_error));
    const enum par_sharing sharing =
        trainer->config.train.shared == BL_SHARED_OFF ? PAR_SHARE_NOTHING : PAR_SHARE_HOSTS;
    bench_must(par_nodes_init(&trainer->nodes, par, sharing, &bench_error));
    bench_must(par_run_state_init(&trainer->state, &trainer->nodes, &trainer->config, trainer->data.dim,
                                  trainer->data.labels, &bench_error));
    bench_must(par_step_init(&trainer->step, &trainer->nodes, &trainer->config, &trainer->data,
                             &trainer->state.model, &trainer->phases, &bench_error));
}

void bench_trainer_free(struct bench_trainer *trainer)
{
    par_step_free(&trainer->step);
    par_run_state_free(&trainer->state);
    par_nodes_free(&trainer->nodes);
    par_train_data_free(&trainer->data);
}

double bench_trainer_step(struct bench_trainer *trainer)
{
    struct par_step_outcome outcome;
    bench_must(par_step_run(&trainer->step, &trainer->state.model, &trainer->state.optimizer,
                            trainer->number++, &outcome, &bench_error));
    return outcome.grad_norm;
}
