#include "mpi/files/tensor_file_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/files/model.h"
#include "mpi/files/output.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

/* A rank's blocks are written in PIECES pieces, so that no step waits longer for one than the first step
 * waits for the private copy; small states in fewer pieces, of at least PIECE_LEAST_BYTES. */
enum { PIECES = 8, PIECE_LEAST_BYTES = 8 << 20 };

/* The last job of rank 0's thread unless the caller sets another. */
static int install(struct worker *worker, void *context, struct bl_error *err)
{
    (void)worker;
    return tensor_writer_install(context, err);
}

int par_tensor_writer_init(struct par_tensor_writer *writer, struct par par, struct h5_tuning tuning,
                           struct bl_error *err)
{
    *writer = (struct par_tensor_writer){.par = par_as_local(par, PAR_TRAFFIC_CHECKPOINT),
                                         .alignment = tuning.alignment,
                                         .replace = tuning.replace,
                                         .name = install};
    snprintf(writer->hints, sizeof writer->hints, "%s", tuning.hints ? tuning.hints : "");
    writer->write.file = writer->write.set = H5I_INVALID_HID;
    writer->name_context = writer;
    /* Ranks of one host share the page cache: they can read blocks back before these are on disk. */
    struct par host = par_on_host(par);
    writer->is_one_host = host.size == par.size;
    par_leave_host(&host);
    int code = par_agree(par, worker_create(&writer->worker, err), err);
    if (code != BL_OK)
        par_tensor_writer_free(writer);
    return code;
}

/* Frees what belongs to the present file only. */
static void forget(struct par_tensor_writer *writer)
{
    file_blocks_room_free(&writer->room);
    bl_free(&writer->sums);
    bl_free(&writer->pieces);
    bl_free(&writer->places);
    bl_free(&writer->tensors);
    writer->written = BL_OK;
    writer->stage = TENSOR_NONE;
}

void par_tensor_writer_free(struct par_tensor_writer *writer)
{
    worker_destroy(writer->worker);
    writer->worker = NULL;
    io_output_drop(&writer->output);
    forget(writer);
    bl_free(&writer->copy);
}

/* Who writes what */

/* Lists a rank's pieces, at most one of each tensor, with their place in memory and in the file; returns
 * how many. */
static int64_t list_pieces(const struct par_tensor_writer *writer, int rank, struct file_piece *pieces)
{
    int64_t n = 0;
    for (int64_t t = 0; t < writer->content.n; t++) {
        const struct tensor *tensor = &writer->tensors[t];
        int64_t lo, hi;
        tensor_share(writer->tensors, writer->content.n_shared, t, rank, writer->par.size, &lo, &hi);
        if (hi <= lo)
            continue;
        const int64_t first = tensor_block_begin(tensor, lo);
        pieces[n++] = (struct file_piece){
            .rows = (const char *)tensor->at + first,
            .bytes = tensor_block_begin(tensor, hi) - first,
            .block_bytes = tensor_block_begin(tensor, 1),
            .at = writer->places[t].at + first,
            .sums_at = writer->places[t].sums_at + lo * (int64_t)sizeof(uint64_t),
            .name = tensor->name,
            .tensor = t,
            .block_lo = lo,
        };
    }
    return n;
}

static int64_t own_bytes(const struct par_tensor_writer *writer, const struct tensor *tensors, int64_t n)
{
    int64_t bytes = 0;
    for (int64_t t = 0; t < n; t++) {
        int64_t lo, hi;
        tensor_share(tensors, n, t, writer->par.rank, writer->par.size, &lo, &hi);
        bytes += tensor_block_begin(&tensors[t], hi) - tensor_block_begin(&tensors[t], lo);
    }
    return bytes;
}

int par_tensor_writer_reserve(struct par_tensor_writer *writer, const struct tensor *tensors, int64_t n,
                              struct bl_error *err)
{
    const int64_t bytes = own_bytes(writer, tensors, n);
    int code = bl_alloc_zero(&writer->copy, bytes, 1, "a copy to write checkpoints from", err);
    writer->copy_bytes = bytes;
    return par_agree(writer->par, code, err);
}

