/* Ways to sum a gradient over the ranks of a launcher:
 *
 *   mpirun -n 2 bench_reduction [PARAMETERS [ROUNDS]]
 *
 *   flat   MPI_Allreduce of floats over all ranks
 *   wide   the same with 64-bit integers: what a sum independent of order would need without the grid
 *          (math/grid.h), conversions not included
 *   fast   what a step does with reduction: fast, with the norm and without the update
 *   exact  the same with reduction: exact
 * Timed in turn; median and best. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bench.h"
#include "mpi/ranks/reduce.h"
#include "mpi/ranks/world.h"
#include "mpi/step/gradient.h"

enum { ROUNDS_MAX = 101, GROUPS = 16, FLAT = 0, WIDE, FAST, EXACT, WAYS };

struct bench {
    struct par par;
    struct par_nodes nodes;
    int64_t n;
    int rounds;
    float *floats;
    int64_t *integers;
    struct par_gradient fast, exact;
};

static void sum_as_steps_do(struct par_gradient *gradient)
{
    par_gradient_clear_local(gradient);
    par_gradient_sum(gradient);
    par_gradient_judge(gradient);
    par_nodes_meet(gradient->nodes);
}

static void run(struct bench *bench, int way)
{
    if (way == FLAT)
        par_sum_floats(bench->par, bench->floats, bench->n);
    else if (way == WIDE)
        par_sum_integers(bench->par, bench->integers, bench->n);
    else
        sum_as_steps_do(way == FAST ? &bench->fast : &bench->exact);
}

static void measure(struct bench *bench)
{
    static const char *const names[] = {"flat", "wide", "fast", "exact"};
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
        const double median = bench_median(ms[way], bench->rounds); /* sorts: [0] is the best */
        printf("%-8s %8.2f ms, best %.2f\n", names[way], median, ms[way][0]);
    }
}

static void init(struct bench *bench, const struct bl_layout *layout)
{
    struct par_gradient_options options = {.n_flags = 1, .threads = 1};
    bench_must(par_nodes_init(&bench->nodes, bench->par, PAR_SHARE_HOSTS, &bench_error));
    bench_must(par_gradient_init(&bench->fast, &bench->nodes, layout, &options, &bench_error));
    options.groups = GROUPS;
    bench_must(par_gradient_init(&bench->exact, &bench->nodes, layout, &options, &bench_error));
    bench_must(bl_alloc_zero(&bench->floats, bench->n, sizeof(float), "floats", &bench_error));
    bench_must(bl_alloc_zero(&bench->integers, bench->n, sizeof(int64_t), "integers", &bench_error));
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
    init(&bench, &layout);
    if (bench.par.rank == 0)
        printf("%lld parameters, %d ranks on %d nodes\n", (long long)bench.n, bench.par.size,
               bench.nodes.n_nodes);
    measure(&bench);
    par_gradient_free(&bench.fast);
    par_gradient_free(&bench.exact);
    par_nodes_free(&bench.nodes);
    bl_free(&bench.floats);
    bl_free(&bench.integers);
    MPI_Finalize();
    return 0;
}
