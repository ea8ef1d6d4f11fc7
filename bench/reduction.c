/* Ways to sum a parameter gradient over the ranks of a launcher and have the updated parameters everywhere:
 *
 *   mpirun -n 2 bench_reduction [PARAMETERS]
 *
 * float: MPI_Allreduce of floats, as reduction: fast does. fixed: MPI_Allreduce of two 64-bit integers a
 * parameter, what an order-free sum in fixed point needs; its conversions are not in the time. slices: what
 * reduction: exact does, nodes exchanged by MPI_Alltoallv, the tree completed, slices gathered. Timed in
 * turn; medians. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "mpi/gradient.h"
#include "mpi/reduce.h"

enum { ROUNDS = 101, GROUPS = 16, FLOAT = 0, FIXED, SLICES, WAYS };

static struct bl_error err;

static void must(int code)
{
    if (code == BL_OK)
        return;
    fprintf(stderr, "bench_reduction: %s\n", err.what);
    MPI_Abort(MPI_COMM_WORLD, code);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench {
    struct par par;
    int64_t n;
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
    double ms[WAYS][ROUNDS];
    for (int r = 0; r < ROUNDS; r++)
        for (int way = 0; way < WAYS; way++) {
            MPI_Barrier(bench->par.comm);
            const double begun = bl_clock_seconds();
            run(bench, way);
            MPI_Barrier(bench->par.comm);
            ms[way][r] = 1e3 * (bl_clock_seconds() - begun);
        }
    for (int way = 0; way < WAYS && bench->par.rank == 0; way++) {
        qsort(ms[way], ROUNDS, sizeof(double), ascending);
        printf("%-8s %8.2f ms\n", names[way], ms[way][ROUNDS / 2]);
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    struct bench bench = {.par = par_world(), .n = argc > 1 ? strtol(argv[1], NULL, 10) : 1361472};
    const struct bl_layout layout = {
        .n_tensors = 1, .n_params = bench.n, .tensor = {{.name = "all", .rows = bench.n, .cols = 1}}};
    struct par_groups groups;
    int64_t lo, hi, rows[GROUPS] = {0};
    par_range_local(GROUPS, bench.par.rank, bench.par.size, &lo, &hi);
    must(par_groups_init(&groups, bench.par, GROUPS, rows, hi - lo, 1, &err));
    must(par_gradient_init(&bench.gradient, bench.par, &layout, &groups, 1, 1, &err));
    must(bl_alloc_zero(&bench.floats, bench.n, sizeof(float), "floats", &err));
    must(bl_alloc_zero(&bench.params, bench.n, sizeof(float), "parameters", &err));
    must(bl_alloc_zero(&bench.integers, 2 * bench.n, sizeof(int64_t), "integers", &err));
    for (int64_t i = 0; i < bench.gradient.n_nodes * bench.gradient.stride; i++)
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
