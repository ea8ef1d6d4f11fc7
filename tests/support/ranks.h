/* Tests that need ranks: a program with a table of named cases, run by all ranks together. A case goes on
 * after a failed check, so that no rank leaves the others waiting in a collective call. */
#ifndef TEST_SUPPORT_RANKS_H
#define TEST_SUPPORT_RANKS_H

#include <stddef.h>

#include "mpi/ranks/comm.h"

struct ranks_case {
    const char *name;            /* a sentence with underscores */
    void (*run)(struct par par); /* entered by all ranks; collective calls in the same order */
};

/* Records the first expression that is false on this rank. Local: any rank may check what it likes. */
#define CHECK(expression) ranks_check_local((expression) ? 1 : 0, __FILE__, __LINE__, #expression)
void ranks_check_local(int holds, const char *file, int line, const char *expression);

/* The body of main: starts MPI, runs the cases (with an argument: only those whose name contains it), prints
 * "ok NAME" or "FAILED NAME: FILE:LINE EXPRESSION (rank R)" for each and "N passed, N failed" at last, ends
 * MPI. A case that leaves a buffer of bl_alloc behind fails, and so does a run of no case. Returns the exit
 * status, equal on all ranks: 0 or 1. */
int ranks_main(int argc, char **argv, const struct ranks_case *cases, size_t n_cases);

/* A new empty folder that all ranks know; removed with all that is in it. Collective. */
enum { RANKS_PATH_MAX = 256 };
void ranks_temp_folder(struct par par, char path[RANKS_PATH_MAX]);
void ranks_remove_folder(struct par par, const char *path);

#endif
