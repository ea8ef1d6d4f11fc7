#include "mpi/run/checkpoint_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/table.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/metrics.h"

/* The log and the curves come first: a checkpoint says how long they were. */
static int name_file(struct worker *worker, void *context, struct bl_error *err)
{
    struct par_checkpoint_writer *writer = context;
    (void)worker;
    bl_log_sync();
    metrics_sync();
    int code = tensor_writer_install(&writer->file, err);
    if (code == BL_OK)
        stall_saved(1); /* other ranks hear of it later */
    if (code == BL_OK && writer->folder)
        code = par_run_folder_prune_local(writer->folder, writer->keep, writer->file.path, err);
    return code;
}

struct h5_tuning par_checkpoint_tuning_local(const struct bl_config *config)
{
    return (struct h5_tuning){.hints = config->checkpoint.hints,
                              .alignment = config->checkpoint.alignment_kib << 10,
                              .replace = IO_REPLACE_OWN};
}

int par_checkpoint_writer_init(struct par_checkpoint_writer *writer, struct par par,
                               const struct par_run_folder *folder, int64_t keep, struct h5_tuning tuning,
                               struct bl_error *err)
{
    *writer = (struct par_checkpoint_writer){.folder = folder, .keep = keep};
    tuning.replace = IO_REPLACE_OWN;
    int code = par_tensor_writer_init(&writer->file, par, tuning, err);
    writer->file.name = name_file;
    writer->file.name_context = writer;
    return code;
}

void par_checkpoint_writer_free(struct par_checkpoint_writer *writer)
{
    par_tensor_writer_free(&writer->file);
    bl_free(&writer->texts);
}

int par_checkpoint_reserve(struct par_checkpoint_writer *writer, const struct snapshot *state,
                           struct bl_error *err)
{
    return par_tensor_writer_reserve(&writer->file, state->tensors, state->n_tensors, err);
}

static int put_numbers(hid_t file, const char *path, const void *context, struct bl_error *err)
{
    const struct snapshot *state = context;
    int failed = h5_make_group(file, "numbers") != 0;
    hid_t group = failed ? H5I_INVALID_HID : H5Gopen2(file, "numbers", H5P_DEFAULT);
    failed |= group < 0;
    for (int64_t i = 0; i < state->n_numbers && !failed; i++) {
        const struct snapshot_number *number = &state->numbers[i];
        failed = number->is_integer ? h5_put_integer(group, number->name, number->integer)
                                    : h5_put_real(group, number->name, number->real);
    }
    if (group >= 0)
        H5Gclose(group);
    return failed ? bl_fail(err, BL_PATH, "can't write the numbers of %s; the disk may be full", path)
                  : BL_OK;
}

/* The state's texts in memory of the writer's own, as bytes without the final zero. */
static int copy_texts(struct par_checkpoint_writer *writer, const struct snapshot *state, struct tensor *next,
                      struct bl_error *err)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < state->n_texts; i++)
        bytes += (int64_t)strlen(state->texts[i].text);
    bl_free(&writer->texts);
    int code = bl_alloc(&writer->texts, bytes, 1, "the checkpoint's texts", err);
    char *to = writer->texts;
    for (int64_t i = 0; i < state->n_texts && code == BL_OK; i++, next++) {
        const size_t n = strlen(state->texts[i].text);
        *next = (struct tensor){.rows = (int64_t)n, .value = TENSOR_BYTE, .at = to};
        snprintf(next->name, sizeof next->name, "texts/%.50s", state->texts[i].name);
        memcpy(to, state->texts[i].text, n);
        to += n;
    }
    return code;
}

/* The state's tensors as "state/NAME", then its texts as "texts/NAME". */
static int list_tensors(struct par_checkpoint_writer *writer, const struct snapshot *state,
                        struct tensor **tensors, struct bl_error *err)
{
    int code =
        bl_alloc(tensors, state->n_tensors + state->n_texts, sizeof **tensors, "the list of tensors", err);
    for (int64_t t = 0; t < state->n_tensors && code == BL_OK; t++) {
        (*tensors)[t] = state->tensors[t];
        snprintf((*tensors)[t].name, sizeof(*tensors)[t].name, "state/%.57s", state->tensors[t].name);
    }
    return code == BL_OK ? copy_texts(writer, state, *tensors + state->n_tensors, err) : code;
}

static void tell_hints(struct par_checkpoint_writer *writer)
{
    const struct par_tensor_writer *file = &writer->file;
    char taken[2 * BL_HINTS_MAX];
    if (writer->has_told || !file->hints[0] || file->par.size == 1)
        return;
    writer->has_told = 1;
    h5_parallel_hints(file->write.file, file->hints, taken, sizeof taken);
    bl_log_say("MPI-IO keeps of these hints: %s", taken[0] ? taken : "none");
}

int par_checkpoint_begin(struct par_checkpoint_writer *writer, const char *path, const struct snapshot *state,
                         struct bl_error *err)
{
    struct tensor *tensors = NULL;
    int code = par_agree(writer->file.par, list_tensors(writer, state, &tensors, err), err);
    const struct tensor_file_content content = {.format = PAR_CHECKPOINT_FORMAT,
                                                .version = PAR_CHECKPOINT_VERSION,
                                                .tensors = tensors,
                                                .n = state->n_tensors + state->n_texts,
                                                .n_shared = state->n_tensors,
                                                .put = put_numbers,
                                                .context = state};
    if (code == BL_OK)
        code = par_tensor_writer_begin(&writer->file, path, &content, err);
    if (code == BL_OK)
        tell_hints(writer);
    bl_free(&tensors);
    return code;
}
