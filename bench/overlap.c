/* What a step could gain by exchanging while it computes, with the products and the exchanges of a step
 * alone, on the ranks of a launcher:
 *
 *   mpirun -n 2 bench_overlap [BATCH]...
 *
 * blocking: as steps do it, codes gathered before the pairs, gradients exchanged after the last layer.
 * gather: codes travel while pairs of own rows are computed. buckets: a layer's gradient travels while
 * earlier layers go backward. both. What travels is given a chance between pieces of the products
 * (MPI_Testall). Timed in turn; medians. Layers 784-1024-512-64.
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bench.h"
#include "loss/tile.h"
#include "math/blas.h"

enum { LAYERS = 3, BITS = 64, ROUNDS = 21, PIECES = 8, BLOCKING = 0, GATHER, BUCKETS, BOTH, WAYS };
static const int64_t width[LAYERS + 1] = {784, 1024, 512, BITS};
static const char *const names[WAYS] = {"blocking", "gather", "buckets", "both"};

struct bench {
    int rank, size;
    int64_t n_local, n_global;
    float *a, *b, *c;           /* operands of products that are as large as the largest */
    float *codes;               /* [n_global, BITS] */
    float *gradient, *received; /* every layer cut into as many parts as there are ranks */
    float *params;
    int64_t begin[LAYERS + 1]; /* of layers in gradient and received, in parts of a rank */
    MPI_Request request[LAYERS + 1];
    int n_requests;
    double waited_s;
};

static void poke(struct bench *bench)
{
    int done;
    if (bench->n_requests > 0)
        MPI_Testall(bench->n_requests, bench->request, &done, MPI_STATUSES_IGNORE);
}

static void wait_all(struct bench *bench)
{
    const double begun = bl_clock_seconds();
    MPI_Waitall(bench->n_requests, bench->request, MPI_STATUSES_IGNORE);
    bench->n_requests = 0;
    bench->waited_s += bl_clock_seconds() - begun;
}

static void forward(struct bench *bench)
{
    for (int l = 0; l < LAYERS; l++)
        bl_matmul(BL_PLAIN, BL_TRANSPOSED, bench->n_local, width[l + 1], width[l], bench->a, width[l],
                  bench->b, width[l], 0, bench->c, width[l + 1]);
}

/* Own rows against columns [lo, hi). */
static void pairs(struct bench *bench, int64_t lo, int64_t hi)
{
    for (int64_t row = 0; row < bench->n_local; row += BL_TILE_ROWS)
        for (int64_t column = lo; column < hi; column += BL_TILE_COLUMNS) {
            const int64_t m = bench->n_local - row < BL_TILE_ROWS ? bench->n_local - row : BL_TILE_ROWS;
            const int64_t n = hi - column < BL_TILE_COLUMNS ? hi - column : BL_TILE_COLUMNS;
            const float *others = bench->codes + column * BITS;
            bl_matmul(BL_PLAIN, BL_TRANSPOSED, m, n, BITS, bench->a, BITS, others, BITS, 0, bench->c,
                      BL_TILE_STRIDE);
            bl_matmul(BL_PLAIN, BL_PLAIN, m, BITS, n, bench->c, BL_TILE_STRIDE, others, BITS, 1, bench->b,
                      BITS);
            poke(bench);
        }
}

static void run_pairs(struct bench *bench, int in_flight)
{
    const int64_t first = bench->rank * bench->n_local, last = first + bench->n_local;
    const int count = (int)(bench->n_local * BITS);
    if (!in_flight) {
        const double begun = bl_clock_seconds();
        MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bench->codes, count, MPI_FLOAT, MPI_COMM_WORLD);
        bench->waited_s += bl_clock_seconds() - begun;
        pairs(bench, 0, bench->n_global);
        return;
    }
    MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bench->codes, count, MPI_FLOAT, MPI_COMM_WORLD,
                   &bench->request[bench->n_requests++]);
    pairs(bench, first, last);
    wait_all(bench);
    pairs(bench, 0, first);
    pairs(bench, last, bench->n_global);
}

/* A layer's gradients in its weights, in pieces, and in its input. */
static void backward_layer(struct bench *bench, int l)
{
    const int64_t to = width[l + 1], from = width[l];
    const int pieces = bench->n_requests > 0 ? PIECES : 1;
    for (int p = 0; p < pieces; p++) {
        const int64_t lo = to * p / pieces, hi = to * (p + 1) / pieces;
        bl_matmul(BL_TRANSPOSED, BL_PLAIN, hi - lo, from, bench->n_local, bench->a + lo, to, bench->b, from,
                  0, bench->c, from);
        poke(bench);
    }
    for (int p = 0; p < pieces && l > 0; p++) {
        const int64_t lo = bench->n_local * p / pieces, hi = bench->n_local * (p + 1) / pieces;
        bl_matmul(BL_PLAIN, BL_PLAIN, hi - lo, from, to, bench->a + lo * to, to, bench->b, from, 0, bench->c,
                  from);
        poke(bench);
    }
}

