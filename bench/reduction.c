/* Ways to sum a parameter gradient over the ranks of a launcher and have the updated parameters everywhere:
 *
 *   mpirun -n 2 bench_reduction [PARAMETERS [ROUNDS]]
 *
 * float: MPI_Allreduce of floats. fixed: MPI_Allreduce of two 64-bit integers a
 * parameter, what an order-free sum in fixed point needs; its conversions are not in the time. slices: what
 * a step does, nodes exchanged by MPI_Alltoallv, the tree completed, slices gathered. Timed in
 * turn; medians. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bench.h"
#include "mpi/gradient.h"
#include "mpi/reduce.h"

enum { ROUNDS_MAX = 101, GROUPS = 16, FLOAT = 0, FIXED, SLICES, WAYS };

struct bench {
    struct par par;
    int64_t n;
    int rounds;
    float *floats, *params;
    int64_t *integers;
    struct par_gradient gradient;
};

static void run(struct bench *bench, int way)
{
    if (way == FLOAT)
        par_sum_floats(bench->par, bench->floats, bench->n);
    else if (way == FIXED)
        par_sum_integers(bench->par, bench->integers, 2 * bench->n);
    else {
        const struct bl_tensor *bad;
        par_gradient_sum(&bench->gradient);
        par_gradient_square_sum(&bench->gradient, &bad);
        par_gradient_share(&bench->gradient, bench->par, bench->params);
    }
}

static void measure(struct bench *bench)
{
    static const char *const names[] = {"float", "fixed", "slices"};
    double ms[WAYS][ROUNDS_MAX];
    for (int r = 0; r < bench->rounds; r++)
        for (int way = 0; way < WAYS; way++) {
            MPI_Barrier(bench->par.comm);
            const double begun = bl_clock_seconds();
            run(bench, way);
            MPI_Barrier(bench->par.comm);
            ms[way][r] = 1e3 * (bl_clock_seconds() - begun);
        }
    for (int way = 0; way < WAYS && bench->par.rank == 0; way++) {
        printf("%-8s %8.2f ms\n", names[way], bench_median(ms[way], bench->rounds));
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    struct bench bench = {
        .par = par_world(), .n = argc > 1 ? strtol(argv[1], NULL, 10) : 1361472, .rounds = ROUNDS_MAX};
    const long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : ROUNDS_MAX;
    if (rounds > 0 && rounds < ROUNDS_MAX)
        bench.rounds = (int)rounds;
    const struct bl_layout layout = {
        .n_tensors = 1, .n_params = bench.n, .tensor = {{.name = "all", .rows = bench.n, .cols = 1}}};
    struct par_groups groups;
    int64_t lo, hi, rows[GROUPS] = {0};
    par_range_local(GROUPS, bench.par.rank, bench.par.size, &lo, &hi);
    bench_must(par_groups_init(&groups, bench.par, GROUPS, rows, hi - lo, 1, &bench_error));
    bench_must(par_gradient_init(&bench.gradient, bench.par, &layout, &groups, 1, 1, 0, &bench_error));
    bench_must(bl_alloc_zero(&bench.floats, bench.n, sizeof(float), "floats", &bench_error));
    bench_must(bl_alloc_zero(&bench.params, bench.n, sizeof(float), "parameters", &bench_error));
    bench_must(bl_alloc_zero(&bench.integers, 2 * bench.n, sizeof(int64_t), "integers", &bench_error));
    for (int64_t i = 0; i < bench.gradient.n_nodes * bench.n; i++)
        bench.gradient.nodes[i] = 0.0f;
    if (bench.par.rank == 0)
        printf("%lld parameters, %d ranks\n", (long long)bench.n, bench.par.size);
    measure(&bench);
    par_gradient_free(&bench.gradient);
    par_groups_free(&groups);
    bl_free(&bench.floats);
    bl_free(&bench.params);
    bl_free(&bench.integers);
    MPI_Finalize();
    return 0;
}
