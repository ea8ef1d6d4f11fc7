#include "mpi/h5_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mpi/agree.h"
#include "mpi/h5.h"

/* The next of "name=value, name=value" at *at, which goes on behind it; 0: there is none. */
static int next_hint(const char **at, char name[MPI_MAX_INFO_KEY], char value[MPI_MAX_INFO_VAL])
{
    *at += strspn(*at, ", ");
    const char *equals = strchr(*at, '=');
    if (!equals)
        return 0;
    const int n = (int)strcspn(equals + 1, ",");
    snprintf(name, MPI_MAX_INFO_KEY, "%.*s", (int)(equals - *at), *at);
    snprintf(value, MPI_MAX_INFO_VAL, "%.*s", n, equals + 1);
    *at = equals + 1 + n;
    return 1;
}

/* The caller frees what isn't MPI_INFO_NULL. */
static MPI_Info info_of(const char *hints)
{
    char name[MPI_MAX_INFO_KEY], value[MPI_MAX_INFO_VAL];
    MPI_Info info = MPI_INFO_NULL;
    if (!hints || !hints[0])
        return info;
    MPI_Info_create(&info);
    for (const char *at = hints; next_hint(&at, name, value);)
        MPI_Info_set(info, name, value);
    return info;
}

/* What one rank can't do must not leave the others waiting in a library. */
static int look_local(const char *path, struct bl_error *err)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    close(fd);
    return BL_OK;
}

int h5_rows_open(hid_t *file, struct par par, const char *hints, const char *path, struct bl_error *err)
{
    *file = H5I_INVALID_HID;
    h5_quiet();
    int code = par_agree(par, look_local(path, err), err);
    if (code != BL_OK)
        return code;
    MPI_Info info = par.size > 1 ? info_of(hints) : MPI_INFO_NULL;
    hid_t access = h5_access_list(par, info);
    H5Pset_sieve_buf_size(access, 0);
    *file = H5Fopen(path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    if (info != MPI_INFO_NULL)
        MPI_Info_free(&info);
    if (*file < 0)
        code = bl_fail(err, BL_PATH, "can't open %s on every rank to write into it", path);
    code = par_agree(par, code, err);
    if (code != BL_OK && *file >= 0) { /* the others wouldn't come to close it */
        h5_set_stuck_local();
        *file = H5I_INVALID_HID;
    }
    return code;
}

int h5_rows_close(hid_t *file, struct par par, const char *path, struct bl_error *err)
{
    int code = BL_OK;
    if (*file < 0)
        return BL_OK;
    if (H5Fclose(*file) < 0) {
        code = bl_fail(err, BL_PATH, "can't close %s: the disk may be full or faulty", path);
        h5_set_stuck_local();
    }
    *file = H5I_INVALID_HID;
    return par_agree(par, code, err);
}

void h5_rows_hints_local(hid_t file, const char *hints, char *text, int64_t size)
{
    char name[MPI_MAX_INFO_KEY], value[MPI_MAX_INFO_VAL], taken[MPI_MAX_INFO_VAL + 1];
    MPI_File *handle = NULL;
    MPI_Info info;
    hid_t access = H5Fget_access_plist(file);
    const int is_parallel = H5Pget_driver(access) == H5FD_MPIO;
    int64_t n = 0;
    H5Pclose(access);
    text[0] = '\0';
    if (!hints || !is_parallel || H5Fget_vfd_handle(file, H5P_DEFAULT, (void **)&handle) < 0 ||
        MPI_File_get_info(*handle, &info) != MPI_SUCCESS || info == MPI_INFO_NULL)
        return;
    for (const char *at = hints; next_hint(&at, name, value) && n < size;) {
        int found = 0;
        MPI_Info_get(info, name, MPI_MAX_INFO_VAL, taken, &found);
        if (found)
            n += snprintf(text + n, (size_t)(size - n), "%s%s=%s", n > 0 ? ", " : "", name, taken);
    }
    MPI_Info_free(&info);
}
