#include "mpi/comm.h"

struct par par_world(void)
{
    struct par par = {.comm = MPI_COMM_WORLD};
    MPI_Comm_rank(par.comm, &par.rank);
    MPI_Comm_size(par.comm, &par.size);
    return par;
}

struct par par_alone(void)
{
    return (struct par){.comm = MPI_COMM_NULL, .rank = 0, .size = 1};
}

void par_range_local(int64_t n, int rank, int size, int64_t *lo, int64_t *hi)
{
    /* n * rank may pass 2^63 only for n above 2^32 with 2^31 ranks: split n to stay exact. */
    int64_t whole = n / size, rest = n % size;
    *lo = whole * rank + rest * rank / size;
    *hi = whole * (rank + 1) + rest * (rank + 1) / size;
}

void par_broadcast(struct par par, void *bytes, int64_t n_bytes)
{
    const int64_t piece = 1 << 30;
    if (par.size == 1)
        return;
    for (int64_t at = 0; at < n_bytes; at += piece) {
        int64_t n = n_bytes - at < piece ? n_bytes - at : piece;
        MPI_Bcast((char *)bytes + at, (int)n, MPI_BYTE, 0, par.comm);
    }
}
