#include "mpi/ranks/world.h"

#include <stdlib.h>

#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

void par_prepare_mpi_local(void)
{
    setenv("OMPI_MCA_sharedfp", "individual", 0);
}

struct par par_world(void)
{
    const struct par world = par_of_comm(MPI_COMM_WORLD);
    /* leader: the lowest rank of this host. The ranks of a host are consecutive if rank = leader + place. */
    struct par host = par_on_host(world);
    int leader = world.rank;
    par_broadcast(host, &leader, sizeof leader);
    const int64_t is_apart = world.rank != leader + host.rank;
    par_leave_host(&host);
    if (par_max_integer(world, is_apart) == 0)
        return world;
    /* MPI_Comm_split orders by key and, among equal keys, by rank: host after host, in the order of
     * leaders. */
    MPI_Comm sorted;
    MPI_Comm_split(world.comm, 0, leader, &sorted);
    return par_of_comm(sorted);
}

void par_leave_world(struct par *world)
{
    if (world->comm != MPI_COMM_WORLD && world->comm != MPI_COMM_NULL)
        MPI_Comm_free(&world->comm);
    *world = par_alone();
}
