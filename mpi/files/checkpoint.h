/* Checkpoints: everything a run needs to go on (docs/file-formats.md), and how they are read; written by
 * mpi/run/checkpoint_writer.h. */
#ifndef PAR_FILES_CHECKPOINT_H
#define PAR_FILES_CHECKPOINT_H

#include <stdint.h>

#include "mpi/files/tensor.h"
#include "mpi/ranks/comm.h"

#define PAR_CHECKPOINT_FORMAT "bitloom checkpoint"
enum { PAR_CHECKPOINT_VERSION = 1 };

/* A small named number of the state; kept with all its bits. */
struct par_state_number {
    char name[64];
    int is_integer;
    int64_t integer;
    double real;
};

/* A text of the state: the effective configuration and others. Borrowed when writing, owned after reading. */
struct par_state_text {
    char name[64];
    char *text;
};

struct par_state {
    int64_t n_tensors, n_numbers, n_texts;
    struct par_state_tensor *tensors;
    struct par_state_number *numbers;
    struct par_state_text *texts;
};

/* Reads the numbers and texts of a checkpoint on rank 0 and gives them to all ranks: *head has n_tensors = 0
 * and is freed with par_state_free. Tensors are looked at when they are read. Collective. Errors, agreed:
 * BL_PATH; BL_INPUT not a checkpoint, another version (named), damaged (names the text). */
int par_checkpoint_open(struct par par, const char *path, struct par_state *head, struct bl_error *err);

/* Fills state->tensors' memory from path: names and shapes must be those in the file. `node`: the ranks that
 * share the memory which the tensors point to, of which each reads its blocks and compares them with their
 * checksums; par_alone() where each rank has memory of its own and reads everything. Tensors are whole for
 * all of a node on return. Collective over par, and node within it. Errors, the same on all ranks of par
 * whoever met it: BL_INPUT a tensor that is missing, has another shape, or is damaged (named, with its rows);
 * BL_PATH. */
int par_checkpoint_read(struct par par, struct par node, const char *path, const struct par_state *state,
                        struct bl_error *err);

/* 1 if path is a checkpoint of a later version than this program reads: one that isn't damaged. Local. */
int par_checkpoint_is_newer_local(const char *path);

void par_state_free(struct par_state *state);

/* NULL or the number by that name. */
const struct par_state_number *par_state_find_number(const struct par_state *state, const char *name);
const char *par_state_find_text(const struct par_state *state, const char *name);

#endif