/* Beginning */

/* Copies the list of tensors, since the caller's ends with par_tensor_writer_begin. A rank and the next
 * rank have at most one piece of each tensor. */
static int make_lists(struct par_tensor_writer *writer, const struct tensor_file_content *content,
                      struct bl_error *err)
{
    int code = bl_alloc(&writer->tensors, content->n, sizeof *writer->tensors, "the list of tensors", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&writer->places, content->n, sizeof *writer->places, "the list of tensors", err);
    if (code == BL_OK)
        code = bl_alloc(&writer->pieces, 2 * content->n, sizeof *writer->pieces, "the list of tensors", err);
    if (code != BL_OK)
        return code;
    memcpy(writer->tensors, content->tensors, (size_t)content->n * sizeof *writer->tensors);
    writer->content = *content;
    writer->content.tensors = writer->tensors;
    return BL_OK;
}

static int begin_output(struct par_tensor_writer *writer, struct bl_error *err)
{
    const enum file_kind kind =
        strcmp(writer->content.format, PAR_MODEL_FORMAT) == 0 ? FILE_MODEL : FILE_CHECKPOINT;
    const int code = output_begin(&writer->output, writer->path, kind, writer->replace, err);
    memcpy(writer->temporary, writer->output.temporary, sizeof writer->temporary);
    return code;
}

/* Rank 0 makes the file, alone, and broadcasts its temporary name, behind all links, and where each tensor lies
 * in it. */
static int make_file(struct par_tensor_writer *writer, struct bl_error *err)
{
    int code = BL_OK;
    if (writer->par.rank == 0)
        code = begin_output(writer, err);
    if (writer->par.rank == 0 && code == BL_OK)
        code = h5_parallel_create(writer->par, writer->hints, writer->temporary, err);
    if (writer->par.rank == 0 && code == BL_OK)
        code = tensor_file_make(writer->temporary, &writer->content, writer->alignment, writer->places,
                                &writer->n_attributes, err);
    writer->content.put = NULL;
    writer->content.context = NULL;
    code = par_agree(writer->par, code, err);
    if (code == BL_OK) {
        par_broadcast(writer->par, writer->places, writer->content.n * (int64_t)sizeof *writer->places);
        par_broadcast(writer->par, writer->temporary, sizeof writer->temporary);
    }
    return code;
}

/* Copies this rank's shared blocks, which training changes, and points the pieces to the copy. Without a
 * reserved copy it does nothing. */
static int copy_own(struct par_tensor_writer *writer, struct bl_error *err)
{
    char *to = writer->copy;
    for (int64_t p = 0; p < writer->n_own && to; p++) {
        struct file_piece *piece = &writer->pieces[p];
        if (piece->tensor >= writer->content.n_shared)
            continue;
        if (to + piece->bytes > writer->copy + writer->copy_bytes)
            return bl_fail(err, BL_DEFECT, "%s: the copy to write from is too small", writer->path);
        memcpy(to, piece->rows, (size_t)piece->bytes);
        piece->rows = to;
        to += piece->bytes;
    }
    return BL_OK;
}

/* Allocates the checksums of all own blocks, and divides the bytes into pieces. */
static int make_sums(struct par_tensor_writer *writer, struct bl_error *err)
{
    int64_t blocks = 0, bytes = 0;
    for (int64_t p = 0; p < writer->n_own; p++)
        blocks += file_blocks_of(&writer->pieces[p]);
    int code = bl_alloc(&writer->sums, blocks, sizeof *writer->sums, "checksums", err);
    blocks = 0;
    for (int64_t p = 0; p < writer->n_own && code == BL_OK; p++) {
        writer->pieces[p].sums = writer->sums + blocks;
        blocks += file_blocks_of(&writer->pieces[p]);
        bytes += writer->pieces[p].bytes;
    }
    writer->piece_bytes = bytes / PIECES > PIECE_LEAST_BYTES ? bytes / PIECES : PIECE_LEAST_BYTES;
    return code;
}

