/* bitloom's side of bench/peer.py:
 *
 *   mpirun -n 2 bench_peer BATCH...     steps under reduction: fast, in ms: "BATCH MEDIAN" a line
 *   bench_peer --first FOLDER           one step of 512 rows, for the peer to repeat
 *
 * Layers 784-1024-512-64, SGD with momentum, objective.preset: likelihood, made-up rows. --first leaves what
 * the step starts from in FOLDER, as plain float32 and int32: `parameters` (layer by layer, weights [out,
 * in], then biases), `features` [512, 784], normalised, and `labels` [512]; it prints the objective and the
 * gradient's norm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "bench.h"
#include "io/config_file.h"
#include "math/blas.h"
#include "mpi/collective.h"
#include "mpi/dataset.h"
#include "mpi/run_state.h"
#include "mpi/step.h"

enum { ROWS = 65536, DIM = 784, CLASSES = 10, FIRST = 512, ROUNDS_MAX = 31 };

static void make_data(const char *path)
{
    struct par_split_writer *writer = NULL;
    const struct par_split_writer_options options = {
        .rows = ROWS, .dim = DIM, .type = BL_UINT8, .labels = bl_label_layout(BL_LABELS_SINGLE, 0)};
    bench_must(par_split_create_local(&writer, path, "train", &options, &bench_error));
    for (uint64_t i = 0; i < ROWS; i++) {
        uint64_t words[DIM / 8 + 3];
        for (uint64_t w = 0; w < DIM / 8; w += 4)
            bl_rng_words(1, BL_STREAM_LSH, i, w, 0, words + w);
        const int32_t label = (int32_t)(words[0] % CLASSES);
        bench_must(par_split_append_local(writer, 1, words, &label, NULL, &bench_error));
    }
    bench_must(par_split_commit_local(writer, &bench_error));
    par_split_destroy_local(writer);
}

struct trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_run_state state;
    struct par_step step;
};

static void make_trainer(struct trainer *trainer, struct par par, const char *path, long batch)
{
    char text[300];
    snprintf(text, sizeof text,
             "data: {file: x, validation: 0}\nobjective: {preset: likelihood}\n"
             "optimizer: {name: sgd, lr: 0.01, momentum: 0.9, weight_decay: 0}\n"
             "train: {global_batch: %ld, reduction: fast, epochs: 1000}\n",
             batch);
    bench_must(io_config_parse(text, "bench", &trainer->config, &bench_error));
    bench_must(par_train_data_init(&trainer->data, par, path, &trainer->config, &bench_error));
    bench_must(
        par_run_state_init(&trainer->state, &trainer->config, DIM, trainer->data.labels, &bench_error));
    bench_must(par_step_init(&trainer->step, par, &trainer->config, &trainer->data, &trainer->state.model,
                             &bench_error));
}

static void free_trainer(struct trainer *trainer)
{
    par_step_free(&trainer->step);
    par_run_state_free(&trainer->state);
    par_train_data_free(&trainer->data);
}

static void measure(struct par par, const char *path, long batch)
{
    static struct trainer trainer;
    struct par_step_outcome outcome;
    const int rounds = batch <= 2048 ? ROUNDS_MAX : batch <= 8192 ? 9 : 3;
    double ms[ROUNDS_MAX];
    make_trainer(&trainer, par, path, batch);
    for (int r = -2; r < rounds; r++) {
        MPI_Barrier(par.comm);
        const double begun = bl_clock_seconds();
        bench_must(par_step_run(&trainer.step, &trainer.state.model, &trainer.state.optimizer, r + 2,
                                &outcome, &bench_error));
        MPI_Barrier(par.comm);
        if (r >= 0)
            ms[r] = 1e3 * (bl_clock_seconds() - begun);
    }
    if (par.rank == 0)
        printf("%ld %.3f\n", batch, bench_median(ms, rounds));
    free_trainer(&trainer);
}

static void write_array(const char *folder, const char *name, const void *values, int64_t n)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(values, 4, (size_t)n, file) != (size_t)n || fclose(file) != 0) {
        fprintf(stderr, "benchmark: can't write %s\n", path);
        exit(BL_PATH);
    }
}

static void first_step(struct par par, const char *path, const char *folder)
{
    static struct trainer trainer;
    struct par_step_outcome outcome;
    const struct par_step *step = &trainer.step;
    double value = 0.0;
    make_trainer(&trainer, par, path, FIRST);
    write_array(folder, "parameters", trainer.state.model.params, trainer.state.model.layout.n_params);
    bench_must(par_step_run(&trainer.step, &trainer.state.model, &trainer.state.optimizer, 0, &outcome,
                            &bench_error));
    write_array(folder, "features", step->x, FIRST * DIM);
    write_array(folder, "labels", step->labels, FIRST);
    for (int64_t g = 0; g < step->groups.local.n; g++)
        for (int64_t t = 0; t < step->objective.n_terms; t++)
            value += step->objective.term[t]->weight(&step->objective.config) *
                     step->group_values[g * BL_TERMS_MAX + t];
    printf("%.9g %.9g\n", value, outcome.grad_norm);
    free_trainer(&trainer);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    bl_blas_setup();
    const struct par par = par_world();
    const char *folder = getenv("TMPDIR");
    char path[96] = "";
    snprintf(path, sizeof path, "%.48s/bench_peer-%ld.h5", folder ? folder : "/tmp", (long)getpid());
    par_broadcast(par, path, sizeof path);
    if (par.rank == 0)
        make_data(path);
    MPI_Barrier(par.comm);
    if (argc == 3 && strcmp(argv[1], "--first") == 0 && par.size == 1)
        first_step(par, path, argv[2]);
    else
        for (int i = 1; i < argc; i++)
            measure(par, path, strtol(argv[i], NULL, 10));
    if (par.rank == 0)
        remove(path);
    MPI_Finalize();
    return 0;
}
