/* A checkpoint on its way to the disk while training goes on (docs/checkpoints.md). Rank 0 makes the file's
 * structure; then a thread of each rank writes the rank's blocks and their checksums from a private copy,
 * reads the next rank's back, and on rank 0 gives the file its name. What belongs to HDF5 or MPI is done by
 * the main threads, between two steps. */
#ifndef PAR_CHECKPOINT_WRITER_H
#define PAR_CHECKPOINT_WRITER_H

#include "mpi/checkpoint.h"
#include "mpi/checkpoint_file.h"
#include "mpi/file_blocks.h"
#include "mpi/run_folder.h"

enum par_checkpoint_stage {
    PAR_CHECKPOINT_NONE, /* nothing is on its way */
    PAR_CHECKPOINT_WRITING,
    PAR_CHECKPOINT_CHECKING,
    PAR_CHECKPOINT_NAMING
};

struct par_checkpoint_writer {
    struct par par;
    struct par_worker *worker;
    const struct par_run_folder *folder; /* NULL: nothing older is removed. Borrowed */
    int64_t keep;
    char *copy; /* [copy_bytes] of this rank's blocks; NULL: they are written from where they lie */
    int64_t copy_bytes;
    /* What is on its way. */
    enum par_checkpoint_stage stage;
    char path[1100], temporary[1110];
    struct par_state_tensor *tensors; /* [n] the state's, then its texts */
    struct par_checkpoint_place *places;
    int64_t n, n_state, n_numbers;
    char *texts;
    struct par_file_piece *pieces; /* [n_own] this rank's, then [n_next] the next rank's */
    int64_t n_own, n_next;
    struct par_file_room room;
};

/* folder: where all but the newest `keep` are removed once another is whole; NULL for nowhere. Collective;
 * agreed. Errors: BL_MEMORY. par_checkpoint_writer_free is local, safe twice and on zeros; it waits for the
 * thread and leaves an unfinished temporary. */
int par_checkpoint_writer_init(struct par_checkpoint_writer *writer, struct par par,
                               const struct par_run_folder *folder, int64_t keep, struct bl_error *err);
void par_checkpoint_writer_free(struct par_checkpoint_writer *writer);

/* Room for private copies of such a state's tensors, touched so that the first copy is as fast as the others.
 * Collective; agreed. Errors: BL_MEMORY. */
int par_checkpoint_reserve(struct par_checkpoint_writer *writer, const struct par_state *state,
                           struct bl_error *err);

/* Sends the state on its way to path; nothing else may be. With room reserved it may change afterwards,
 * otherwise tensors must stay as they are until it has arrived. Collective. Errors, agreed: BL_PATH; then
 * nothing is left of it. */
int par_checkpoint_begin(struct par_checkpoint_writer *writer, const char *path,
                         const struct par_state *state, struct bl_error *err);

/* Whether one is on its way (the same on all ranks), and whether this rank's thread works on it. Local. */
int par_checkpoint_is_pending_local(const struct par_checkpoint_writer *writer);
int par_checkpoint_is_busy_local(const struct par_checkpoint_writer *writer);

/* Waits for the threads and does what comes next; *whole = 1 when it has arrived under its name, brought to
 * the disk. Nobody waits if no rank was busy. Collective, while one is pending. Errors, agreed: BL_PATH; then
 * nothing stands under the name and the temporary is removed. */
int par_checkpoint_advance(struct par_checkpoint_writer *writer, int *whole, struct bl_error *err);

/* par_checkpoint_advance until it has arrived. Collective. */
int par_checkpoint_finish(struct par_checkpoint_writer *writer, struct bl_error *err);

#endif