/* Rank r writes its own pieces and verifies those of rank r + 1 mod P. */
static int make_pieces(struct par_tensor_writer *writer, struct bl_error *err)
{
    const int rank = writer->par.rank, size = writer->par.size;
    writer->n_own = list_pieces(writer, rank, writer->pieces);
    writer->n_next = list_pieces(writer, (rank + 1) % size, writer->pieces + writer->n_own);
    int code = copy_own(writer, err);
    if (code == BL_OK)
        code = make_sums(writer, err);
    if (code == BL_OK)
        code = file_blocks_room_init(&writer->room, writer->pieces, writer->n_own + writer->n_next, err);
    return par_agree(writer->par, code, err);
}

/* What the threads do */

/* TENSOR_PREPARING: rank 0 reserves the whole file's disk space before any row is written; all compute
 * checksums. */
static int prepare(struct worker *worker, void *context, struct bl_error *err)
{
    const struct par_tensor_writer *writer = context;
    const int code = writer->par.rank == 0 ? file_blocks_reserve(writer->temporary, err) : BL_OK;
    file_blocks_sum(worker, writer->pieces, writer->n_own);
    return code;
}

/* Starts writeback early, so that the later fsync has less to wait for. */
static int start_disk(struct worker *worker, void *context, struct bl_error *err)
{
    const struct par_tensor_writer *writer = context;
    (void)worker;
    (void)err;
    file_blocks_start(writer->temporary, writer->pieces, writer->n_own);
    return BL_OK;
}

/* Reads back the next rank's blocks rather than its own: what one rank wrote, another must be able to
 * read. */
static int check_next(struct worker *worker, void *context, struct bl_error *err)
{
    struct par_tensor_writer *writer = context;
    return file_blocks_check(worker, writer->temporary, writer->pieces + writer->n_own, writer->n_next,
                             &writer->room, err);
}

/* TENSOR_SYNCING. On one host the blocks can be read back from the page cache while the disk is still
 * writing. */
static int sync_own(struct worker *worker, void *context, struct bl_error *err)
{
    struct par_tensor_writer *writer = context;
    int code = BL_OK;
    if (writer->is_one_host) {
        start_disk(worker, writer, err);
        code = check_next(worker, writer, err);
    }
    return code == BL_OK ? file_blocks_sync(writer->temporary, err) : code;
}

int tensor_writer_install(struct par_tensor_writer *writer, struct bl_error *err)
{
    worker_tick(writer->worker); /* fsync may take long */
    return io_output_install(&writer->output, err);
}

/* Between the steps */

/* After an agreed failure: all ranks close, rank 0 removes the file. */
static void abandon(struct par_tensor_writer *writer)
{
    struct bl_error ignored;
    tensor_write_close(&writer->write, writer->path, &ignored);
    io_output_drop(&writer->output);
    forget(writer);
}

