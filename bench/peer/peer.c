/* bitloom's side of bench/peer/peer.py:
 *
 *   mpirun -n 2 bench_peer BATCH...     times steps with reduction: fast; prints lines "BATCH MEDIAN", in ms
 *   bench_peer --first FOLDER           takes one step of 512 rows, for the peer to repeat
 *
 * Layers 784-1024-512-64, SGD with momentum, objective.preset: likelihood, random rows. --first writes what
 * the step starts from to FOLDER, as plain float32 and int32: `parameters` (layer by layer: weights [out,
 * in], then biases), `features` [512, 784], normalised, and `labels` [512]. It prints the objective and the
 * norm of the gradient. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "math/blas.h"
#include "mpi/ranks/world.h"
#include "trainer.h"

enum { FIRST = 512, ROUNDS_MAX = 31 };

static void make_trainer(struct bench_trainer *trainer, struct par par, const char *path, long batch)
{
    char text[300];
    snprintf(text, sizeof text,
             "data: {file: x, validation: 0}\nobjective: {preset: likelihood}\n"
             "optimizer: {name: sgd, lr: 0.01, momentum: 0.9, weight_decay: 0}\n"
             "train: {global_batch: %ld, reduction: fast, epochs: 1000}\n",
             batch);
    bench_trainer_init(trainer, par, path, text);
}

static void measure(struct par par, const char *path, long batch)
{
    static struct bench_trainer trainer;
    const int rounds = batch <= 2048 ? ROUNDS_MAX : batch <= 8192 ? 9 : 3;
    double ms[ROUNDS_MAX];
    make_trainer(&trainer, par, path, batch);
    for (int r = -2; r < rounds; r++) {
        MPI_Barrier(par.comm);
        const double begun = bl_clock_seconds();
        bench_trainer_step(&trainer);
        MPI_Barrier(par.comm);
        if (r >= 0)
            ms[r] = 1e3 * (bl_clock_seconds() - begun);
    }
    if (par.rank == 0)
        printf("%ld %.3f\n", batch, bench_median(ms, rounds));
    bench_trainer_free(&trainer);
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
    static struct bench_trainer trainer;
    const struct par_step *step = &trainer.step;
    double value = 0.0;
    make_trainer(&trainer, par, path, FIRST);
    write_array(folder, "parameters", trainer.state.model.params, trainer.state.model.layout.n_params);
    const double norm = bench_trainer_step(&trainer);
    write_array(folder, "features", step->batch.x, FIRST * BENCH_DIM);
    write_array(folder, "labels", step->batch.labels, FIRST);
    for (int64_t g = 0; g < step->groups.local.n; g++)
        for (int64_t t = 0; t < step->objective.n_terms; t++)
            value += step->objective.weight[t] * step->group_values[g * BL_TERMS_MAX + t];
    printf("%.9g %.9g\n", value, norm);
    bench_trainer_free(&trainer);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    bl_blas_setup();
    const struct par par = par_world();
    char path[BENCH_PATH_MAX];
    bench_temp_path(par, "bench_peer", path);
    if (par.rank == 0)
        bench_make_bytes(path, BENCH_DIM);
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
