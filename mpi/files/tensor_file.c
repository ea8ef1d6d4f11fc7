#include "mpi/files/tensor_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/stamp.h"
#include "mpi/h5/storage.h"
#include "mpi/h5/table.h"
#include "mpi/process/stall.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows go to the file as they lie in memory");

enum { ROOT_ATTRIBUTES = 4 }; /* what h5_stamp_put adds */

hid_t tensor_type(const struct tensor *tensor)
{
    return tensor->value == TENSOR_DOUBLE  ? H5T_IEEE_F64LE
           : tensor->value == TENSOR_FLOAT ? H5T_IEEE_F32LE
                                           : H5T_STD_U8LE;
}

/* Making */

/* Contiguous data sets get their place when they are created (H5D_ALLOC_TIME_EARLY). */
static int place_of(hid_t set, const char *path, int64_t *at, struct bl_error *err)
{
    const haddr_t address = H5Dget_offset(set);
    *at = address == HADDR_UNDEF ? -1 : (int64_t)address;
    return *at >= 0 ? BL_OK : bl_fail(err, BL_DEFECT, "%s: a data set has no place in the file", path);
}

/* The tensor and its checksums; both are closed again, since every rank opens the file anew to write. */
static int make_tensor(hid_t file, const char *path, const struct tensor *tensor, struct tensor_place *place,
                       struct bl_error *err)
{
    hid_t set = H5I_INVALID_HID, sums = H5I_INVALID_HID;
    int code =
        h5_make_dataset(file, tensor->name, tensor_type(tensor), tensor->rows, tensor->cols, &set, err);
    if (code == BL_OK)
        code = place_of(set, path, &place->at, err);
    if (code == BL_OK)
        code =
            h5_checksums_make(&sums, file, tensor->name, tensor->rows, tensor_row_bytes(tensor), path, err);
    if (code == BL_OK)
        code = place_of(sums, path, &place->sums_at, err);
    if (sums >= 0)
        H5Dclose(sums);
    if (set >= 0)
        H5Dclose(set);
    return code;
}

static herr_t add_attributes(hid_t object, const char *name, const H5O_info_t *info, void *context)
{
    (void)object;
    (void)name;
    *(int64_t *)context += (int64_t)info->num_attrs;
    return 0;
}

/* Of all objects in the file: a number that tells whether any got lost. -1: the file can't be read. */
static int64_t count_attributes(hid_t file)
{
    int64_t n = 0;
    return H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, add_attributes, &n) >= 0 ? n : -1;
}

int tensor_file_make(const char *path, const struct tensor_file_content *content, int64_t alignment,
                     struct tensor_place *places, int64_t *n_attributes, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = h5_create(&file, path, alignment, err);
    if (code == BL_OK)
        code = content->put(file, path, content->context, err);
    for (int64_t t = 0; t < content->n && code == BL_OK; t++)
        code = make_tensor(file, path, &content->tensors[t], &places[t], err);
    if (code == BL_OK)
        *n_attributes = count_attributes(file);
    const int closed = par_h5_close(&file, par_alone(), path, code == BL_OK ? err : &ignored);
    return code == BL_OK ? closed : code;
}

/* Marking */

static int is_at(hid_t file, const char *name, int64_t at)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    const int found = set >= 0 && (int64_t)H5Dget_offset(set) == at;
    if (set >= 0)
        H5Dclose(set);
    return found;
}

/* Compares the file with what tensor_file_make did: its stamp, the number of attributes, and where each
 * tensor lies. Returns what is missing, for the message, or NULL. */
static const char *find_missing(hid_t file, const char *path, const struct tensor_file_content *content,
                                const struct tensor_place *places, int64_t n_attributes)
{
    char name[sizeof content->tensors->name + 16], format[64];
    struct bl_error ignored;
    if (!h5_get_text(file, "format", format, sizeof format) ||
        h5_stamp_check(file, path, content->format, content->version, &ignored) != BL_OK)
        return "what kind of file it is";
    if (count_attributes(file) != n_attributes + ROOT_ATTRIBUTES)
        return "a number or attribute";
    for (int64_t t = 0; t < content->n; t++) {
        snprintf(name, sizeof name, "checksums/%s", content->tensors[t].name);
        if (!is_at(file, content->tensors[t].name, places[t].at) || !is_at(file, name, places[t].sums_at))
            return content->tensors[t].name;
    }
    return NULL;
}

int tensor_file_mark(const char *path, const struct tensor_file_content *content,
                     const struct tensor_place *places, int64_t n_attributes, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = h5_open_to_change(&file, path, err);
    if (code != BL_OK)
        return code;
    code = h5_stamp_put(file, path, content->format, content->version, err);
    const int closed = par_h5_close(&file, par_alone(), path, code == BL_OK ? err : &ignored);
    if (code != BL_OK || closed != BL_OK)
        return err->code;
    /* Opened once more, since HDF5 may answer from memory for a file that it wrote. */
    if (par_h5_open(&file, par_alone(), path, &ignored) != BL_OK)
        return bl_fail(err, BL_PATH,
                       "%s reads back differently from what was written; the disk may be full or faulty "
                       "(%.500s)",
                       path, ignored.what);
    const char *missing = find_missing(file, path, content, places, n_attributes);
    if (missing)
        code = bl_fail(err, BL_PATH,
                       "%s reads back differently from what was written: '%s' is not in its place; the disk "
                       "may be full or faulty",
                       path, missing);
    par_h5_close(&file, par_alone(), path, &ignored);
    return code;
}

