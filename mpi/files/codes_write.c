#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"
#include "hash/code.h"
#include "mpi/files/codes.h"
#include "mpi/files/output.h"
#include "mpi/files/verify.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/file_blocks.h"
#include "mpi/h5/parallel_file.h"
#include "mpi/h5/stamp.h"
#include "mpi/h5/table_writer.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

enum { SCRATCH_BYTES = 1 << 20 };

/* Each rank has one, with the file open for itself. The steps: rank 0 makes the file and closes it
 * (make_file); all open it (open_rows), write, sync and close it (close_rows); all open it again, read
 * back and write checksums (seal), and close; rank 0 stamps and renames it (mark, io_output_install). After
 * each step all ranks agree on the outcome. */
struct par_codes_writer {
    struct par par;
    char path[BL_PATH_MAX];
    char temporary[BL_PATH_MAX + 8];
    struct io_output output; /* of rank 0 */
    hid_t file;
    struct bl_label_layout layout;
    struct h5_writer codes, labels, ids; /* the last two may be absent */
    int64_t sampled, found;              /* codes_put_trained */
    uint8_t *scratch;                    /* [scratch_rows, classes] for multi-label; owned */
    int64_t scratch_rows;
};

static int make(struct par_codes_writer **out, struct par par, const char *path,
                const struct par_codes_info *info, struct bl_error *err)
{
    int code = bl_alloc_zero(out, 1, sizeof **out, "writing codes", err);
    if (code != BL_OK)
        return code;
    struct par_codes_writer *writer = *out;
    writer->par = par;
    writer->layout = info->labels;
    /* Nothing is open yet: par_codes_destroy must be able to tell at any failure. */
    writer->file = H5I_INVALID_HID;
    writer->codes.set = writer->labels.set = writer->ids.set = H5I_INVALID_HID;
    if (snprintf(writer->path, sizeof writer->path, "%s", path) >= (int)sizeof writer->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    if (info->labels.kind == BL_LABELS_MULTI) {
        int64_t rows = SCRATCH_BYTES / info->labels.classes;
        writer->scratch_rows = rows > 0 ? rows : 1;
        code =
            bl_alloc(&writer->scratch, writer->scratch_rows * info->labels.classes, 1, "writing labels", err);
    }
    return code;
}

/* The same data sets on every rank, so that each can open them by name. */
static void describe_outputs(struct par_codes_writer *writer, const struct par_codes_info *info)
{
    const struct bl_label_layout labels = info->labels;
    const int multi = labels.kind == BL_LABELS_MULTI;
    h5_writer_describe(&writer->codes, "codes", H5Tcopy(H5T_STD_U8LE), info->rows, bl_code_bytes(info->bits));
    if (labels.kind == BL_LABELS_GROUPS)
        h5_writer_describe(&writer->labels, "groups", H5Tcopy(H5T_STD_I32LE), info->rows,
                           labels.words > 1 ? labels.words : 0);
    else if (labels.kind != BL_LABELS_NONE)
        h5_writer_describe(&writer->labels, "labels", H5Tcopy(multi ? H5T_STD_U8LE : H5T_STD_I32LE),
                           info->rows, multi ? labels.classes : 0);
    if (info->id_bytes > 0)
        h5_writer_describe(&writer->ids, "ids", h5_type_text(info->id_bytes), info->rows, 0);
}

typedef int (*output_job)(struct h5_writer *output, hid_t file, const char *path, struct bl_error *err);

/* Does the job for each data set that the file has. */
static int for_all(struct par_codes_writer *writer, output_job job, struct bl_error *err)
{
    struct h5_writer *outputs[] = {&writer->codes, &writer->labels, &writer->ids};
    int code = BL_OK;
    for (int i = 0; i < 3 && code == BL_OK; i++)
        if (outputs[i]->type > 0)
            code = job(outputs[i], writer->file, writer->path, err);
    return code;
}

static void close_outputs(struct par_codes_writer *writer)
{
    h5_writer_close(&writer->codes);
    h5_writer_close(&writer->labels);
    h5_writer_close(&writer->ids);
}

static int leave_outputs(struct par_codes_writer *writer)
{
    struct h5_writer *outputs[] = {&writer->codes, &writer->labels, &writer->ids};
    struct bl_error ignored;
    int code = BL_OK;
    for (int i = 0; i < 3; i++)
        if (h5_writer_leave(outputs[i], writer->path, &ignored) != BL_OK)
            code = BL_PATH;
    return code;
}

/* Rank 0: makes the file with everything but the rows, and reserves disk space for these. */
static int make_file(struct par_codes_writer *writer, const struct par_codes_info *info, struct bl_error *err)
{
    struct bl_error ignored;
    int code = output_begin(&writer->output, writer->path, FILE_CODES, info->replace, err);
    if (code != BL_OK)
        return code;
    memcpy(writer->temporary, writer->output.temporary, sizeof writer->temporary);
    code = h5_create(&writer->file, writer->temporary, 0, err);
    if (code == BL_OK && h5_put_integer(writer->file, "bits", info->bits) != BL_OK)
        code = bl_fail(err, BL_PATH, "can't write the attributes of %s", writer->path);
    if (code == BL_OK)
        code = for_all(writer, h5_writer_make, err);
    if (code == BL_OK && writer->labels.type > 0 && info->n_class_names > 0 &&
        info->labels.kind != BL_LABELS_GROUPS &&
        h5_put_texts(writer->labels.set, "class_names", info->class_names, info->n_class_names) != 0)
        code = bl_fail(err, BL_PATH, "can't write the class names into %s", writer->path);
    leave_outputs(writer);
    const int closed = par_h5_close(&writer->file, par_alone(), writer->path, code == BL_OK ? err : &ignored);
    code = code == BL_OK ? closed : code;
    return code == BL_OK ? file_blocks_reserve(writer->temporary, err) : code;
}

/* Every rank opens the file by itself; agreed. */
static int open_rows(struct par_codes_writer *writer, struct bl_error *err)
{
    int code = h5_parallel_open(&writer->file, writer->par, NULL, writer->temporary, err);
    if (code == BL_OK)
        code = for_all(writer, h5_writer_open, err);
    return par_agree(writer->par, code, err);
}

/* Every rank closes the file and waits until its rows are on disk, where all other ranks can read them;
 * agreed. */
static int close_rows(struct par_codes_writer *writer, struct bl_error *err)
{
    struct bl_error ignored;
    int code = leave_outputs(writer);
    if (code != BL_OK)
        bl_fail(err, BL_PATH, "can't write %s; the disk may be full", writer->path);
    const int closed = h5_parallel_close(&writer->file, writer->path, code == BL_OK ? err : &ignored);
    code = code == BL_OK ? closed : code;
    if (code == BL_OK)
        code = file_blocks_sync(writer->temporary, err);
    return par_agree(writer->par, code, err);
}

int par_codes_create(struct par_codes_writer **out, struct par par, const char *path,
                     const struct par_codes_info *info, struct bl_error *err)
{
    *out = NULL;
    struct par_codes_writer *writer = NULL;
    int code = par_agree(par, make(&writer, par, path, info, err), err);
    /* Rank 0 makes the file and closes it before the others, having agreed, open it. */
    if (code == BL_OK) {
        describe_outputs(writer, info);
        code = par_agree(par, par.rank == 0 ? make_file(writer, info, err) : BL_OK, err);
    }
    if (code == BL_OK) {
        /* Rank 0 has followed the links. */
        par_broadcast(par, writer->temporary, sizeof writer->temporary);
        code = open_rows(writer, err);
    }
    if (code != BL_OK) {
        par_codes_destroy(writer);
        return code;
    }
    *out = writer;
    return BL_OK;
}

/* Class c is bit c % 32 of word c / 32; the file has a byte for each class. */
static void unpack(struct bl_label_layout layout, const uint32_t *words, uint8_t *row)
{
    for (int64_t c = 0; c < layout.classes; c++)
        row[c] = words[c / 32] >> (c % 32) & 1u;
}

/* Classes and groups are written as they are; multi-label rows are unpacked first, a scratch of rows at a
 * time. */
static int write_labels(struct par_codes_writer *writer, int64_t row_lo, int64_t n, const uint32_t *labels,
                        struct bl_error *err)
{
    struct bl_label_layout layout = writer->layout;
    if (layout.kind != BL_LABELS_MULTI)
        return h5_writer_write(&writer->labels, row_lo, n, labels, writer->path, err);
    for (int64_t at = 0; at < n; at += writer->scratch_rows) {
        int64_t piece = n - at < writer->scratch_rows ? n - at : writer->scratch_rows;
        for (int64_t i = 0; i < piece; i++)
            unpack(layout, labels + (at + i) * layout.words, writer->scratch + i * layout.classes);
        if (h5_writer_write(&writer->labels, row_lo + at, piece, writer->scratch, writer->path, err) != BL_OK)
            return err->code;
    }
    return BL_OK;
}

int par_codes_write_local(struct par_codes_writer *writer, int64_t row_lo, int64_t n, const uint8_t *codes,
                          const uint32_t *labels, const char *ids, struct bl_error *err)
{
    int code = h5_writer_write(&writer->codes, row_lo, n, codes, writer->path, err);
    if (code == BL_OK && labels && writer->labels.type > 0)
        code = write_labels(writer, row_lo, n, labels, err);
    if (code == BL_OK && ids && writer->ids.type > 0)
        code = h5_writer_write(&writer->ids, row_lo, n, ids, writer->path, err);
    return code;
}

static int seal(struct par_codes_writer *writer, struct bl_error *err)
{
    struct h5_writer *outputs[] = {&writer->codes, &writer->labels, &writer->ids};
    int code = BL_OK;
    for (int i = 0; i < 3 && code == BL_OK; i++)
        if (outputs[i]->type > 0)
            code = par_h5_writer_seal(outputs[i], writer->par, writer->file, writer->path, err);
    return code;
}

void codes_put_trained(struct par_codes_writer *writer, int64_t sampled, int64_t found)
{
    writer->sampled = sampled;
    writer->found = found;
}

/* Rank 0: stamps the file as complete and verifies what no rank has read back: structure and checksums. */
static int mark(struct par_codes_writer *writer, struct bl_error *err)
{
    struct bl_error ignored;
    hid_t file;
    int code = h5_open_to_change(&file, writer->temporary, err);
    if (code == BL_OK && writer->sampled > 0 &&
        (h5_put_integer(file, "trained_sampled", writer->sampled) != 0 ||
         h5_put_integer(file, "trained_found", writer->found) != 0))
        code = bl_fail(err, BL_PATH, "can't write the attributes of %s", writer->path);
    if (code == BL_OK)
        code = h5_stamp_put(file, writer->path, PAR_CODES_FORMAT, PAR_CODES_VERSION, err);
    const int closed = par_h5_close(&file, par_alone(), writer->path, code == BL_OK ? err : &ignored);
    code = code == BL_OK ? closed : code;
    return code == BL_OK ? verify_written(writer->temporary, writer->path, err) : code;
}

int par_codes_commit(struct par_codes_writer *writer, struct bl_error *err)
{
    struct par par = writer->par;
    /* Closed by all before any opens it again: so each rank reads what the others wrote, from the file. */
    int code = close_rows(writer, err);
    if (code == BL_OK)
        code = open_rows(writer, err);
    if (code == BL_OK)
        code = seal(writer, err);
    if (code == BL_OK)
        code = close_rows(writer, err);
    if (code == BL_OK && par.rank == 0)
        code = mark(writer, err);
    if (code == BL_OK && par.rank == 0)
        code = io_output_install(&writer->output, err);
    return par_agree(par, code, err);
}

void par_codes_destroy(struct par_codes_writer *writer)
{
    if (!writer)
        return;
    struct bl_error ignored = {0}; /* an unfinished file is removed anyway */
    close_outputs(writer);
    h5_parallel_close(&writer->file, writer->path, &ignored);
    io_output_drop(&writer->output);
    bl_free(&writer->scratch);
    bl_free(&writer);
}
