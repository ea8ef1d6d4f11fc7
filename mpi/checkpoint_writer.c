#include "mpi/checkpoint_writer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "io/file.h"
#include "mpi/agree.h"
#include "mpi/collective.h"
#include "mpi/h5.h"
#include "mpi/metrics.h"

int par_checkpoint_writer_init(struct par_checkpoint_writer *writer, struct par par,
                               const struct par_run_folder *folder, int64_t keep, struct bl_error *err)
{
    *writer = (struct par_checkpoint_writer){
        .par = par_as_local(par, PAR_TRAFFIC_CHECKPOINT), .folder = folder, .keep = keep};
    int code = par_agree(par, par_worker_create_local(&writer->worker, err), err);
    if (code != BL_OK)
        par_checkpoint_writer_free(writer);
    return code;
}

/* What belongs to one checkpoint alone. */
static void forget(struct par_checkpoint_writer *writer)
{
    par_file_room_free(&writer->room);
    bl_free(&writer->pieces);
    bl_free(&writer->texts);
    bl_free(&writer->places);
    bl_free(&writer->tensors);
    writer->stage = PAR_CHECKPOINT_NONE;
}

void par_checkpoint_writer_free(struct par_checkpoint_writer *writer)
{
    par_worker_destroy_local(writer->worker);
    writer->worker = NULL;
    forget(writer);
    bl_free(&writer->copy);
}

/* Who writes what */

/* Block `block` of a tensor begins there; also for the one behind its last. */
static int64_t block_begin(const struct par_state_tensor *tensor, int64_t block)
{
    const int64_t row_bytes = par_tensor_row_bytes_local(tensor);
    const int64_t row = block * h5_rows_per_block(row_bytes);
    return (row < tensor->rows ? row : tensor->rows) * row_bytes;
}

static int64_t count_blocks(const struct par_state_tensor *tensors, int64_t n)
{
    int64_t blocks = 0;
    for (int64_t t = 0; t < n; t++)
        blocks += par_tensor_blocks_local(&tensors[t]);
    return blocks;
}

/* Blocks [lo, hi) of tensor t are a rank's: the state's blocks are numbered through, and each rank has as
 * many as any other. Texts are rank 0's. */
static void blocks_of(const struct par_state_tensor *tensors, int64_t n_state, int64_t t, int rank, int size,
                      int64_t *lo, int64_t *hi)
{
    const int64_t blocks = par_tensor_blocks_local(&tensors[t]);
    *lo = 0;
    *hi = rank == 0 ? blocks : 0;
    if (t >= n_state)
        return;
    const int64_t before = count_blocks(tensors, t);
    par_range_local(count_blocks(tensors, n_state), rank, size, lo, hi);
    *lo = *lo < before ? 0 : *lo - before;
    *hi = *hi < before ? 0 : *hi - before;
    *lo = *lo < blocks ? *lo : blocks;
    *hi = *hi < blocks ? *hi : blocks;
}

/* A rank's pieces, to be written from where the tensors lie; returns how many. */
static int64_t list_pieces(const struct par_checkpoint_writer *writer, int rank,
                           struct par_file_piece *pieces)
{
    int64_t n = 0;
    for (int64_t t = 0; t < writer->n; t++) {
        const struct par_state_tensor *tensor = &writer->tensors[t];
        int64_t lo, hi;
        blocks_of(writer->tensors, writer->n_state, t, rank, writer->par.size, &lo, &hi);
        if (hi <= lo)
            continue;
        const int64_t first = block_begin(tensor, lo);
        pieces[n++] = (struct par_file_piece){
            .rows = (const char *)tensor->at + first,
            .bytes = block_begin(tensor, hi) - first,
            .block_bytes = block_begin(tensor, 1),
            .at = writer->places[t].at + first,
            .sums_at = writer->places[t].sums_at + lo * (int64_t)sizeof(uint64_t),
            .name = tensor->name,
        };
    }
    return n;
}

static int64_t own_bytes(const struct par_checkpoint_writer *writer, const struct par_state *state)
{
    int64_t bytes = 0;
    for (int64_t t = 0; t < state->n_tensors; t++) {
        int64_t lo, hi;
        blocks_of(state->tensors, state->n_tensors, t, writer->par.rank, writer->par.size, &lo, &hi);
        bytes += block_begin(&state->tensors[t], hi) - block_begin(&state->tensors[t], lo);
    }
    return bytes;
}

