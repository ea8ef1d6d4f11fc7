#include "mpi/ranks/comm.h"

/* 1 GiB: any MPI can count and move that in one call, an int counts to 2 GiB - 1. */
enum { PIECE_BYTES = 1 << 30 };

struct par par_of_comm(MPI_Comm comm)
{
    struct par par = {.comm = comm, .piece_bytes = PIECE_BYTES};
    MPI_Comm_rank(par.comm, &par.rank);
    MPI_Comm_size(par.comm, &par.size);
    return par;
}

struct par par_alone(void)
{
    return (struct par){.comm = MPI_COMM_NULL, .size = 1, .piece_bytes = PIECE_BYTES};
}

struct par par_as_local(struct par par, enum par_traffic_kind kind)
{
    par.kind = kind;
    return par;
}

struct par par_on_host(struct par par)
{
    struct par host = par;
    if (par.comm == MPI_COMM_NULL)
        return host;
    /* The key par.rank keeps the order of ranks within the host. */
    MPI_Comm_split_type(par.comm, MPI_COMM_TYPE_SHARED, par.rank, MPI_INFO_NULL, &host.comm);
    MPI_Comm_rank(host.comm, &host.rank);
    MPI_Comm_size(host.comm, &host.size);
    return host;
}

void par_leave_host(struct par *host)
{
    if (host->comm != MPI_COMM_NULL)
        MPI_Comm_free(&host->comm);
    *host = par_alone();
}
