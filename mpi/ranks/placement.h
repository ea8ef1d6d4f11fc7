/* Where ranks run: how many share a host, and how many processors they may use there. */
#ifndef PAR_RANKS_PLACEMENT_H
#define PAR_RANKS_PLACEMENT_H

#include "mpi/ranks/comm.h"

/* Plain numbers, the same on every rank. */
struct par_placement {
    int64_t ranks, hosts, most_ranks; /* most_ranks: the most on one host */
    int64_t threads;                  /* of each rank */
    /* For the rank that may use the fewest processors: how many these are, and how many its host has.
     * 0: the system doesn't say. */
    int64_t bound, present;
    /* On the most oversubscribed host: threads of its ranks, and processors available to them. */
    int64_t host_threads, host_processors;
};

/* The number of hosts on which the ranks run. Collective. */
int64_t par_hosts(struct par par);

/* Fills *placement; threads: of one rank. Collective. */
void par_placement_find(struct par par, int64_t threads, struct par_placement *placement);

/* Logs one line, and a warning if threads outnumber processors. Local. */
void par_placement_say_local(const struct par_placement *placement);

#endif