int par_checkpoint_reserve(struct par_checkpoint_writer *writer, const struct par_state *state,
                           struct bl_error *err)
{
    const int64_t bytes = own_bytes(writer, state);
    int code = bl_alloc_zero(&writer->copy, bytes, 1, "a copy to write checkpoints from", err);
    writer->copy_bytes = bytes;
    return par_agree(writer->par, code, err);
}

/* Beginning */

/* The state's tensors as "state/NAME", then its texts as "texts/NAME": bytes without the final zero, which
 * always get a private copy. */
static int list_tensors(struct par_checkpoint_writer *writer, const struct par_state *state,
                        struct bl_error *err)
{
    int64_t text_bytes = 0;
    for (int64_t i = 0; i < state->n_texts; i++)
        text_bytes += (int64_t)strlen(state->texts[i].text);
    writer->n_state = state->n_tensors;
    writer->n = state->n_tensors + state->n_texts;
    writer->n_numbers = state->n_numbers;
    int code =
        bl_alloc_zero(&writer->tensors, writer->n, sizeof *writer->tensors, "the list of tensors", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&writer->places, writer->n, sizeof *writer->places, "places of tensors", err);
    if (code == BL_OK)
        code = bl_alloc(&writer->texts, text_bytes, 1, "the checkpoint's texts", err);
    if (code == BL_OK)
        code =
            bl_alloc_zero(&writer->pieces, 2 * writer->n, sizeof *writer->pieces, "pieces of tensors", err);
    if (code != BL_OK)
        return code;
    struct par_state_tensor *next = writer->tensors;
    for (int64_t t = 0; t < state->n_tensors; t++, next++) {
        *next = state->tensors[t];
        snprintf(next->name, sizeof next->name, "state/%.57s", state->tensors[t].name);
    }
    char *to = writer->texts;
    for (int64_t i = 0; i < state->n_texts; i++, next++) {
        const size_t bytes = strlen(state->texts[i].text);
        *next = (struct par_state_tensor){.rows = (int64_t)bytes, .value = PAR_BYTE, .at = to};
        snprintf(next->name, sizeof next->name, "texts/%.50s", state->texts[i].name);
        memcpy(to, state->texts[i].text, bytes);
        to += bytes;
    }
    return BL_OK;
}

static int make_file(struct par_checkpoint_writer *writer, const struct par_state *state,
                     struct bl_error *err)
{
    int code = BL_OK;
    if (writer->par.rank == 0)
        code = par_checkpoint_file_make_local(writer->temporary, state->numbers, state->n_numbers,
                                              writer->tensors, writer->n, writer->places, err);
    code = par_agree(writer->par, code, err);
    if (code == BL_OK)
        par_broadcast(writer->par, writer->places, writer->n * (int64_t)sizeof *writer->places);
    return code;
}

/* Texts have a copy already. */
static int copy_own(struct par_checkpoint_writer *writer, struct bl_error *err)
{
    char *to = writer->copy;
    for (int64_t p = 0; p < writer->n_own && to; p++) {
        struct par_file_piece *piece = &writer->pieces[p];
        if (strncmp(piece->name, "state/", 6) != 0)
            continue;
        if (to + piece->bytes > writer->copy + writer->copy_bytes)
            return bl_fail(err, BL_DEFECT, "%s: the copy to write from is too small", writer->path);
        memcpy(to, piece->rows, (size_t)piece->bytes);
        piece->rows = to;
        to += piece->bytes;
    }
    return BL_OK;
}

static int make_pieces(struct par_checkpoint_writer *writer, struct bl_error *err)
{
    const int rank = writer->par.rank, size = writer->par.size;
    writer->n_own = list_pieces(writer, rank, writer->pieces);
    writer->n_next = list_pieces(writer, (rank + 1) % size, writer->pieces + writer->n_own);
    int code = copy_own(writer, err);
    if (code == BL_OK)
        code = par_file_room_init(&writer->room, writer->pieces, writer->n_own + writer->n_next, err);
    return par_agree(writer->par, code, err);
}

/* What the threads do */

