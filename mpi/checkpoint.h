/* Checkpoints: everything a run needs to go on (docs/file-formats.md), and how they are read; written by
 * mpi/checkpoint_writer.h. */
#ifndef PAR_CHECKPOINT_H
#define PAR_CHECKPOINT_H

#include <stdint.h>

#include "mpi/comm.h"

#define PAR_CHECKPOINT_FORMAT "bitloom checkpoint"
enum { PAR_CHECKPOINT_VERSION = 1 };

/* What a tensor's values are, in memory and in the file. */
enum par_value { PAR_FLOAT, PAR_DOUBLE, PAR_BYTE };

/* A tensor of the state: the same values on all ranks, each of which writes its slice. */
struct par_state_tensor {
    char name[64]; /* "params/layer0/weight", "optimizer/m/layer0/weight", ... */
    int64_t rows;
    int64_t cols; /* 0: one dimension, [rows] */
    enum par_value value;
    void *at; /* borrowed */
};

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
 * and is freed with par_state_free. Verifies every block of every tensor too (rank 0, or all ranks a share
 * each). Collective. Errors, agreed: BL_PATH; BL_INPUT not a checkpoint, another version (named), damaged
 * (names the tensor). */
int par_checkpoint_open(struct par par, const char *path, struct par_state *head, struct bl_error *err);

/* Fills state->tensors' memory on all ranks from path: names and shapes must be those in the file.
 * Collective. Errors, agreed: BL_INPUT (a tensor that is missing or has another shape), BL_PATH. */
int par_checkpoint_read(struct par par, const char *path, const struct par_state *state,
                        struct bl_error *err);

/* 1 if path is a checkpoint of a later version than this program reads: one that isn't damaged. Local. */
int par_checkpoint_is_newer_local(const char *path);

void par_state_free(struct par_state *state);

/* NULL or the number by that name. */
const struct par_state_number *par_state_find_number(const struct par_state *state, const char *name);
const char *par_state_find_text(const struct par_state *state, const char *name);

/* Paths of step-*.h5 in folder, newest step first. Local (rank 0 calls it and shares the outcome). The caller
 * frees each and the array with free(). */
int par_checkpoint_list_local(const char *folder, char ***paths, int64_t *n, struct bl_error *err);

#endif
