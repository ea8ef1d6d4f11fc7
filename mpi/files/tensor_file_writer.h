/* Writes a file of named tensors in the background while training goes on. Rank 0 makes the file's
 * structure. All ranks write their blocks through parallel HDF5, in the main thread, a piece between two
 * steps. What needs neither MPI nor HDF5 each rank does in a background thread: computing checksums,
 * syncing the disk, reading back the next rank's blocks, renaming the file. docs/checkpoints.md has the
 * order. */
#ifndef PAR_FILES_TENSOR_FILE_WRITER_H
#define PAR_FILES_TENSOR_FILE_WRITER_H

#include "config/config.h"
#include "io/output.h"
#include "mpi/files/tensor_file.h"
#include "mpi/files/tensor_write.h"

enum tensor_writer_stage {
    TENSOR_NONE,      /* no file is being written */
    TENSOR_PREPARING, /* threads: reserve disk space and compute checksums */
    TENSOR_WRITING,   /* main threads: write blocks between steps */
    TENSOR_SYNCING,   /* threads: fsync; if all ranks are on one host also read back the next rank's blocks */
    TENSOR_CHECKING, /* threads, on several hosts: read back the next rank's blocks, which have been synced */
    TENSOR_NAMING    /* rank 0's thread: rename the file */
};

/* Each rank has one; the stage is the same on all. Owns its thread, the private copy and all lists; the
 * tensors' memory stays the caller's. A rank writes its own blocks (tensor_share) and verifies those of
 * the next rank. */
struct par_tensor_writer {
    struct par par;
    struct worker *worker;
    int is_one_host; /* ranks share the page cache: a rank can read another's blocks before they are synced */
    worker_job name; /* the last job of rank 0's thread; it calls tensor_writer_install */
    void *name_context;
    char hints[BL_HINTS_MAX];
    int64_t alignment;
    enum io_replace replace;
    char *copy; /* [copy_bytes] a copy of this rank's blocks; NULL: the tensors themselves are written */
    int64_t copy_bytes;
    /* The file being written. */
    enum tensor_writer_stage stage;
    char path[BL_PATH_MAX], temporary[BL_PATH_MAX + 8];
    struct io_output output;            /* of rank 0 */
    struct tensor_file_content content; /* its tensors are the list below; `put` was called already */
    struct tensor *tensors;             /* [content.n] */
    struct tensor_place *places;        /* [content.n] from rank 0 */
    int64_t n_attributes;
    struct file_piece *pieces; /* [n_own] this rank's, then [n_next] the next rank's */
    int64_t n_own, n_next;
    uint64_t *sums; /* of this rank's blocks */
    struct file_room room;
    struct tensor_write write;
    int64_t piece_bytes; /* the most that is written between two steps */
    int written;         /* BL_OK, or the code of a failed write on this rank, with its message in `why` */
    struct bl_error why;
};

/* Starts the thread; copies the tuning. Collective; agreed. Errors: BL_MEMORY. par_tensor_writer_free is
 * local, safe twice and on zeros; it waits for the thread and removes an unfinished temporary file. */
int par_tensor_writer_init(struct par_tensor_writer *writer, struct par par, struct h5_tuning tuning,
                           struct bl_error *err);
void par_tensor_writer_free(struct par_tensor_writer *writer);

/* Allocates a private copy of this rank's blocks of tensors [n], so that training may change them while
 * they are written. Its pages are touched, or the first checkpoint would be slower than the others.
 * Collective; agreed. Errors: BL_MEMORY. */
int par_tensor_writer_reserve(struct par_tensor_writer *writer, const struct tensor *tensors, int64_t n,
                              struct bl_error *err);

/* Begins to write a file. Call it only when no other file is pending. If a copy was reserved, the shared tensors may change when
 * it returns; all others must stay as they are until the file is finished. Collective; agreed. Errors:
 * BL_PATH, BL_MEMORY, BL_USAGE path too long; then no temporary file is left. */
int par_tensor_writer_begin(struct par_tensor_writer *writer, const char *path,
                            const struct tensor_file_content *content, struct bl_error *err);

/* is_pending: 1 while a file is being written, the same on all ranks. is_busy: 1 while this rank still has
 * work to do in the present stage. Local. */
int tensor_writer_is_pending(const struct par_tensor_writer *writer);
int tensor_writer_is_busy(const struct par_tensor_writer *writer);

/* Writes the next piece of this rank's blocks, if there is one, without waiting for other ranks; the next
 * par_tensor_writer_advance reports a failure. Local. */
void tensor_writer_work(struct par_tensor_writer *writer);

/* Completes the present stage on all ranks and begins the next one; *finished = 1 when the file is on disk
 * under its name. It waits for threads and writes what is left, so it blocks unless no rank is
 * busy. Call it only while a file is pending. Collective; agreed. Errors: BL_PATH; then an earlier file of
 * that name is unchanged, and the temporary file is removed. */
int par_tensor_writer_advance(struct par_tensor_writer *writer, int *finished, struct bl_error *err);

/* Calls par_tensor_writer_advance until no file is pending. Collective; agreed. Errors as above. */
int par_tensor_writer_finish(struct par_tensor_writer *writer, struct bl_error *err);

/* For the job `name` of rank 0's thread: fsyncs the temporary file, renames it, fsyncs the folder. Local.
 * Errors: BL_PATH. */
int tensor_writer_install(struct par_tensor_writer *writer, struct bl_error *err);

#endif