/* Reading */

int tensor_file_open(hid_t *file, const char *path, const char *format, int64_t version, struct bl_error *err)
{
    struct bl_error ignored;
    char found[64];
    int code = par_h5_open(file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    /* h5_stamp_check lets files of other software pass; here one needs a stamp and checksums. */
    if (!h5_get_text(*file, "format", found, sizeof found))
        code = bl_fail(err, BL_INPUT, "%s is an HDF5 file but not a '%s' file", path, format);
    if (code == BL_OK)
        code = h5_stamp_check(*file, path, format, version, err);
    if (code == BL_OK && H5Lexists(*file, "checksums", H5P_DEFAULT) <= 0)
        code = bl_fail(err, BL_INPUT, "%s: its checksums are missing; the file is damaged", path);
    if (code != BL_OK)
        par_h5_close(file, par_alone(), path, &ignored);
    return code;
}

/* Returns the number of dimensions; a dimension that doesn't exist is 0 in dims. */
static int shape_of(hid_t set, hsize_t dims[2])
{
    dims[0] = dims[1] = 0;
    hid_t space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank == 1 || rank == 2)
        H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    return rank;
}

int64_t tensor_file_rows(hid_t file, const char *name)
{
    hsize_t dims[2];
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    const int rank = shape_of(set, dims);
    H5Dclose(set);
    return rank == 1 || rank == 2 ? (int64_t)dims[0] : -1;
}

/* Shape and type must be exactly the tensor's: it is read into memory of that size. */
static int check_shape(hid_t set, const char *path, const struct tensor *tensor, struct bl_error *err)
{
    hsize_t dims[2];
    const int rank = shape_of(set, dims);
    if (rank != (tensor->cols > 0 ? 2 : 1) || (int64_t)dims[0] != tensor->rows ||
        (int64_t)dims[1] != tensor->cols)
        return bl_fail(err, BL_INPUT,
                       "%s: the tensor '%s' is %lld x %lld; %" PRId64 " x %" PRId64 " is needed here", path,
                       tensor->name, (long long)dims[0], (long long)dims[1], tensor->rows, tensor->cols);
    hid_t type = H5Dget_type(set);
    const int same = H5Tequal(type, tensor_type(tensor)) > 0;
    H5Tclose(type);
    if (!same)
        return bl_fail(err, BL_INPUT, "%s: the tensor '%s' has values of another type", path, tensor->name);
    return BL_OK;
}

/* sums [hi - lo]: the checksums of blocks [lo, hi). Ticks, since a large file takes longer than the stall
 * limit. */
static int read_blocks(hid_t set, const char *path, const struct tensor *tensor, int64_t lo, int64_t hi,
                       const uint64_t *sums, struct bl_error *err)
{
    const int64_t row_bytes = tensor_row_bytes(tensor);
    int code = BL_OK;
    for (int64_t b = lo; b < hi && code == BL_OK; b++) {
        const int64_t begin = tensor_block_begin(tensor, b);
        const int64_t row = begin / row_bytes, n = (tensor_block_begin(tensor, b + 1) - begin) / row_bytes;
        char *rows = (char *)tensor->at + begin;
        stall_tick("reading a file");
        code = h5_read_rows(set, tensor_type(tensor), row, n, tensor->cols, rows, path, err);
        if (code == BL_OK)
            code = h5_checksum_compare(rows, row, n, row_bytes, sums[b - lo], tensor->name, path, err);
    }
    return code;
}

int tensor_file_read(hid_t file, const char *path, const struct tensor *tensor, int64_t lo, int64_t hi,
                     struct bl_error *err)
{
    hid_t sums = H5I_INVALID_HID, set = H5Dopen2(file, tensor->name, H5P_DEFAULT);
    uint64_t *checksums = NULL; /* [hi - lo] */
    if (set < 0)
        return bl_fail(err, BL_INPUT, "%s: the tensor '%s' is missing", path, tensor->name);
    int code = check_shape(set, path, tensor, err);
    if (code == BL_OK)
        code = h5_storage_check(set, tensor->name, path, err);
    if (code == BL_OK)
        code =
            h5_checksums_open(&sums, file, tensor->name, tensor->rows, tensor_row_bytes(tensor), path, err);
    if (code == BL_OK && sums < 0)
        code = bl_fail(err, BL_INPUT, "%s: the checksums of '%s' are missing; the file is damaged", path,
                       tensor->name);
    if (code == BL_OK)
        code = bl_alloc(&checksums, hi - lo, sizeof *checksums, "checksums", err);
    if (code == BL_OK && hi > lo)
        code = h5_read_rows(sums, H5T_STD_U64LE, lo, hi - lo, 0, checksums, path, err);
    if (code == BL_OK)
        code = read_blocks(set, path, tensor, lo, hi, checksums, err);
    bl_free(&checksums);
    if (sums >= 0)
        H5Dclose(sums);
    H5Dclose(set);
    return code;
}
