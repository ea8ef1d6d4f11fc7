/* Memory that the ranks of a node share: an MPI-3 window (MPI_Win_allocate_shared; MPI standard 3.1, section
 * 11.2.3), or plain memory on a node of one rank. It is used by loads and stores only; par_nodes_meet must
 * come between one rank's write and another rank's read.
 *
 * Every byte is written when a window is made. So a node with too little memory (/dev/shm often has 64 MiB in
 * containers) fails at the start, not by SIGBUS in the middle of a step. */
#ifndef PAR_RANKS_WINDOW_H
#define PAR_RANKS_WINDOW_H

#include "mpi/ranks/nodes.h"

/* The code of par_window_init when MPI can't provide shared memory. It is no exit status: the caller starts
 * again with nodes that share nothing (PAR_SHARE_NOTHING). */
enum { PAR_NO_WINDOW = 100 };

/* The same memory on all ranks of the node, at an address of its own in each. Owned by the node together. */
struct par_window {
    MPI_Win win; /* MPI_WIN_NULL on a node of one rank */
    void *at;    /* zeros at first */
};

/* Allocates `bytes` once for the node or, with_parts, once for each of its ranks: part p then begins at at
 * + p * bytes. bytes is equal on the ranks of a node; purpose is for messages. Collective over all ranks;
 * agreed. Errors: BL_MEMORY; PAR_NO_WINDOW, with a message that says what to do. par_window_free is
 * collective over the node, safe twice and on zeros. */
int par_window_init(struct par_window *window, const struct par_nodes *nodes, int64_t bytes, int with_parts,
                    const char *purpose, struct bl_error *err);
void par_window_free(struct par_window *window);

/* Rounds up to a multiple of BL_ALIGN_BYTES, so that parts of a window share no cache line. Local. */
int64_t par_window_align_local(int64_t bytes);

#endif