static int write_own(struct par_worker *worker, void *context, struct bl_error *err)
{
    struct par_checkpoint_writer *writer = context;
    return par_file_write_local(worker, writer->temporary, writer->pieces, writer->n_own,
                                writer->par.size == 1, &writer->room, err);
}

/* Not its own blocks: what one rank wrote, another must find. A rank alone has checked them already. */
static int check_next(struct par_worker *worker, void *context, struct bl_error *err)
{
    struct par_checkpoint_writer *writer = context;
    if (writer->par.size == 1)
        return BL_OK;
    return par_file_check_local(worker, writer->temporary, writer->pieces + writer->n_own, writer->n_next,
                                &writer->room, err);
}

/* The log and the curves come first: a checkpoint says how long they were. */
static int name_file(struct par_worker *worker, void *context, struct bl_error *err)
{
    struct par_checkpoint_writer *writer = context;
    bl_log_sync();
    par_metrics_sync_local();
    par_worker_tick_local(worker);
    int code = io_file_install(writer->temporary, writer->path, err);
    if (code == BL_OK && writer->folder)
        code = par_run_folder_prune_local(writer->folder, writer->keep, writer->path, err);
    return code;
}

/* Between the steps */

static void abandon(struct par_checkpoint_writer *writer)
{
    if (writer->par.rank == 0)
        unlink(writer->temporary);
    forget(writer);
}

int par_checkpoint_begin(struct par_checkpoint_writer *writer, const char *path,
                         const struct par_state *state, struct bl_error *err)
{
    if (snprintf(writer->path, sizeof writer->path, "%s", path) >= (int)sizeof writer->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    int code = io_file_temporary(path, writer->temporary, sizeof writer->temporary, err);
    if (code != BL_OK)
        return code;
    code = par_agree(writer->par, list_tensors(writer, state, err), err);
    if (code == BL_OK)
        code = make_file(writer, state, err);
    if (code == BL_OK)
        code = make_pieces(writer, err);
    if (code != BL_OK) {
        abandon(writer);
        return code;
    }
    writer->stage = PAR_CHECKPOINT_WRITING;
    par_worker_begin_local(writer->worker, write_own, writer);
    return BL_OK;
}

int par_checkpoint_is_pending_local(const struct par_checkpoint_writer *writer)
{
    return writer->stage != PAR_CHECKPOINT_NONE;
}

int par_checkpoint_is_busy_local(const struct par_checkpoint_writer *writer)
{
    return par_checkpoint_is_pending_local(writer) && par_worker_is_busy_local(writer->worker);
}

static int mark(struct par_checkpoint_writer *writer, struct bl_error *err)
{
    int code = BL_OK;
    if (writer->par.rank == 0)
        code = par_checkpoint_file_mark_local(writer->temporary, writer->n_numbers, writer->tensors,
                                              writer->n, writer->places, err);
    return par_agree(writer->par, code, err);
}

int par_checkpoint_advance(struct par_checkpoint_writer *writer, int *whole, struct bl_error *err)
{
    *whole = 0;
    int code = par_worker_wait_local(writer->worker, "writing a checkpoint", err);
    code = par_agree(writer->par, code, err);
    if (code == BL_OK && writer->stage == PAR_CHECKPOINT_CHECKING)
        code = mark(writer, err);
    if (code != BL_OK) {
        abandon(writer);
        return code;
    }
    switch (writer->stage) {
    case PAR_CHECKPOINT_NONE:
        break;
    case PAR_CHECKPOINT_WRITING:
        writer->stage = PAR_CHECKPOINT_CHECKING;
        par_worker_begin_local(writer->worker, check_next, writer);
        break;
    case PAR_CHECKPOINT_CHECKING:
        writer->stage = PAR_CHECKPOINT_NAMING;
        if (writer->par.rank == 0)
            par_worker_begin_local(writer->worker, name_file, writer);
        break;
    case PAR_CHECKPOINT_NAMING:
        forget(writer);
        *whole = 1;
        break;
    }
    return BL_OK;
}

int par_checkpoint_finish(struct par_checkpoint_writer *writer, struct bl_error *err)
{
    int code = BL_OK, whole;
    while (code == BL_OK && par_checkpoint_is_pending_local(writer))
        code = par_checkpoint_advance(writer, &whole, err);
    return code;
}
