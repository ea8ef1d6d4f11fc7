/* A training step with reduction fast and exact beside its floor, the matrix products alone, on the ranks of
 * a launcher:
 *
 *   mpirun -n 2 bench_step [BATCH]...
 *
 * The floor is every matrix product of the step, by OpenBLAS, at the same shapes and on all ranks at once:
 * the forward and both backward products of each layer, and both products of each tile of pairs, visited
 * twice. Steps with reduction: fast are timed with pairs visited twice and once; the one that train.pairs:
 * auto takes is compared with the target. Timed in turn; medians over rounds. Layers 784-1024-512-64, and
 * 512-512-64 from batches of 65,536 rows on; SGD with momentum. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "loss/tile.h"
#include "math/blas.h"
#include "mpi/ranks/world.h"
#include "trainer.h"

enum { ROUNDS_MAX = 101, FLOOR = 0, TWICE, ONCE, EXACT, WAYS };

/* A network: its input width and model.hidden. */
struct shape {
    int64_t dim;
    const char *hidden;
};
static const struct shape usual_shape = {784, "[1024, 512]"}, long_shape = {512, "[512]"};

static void make_trainer(struct bench_trainer *trainer, struct par par, const char *path,
                         const struct shape *shape, long batch, const char *reduction, const char *pairs)
{
    char text[500];
    snprintf(
        text, sizeof text,
        "data: {file: x, validation: 0}\noptimizer: {name: sgd, lr: 0.01, momentum: 0.9, weight_decay: 0}\n"
        "model: {hidden: %s}\nobjective: {preset: likelihood}\n"
        "train: {global_batch: %ld, reduction: %s, pairs: %s, epochs: 1000}\n",
        shape->hidden, batch, reduction, pairs);
    bench_trainer_init(trainer, par, path, text);
}

/* The floor, with buffers large enough for all its products. */
struct floor {
    const struct bl_network *network;
    int64_t n_local, n_global;
    float *a, *b, *c;
};

static void make_floor(struct floor *floor, const struct bench_trainer *trainer)
{
    floor->network = &trainer->step.network;
    floor->n_local = trainer->step.batch.n_local;
    floor->n_global = trainer->step.batches.n_global;
    const int64_t of_codes = floor->n_global * bl_shape_code_bits(&floor->network->shape) / 1024;
    const int64_t rows = floor->n_local > of_codes ? floor->n_local : of_codes, n = rows > 1024 ? rows : 1024;
    bench_must(bl_alloc_zero(&floor->a, n * 1024, sizeof(float), "floor", &bench_error));
    bench_must(bl_alloc_zero(&floor->b, n * 1024, sizeof(float), "floor", &bench_error));
    bench_must(bl_alloc_zero(&floor->c, n * 1024, sizeof(float), "floor", &bench_error));
    for (int64_t i = 0; i < n * 1024; i++)
        floor->a[i] = floor->b[i] = (float)(i % 1000) * 1e-3f;
}

static void free_floor(struct floor *floor)
{
    bl_free(&floor->a);
    bl_free(&floor->b);
    bl_free(&floor->c);
}

static void run_floor(struct floor *floor)
{
    const struct bl_shape *shape = &floor->network->shape;
    const int64_t n = floor->n_local;
    for (int64_t l = 0; l < shape->n_layers; l++) {
        const int64_t from = shape->width[l], to = shape->width[l + 1];
        bl_matmul(BL_PLAIN, BL_TRANSPOSED, n, to, from, floor->a, from, floor->b, from, 0, floor->c, to);
        bl_matmul(BL_TRANSPOSED, BL_PLAIN, to, from, n, floor->a, to, floor->b, from, 0, floor->c, from);
        if (l > 0)
            bl_matmul(BL_PLAIN, BL_PLAIN, n, from, to, floor->a, to, floor->b, from, 0, floor->c, from);
    }
    const int64_t bits = bl_shape_code_bits(shape);
    for (int64_t row = 0; row < n; row += BL_TILE_ROWS)
        for (int64_t lo = 0; lo < floor->n_global; lo += BL_TILE_COLUMNS) {
            const int64_t rows = n - row < BL_TILE_ROWS ? n - row : BL_TILE_ROWS;
            const int64_t columns =
                floor->n_global - lo < BL_TILE_COLUMNS ? floor->n_global - lo : BL_TILE_COLUMNS;
            bl_matmul(BL_PLAIN, BL_TRANSPOSED, rows, columns, bits, floor->a, bits, floor->b, bits, 0,
                      floor->c, columns);
            bl_matmul(BL_PLAIN, BL_PLAIN, rows, bits, columns, floor->c, columns, floor->b, bits, 1, floor->a,
                      bits);
        }
}

