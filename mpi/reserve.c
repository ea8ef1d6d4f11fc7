#include "mpi/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Metadata of an object, generously: an object header and its links. */
enum { BASE_BYTES = 4096, OBJECT_BYTES = 512 };

struct extent {
    hid_t file;
    int64_t end, objects;
};

static herr_t extend(hid_t object, const char *name, const H5O_info_t *info, void *context)
{
    struct extent *extent = context;
    (void)object;
    extent->objects++;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    hid_t set = H5Dopen2(extent->file, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    const haddr_t at = H5Dget_offset(set);
    const int64_t end = at == HADDR_UNDEF ? 0 : (int64_t)(at + H5Dget_storage_size(set));
    if (end > extent->end)
        extent->end = end;
    H5Dclose(set);
    return 0;
}

/* With MPI the library tells the length only after the first flush. */
static int64_t bytes_needed(hid_t file)
{
    struct extent extent = {.file = file};
    hsize_t bytes = 0;
    if (H5Fget_filesize(file, &bytes) >= 0)
        return (int64_t)bytes + BASE_BYTES;
    if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, extend, &extent) < 0)
        return 0;
    return extent.end + BASE_BYTES + extent.objects * OBJECT_BYTES;
}

int h5_reserve_local(hid_t file, const char *path, struct bl_error *err)
{
    char name[4096];
    const int64_t bytes = bytes_needed(file);
    if (bytes <= 0 || H5Fget_name(file, name, sizeof name) <= 0)
        return BL_OK;
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    const int failed = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) != 0, reason = errno;
    close(fd);
    if (!failed || (reason != ENOSPC && reason != EDQUOT))
        return BL_OK;
    return bl_fail(err, BL_PATH,
                   "can't write %s: the disk or the quota is full; make room there or choose another place",
                   path);
}
