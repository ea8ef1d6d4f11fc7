#include "mpi/state_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "io/file.h"
#include "mpi/agree.h"
#include "mpi/h5.h"
#include "mpi/output.h"
#include "mpi/root.h"
#include "mpi/stall.h"
#include "mpi/verify.h"

int par_state_file_create(struct par_state_file *out, struct par par, const char *path, struct bl_error *err)
{
    *out = (struct par_state_file){.par = par, .file = H5I_INVALID_HID};
    if (snprintf(out->path, sizeof out->path, "%s", path) >= (int)sizeof out->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    int code = io_file_temporary(path, out->temporary, sizeof out->temporary, err);
    if (code != BL_OK)
        return code;
    out->unfinished = 1;
    return h5_create(&out->file, par, out->temporary, err);
}

static hid_t type_in_file(enum par_value value)
{
    return value == PAR_DOUBLE ? H5T_IEEE_F64LE : value == PAR_FLOAT ? H5T_IEEE_F32LE : H5T_STD_U8LE;
}

static hid_t type_in_memory(enum par_value value)
{
    return value == PAR_DOUBLE ? H5T_NATIVE_DOUBLE : value == PAR_FLOAT ? H5T_NATIVE_FLOAT : H5T_NATIVE_UINT8;
}

static int create_outputs(struct par_state_file *out, const struct par_state_tensor *tensors, int64_t n,
                          struct par_output *outputs, struct bl_error *err)
{
    for (int64_t t = 0; t < n; t++) {
        hid_t type = H5Tcopy(type_in_file(tensors[t].value));
        int code = par_output_create(&outputs[t], out->file, tensors[t].name, type, tensors[t].rows,
                                     tensors[t].cols, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

static int write_slices(struct par_state_file *out, const struct par_state_tensor *tensors, int64_t n,
                        struct par_output *outputs, struct bl_error *err)
{
    for (int64_t t = 0; t < n; t++) {
        int64_t lo, hi;
        par_range_local(tensors[t].rows, out->par.rank, out->par.size, &lo, &hi);
        const char *rows = (const char *)tensors[t].at + lo * outputs[t].row_bytes;
        par_stall_tick_local("writing a checkpoint");
        int code = par_output_write_local(&outputs[t], lo, hi - lo, rows, out->path, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

int par_state_file_write(struct par_state_file *out, const struct par_state_tensor *tensors, int64_t n,
                         struct bl_error *err)
{
    struct par_output *outputs;
    int code =
        par_agree(out->par, bl_alloc_zero(&outputs, n, sizeof *outputs, "the file's tensors", err), err);
    if (code != BL_OK) {
        bl_free(&outputs);
        return code;
    }
    for (int64_t t = 0; t < n; t++)
        outputs[t].set = outputs[t].type = H5I_INVALID_HID;
    code = par_agree(out->par, create_outputs(out, tensors, n, outputs, err), err);
    if (code == BL_OK)
        code = par_agree(out->par, write_slices(out, tensors, n, outputs, err), err);
    if (code == BL_OK)
        code = par_output_flush(out->par, out->file, out->path, err);
    for (int64_t t = 0; t < n && code == BL_OK; t++)
        code = par_output_seal(&outputs[t], out->par, out->file, out->path, err);
    for (int64_t t = 0; t < n; t++)
        par_output_close_local(&outputs[t]);
    bl_free(&outputs);
    return code;
}

/* As whoever opens it later will: what the close itself wrote was not read back until now. */
static int verify_closed_local(const struct par_state_file *out, const char *format, int64_t version,
                               struct bl_error *err)
{
    hid_t file;
    struct bl_error why, ignored;
    int code = par_state_file_open_local(&file, out->temporary, format, version, &why);
    if (code == BL_OK)
        h5_close(&file, par_alone(), out->temporary, &ignored);
    else
        code = bl_fail(
            err, BL_PATH,
            "%s reads back differently from what was written; the disk may be full or faulty (%.500s)",
            out->path, why.what);
    return code;
}

int par_state_file_commit(struct par_state_file *out, const char *format, int64_t version,
                          struct bl_error *err)
{
    int code = par_agree(out->par, par_root_put(out->file, out->path, format, version, err), err);
    if (code == BL_OK)
        code = h5_close(&out->file, out->par, out->path, err);
    if (code == BL_OK && out->par.rank == 0)
        code = verify_closed_local(out, format, version, err);
    if (code == BL_OK && out->par.rank == 0)
        code = io_file_install(out->temporary, out->path, err);
    code = par_agree(out->par, code, err);
    if (code == BL_OK)
        out->unfinished = 0;
    return code;
}

void par_state_file_destroy(struct par_state_file *out)
{
    struct bl_error ignored = {0}; /* the file goes anyway */
    if (out->file >= 0)
        h5_close(&out->file, out->par, out->path, &ignored);
    if (out->unfinished && out->par.rank == 0)
        unlink(out->temporary);
    out->unfinished = 0;
}

int par_state_file_open_local(hid_t *file, const char *path, const char *format, int64_t version,
                              struct bl_error *err)
{
    struct bl_error ignored;
    char found[64];
    int64_t sets, blocks;
    int code = h5_open(file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    if (!h5_get_text(*file, "format", found, sizeof found))
        code = bl_fail(err, BL_INPUT, "%s is an HDF5 file but not a '%s' file", path, format);
    if (code == BL_OK)
        code = par_root_check_local(*file, path, format, version, err);
    if (code == BL_OK && H5Lexists(*file, "checksums", H5P_DEFAULT) <= 0)
        code = bl_fail(err, BL_INPUT, "%s: its checksums are missing; the file is damaged", path);
    if (code == BL_OK)
        code = par_verify_open_file_local(*file, path, &sets, &blocks, err);
    if (code != BL_OK)
        h5_close(file, par_alone(), path, &ignored);
    return code;
}

int64_t par_state_file_rows_local(hid_t file, const char *name)
{
    hsize_t dims[2] = {0, 0};
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    hid_t space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank == 1 || rank == 2)
        H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    H5Dclose(set);
    return rank == 1 || rank == 2 ? (int64_t)dims[0] : -1;
}

int par_state_file_read_local(hid_t file, const char *path, const struct par_state_tensor *tensor,
                              struct bl_error *err)
{
    hid_t set = H5Dopen2(file, tensor->name, H5P_DEFAULT);
    if (set < 0)
        return bl_fail(err, BL_INPUT, "%s: the tensor '%s' is missing", path, tensor->name);
    hsize_t dims[2] = {0, 0};
    hid_t space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank == 1 || rank == 2)
        H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    int code = BL_OK;
    if (rank != (tensor->cols > 0 ? 2 : 1) || (int64_t)dims[0] != tensor->rows ||
        (int64_t)dims[1] != tensor->cols)
        code = bl_fail(err, BL_INPUT,
                       "%s: the tensor '%s' is %lld x %lld; %" PRId64 " x %" PRId64 " is needed here", path,
                       tensor->name, (long long)dims[0], (long long)dims[1], tensor->rows, tensor->cols);
    if (code == BL_OK)
        code = h5_read_rows(set, type_in_memory(tensor->value), 0, tensor->rows, tensor->cols, tensor->at,
                            path, err);
    H5Dclose(set);
    return code;
}
