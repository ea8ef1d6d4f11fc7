/* A file of named tensors on its way to the disk: rank 0 makes its structure, all ranks write their blocks
 * through parallel HDF5, a piece between two steps, and each rank's thread does what needs neither MPI nor
 * HDF5: checksums, the disk, reading the next rank's blocks back, and the name. The order is in
 * docs/checkpoints.md. */
#ifndef PAR_FILES_TENSOR_FILE_WRITER_H
#define PAR_FILES_TENSOR_FILE_WRITER_H

#include "config/config.h"
#include "mpi/files/tensor_file.h"
#include "mpi/files/tensor_write.h"

enum tensor_writer_stage {
    TENSOR_NONE,      /* nothing is on its way */
    TENSOR_PREPARING, /* the threads take room and checksums */
    TENSOR_WRITING,   /* the main threads write */
    TENSOR_SYNCING,   /* the threads bring it to the disk; those of one host check the next rank's, too */
    TENSOR_CHECKING,  /* those of several hosts do that now */
    TENSOR_NAMING     /* rank 0's does */
};

struct par_tensor_writer {
    struct par par;
    struct worker *worker;
    int is_one_host; /* what one rank wrote another sees before it is synced */
    worker_job name; /* what rank 0's thread does last; it calls tensor_writer_install */
    void *name_context;
    char hints[BL_HINTS_MAX];
    int64_t alignment;
    char *copy; /* [copy_bytes] of this rank's blocks; NULL: they are written from where they lie */
    int64_t copy_bytes;
    /* What is on its way. */
    enum tensor_writer_stage stage;
    char path[1100], temporary[1110];
    struct tensor_file_content content; /* its tensors are an own list; nothing is put any more */
    struct tensor *tensors;             /* [content.n] */
    struct tensor_place *places;
    int64_t n_attributes;
    struct file_piece *pieces; /* [n_own] this rank's, then [n_next] the next rank's */
    int64_t n_own, n_next;
    uint64_t *sums; /* of the own blocks */
    struct file_room room;
    struct tensor_write write;
    int64_t piece_bytes; /* that a step waits for at most */
    int written;         /* BL_OK, or how writing failed on this rank, with why */
    struct bl_error why;
};

/* Tuning is copied. Collective; agreed. Errors: BL_MEMORY. par_tensor_writer_free is local, safe twice and on
 * zeros; it waits for the thread and leaves an unfinished temporary. */
int par_tensor_writer_init(struct par_tensor_writer *writer, struct par par, struct h5_tuning tuning,
                           struct bl_error *err);
void par_tensor_writer_free(struct par_tensor_writer *writer);

/* Room for private copies of such tensors, touched so that the first copy is as fast as the others.
 * Collective; agreed. Errors: BL_MEMORY. */
int par_tensor_writer_reserve(struct par_tensor_writer *writer, const struct tensor *tensors, int64_t n,
                              struct bl_error *err);

/* Sends the content on its way to path; nothing else may be. With room reserved the shared tensors may change
 * afterwards; all others must stay as they are until it has arrived. Collective. Errors, agreed: BL_PATH;
 * then nothing is left of it. */
int par_tensor_writer_begin(struct par_tensor_writer *writer, const char *path,
                            const struct tensor_file_content *content, struct bl_error *err);

/* Whether one is on its way (the same on all ranks), and whether this rank has something to do for it before
 * the next par_tensor_writer_advance. Local. */
int tensor_writer_is_pending(const struct par_tensor_writer *writer);
int tensor_writer_is_busy(const struct par_tensor_writer *writer);

/* Writes the next piece of this rank's blocks, if there is one; a failure is told by the next advance. Nobody
 * waits for anybody. Local. */
void tensor_writer_work(struct par_tensor_writer *writer);

/* Waits for the threads, writes what is left to write and does what comes next; *whole = 1 when it has
 * arrived under its name, brought to the disk. Nobody waits if no rank was busy. Collective, while one is
 * pending. Errors, agreed: BL_PATH; then nothing stands under the name that did not before, and the temporary
 * is removed. */
int par_tensor_writer_advance(struct par_tensor_writer *writer, int *whole, struct bl_error *err);

/* par_tensor_writer_advance until it has arrived. Collective. */
int par_tensor_writer_finish(struct par_tensor_writer *writer, struct bl_error *err);

/* For the job `name`: fsyncs, renames, fsyncs the folder. Errors: BL_PATH. */
int tensor_writer_install(const struct par_tensor_writer *writer, struct bl_error *err);

#endif
