/* Where ranks run: how many share a host, and how many processors they may use there. */
#ifndef PAR_RANKS_PLACEMENT_H
#define PAR_RANKS_PLACEMENT_H

#include "mpi/ranks/comm.h"

struct par_placement {
    int64_t ranks, hosts, most_ranks; /* most_ranks: on one host */
    int64_t threads;                  /* of each rank */
    /* Of the rank that may use fewest: how many, and how many its host has. 0 where the system doesn't say.
     */
    int64_t bound, present;
    /* Of the host that is short of most: its ranks' threads, and the processors that they may use. */
    int64_t host_threads, host_processors;
};

/* Hosts that the ranks run on. Collective. */
int64_t par_hosts(struct par par);

/* The same on every rank. Collective. */
void par_placement_find(struct par par, int64_t threads, struct par_placement *placement);

/* One line into the log, and a warning where threads have to take turns. Local. */
void par_placement_say_local(const struct par_placement *placement);

#endif
