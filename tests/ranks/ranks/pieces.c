#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/flight.h"
#include "mpi/ranks/reduce.h"
#include "support/ranks.h"

/* MPI counts in an int, so no call may carry more than a piece. Results are the same with longer calls: so here the
 * calls themselves are counted, by the profiling interface of MPI. */
static struct {
    int64_t most_bytes, calls;
} seen;

static void see(int64_t n, MPI_Datatype type)
{
    int bytes;
    PMPI_Type_size(type, &bytes);
    seen.most_bytes = n * bytes > seen.most_bytes ? n * bytes : seen.most_bytes;
    seen.calls++;
}

int MPI_Allreduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    see(n, type);
    return PMPI_Allreduce(from, to, n, type, op, comm);
}

int MPI_Iallreduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request *request)
{
    see(n, type);
    return PMPI_Iallreduce(from, to, n, type, op, comm, request);
}

int MPI_Reduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm)
{
    see(n, type);
    return PMPI_Reduce(from, to, n, type, op, root, comm);
}

int MPI_Bcast(void *at, int n, MPI_Datatype type, int root, MPI_Comm comm)
{
    see(n, type);
    return PMPI_Bcast(at, n, type, root, comm);
}

int MPI_Sendrecv(const void *from, int n_from, MPI_Datatype type_from, int to_rank, int tag_from, void *to,
                 int n_to, MPI_Datatype type_to, int from_rank, int tag_to, MPI_Comm comm, MPI_Status *status)
{
    see(n_from, type_from);
    see(n_to, type_to);
    return PMPI_Sendrecv(from, n_from, type_from, to_rank, tag_from, to, n_to, type_to, from_rank, tag_to,
                         comm, status);
}

int MPI_Isend(const void *from, int n, MPI_Datatype type, int rank, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    see(n, type);
    return PMPI_Isend(from, n, type, rank, tag, comm, request);
}

int MPI_Irecv(void *to, int n, MPI_Datatype type, int rank, int tag, MPI_Comm comm, MPI_Request *request)
{
    see(n, type);
    return PMPI_Irecv(to, n, type, rank, tag, comm, request);
}

/* Its offsets count from the first block, so all blocks together are one call. */
int MPI_Allgatherv(const void *from, int n, MPI_Datatype type, void *to, const int *counts, const int *starts,
                   MPI_Datatype to_type, MPI_Comm comm)
{
    int size;
    int64_t end = 0;
    (void)from;
    (void)n;
    (void)type;
    PMPI_Comm_size(comm, &size);
    for (int r = 0; r < size; r++)
        end = starts[r] + counts[r] > end ? starts[r] + counts[r] : end;
    see(end, to_type);
    return PMPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, to, counts, starts, to_type, comm);
}

enum { PIECE = 64 };

static struct par begin(struct par par)
{
    memset(&seen, 0, sizeof seen);
    par.piece_bytes = PIECE;
    return par;
}

/* 8 values of 8 bytes are a piece. */
static const int64_t counts[] = {1, 7, 8, 9, 15, 16, 17};
enum { COUNTS = sizeof counts / sizeof *counts, MOST = 17 };

static void check_calls(struct par par, int64_t n, int64_t most_calls)
{
    CHECK(seen.most_bytes <= PIECE);
    CHECK(par.size == 1 || seen.calls >= (8 * n + PIECE - 1) / PIECE);
    CHECK(seen.calls <= most_calls);
}

static void no_sum_carries_more_than_a_piece(struct par par)
{
    for (int c = 0; c < COUNTS; c++) {
        const int64_t n = counts[c], calls = (8 * n + PIECE - 1) / PIECE;
        int64_t values[MOST], from[MOST];
        for (int i = 0; i < MOST; i++)
            values[i] = from[i] = i;
        par_sum_integers(begin(par), values, n);
        check_calls(par, n, calls);
        par_reduce_to_root(begin(par), values, n, MPI_INT64_T, MPI_SUM);
        check_calls(par, n, calls);
        par_allreduce_from(begin(par), from, values, n, MPI_INT64_T, MPI_SUM);
        check_calls(par, n, calls);
        for (int i = 0; i < n; i++)
            CHECK(values[i] == (int64_t)i * par.size);
    }
}

static void no_broadcast_carries_more_than_a_piece(struct par par)
{
    char bytes[8 * MOST] = {0};
    for (int c = 0; c < COUNTS; c++) {
        par_broadcast(begin(par), bytes, 8 * counts[c]);
        check_calls(par, counts[c], (8 * counts[c] + PIECE - 1) / PIECE);
    }
}

static void set_blocks(struct par_blocks *blocks, struct par par, int64_t each)
{
    struct bl_error err;
    CHECK(blocks_init(blocks, par.size, &err) == BL_OK);
    for (int r = 0; r < par.size; r++)
        blocks->begin[r + 1] = blocks->begin[r] + each;
}

static void no_allgather_carries_more_than_a_piece(struct par par)
{
    for (int c = 0; c < COUNTS; c++) {
        struct par_blocks blocks;
        int64_t values[4 * MOST] = {0};
        set_blocks(&blocks, par, counts[c]);
        for (int64_t i = blocks.begin[par.rank]; i < blocks.begin[par.rank + 1]; i++)
            values[i] = i + 1;
        par_allgather(begin(par), &blocks, values, 8);
        CHECK(seen.most_bytes <= PIECE);
        for (int64_t i = 0; i < blocks.begin[par.size]; i++)
            CHECK(values[i] == i + 1);
        blocks_free(&blocks);
    }
}

/* The rehearsal counts the messages, and then there are as many. */
static void nothing_in_flight_carries_more_than_a_piece(struct par par)
{
    for (int c = 0; c < COUNTS; c++) {
        struct par_blocks blocks;
        struct par_flight flight = {0};
        struct bl_error err;
        int64_t values[4 * MOST] = {0}, from[MOST], sums[MOST];
        const struct par cut = begin(par);
        set_blocks(&blocks, par, counts[c]);
        for (int64_t i = 0; i < counts[c]; i++)
            values[blocks.begin[par.rank] + i] = blocks.begin[par.rank] + i + 1;
        for (int i = 0; i < MOST; i++)
            from[i] = sums[i] = i;
        par_allreduce_begin(&flight, cut, from, sums, counts[c], MPI_INT64_T);
        par_allgather_begin(&flight, cut, &blocks, values, 8);
        const int rehearsed = flight.n;
        CHECK(seen.calls == 0);
        CHECK(flight_reserve(&flight, &err) == BL_OK);
        par_allreduce_begin(&flight, cut, from, sums, counts[c], MPI_INT64_T);
        par_allgather_begin(&flight, cut, &blocks, values, 8);
        CHECK(flight.n == rehearsed && seen.calls == rehearsed);
        CHECK(seen.most_bytes <= PIECE);
        par_flight_wait(&flight);
        for (int64_t i = 0; i < blocks.begin[par.size]; i++)
            CHECK(values[i] == i + 1);
        for (int i = 0; i < counts[c]; i++)
            CHECK(par.size == 1 || sums[i] == (int64_t)i * par.size);
        par_flight_free(&flight);
        blocks_free(&blocks);
    }
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(no_sum_carries_more_than_a_piece),
        CASE(no_broadcast_carries_more_than_a_piece),
        CASE(no_allgather_carries_more_than_a_piece),
        CASE(nothing_in_flight_carries_more_than_a_piece),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