int par_tensor_writer_begin(struct par_tensor_writer *writer, const char *path,
                            const struct tensor_file_content *content, struct bl_error *err)
{
    if (snprintf(writer->path, sizeof writer->path, "%s", path) >= (int)sizeof writer->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    /* All ranks have the same path, so they agree on this. */
    int code = par_agree(writer->par, make_lists(writer, content, err), err);
    if (code == BL_OK)
        code = make_file(writer, err);
    if (code == BL_OK)
        code = make_pieces(writer, err);
    if (code == BL_OK)
        code = par_agree(writer->par,
                         tensor_write_open(&writer->write, writer->par, writer->hints, writer->temporary,
                                           writer->tensors, writer->pieces, writer->n_own, err),
                         err);
    if (code != BL_OK) {
        abandon(writer);
        return code;
    }
    writer->stage = TENSOR_PREPARING;
    worker_begin(writer->worker, prepare, writer);
    return BL_OK;
}

int tensor_writer_is_pending(const struct par_tensor_writer *writer)
{
    return writer->stage != TENSOR_NONE;
}

/* After a failed write nothing more is written: the next advance reports it. */
static int has_to_write(const struct par_tensor_writer *writer)
{
    return writer->stage == TENSOR_WRITING && writer->written == BL_OK &&
           !tensor_write_is_done(&writer->write);
}

int tensor_writer_is_busy(const struct par_tensor_writer *writer)
{
    return tensor_writer_is_pending(writer) && (has_to_write(writer) || worker_is_busy(writer->worker));
}

void tensor_writer_work(struct par_tensor_writer *writer)
{
    if (!has_to_write(writer))
        return;
    stall_tick("writing a checkpoint");
    writer->written = tensor_write_some(&writer->write, writer->piece_bytes, writer->temporary, &writer->why);
}

/* Writes everything that is left, while the thread starts writeback of what is already there (start_disk
 * can't fail); then closes the file, and all ranks agree on the outcome. */
static int finish_writing(struct par_tensor_writer *writer, struct bl_error *err)
{
    struct bl_error ignored;
    while (has_to_write(writer)) {
        tensor_writer_work(writer);
        if (worker_is_busy(writer->worker))
            continue;
        worker_wait(writer->worker, "writing a checkpoint", &ignored);
        worker_begin(writer->worker, start_disk, writer);
    }
    worker_wait(writer->worker, "writing a checkpoint", &ignored);
    struct bl_error later;
    const int closed = tensor_write_close(&writer->write, writer->temporary, &later);
    if (writer->written != BL_OK)
        *err = writer->why;
    else if (closed != BL_OK)
        *err = later;
    return par_agree(writer->par, writer->written != BL_OK ? writer->written : closed, err);
}

/* Rank 0 stamps the file as complete, only now that all ranks have read blocks back. */
static int mark(struct par_tensor_writer *writer, struct bl_error *err)
{
    int code = BL_OK;
    if (writer->par.rank == 0)
        code =
            tensor_file_mark(writer->temporary, &writer->content, writer->places, writer->n_attributes, err);
    return par_agree(writer->par, code, err);
}

/* Ends the present stage on all ranks; agreed. */
static int leave_stage(struct par_tensor_writer *writer, struct bl_error *err)
{
    int code;
    if (writer->stage == TENSOR_WRITING)
        return finish_writing(writer, err);
    code = worker_wait(writer->worker, "writing a checkpoint", err);
    code = par_agree(writer->par, code, err);
    const enum tensor_writer_stage last = writer->is_one_host ? TENSOR_SYNCING : TENSOR_CHECKING;
    if (code == BL_OK && writer->stage == last)
        code = mark(writer, err);
    return code;
}

/* On several hosts CHECKING follows SYNCING, since only then are other hosts' blocks sure to be in the
 * file. */
static enum tensor_writer_stage next_stage(const struct par_tensor_writer *writer)
{
    switch (writer->stage) {
    case TENSOR_PREPARING:
        return TENSOR_WRITING;
    case TENSOR_WRITING:
        return TENSOR_SYNCING;
    case TENSOR_SYNCING:
        return writer->is_one_host ? TENSOR_NAMING : TENSOR_CHECKING;
    case TENSOR_CHECKING:
        return TENSOR_NAMING;
    default:
        return TENSOR_NONE;
    }
}

int par_tensor_writer_advance(struct par_tensor_writer *writer, int *finished, struct bl_error *err)
{
    static const worker_job jobs[] = {[TENSOR_SYNCING] = sync_own, [TENSOR_CHECKING] = check_next};
    *finished = 0;
    int code = leave_stage(writer, err);
    if (code != BL_OK) {
        abandon(writer);
        return code;
    }
    /* All ranks have agreed that the stage succeeded, so all begin the same next one. */
    writer->stage = next_stage(writer);
    if (writer->stage == TENSOR_NONE) {
        forget(writer);
        *finished = 1;
    } else if (writer->stage == TENSOR_NAMING && writer->par.rank == 0) {
        worker_begin(writer->worker, writer->name, writer->name_context);
    } else if (writer->stage == TENSOR_SYNCING || writer->stage == TENSOR_CHECKING) {
        worker_begin(writer->worker, jobs[writer->stage], writer);
    }
    return BL_OK;
}

int par_tensor_writer_finish(struct par_tensor_writer *writer, struct bl_error *err)
{
    int code = BL_OK, finished;
    while (code == BL_OK && tensor_writer_is_pending(writer))
        code = par_tensor_writer_advance(writer, &finished, err);
    return code;
}
