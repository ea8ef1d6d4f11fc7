#include "mpi/files/codes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "config/config.h"
#include "hash/code.h"
#include "mpi/files/tags.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/stamp.h"
#include "mpi/ranks/agree.h"

struct par_codes {
    struct par par;
    char path[BL_PATH_MAX];
    hid_t file;
    struct h5_column column;
    struct h5_checked checked; /* reads `column` */
    struct tags tags;
    struct par_codes_info info;
    int said; /* the log was told that checksums are missing */
};

static int read_shape(struct par_codes *codes, struct bl_error *err)
{
    const struct h5_column *column = &codes->column;
    int64_t bits = 8 * column->cols; /* unless the attribute says fewer */
    enum bl_type type;
    if (column->cols == 0 || !h5_column_feature_type(column, &type) || type != BL_UINT8)
        return bl_fail(err, BL_INPUT, "%s: 'codes' must be bytes: uint8 [rows, bytes of a code]",
                       codes->path);
    h5_get_integer(codes->file, "bits", &bits);
    if (bits < 1 || bits > BL_CODE_BITS_MAX || bl_code_bytes(bits) != column->cols)
        return bl_fail(err, BL_INPUT,
                       "%s: 'codes' has rows of %s, which doesn't fit codes of %s (1 to %d are possible)",
                       codes->path, bl_count(column->cols, "byte").text, bl_count(bits, "bit").text,
                       (int)BL_CODE_BITS_MAX);
    codes->info.rows = column->rows;
    codes->info.bits = bits;
    return BL_OK;
}

/* All after the collective open: each rank looks for itself, and the caller agrees on the outcome. */
static int open_local(struct par_codes *codes, struct bl_error *err)
{
    int code = h5_stamp_check(codes->file, codes->path, PAR_CODES_FORMAT, PAR_CODES_VERSION, err);
    if (code == BL_OK)
        code = h5_column_open(&codes->column, codes->file, "codes", codes->path, err);
    if (code == BL_OK)
        code = read_shape(codes, err);
    if (code == BL_OK)
        code = h5_checked_open(&codes->checked, &codes->column, "codes", H5T_NATIVE_UINT8, codes->path, err);
    if (code == BL_OK)
        code = tags_open(&codes->tags, codes->file, "codes", codes->info.rows, codes->path, err);
    if (code != BL_OK)
        return code;
    /* Numbers that make no sense count as unknown. */
    struct par_codes_info *info = &codes->info;
    if (!h5_get_integer(codes->file, "trained_sampled", &info->trained_sampled) ||
        !h5_get_integer(codes->file, "trained_found", &info->trained_found) || info->trained_found < 0 ||
        info->trained_found > info->trained_sampled)
        info->trained_sampled = info->trained_found = 0;
    codes->info.labels = codes->tags.labels;
    codes->info.groups = codes->tags.groups.layout;
    codes->info.id_bytes = codes->tags.id_bytes;
    codes->info.n_class_names = codes->tags.n_class_names;
    codes->info.class_names = (const char *const *)codes->tags.class_names;
    return BL_OK;
}

static int make(struct par_codes **out, struct par par, const char *path, struct bl_error *err)
{
    int code = bl_alloc_zero(out, 1, sizeof **out, "opening codes", err);
    if (code != BL_OK)
        return code;
    struct par_codes *codes = *out;
    codes->par = par;
    /* par_codes_close must be able to tell what is open at any failure. */
    codes->file = codes->column.set = H5I_INVALID_HID;
    codes->tags.labels_column.set = codes->tags.ids_column.set = H5I_INVALID_HID;
    if (snprintf(codes->path, sizeof codes->path, "%s", path) >= (int)sizeof codes->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    return BL_OK;
}

int par_codes_open(struct par_codes **out, struct par par, const char *path, struct bl_error *err)
{
    *out = NULL;
    struct par_codes *codes = NULL;
    /* Agreement before and after par_h5_open, which all ranks must enter together. */
    int code = par_agree(par, make(&codes, par, path, err), err);
    if (code == BL_OK)
        code = par_h5_open(&codes->file, par, path, err);
    if (code == BL_OK)
        code = par_agree(par, open_local(codes, err), err);
    if (code != BL_OK) {
        par_codes_close(codes);
        return code;
    }
    *out = codes;
    return BL_OK;
}

const struct par_codes_info *codes_info(const struct par_codes *codes)
{
    return &codes->info;
}

/* Hamming distances count all bits of a byte, so unused ones must be 0. */
static int check_padding(const struct par_codes *codes, int64_t row_lo, int64_t n, const uint8_t *rows,
                         struct bl_error *err)
{
    int64_t bytes = bl_code_bytes(codes->info.bits);
    if (codes->info.bits % 8 == 0)
        return BL_OK;
    for (int64_t i = 0; i < n; i++)
        if (rows[(i + 1) * bytes - 1] >> (codes->info.bits % 8))
            return bl_fail(err, BL_INPUT,
                           "%s: row %" PRId64 " of 'codes' has bits set beyond its %" PRId64 " bits",
                           codes->path, row_lo + i, codes->info.bits);
    return BL_OK;
}

void par_codes_use_groups_local(struct par_codes *codes)
{
    tags_use_groups(&codes->tags, 0);
    codes->info.labels = codes->tags.labels;
    codes->info.n_class_names = codes->tags.n_class_names;
}

int par_codes_read_local(struct par_codes *codes, int64_t row_lo, int64_t n, uint8_t *rows, uint32_t *labels,
                         char *ids, struct bl_error *err)
{
    if (row_lo < 0 || n < 0 || row_lo > codes->info.rows - n)
        return bl_fail(err, BL_DEFECT,
                       "%s: rows %" PRId64 " to %" PRId64 " can't be read, there are %" PRId64, codes->path,
                       row_lo, row_lo + n, codes->info.rows);
    /* Said at the first read only. */
    if (!codes->said && !(h5_checked_has_sums(&codes->checked) && tags_have_sums(&codes->tags)))
        bl_log_say("%s has data without checksums: damage to them can't be detected", codes->path);
    codes->said = 1;
    int code = BL_OK;
    if (rows && n > 0) {
        code = h5_checked_read(&codes->checked, row_lo, n, rows, codes->path, err);
        if (code == BL_OK)
            code = check_padding(codes, row_lo, n, rows, err);
    }
    if (code == BL_OK && n > 0)
        code = tags_read(&codes->tags, row_lo, n, labels, ids, codes->path, err);
    return code;
}

void par_codes_close(struct par_codes *codes)
{
    if (!codes)
        return;
    struct bl_error ignored = {0}; /* nothing was written */
    tags_close(&codes->tags);
    h5_checked_close(&codes->checked);
    h5_column_close(&codes->column);
    if (codes->file >= 0)
        par_h5_close(&codes->file, codes->par, codes->path, &ignored);
    bl_free(&codes);
}
