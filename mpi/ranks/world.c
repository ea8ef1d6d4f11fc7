#include "mpi/ranks/world.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

/* The process in which MPI_Init is running (0: none; it may fork), called `rank` by its launcher. */
static struct {
    pid_t process;
    int64_t rank;
} start;

static void leave(int number)
{
    (void)number;
    _Exit(BL_LAUNCH);
}

/* All ranks may have failed for the same reason: rank 0 speaks at once, another one only if it still lives when
 * the launcher would have ended it, by SIGTERM. */
static void say_start_failed(void)
{
    char name[32] = "";
    start.process = 0;
    if (start.rank > 0) {
        signal(SIGTERM, leave);
        sleep(3);
        snprintf(name, sizeof name, " (rank %" PRId64 ")", start.rank);
    }
    fprintf(stderr,
            "bitloom: error: MPI can't start in a process that a launcher started with others; MPI says why "
            "above; see docs/errors.md, and use the launcher of this MPI: mpirun, or srun --mpi=pmix%s\n",
            name);
    fflush(stderr);
    nanosleep(&(struct timespec){.tv_nsec = 300 * 1000 * 1000}, NULL); /* mpirun reads this from a pipe */
}

/* Where MPI's library ends the process by exit. */
static void at_exit(void)
{
    if (start.process != getpid())
        return;
    say_start_failed();
    _Exit(BL_LAUNCH);
}

/* A failed MPI_Init doesn't return: before it nobody can choose MPI_ERRORS_RETURN, and Open MPI ends the
 * process by _exit, at which nothing else is called. So the program has its own, which all libraries get. */
void _exit(int status)
{
    if (start.process == getpid()) {
        say_start_failed();
        status = BL_LAUNCH;
    }
    _Exit(status);
}

void par_start_mpi(int *argc, char ***argv, int64_t rank)
{
    int provided;
    setenv("OMPI_MCA_sharedfp", "individual", 0);
    start.rank = rank;
    start.process = getpid();
    atexit(at_exit);
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    start.process = 0;
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
