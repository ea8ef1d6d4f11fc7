/* A checkpoint that is written in the background: mpi/files/tensor_file_writer.h, and what only checkpoints
 * have: numbers, texts, and older ones that are removed once it is whole. */
#ifndef PAR_RUN_CHECKPOINT_WRITER_H
#define PAR_RUN_CHECKPOINT_WRITER_H

#include "mpi/files/checkpoint.h"
#include "mpi/files/tensor_file_writer.h"
#include "mpi/run/run_folder.h"

struct par_checkpoint_writer {
    struct par_tensor_writer file;
    const struct par_run_folder *folder; /* NULL: nothing older is removed. Borrowed */
    int64_t keep;
    char *texts;  /* of the pending one; owned */
    int has_told; /* which hints MPI-IO took */
};

/* How a configuration wants files written; borrows it. */
struct h5_tuning par_checkpoint_tuning_local(const struct bl_config *config);

/* folder: where all but the newest `keep` are removed once another is whole; NULL for nowhere. The writer
 * stays where it is. Collective; agreed. Errors: BL_MEMORY. par_checkpoint_writer_free as
 * par_tensor_writer_free. */
int par_checkpoint_writer_init(struct par_checkpoint_writer *writer, struct par par,
                               const struct par_run_folder *folder, int64_t keep, struct h5_tuning tuning,
                               struct bl_error *err);
void par_checkpoint_writer_free(struct par_checkpoint_writer *writer);

/* par_tensor_writer_reserve for such a state. Collective; agreed. Errors: BL_MEMORY. */
int par_checkpoint_reserve(struct par_checkpoint_writer *writer, const struct snapshot *state,
                           struct bl_error *err);

/* Begins to write the state to path; none may be pending. With room reserved the state may change afterwards,
 * otherwise tensors must stay as they are until the file is whole. Collective. Errors, agreed: BL_PATH; then
 * nothing is left of it. */
int par_checkpoint_begin(struct par_checkpoint_writer *writer, const char *path, const struct snapshot *state,
                         struct bl_error *err);

#endif
