#include "mpi/h5/import_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/count.h"
#include "config/config.h"
#include "mpi/h5/column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/import_text.h"
#include "mpi/h5/list.h"
#include "mpi/h5/table.h"

/* RAW_BYTES: of what is turned or converted at a time. */
enum { RAW_BYTES = 8 << 20 };

struct import {
    char path[BL_PATH_MAX], name[H5_LIST_NAME_BYTES];
    hid_t file;
    struct h5_column column;
    struct h5_import_text *text; /* one text a row; NULL: numbers */
    enum bl_type type;
    hid_t memory; /* as HDF5 delivers values for `read` */
    int whole;    /* 64-bit integers, delivered as int64 or uint64, which become float64 if that is exact */
    int64_t rows, dim, row;
    char *raw;
    int64_t raw_rows;
};

/* Cuts "FILE:/DATASET" at the first ":/" that follows the path of a file. */
static int split_path(struct import *import, const char *path, struct bl_error *err)
{
    struct stat status;
    if (snprintf(import->path, sizeof import->path, "%s", path) >= (int)sizeof import->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    for (char *at = strstr(import->path, ":/"); at; at = strstr(at + 1, ":/")) {
        *at = '\0';
        if (stat(import->path, &status) != 0 || S_ISDIR(status.st_mode)) {
            *at = ':';
            continue;
        }
        if (snprintf(import->name, sizeof import->name, "%s", at + 1) >= (int)sizeof import->name)
            return bl_fail(err, BL_USAGE, "%s: the name of the data set is too long", import->path);
        return BL_OK;
    }
    char *last = strstr(import->path, ":/"); /* no such file: its name is what stands before */
    if (last)
        *last = '\0';
    return BL_OK;
}

static int find_set(struct import *import, struct bl_error *err)
{
    struct h5_list list;
    H5O_info_t object;
    const int said = import->name[0] != '\0';
    if (said && H5Oget_info_by_name(import->file, import->name, &object, H5P_DEFAULT) >= 0 &&
        object.type == H5O_TYPE_DATASET)
        return BL_OK;
    h5_list_sets(import->file, NULL, &list);
    if (list.n == 0)
        return bl_fail(err, BL_INPUT, "%s has no data set to import", import->path);
    if (!said)
        return bl_fail(err, BL_USAGE, "%s: say which data set, as in %.200s:%s; it has %s", import->path,
                       import->path, list.likely, list.text);
    return bl_fail(err, BL_USAGE, "%s has no data set %s; it has %s", import->path, import->name, list.text);
}

static int fail_type(const struct import *import, struct bl_error *err)
{
    char name[40];
    hid_t type = H5Dget_type(import->column.set);
    h5_list_type(type, name, sizeof name);
    H5Tclose(type);
    return bl_fail(err, BL_INPUT,
                   "%s: %s holds values of type %s, which can't be read; store float32 or integers",
                   import->path, import->name, name);
}

/* As in the files of other formats: what fits exactly into a type of ours. */
static int choose_type(struct import *import, struct bl_error *err)
{
    const struct h5_column *column = &import->column;
    const int64_t bytes = column->value_bytes;
    const int integer = column->class == H5T_INTEGER || (column->class == H5T_ENUM && bytes == 1);
    if (!integer && !h5_column_feature_type(column, &import->type))
        return fail_type(import, err);
    if (integer && bytes > 8)
        return fail_type(import, err);
    if (integer)
        import->type = bytes == 1 && !column->is_signed ? BL_UINT8 : bytes <= 2 ? BL_FLOAT32 : BL_FLOAT64;
    import->whole = integer && bytes > 4;
    import->memory = !import->whole      ? h5_type_in_memory(import->type)
                     : column->is_signed ? H5Tcopy(H5T_NATIVE_INT64)
                                         : H5Tcopy(H5T_NATIVE_UINT64);
    return BL_OK;
}

/* One value a row may lie in a row, since MATLAB has no arrays of one dimension. */
static void choose_shape(struct import *import, const struct io_source_options *options)
{
    import->rows = import->column.rows;
    import->dim = import->column.cols > 0 ? import->column.cols : 1;
    if (options->column && import->rows == 1 && import->column.rank == 2) {
        import->rows = import->dim;
        import->dim = 1;
        import->column.turned = !import->column.turned;
    }
}

static int set_up_numbers(struct import *import, const struct io_source_options *options,
                          struct io_source_info *info, struct bl_error *err)
{
    int code = choose_type(import, err);
    if (code != BL_OK)
        return code;
    choose_shape(import, options);
    const int64_t row_bytes = import->dim * 8;
    import->raw_rows = row_bytes < RAW_BYTES ? RAW_BYTES / row_bytes : 1;
    if (import->raw_rows > import->rows)
        import->raw_rows = import->rows;
    *info = (struct io_source_info){.rows = import->rows,
                                    .dim = import->dim,
                                    .type = import->type,
                                    .integers = import->column.class != H5T_FLOAT};
    return bl_alloc(&import->raw, import->raw_rows, (size_t)row_bytes, "reading HDF5", err);
}

static int set_up(struct import *import, const struct io_source_options *options, struct io_source_info *info,
                  struct bl_error *err)
{
    char where[BL_PATH_MAX];
    int code = par_h5_open(&import->file, par_alone(), import->path, err);
    if (code == BL_OK)
        code = find_set(import, err);
    if (code == BL_OK)
        code = h5_column_open_any(&import->column, import->file, import->name, import->path, err);
    if (code != BL_OK || !options->column || import->column.class != H5T_STRING)
        return code == BL_OK ? set_up_numbers(import, options, info, err) : code;
    snprintf(where, sizeof where, "%.700s: %s", import->path, import->name);
    return h5_import_text_open(&import->text, &import->column, where, options, info, err);
}

static int import_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                       void **state, struct bl_error *err)
{
    struct import *import;
    int code = bl_alloc_zero(&import, 1, sizeof *import, "reading HDF5", err);
    if (code != BL_OK)
        return code;
    *state = import;
    import->file = import->column.set = import->memory = H5I_INVALID_HID;
    code = split_path(import, path, err);
    if (code == BL_OK)
        code = set_up(import, options, info, err);
    return code;
}