/* The target for fast / floor. */
static double target_of(struct par par, long batch)
{
    return par.size == 1 ? 1.03 : batch <= 512 ? 1.12 : batch < 65536 ? 1.05 : 0.85;
}

static void report(struct par par, long batch, int auto_way, int rounds, double ms[WAYS][ROUNDS_MAX],
                   double over_floor[WAYS][ROUNDS_MAX], double *once_over_twice, double *over_fast)
{
    char what[80];
    const double fast = bench_median(over_floor[auto_way], rounds);
    printf("%8ld  %9.2f  %9.2f  %9.2f  %9.2f  %10.3f%c %10.3f%c %11.3f  %10.3f  %10.3f\n", batch,
           bench_median(ms[FLOOR], rounds), bench_median(ms[TWICE], rounds), bench_median(ms[ONCE], rounds),
           bench_median(ms[EXACT], rounds), bench_median(over_floor[TWICE], rounds),
           auto_way == TWICE ? '*' : ' ', bench_median(over_floor[ONCE], rounds),
           auto_way == ONCE ? '*' : ' ', bench_median(over_floor[EXACT], rounds),
           bench_median(once_over_twice, rounds), bench_median(over_fast, rounds));
    snprintf(what, sizeof what, "step: fast / floor, %d ranks, batch %ld", par.size, batch);
    bench_record(what, fast, "at most", target_of(par, batch));
    snprintf(what, sizeof what, "step: exact / fast, %d ranks, batch %ld", par.size, batch);
    bench_record(what, bench_median(over_fast, rounds), "at most", batch <= 512 ? 1.08 : 1.03);
}

static void measure(struct par par, const char *path, const struct shape *shape, long batch, int rounds)
{
    static struct bench_trainer trainers[WAYS];
    struct floor floor;
    double ms[WAYS][ROUNDS_MAX], over_floor[WAYS][ROUNDS_MAX], once_over_twice[ROUNDS_MAX],
        over_fast[ROUNDS_MAX];
    make_trainer(&trainers[TWICE], par, path, shape, batch, "fast", "twice");
    make_trainer(&trainers[ONCE], par, path, shape, batch, "fast", "once");
    make_trainer(&trainers[EXACT], par, path, shape, batch, "exact", "auto");
    make_floor(&floor, &trainers[TWICE]);
    struct bl_config config = trainers[TWICE].config;
    config.train.pairs = BL_PAIRS_AUTO;
    const int auto_way = par_pair_return_wanted_local(&config, batch) ? ONCE : TWICE;
    for (int r = -1; r < rounds; r++) {
        double taken[WAYS];
        for (int way = FLOOR; way < WAYS; way++) {
            MPI_Barrier(par.comm);
            const double begun = bl_clock_seconds();
            if (way == FLOOR)
                run_floor(&floor);
            else
                bench_trainer_step(&trainers[way]);
            MPI_Barrier(par.comm);
            taken[way] = bl_clock_seconds() - begun;
        }
        for (int way = FLOOR; way < WAYS && r >= 0; way++) {
            ms[way][r] = 1e3 * taken[way];
            over_floor[way][r] = taken[way] / taken[FLOOR];
        }
        if (r >= 0) {
            once_over_twice[r] = taken[ONCE] / taken[TWICE];
            over_fast[r] = taken[EXACT] / taken[auto_way];
        }
    }
    if (par.rank == 0)
        report(par, batch, auto_way, rounds, ms, over_floor, once_over_twice, over_fast);
    free_floor(&floor);
    for (int way = TWICE; way < WAYS; way++)
        bench_trainer_free(&trainers[way]);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"512", "2048", "8192"};
    MPI_Init(&argc, &argv);
    bl_blas_setup();
    const struct par par = par_world();
    char path[BENCH_PATH_MAX];
    bench_temp_path(par, "bench_step", path);
    if (par.rank == 0) {
        printf("%d ranks, OpenBLAS %s; ms per step, then ratios (medians)\n", par.size, bl_blas_kernel());
        printf("   batch      floor      twice       once      exact  twice/floor once/floor exact/floor  "
               "once/twice  exact/fast   * pairs: auto\n");
    }
    for (int i = argc > 1 ? 1 : 0; i < (argc > 1 ? argc : 3); i++) {
        const long batch = strtol(argc > 1 ? argv[i] : usual[i], NULL, 10);
        const struct shape *shape = batch < 65536 ? &usual_shape : &long_shape;
        if (par.rank == 0)
            bench_make_bytes(path, shape->dim);
        MPI_Barrier(par.comm);
        measure(par, path, shape, batch,
                batch <= 512    ? ROUNDS_MAX
                : batch <= 2048 ? 41
                : batch <= 8192 ? 15
                                : 3);
        fflush(stdout);
        if (par.rank == 0)
            remove(path);
    }
    MPI_Finalize();
    return 0;
}
