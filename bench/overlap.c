/* What steps gain by overlapping communication and computation (train.overlap), on the ranks of a launcher:
 *
 *   mpirun -n 2 bench_overlap [BATCH]...
 *
 * Steps with reduction: fast and each setting, timed in turn; medians over rounds. exposed: the time that the
 * rank which waited least spent waiting for codes and for the reduction. That rank came last, so it waited
 * for data alone, not for others. gather: the part for codes. Layers 784-1024-512-64, SGD with momentum. The
 * environment variable BUCKET_KIB sets train.bucket_kib; TMPDIR must be a folder that all hosts see.
 * bench/scaling runs this over links of limited rate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "math/blas.h"
#include "mpi/ranks/reduce.h"
#include "mpi/ranks/world.h"
#include "trainer.h"

enum { ROUNDS_MAX = 41, NONE = 0, CODES, GRADIENT, BOTH, WAYS };
static const char *const names[WAYS] = {"none", "codes", "gradient", "both"};

struct result {
    double ms[ROUNDS_MAX], exposed_ms[ROUNDS_MAX], gather_ms[ROUNDS_MAX], ratio[ROUNDS_MAX];
};

/* Times one step as round r; rounds below 0 are to warm up. */
static void run(struct par par, struct bench_trainer *trainer, int r, struct result *result)
{
    const struct phases before = trainer->phases;
    MPI_Barrier(par.comm);
    const double begun = bl_clock_seconds();
    bench_trainer_step(trainer);
    const double *seconds = trainer->phases.seconds;
    double waited[2] = {seconds[PHASE_GATHER] - before.seconds[PHASE_GATHER],
                        seconds[PHASE_REDUCE] - before.seconds[PHASE_REDUCE]};
    MPI_Barrier(par.comm);
    const double ended = bl_clock_seconds();
    par_min_doubles(par, waited, 2);
    if (r < 0)
        return;
    result->ms[r] = 1e3 * (ended - begun);
    result->gather_ms[r] = 1e3 * waited[0];
    result->exposed_ms[r] = 1e3 * (waited[0] + waited[1]);
}

static void report(long batch, int rounds, struct result *results)
{
    for (int way = NONE; way < WAYS; way++) {
        struct result *result = &results[way];
        printf("%8ld  %-8s %9.2f %9.2f %9.2f %9.3f\n", batch, names[way], bench_median(result->ms, rounds),
               bench_median(result->exposed_ms, rounds), bench_median(result->gather_ms, rounds),
               bench_median(result->ratio, rounds));
    }
}

static void measure(struct par par, const char *path, long batch)
{
    static struct bench_trainer trainers[WAYS];
    static struct result results[WAYS];
    const int rounds = batch <= 2048 ? ROUNDS_MAX : 15;
    const char *bucket = getenv("BUCKET_KIB");
    for (int way = NONE; way < WAYS; way++) {
        char text[400];
        snprintf(text, sizeof text,
                 "data: {file: x, validation: 0}\nobjective: {preset: likelihood}\n"
                 "optimizer: {name: sgd, lr: 0.01, momentum: 0.9, weight_decay: 0}\n"
                 "train: {global_batch: %ld, reduction: fast, epochs: 1000, overlap: %s, bucket_kib: %s}\n",
                 batch, names[way], bucket ? bucket : "1024");
        bench_trainer_init(&trainers[way], par, path, text);
    }
    for (int r = -2; r < rounds; r++) {
        for (int i = 0; i < WAYS; i++) {
            const int way = (i + r + WAYS) % WAYS; /* rotates the order: none always follows the same one */
            run(par, &trainers[way], r, &results[way]);
        }
        for (int way = NONE; way < WAYS && r >= 0; way++)
            results[way].ratio[r] = results[way].ms[r] / results[NONE].ms[r];
    }
    if (par.rank == 0)
        report(batch, rounds, results);
    fflush(stdout);
    for (int way = NONE; way < WAYS; way++)
        bench_trainer_free(&trainers[way]);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"512", "2048", "8192"};
    char path[BENCH_PATH_MAX];
    MPI_Init(&argc, &argv);
    bl_blas_setup();
    const struct par par = par_world();
    bench_temp_path(par, "bench_overlap", path);
    if (par.rank == 0) {
        bench_make_bytes(path, BENCH_DIM);
        printf("%d ranks, OpenBLAS %s; ms per step, exposed communication, of it the gather, and step / none "
               "(medians)\n   batch  overlap       step   exposed    gather     /none\n",
               par.size, bl_blas_kernel());
    }
    MPI_Barrier(par.comm);
    for (int i = argc > 1 ? 1 : 0; i < (argc > 1 ? argc : 3); i++)
        measure(par, path, strtol(argc > 1 ? argv[i] : usual[i], NULL, 10));
    MPI_Barrier(par.comm);
    if (par.rank == 0)
        remove(path);
    MPI_Finalize();
    return 0;
}
