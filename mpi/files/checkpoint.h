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
struct snapshot_number {
    char name[64];
    int is_integer;
    int64_t integer;
    double real;
};

/* A text of the state: the effective configuration and others. Borrowed when writing, owned after reading. */
struct snapshot_text {
    char name[64];
    char *text;
};

struct snapshot {
    int64_t n_tensors, n_numbers, n_texts;
    struct tensor *tensors;
    struct snapshot_number *numbers;
    struct snapshot_text *texts;
};

/* Reads the numbers and texts of a checkpoint on rank 0 and gives them to all ranks: *head has n_tensors = 0
 * and is freed with snapshot_free. Tensors are looked at when they are read. Collective. Errors, agreed:
 * BL_PATH; BL_INPUT not a checkpoint, another version (named), damaged (names the text). */
int par_checkpoint_open(struct par par, const char *path, struct snapshot *head, struct bl_error *err);

/* Fills state->tensors' memory from path: names and shapes must be those in the file. `node`: the ranks that
 * share the memory which the tensors point to, of which each reads its blocks and compares them with their
 * checksums; par_alone() where each rank has memory of its own and reads everything. Tensors are whole for
 * all of a node on return. Collective over par, and node within it. Errors, the same on all ranks of par
 * whoever met it: BL_INPUT a tensor that is missing, has another shape, or is damaged (named, with its rows);
 * BL_PATH. */
int par_checkpoint_read(struct par par, struct par node, const char *path, const struct snapshot *state,
                        struct bl_error *err);

/* 1 if path is a checkpoint of a later version than this program reads: one that isn't damaged. Local. */
int checkpoint_is_newer(const char *path);

void snapshot_free(struct snapshot *state);

/* NULL or the number by that name. */
const struct snapshot_number *snapshot_find_number(const struct snapshot *state, const char *name);
const char *snapshot_find_text(const struct snapshot *state, const char *name);

#endif