static void run_backward(struct bench *bench, int in_buckets)
{
    const int64_t *begin = bench->begin, all = begin[LAYERS];
    for (int l = LAYERS - 1; l >= 0; l--) {
        backward_layer(bench, l);
        const int64_t at = begin[l] * bench->size;
        if (in_buckets)
            MPI_Ialltoall(bench->gradient + at, (int)(begin[l + 1] - begin[l]), MPI_FLOAT,
                          bench->received + at, (int)(begin[l + 1] - begin[l]), MPI_FLOAT, MPI_COMM_WORLD,
                          &bench->request[bench->n_requests++]);
    }
    if (in_buckets) {
        wait_all(bench);
    } else {
        const double begun = bl_clock_seconds();
        MPI_Alltoall(bench->gradient, (int)all, MPI_FLOAT, bench->received, (int)all, MPI_FLOAT,
                     MPI_COMM_WORLD);
        bench->waited_s += bl_clock_seconds() - begun;
    }
    for (int64_t i = 0; i < all * bench->size; i++)
        bench->params[bench->rank * all + i % all] += bench->received[i];
    const double begun = bl_clock_seconds();
    MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bench->params, (int)all, MPI_FLOAT, MPI_COMM_WORLD);
    bench->waited_s += bl_clock_seconds() - begun;
}

static void measure(struct bench *bench, int64_t batch)
{
    double ms[WAYS][ROUNDS], waited[WAYS][ROUNDS], ratio[WAYS][ROUNDS];
    bench->n_local = batch / bench->size;
    bench->n_global = bench->n_local * bench->size;
    const int64_t floats =
        (bench->n_local > 1024 ? bench->n_local : 1024) * 1024 + BL_TILE_ROWS * BL_TILE_STRIDE;
    for (int l = 0; l < LAYERS; l++)
        bench->begin[l + 1] = bench->begin[l] + width[l] * width[l + 1] / bench->size;
    const int64_t all = bench->begin[LAYERS] * bench->size;
    bench_must(bl_alloc_zero(&bench->a, floats, sizeof(float), "operand", &bench_error));
    bench_must(bl_alloc_zero(&bench->b, floats, sizeof(float), "operand", &bench_error));
    bench_must(bl_alloc_zero(&bench->c, floats, sizeof(float), "operand", &bench_error));
    bench_must(bl_alloc_zero(&bench->codes, bench->n_global * BITS, sizeof(float), "codes", &bench_error));
    bench_must(bl_alloc_zero(&bench->gradient, all, sizeof(float), "gradient", &bench_error));
    bench_must(bl_alloc_zero(&bench->received, all, sizeof(float), "gradient", &bench_error));
    bench_must(bl_alloc_zero(&bench->params, all, sizeof(float), "parameters", &bench_error));
    for (int r = -1; r < ROUNDS; r++) {
        double taken[WAYS], waits[WAYS];
        for (int way = 0; way < WAYS; way++) {
            MPI_Barrier(MPI_COMM_WORLD);
            bench->waited_s = 0.0;
            const double begun = bl_clock_seconds();
            forward(bench);
            run_pairs(bench, way == GATHER || way == BOTH);
            run_backward(bench, way == BUCKETS || way == BOTH);
            waits[way] = bench->waited_s;
            MPI_Barrier(MPI_COMM_WORLD);
            taken[way] = bl_clock_seconds() - begun;
        }
        for (int way = 0; way < WAYS && r >= 0; way++) {
            ms[way][r] = 1e3 * taken[way];
            waited[way][r] = 1e3 * waits[way];
            ratio[way][r] = taken[way] / taken[BLOCKING];
        }
    }
    for (int way = 0; way < WAYS && bench->rank == 0; way++)
        printf("%8ld  %-8s %9.2f %9.2f %9.3f\n", (long)batch, names[way], bench_median(ms[way], ROUNDS),
               bench_median(waited[way], ROUNDS), bench_median(ratio[way], ROUNDS));
    fflush(stdout);
    bl_free(&bench->a);
    bl_free(&bench->b);
    bl_free(&bench->c);
    bl_free(&bench->codes);
    bl_free(&bench->gradient);
    bl_free(&bench->received);
    bl_free(&bench->params);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"512", "2048", "8192"};
    struct bench bench = {0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &bench.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &bench.size);
    bl_blas_setup();
    if (bench.rank == 0)
        printf(
            "%d ranks, OpenBLAS %s; ms a step, of them waiting for an exchange, and by blocking (medians)\n"
            "   batch  way             step    waited  /blocking\n",
            bench.size, bl_blas_kernel());
    for (int i = argc > 1 ? 1 : 0; i < (argc > 1 ? argc : 3); i++)
        measure(&bench, strtol(argc > 1 ? argv[i] : usual[i], NULL, 10));
    MPI_Finalize();
    return 0;
}
