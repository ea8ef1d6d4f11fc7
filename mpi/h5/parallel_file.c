#include "mpi/h5/parallel_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mpi/h5/file.h"
#include "mpi/h5/refusal.h"

/* Takes the next hint of "name=value, name=value" at *at and moves *at behind it; 0: there is none. */
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

/* MPI_INFO_NULL without hints; anything else the caller frees. */
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

int h5_parallel_create(struct par par, const char *hints, const char *path, struct bl_error *err)
{
    MPI_File file;
    MPI_Info info = par.size > 1 ? info_of(hints) : MPI_INFO_NULL;
    if (info == MPI_INFO_NULL)
        return BL_OK;
    /* Hints such as striping only work on a file that doesn't exist yet. */
    remove(path);
    const int failed =
        MPI_File_open(MPI_COMM_SELF, path, MPI_MODE_CREATE | MPI_MODE_WRONLY, info, &file) != MPI_SUCCESS;
    if (!failed)
        MPI_File_close(&file);
    MPI_Info_free(&info);
    return failed ? bl_fail(err, BL_PATH, "can't create %s with checkpoint.hints", path) : BL_OK;
}

int h5_parallel_open(hid_t *file, struct par par, const char *hints, const char *path, struct bl_error *err)
{
    *file = H5I_INVALID_HID;
    h5_quiet();
    const int fd = open(path, O_RDWR | O_CLOEXEC); /* gives a reason when it can't, where HDF5 doesn't */
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    close(fd);
    /* MPI_COMM_SELF: MPI-IO with the hints, but no call that waits for another rank. */
    MPI_Info info = par.size > 1 ? info_of(hints) : MPI_INFO_NULL;
    hid_t access = h5_access_list(par.size > 1 ? MPI_COMM_SELF : MPI_COMM_NULL, info);
    H5Pset_sieve_buf_size(access, 0);
    *file = H5Fopen(path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    if (info != MPI_INFO_NULL)
        MPI_Info_free(&info);
    if (*file >= 0)
        return BL_OK;
    const int code = h5_refusal(path, 1, err); /* a file of ours that isn't closed is a failed write */
    return code == BL_PATH ? code
                           : bl_fail(err, BL_PATH,
                                     "can't open %s to write into it; the disk may be full or faulty", path);
}

int h5_parallel_close(hid_t *file, const char *path, struct bl_error *err)
{
    const hid_t open = *file;
    *file = H5I_INVALID_HID;
    if (open < 0 || H5Fclose(open) >= 0)
        return BL_OK;
    h5_set_stuck();
    return bl_fail(err, BL_PATH, "can't close %s: the disk may be full or faulty", path);
}

void h5_parallel_hints(hid_t file, const char *hints, char *text, int64_t size)
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
    /* MPI-IO drops hints that it doesn't know, and may keep others with another value. */
    for (const char *at = hints; next_hint(&at, name, value) && n < size;) {
        int found = 0;
        MPI_Info_get(info, name, MPI_MAX_INFO_VAL, taken, &found);
        if (found)
            n += snprintf(text + n, (size_t)(size - n), "%s%s=%s", n > 0 ? ", " : "", name, taken);
    }
    MPI_Info_free(&info);
}
