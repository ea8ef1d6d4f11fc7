/* Tests that need ranks: a program with a table of named cases, which all ranks run together. A case
 * continues after a failed check, so that no rank leaves the others waiting in a collective call. */
#ifndef TEST_SUPPORT_RANKS_H
#define TEST_SUPPORT_RANKS_H

#include <stddef.h>

#include "mpi/ranks/comm.h"

struct ranks_case {
    const char *name;            /* a sentence with underscores */
    void (*run)(struct par par); /* called on all ranks */
};

/* Records the first expression that is false on this rank. Local. */
#define CHECK(expression) ranks_check_local((expression) ? 1 : 0, __FILE__, __LINE__, #expression)
void ranks_check_local(int holds, const char *file, int line, const char *expression);

/* The body of main: starts MPI, runs the cases (given an argument, those whose name contains it), ends MPI.
 * Prints "ok NAME" or "FAILED NAME: FILE:LINE EXPRESSION (rank R)" for each, then "N passed, N failed". A
 * case that doesn't free a buffer of bl_alloc fails, and so does a run without cases. Returns the exit
 * status, 0 or 1, equal on all ranks. */
int ranks_main(int argc, char **argv, const struct ranks_case *cases, size_t n_cases);

/* A new empty folder, whose path all ranks get; and its removal with everything in it. Collective. */
enum { RANKS_PATH_MAX = 256 };
void ranks_temp_folder(struct par par, char path[RANKS_PATH_MAX]);
void ranks_remove_folder(struct par par, const char *path);

#endif
