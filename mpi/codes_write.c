#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"
#include "hash/code.h"
#include "io/file.h"
#include "mpi/agree.h"
#include "mpi/codes_file.h"
#include "mpi/column.h"
#include "mpi/h5.h"
#include "mpi/output.h"
#include "mpi/root.h"

enum { SCRATCH_BYTES = 1 << 20 };

struct par_codes_writer {
    struct par par;
    char path[BL_PATH_MAX];
    char temporary[BL_PATH_MAX + 8];
    hid_t file;
    int unfinished; /* temporary may exist */
    struct bl_label_layout layout;
    struct par_output codes, labels, ids; /* the last two may be invalid */
    uint8_t *scratch;                     /* [scratch_rows, classes] for multi-label */
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
    writer->file = H5I_INVALID_HID;
    writer->codes.set = writer->labels.set = writer->ids.set = H5I_INVALID_HID;
    if (snprintf(writer->path, sizeof writer->path, "%s", path) >= (int)sizeof writer->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    code = io_file_temporary(path, writer->temporary, sizeof writer->temporary, err);
    if (code == BL_OK && info->labels.kind == BL_LABELS_MULTI) {
        int64_t rows = SCRATCH_BYTES / info->labels.classes;
        writer->scratch_rows = rows > 0 ? rows : 1;
        code =
            bl_alloc(&writer->scratch, writer->scratch_rows * info->labels.classes, 1, "writing labels", err);
    }
    return code;
}

static int create_outputs(struct par_codes_writer *writer, const struct par_codes_info *info,
                          struct bl_error *err)
{
    hid_t file = writer->file;
    if (h5_put_integer(file, "bits", info->bits) != BL_OK)
        return bl_fail(err, BL_PATH, "can't write the attributes of %s", writer->path);
    int code = par_output_create(&writer->codes, file, "codes", H5Tcopy(H5T_STD_U8LE), info->rows,
                                 bl_code_bytes(info->bits), err);
    if (code == BL_OK && info->labels.kind != BL_LABELS_NONE) {
        int multi = info->labels.kind == BL_LABELS_MULTI;
        code =
            par_output_create(&writer->labels, file, "labels", H5Tcopy(multi ? H5T_STD_U8LE : H5T_STD_I32LE),
                              info->rows, multi ? info->labels.classes : 0, err);
        if (code == BL_OK && info->n_class_names > 0 &&
            h5_put_texts(writer->labels.set, "class_names", info->class_names, info->n_class_names) != 0)
            code = bl_fail(err, BL_PATH, "can't write the class names into %s", writer->path);
    }
    if (code == BL_OK && info->id_bytes > 0)
        code = par_output_create(&writer->ids, file, "ids", par_type_text_local(info->id_bytes), info->rows,
                                 0, err);
    return code;
}

int par_codes_create(struct par_codes_writer **out, struct par par, const char *path,
                     const struct par_codes_info *info, struct bl_error *err)
{
    *out = NULL;
    struct par_codes_writer *writer = NULL;
    int code = par_agree(par, make(&writer, par, path, info, err), err);
    if (code == BL_OK) {
        code = h5_create(&writer->file, par, writer->temporary, err);
        writer->unfinished = 1;
    }
    if (code == BL_OK)
        code = par_agree(par, create_outputs(writer, info, err), err);
    if (code != BL_OK) {
        par_codes_destroy(writer);
        return code;
    }
    *out = writer;
    return BL_OK;
}

static void unpack(struct bl_label_layout layout, const uint32_t *words, uint8_t *row)
{
    for (int64_t c = 0; c < layout.classes; c++)
        row[c] = words[c / 32] >> (c % 32) & 1u;
}

static int write_labels(struct par_codes_writer *writer, int64_t row_lo, int64_t n, const uint32_t *labels,
                        struct bl_error *err)
{
    struct bl_label_layout layout = writer->layout;
    if (layout.kind == BL_LABELS_SINGLE)
        return par_output_write_local(&writer->labels, row_lo, n, labels, writer->path, err);
    for (int64_t at = 0; at < n; at += writer->scratch_rows) {
        int64_t piece = n - at < writer->scratch_rows ? n - at : writer->scratch_rows;
        for (int64_t i = 0; i < piece; i++)
            unpack(layout, labels + (at + i) * layout.words, writer->scratch + i * layout.classes);
        if (par_output_write_local(&writer->labels, row_lo + at, piece, writer->scratch, writer->path, err) !=
            BL_OK)
            return err->code;
    }
    return BL_OK;
}

int par_codes_write_local(struct par_codes_writer *writer, int64_t row_lo, int64_t n, const uint8_t *codes,
                          const uint32_t *labels, const char *ids, struct bl_error *err)
{
    int code = par_output_write_local(&writer->codes, row_lo, n, codes, writer->path, err);
    if (code == BL_OK && labels && writer->labels.set >= 0)
        code = write_labels(writer, row_lo, n, labels, err);
    if (code == BL_OK && ids && writer->ids.set >= 0)
        code = par_output_write_local(&writer->ids, row_lo, n, ids, writer->path, err);
    return code;
}

static void close_outputs(struct par_codes_writer *writer)
{
    par_output_close_local(&writer->codes);
    par_output_close_local(&writer->labels);
    par_output_close_local(&writer->ids);
}

static int seal(struct par_codes_writer *writer, struct bl_error *err)
{
    struct par_output *outputs[] = {&writer->codes, &writer->labels, &writer->ids};
    int code = BL_OK;
    for (int i = 0; i < 3 && code == BL_OK; i++)
        if (outputs[i]->set >= 0)
            code = par_output_seal(outputs[i], writer->par, writer->file, writer->path, err);
    return code;
}

int par_codes_put_trained(struct par_codes_writer *writer, int64_t sampled, int64_t found,
                          struct bl_error *err)
{
    int code = BL_OK;
    if (sampled > 0 && (h5_put_integer(writer->file, "trained_sampled", sampled) != 0 ||
                        h5_put_integer(writer->file, "trained_found", found) != 0))
        code = bl_fail(err, BL_PATH, "can't write the attributes of %s", writer->path);
    return par_agree(writer->par, code, err);
}

int par_codes_commit(struct par_codes_writer *writer, struct bl_error *err)
{
    struct par par = writer->par;
    int code = par_output_flush(par, writer->file, writer->path, err);
    if (code == BL_OK)
        code = seal(writer, err);
    close_outputs(writer);
    if (code == BL_OK)
        code = par_agree(
            par, par_root_put(writer->file, writer->path, PAR_CODES_FORMAT, PAR_CODES_VERSION, err), err);
    if (code == BL_OK)
        code = h5_close(&writer->file, par, writer->path, err);
    if (code == BL_OK && par.rank == 0)
        code = io_file_install(writer->temporary, writer->path, err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        writer->unfinished = 0;
    return code;
}

void par_codes_destroy(struct par_codes_writer *writer)
{
    if (!writer)
        return;
    struct bl_error ignored = {0}; /* the file goes anyway */
    close_outputs(writer);
    if (writer->file >= 0)
        h5_close(&writer->file, writer->par, writer->path, &ignored);
    if (writer->unfinished && writer->par.rank == 0)
        unlink(writer->temporary);
    bl_free(&writer->scratch);
    bl_free(&writer);
}