static int fail_read(const struct import *import, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s: %s can't be read; the file is damaged: restore it or make it again",
                   import->path, import->name);
}

/* Rows along the last dimension, into raw as [dim, n]. */
static int read_across(struct import *import, hid_t memory, int64_t n, struct bl_error *err)
{
    hsize_t start[H5S_MAX_RANK] = {0}, counts[H5S_MAX_RANK];
    hid_t in_file = H5Dget_space(import->column.set);
    const int last = H5Sget_simple_extent_dims(in_file, counts, NULL) - 1;
    start[last] = (hsize_t)import->row;
    counts[last] = (hsize_t)n;
    hid_t in_memory = H5Screate_simple(last + 1, counts, NULL);
    const int failed = H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, counts, NULL) < 0 ||
                       H5Dread(import->column.set, memory, in_memory, in_file, H5P_DEFAULT, import->raw) < 0;
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return failed ? fail_read(import, err) : BL_OK;
}

/* raw [dim, n] as out [n, dim], in tiles so that both stay in the cache. */
static void turn_rows(const char *raw, int64_t n, int64_t dim, size_t bytes, char *out)
{
    enum { TILE = 64 };
    for (int64_t d0 = 0; d0 < dim; d0 += TILE)
        for (int64_t i = 0; i < n; i++)
            for (int64_t d = d0; d < dim && d < d0 + TILE; d++)
                memcpy(out + (size_t)(i * dim + d) * bytes, raw + (size_t)(d * n + i) * bytes, bytes);
}

