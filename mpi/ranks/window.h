/* Memory that the ranks of a node share: windows of MPI-3 (MPI_Win_allocate_shared; MPI standard 3.1, section
 * 11.2.3), or on a node of one rank plain memory. Loads and stores alone go into it; par_nodes_meet stands
 * between what one rank writes and another reads.
 *
 * Every byte is touched when a window is made, so that a node that has too little (in containers /dev/shm
 * often has 64 MiB) says so then and not by a signal in the middle of a step. */
#ifndef PAR_RANKS_WINDOW_H
#define PAR_RANKS_WINDOW_H

#include "mpi/ranks/nodes.h"

/* What par_window_init fails with where MPI can't give shared memory: no status of the program. Whoever gets
 * it starts again with nodes that share nothing (PAR_SHARE_NOTHING). */
enum { PAR_NO_WINDOW = 100 };

struct par_window {
    MPI_Win win; /* MPI_WIN_NULL on a node of one rank */
    void *at;    /* zeros at first; owned */
};

/* `bytes` once a node, or for each of its ranks (with_parts), whose part p then begins p * bytes behind `at`;
 * bytes are equal on the ranks of a node. Collective over all ranks; agreed. Errors: BL_MEMORY;
 * PAR_NO_WINDOW, saying what to do. par_window_free is collective over the node, safe twice and on zeros. */
int par_window_init(struct par_window *window, const struct par_nodes *nodes, int64_t bytes, int with_parts,
                    const char *purpose, struct bl_error *err);
void par_window_free(struct par_window *window);

/* Rounds up to what keeps parts and arrays in a window on cache lines of their own. Local. */
int64_t par_window_align_local(int64_t bytes);

#endif
