/* Checkpoints: everything a run needs to continue (docs/file-formats.md), and reading them. They are
 * written by mpi/run/checkpoint_writer.h. */
#ifndef PAR_FILES_CHECKPOINT_H
#define PAR_FILES_CHECKPOINT_H

#include <stdint.h>

#include "mpi/files/tensor.h"
#include "mpi/ranks/comm.h"

#define PAR_CHECKPOINT_FORMAT "bitloom checkpoint"
enum { PAR_CHECKPOINT_VERSION = 1 };

/* A named number of the state, stored with all its bits: as int64 or double. */
struct snapshot_number {
    char name[64];
    int is_integer;
    int64_t integer;
    double real;
};

/* A named text of the state, such as the configuration in effect. */
struct snapshot_text {
    char name[64];
    char *text; /* borrowed when writing, owned after reading */
};

/* The state of a run between two steps, or its head (numbers and texts, without tensors). The tensors'
 * memory is always the run's own. When writing, everything is borrowed; after par_checkpoint_open, numbers
 * and texts are owned and snapshot_free frees them. */
struct snapshot {
    int64_t n_tensors, n_numbers, n_texts;
    struct tensor *tensors;
    struct snapshot_number *numbers;
    struct snapshot_text *texts;
};

/* Reads a checkpoint's numbers and texts on rank 0 and broadcasts them: *head has n_tensors = 0 and is
 * freed by snapshot_free. Tensors aren't looked at before par_checkpoint_read. Collective; agreed. Errors:
 * BL_PATH; BL_INPUT not a checkpoint, a newer version (which it names), damaged (naming the text);
 * BL_MEMORY. */
int par_checkpoint_open(struct par par, const char *path, struct snapshot *head, struct bl_error *err);

/* Reads the tensors of path into the memory that state->tensors point to; names and shapes must be those
 * in the file. `node`: the ranks that share this memory: each reads a share of the blocks and compares
 * them with their checksums, and on return all blocks are there. par_alone() if each rank has memory of
 * its own: then it reads everything. Collective over par, and over node within it; agreed. Errors:
 * BL_INPUT a tensor that is missing, has another shape, or is damaged (named, with its rows); BL_PATH;
 * BL_MEMORY. */
int par_checkpoint_read(struct par par, struct par node, const char *path, const struct snapshot *state,
                        struct bl_error *err);

/* 1 if path is a checkpoint of a newer format version than this program reads, so that it isn't mistaken
 * for a damaged one. Local. */
int checkpoint_is_newer(const char *path);

/* Frees what par_checkpoint_open allocated. Local; safe twice and on zeros. */
void snapshot_free(struct snapshot *state);

/* The number, or text, of that name, borrowed; NULL if there is none. Local. */
const struct snapshot_number *snapshot_find_number(const struct snapshot *state, const char *name);
const char *snapshot_find_text(const struct snapshot *state, const char *name);

#endif
