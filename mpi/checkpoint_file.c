#include "mpi/checkpoint_file.h"

#include <stdio.h>
#include <string.h>

#include "mpi/h5.h"
#include "mpi/root.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows go to the file as they lie in memory");

int64_t par_tensor_row_bytes_local(const struct par_state_tensor *tensor)
{
    static const int64_t value_bytes[] = {[PAR_FLOAT] = 4, [PAR_DOUBLE] = 8, [PAR_BYTE] = 1};
    return value_bytes[tensor->value] * (tensor->cols > 0 ? tensor->cols : 1);
}

int64_t par_tensor_blocks_local(const struct par_state_tensor *tensor)
{
    const int64_t per_block = h5_rows_per_block(par_tensor_row_bytes_local(tensor));
    return (tensor->rows + per_block - 1) / per_block;
}

static hid_t type_in_file(enum par_value value)
{
    return value == PAR_DOUBLE ? H5T_IEEE_F64LE : value == PAR_FLOAT ? H5T_IEEE_F32LE : H5T_STD_U8LE;
}

static int put_numbers(hid_t file, const char *path, const struct par_state_number *numbers, int64_t n,
                       struct bl_error *err)
{
    int failed = h5_make_group(file, "numbers") != 0;
    hid_t group = failed ? H5I_INVALID_HID : H5Gopen2(file, "numbers", H5P_DEFAULT);
    failed |= group < 0;
    for (int64_t i = 0; i < n && !failed; i++)
        failed = numbers[i].is_integer ? h5_put_integer(group, numbers[i].name, numbers[i].integer)
                                       : h5_put_real(group, numbers[i].name, numbers[i].real);
    if (group >= 0)
        H5Gclose(group);
    return failed ? bl_fail(err, BL_PATH, "can't write the numbers of %s; the disk may be full", path)
                  : BL_OK;
}

static int place_of(hid_t set, const char *path, int64_t *at, struct bl_error *err)
{
    const haddr_t address = H5Dget_offset(set);
    *at = address == HADDR_UNDEF ? -1 : (int64_t)address;
    return *at >= 0 ? BL_OK : bl_fail(err, BL_DEFECT, "%s: a data set has no place in the file", path);
}

static int make_tensor(hid_t file, const char *path, const struct par_state_tensor *tensor,
                       struct par_checkpoint_place *place, struct bl_error *err)
{
    char name[sizeof tensor->name + 16];
    hid_t set = H5I_INVALID_HID, sums = H5I_INVALID_HID;
    snprintf(name, sizeof name, "checksums/%s", tensor->name);
    int code = h5_make_dataset(file, tensor->name, type_in_file(tensor->value), tensor->rows, tensor->cols,
                               &set, err);
    if (code == BL_OK)
        code = place_of(set, path, &place->at, err);
    if (code == BL_OK)
        code = h5_make_dataset(file, name, H5T_STD_U64LE, par_tensor_blocks_local(tensor), 0, &sums, err);
    if (code == BL_OK)
        code = place_of(sums, path, &place->sums_at, err);
    if (code == BL_OK &&
        h5_put_integer(sums, "rows_per_block", h5_rows_per_block(par_tensor_row_bytes_local(tensor))) != 0)
        code = bl_fail(err, BL_PATH, "can't write the checksums of %s", path);
    if (sums >= 0)
        H5Dclose(sums);
    if (set >= 0)
        H5Dclose(set);
    return code;
}

int par_checkpoint_file_make_local(const char *path, const struct par_state_number *numbers,
                                   int64_t n_numbers, const struct par_state_tensor *tensors, int64_t n,
                                   struct par_checkpoint_place *places, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = h5_create(&file, par_alone(), path, err);
    if (code == BL_OK)
        code = put_numbers(file, path, numbers, n_numbers, err);
    for (int64_t t = 0; t < n && code == BL_OK; t++)
        code = make_tensor(file, path, &tensors[t], &places[t], err);
    const int closed = h5_close(&file, par_alone(), path, code == BL_OK ? err : &ignored);
    return code == BL_OK ? closed : code;
}

static int is_at(hid_t file, const char *name, int64_t at)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    const int found = set >= 0 && (int64_t)H5Dget_offset(set) == at;
    if (set >= 0)
        H5Dclose(set);
    return found;
}

static int has_numbers(hid_t file, int64_t n)
{
    H5O_info_t info;
    return H5Oget_info_by_name(file, "numbers", &info, H5P_DEFAULT) >= 0 && (int64_t)info.num_attrs == n;
}

/* What is missing from the closed file, or NULL. */
static const char *find_missing(hid_t file, const char *path, int64_t n_numbers,
                                const struct par_state_tensor *tensors, int64_t n,
                                const struct par_checkpoint_place *places)
{
    char name[sizeof tensors->name + 16], format[64];
    struct bl_error ignored;
    if (!h5_get_text(file, "format", format, sizeof format) ||
        par_root_check_local(file, path, PAR_CHECKPOINT_FORMAT, PAR_CHECKPOINT_VERSION, &ignored) != BL_OK)
        return "what kind of file it is";
    if (!has_numbers(file, n_numbers))
        return "the numbers";
    for (int64_t t = 0; t < n; t++) {
        snprintf(name, sizeof name, "checksums/%s", tensors[t].name);
        if (!is_at(file, tensors[t].name, places[t].at) || !is_at(file, name, places[t].sums_at))
            return tensors[t].name;
    }
    return NULL;
}

int par_checkpoint_file_mark_local(const char *path, int64_t n_numbers,
                                   const struct par_state_tensor *tensors, int64_t n,
                                   const struct par_checkpoint_place *places, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = h5_open_to_change_local(&file, path, err);
    if (code != BL_OK)
        return code;
    code = par_root_put(file, path, PAR_CHECKPOINT_FORMAT, PAR_CHECKPOINT_VERSION, err);
    const int closed = h5_close(&file, par_alone(), path, code == BL_OK ? err : &ignored);
    if (code != BL_OK || closed != BL_OK)
        return err->code;
    if (h5_open(&file, par_alone(), path, &ignored) != BL_OK)
        return bl_fail(err, BL_PATH,
                       "%s reads back differently from what was written; the disk may be full or faulty "
                       "(%.500s)",
                       path, ignored.what);
    const char *missing = find_missing(file, path, n_numbers, tensors, n, places);
    if (missing)
        code = bl_fail(err, BL_PATH,
                       "%s reads back differently from what was written: '%s' is not in its place; the disk "
                       "may be full or faulty",
                       path, missing);
    h5_close(&file, par_alone(), path, &ignored);
    return code;
}
