/* Bandwidth and latency of the links between hosts, with one rank on each:
 *
 *   mpirun -n 2 bench_link [MIB [ROUNDS]]
 *
 * Bandwidth: each rank sends MIB (4) MiB to the next rank while it receives as much from the one before.
 * Latency: half of a round trip of an empty message between the first rank and the last, over 20 round trips.
 * Medians of ROUNDS (11). bench/scaling gives both to the model. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bench.h"

enum { ROUNDS_MAX = 101, MESSAGES = 20 };

struct bench {
    int rank, size, rounds, bytes;
    char *out, *in;
};

static double rate(const struct bench *bench)
{
    const int next = (bench->rank + 1) % bench->size, last = (bench->rank + bench->size - 1) % bench->size;
    double per_s[ROUNDS_MAX];
    for (int r = -1; r < bench->rounds; r++) {
        MPI_Barrier(MPI_COMM_WORLD);
        const double begun = bl_clock_seconds();
        MPI_Sendrecv(bench->out, bench->bytes, MPI_BYTE, next, 0, bench->in, bench->bytes, MPI_BYTE, last, 0,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Barrier(MPI_COMM_WORLD);
        if (r >= 0)
            per_s[r] = bench->bytes / (bl_clock_seconds() - begun);
    }
    return bench_median(per_s, bench->rounds);
}

static double latency(const struct bench *bench)
{
    const int last = bench->size - 1;
    double one_way[ROUNDS_MAX];
    for (int r = -1; r < bench->rounds; r++) {
        MPI_Barrier(MPI_COMM_WORLD);
        const double begun = bl_clock_seconds();
        for (int m = 0; m < MESSAGES && bench->rank == 0; m++) {
            MPI_Send(NULL, 0, MPI_BYTE, last, 1, MPI_COMM_WORLD);
            MPI_Recv(NULL, 0, MPI_BYTE, last, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        }
        for (int m = 0; m < MESSAGES && bench->rank == last; m++) {
            MPI_Recv(NULL, 0, MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(NULL, 0, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
        }
        if (r >= 0)
            one_way[r] = (bl_clock_seconds() - begun) / (2 * MESSAGES);
    }
    return bench_median(one_way, bench->rounds);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    const long mib = argc > 1 ? strtol(argv[1], NULL, 10) : 4;
    const long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 11;
    struct bench bench = {.rounds = rounds > 0 && rounds < ROUNDS_MAX ? (int)rounds : ROUNDS_MAX,
                          .bytes = (int)(mib > 0 && mib < 1024 ? mib : 4) << 20};
    MPI_Comm_rank(MPI_COMM_WORLD, &bench.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &bench.size);
    if (bench.size < 2) {
        fprintf(stderr, "bench_link: needs 2 ranks or more\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    bench_must(bl_alloc_zero(&bench.out, bench.bytes, 1, "what is sent", &bench_error));
    bench_must(bl_alloc_zero(&bench.in, bench.bytes, 1, "what is received", &bench_error));
    const double bytes_per_s = rate(&bench), latency_s = latency(&bench);
    if (bench.rank == 0)
        printf("%.0f bytes/s each way, %.1f us\n", bytes_per_s, 1e6 * latency_s);
    bl_free(&bench.out);
    bl_free(&bench.in);
    MPI_Finalize();
    return 0;
}