/* The next n rows, at most raw_rows, as values of `memory`. */
static int read_some(struct import *import, hid_t memory, int64_t n, void *out, struct bl_error *err)
{
    int code = BL_OK;
    if (import->column.turned) {
        code = read_across(import, memory, n, err);
        if (code == BL_OK)
            turn_rows(import->raw, n, import->dim, H5Tget_size(memory), out);
    } else if (h5_move_rows(0, import->column.set, memory, import->row, n, import->dim, out, RAW_BYTES) !=
               0) {
        code = fail_read(import, err);
    }
    if (code == BL_OK)
        import->row += n;
    return code;
}

/* 64-bit integers, as they were read, become double in place. */
static int to_double(const struct import *import, int64_t first_row, int64_t n, void *values,
                     struct bl_error *err)
{
    const int64_t limit = (int64_t)1 << 53;
    char *at = values;
    for (int64_t i = 0; i < n; i++, at += sizeof(double)) {
        int64_t value;
        memcpy(&value, at, sizeof value);
        if (value > limit || value < (import->column.is_signed ? -limit : 0))
            return bl_fail(err, BL_INPUT,
                           "%s: %s, row %" PRId64
                           " (counted from 0): an integer is beyond 2^53, which float64 "
                           "doesn't hold exactly; scale the values first",
                           import->path, import->name, first_row + i / import->dim);
        const double real = (double)value;
        memcpy(at, &real, sizeof real);
    }
    return BL_OK;
}

static int import_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err)
{
    struct import *import = state;
    const int64_t row_bytes = import->dim * (int64_t)bl_type_bytes(import->type);
    int code = BL_OK;
    if (import->text) {
        import->row += n;
        return h5_import_text_read(import->text, import->row - n, n, labels, ids, err);
    }
    for (int64_t at = 0, some; at < n && code == BL_OK; at += some) {
        some = n - at < import->raw_rows ? n - at : import->raw_rows;
        char *out = (char *)features + at * row_bytes;
        code = read_some(import, import->memory, some, out, err);
        if (code == BL_OK && import->whole)
            code = to_double(import, import->row - some, some * import->dim, out, err);
    }
    return code;
}

/* uint64 is read as it is: HDF5 would clip what is beyond int64. */
static int import_integers(void *state, int64_t n, int64_t *values, struct bl_error *err)
{
    struct import *import = state;
    const int is_wide = import->whole && !import->column.is_signed;
    int code = BL_OK;
    for (int64_t at = 0, some; at < n && code == BL_OK; at += some) {
        some = n - at < import->raw_rows ? n - at : import->raw_rows;
        int64_t *out = values + at * import->dim;
        code = read_some(import, is_wide ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64, some, out, err);
        for (int64_t i = 0; is_wide && i < some * import->dim && code == BL_OK; i++)
            if (out[i] < 0)
                code = bl_fail(err, BL_INPUT,
                               "%s: %s, row %" PRId64 " (counted from 0): an integer is beyond 2^63 - 1",
                               import->path, import->name, import->row - some + i / import->dim);
    }
    return code;
}

static int import_skip(void *state, int64_t n, struct bl_error *err)
{
    struct import *import = state;
    (void)err;
    import->row += n;
    return BL_OK;
}

static void import_close(void *state)
{
    struct import *import = state;
    struct bl_error ignored;
    h5_import_text_close(import->text);
    h5_column_close(&import->column);
    if (import->memory >= 0)
        H5Tclose(import->memory);
    if (import->file >= 0)
        par_h5_close(&import->file, par_alone(), import->path, &ignored);
    bl_free(&import->raw);
    bl_free(&import);
}

const struct io_format h5_import_format = {
    .name = "hdf5",
    .summary = "any data set of an HDF5 file, as FILE:/PATH; also what MATLAB's save -v7.3 writes",
    .endings = {".h5", ".hdf5", ".mat"},
    .open = import_open,
    .read = import_read,
    .integers = import_integers,
    .skip = import_skip,
    .close = import_close};
