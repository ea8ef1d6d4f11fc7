#include "mpi/h5/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mpi/h5/refusal.h"
#include "mpi/ranks/agree.h"

void h5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* LIBVER_LATEST: only metadata in the latest format carry checksums. */
hid_t h5_access_list(MPI_Comm comm, MPI_Info hints)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    /* STRONG also closes objects that an error path left open; otherwise they would keep the close from
     * ending. */
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    if (comm != MPI_COMM_NULL)
        H5Pset_fapl_mpio(access, comm, hints);
    return access;
}

static hid_t read_list(struct par par)
{
    return h5_access_list(par.size > 1 ? par.comm : MPI_COMM_NULL, MPI_INFO_NULL);
}

/* Without a sieve buffer: small rows would stay in it until the data set is closed, and a full disk would be
 * noticed only then. */
static hid_t write_list(void)
{
    hid_t access = read_list(par_alone());
    H5Pset_sieve_buf_size(access, 0);
    return access;
}

hid_t h5_timeless(hid_t class)
{
    hid_t creation = H5Pcreate(class);
    H5Pset_obj_track_times(creation, 0);
    return creation;
}

/* Checks a file by one rank, without MPI-IO: an error that one rank can find must not occur inside a
 * collective open, where the others would wait. O_NONBLOCK, or opening a FIFO would block. */
static int look_local(const char *path, struct bl_error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return bl_fail_path(err, "open", path, errno);
    int failed = fstat(fd, &status) != 0, reason = errno;
    close(fd);
    if (failed)
        return bl_fail_path(err, "open", path, reason);
    if (S_ISDIR(status.st_mode))
        return bl_fail(err, BL_PATH, "can't open %s: Is a directory; give a file in it", path);
    if (!S_ISREG(status.st_mode))
        return bl_fail(err, BL_PATH, "%s is not a regular file; HDF5 can't read a pipe: save it first", path);
    if (status.st_size == 0)
        return bl_fail(err, BL_INPUT, "%s is empty; make it again", path);
    if (H5Fis_hdf5(path) <= 0)
        return bl_fail(err, BL_INPUT,
                       "%s is not an HDF5 file; check the path (bitloom import makes data sets)", path);
    /* HDF5 refuses to open a file twice in a process with different access lists. */
    hid_t access = read_list(par_alone());
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (file >= 0) {
        H5Fclose(file);
        return BL_OK;
    }
    const int code = h5_refusal(path, 0, err);
    return code != BL_OK
               ? code
               : bl_fail(err, BL_INPUT, "%s is truncated or damaged; copy it again or make it again", path);
}

int par_h5_open(hid_t *file, struct par par, const char *path, struct bl_error *err)
{
    *file = H5I_INVALID_HID;
    h5_quiet();
    /* Rank 0 looks, all agree, and only then all enter the collective open. */
    int code = par_agree(par, par.rank == 0 ? look_local(path, err) : BL_OK, err);
    if (code != BL_OK)
        return code;
    hid_t access = read_list(par);
    *file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    code = *file < 0 ? bl_fail(err, BL_PATH,
                               "can't open %s on every rank; is its folder shared between the nodes?", path)
                     : BL_OK;
    return par_agree(par, code, err);
}

int h5_create(hid_t *file, const char *path, int64_t alignment, struct bl_error *err)
{
    *file = H5I_INVALID_HID;
    h5_quiet();
    /* By POSIX first: it gives a reason when it can't. */
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    close(fd);
    hid_t access = write_list(), creation = h5_timeless(H5P_FILE_CREATE);
    if (alignment > 0)
        H5Pset_alignment(access, (hsize_t)alignment, (hsize_t)alignment);
    *file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    if (*file >= 0)
        return BL_OK;
    const int code = h5_refusal(path, 1, err); /* a file of ours that isn't closed is a failed write */
    return code == BL_PATH
               ? code
               : bl_fail(err, BL_PATH,
                         "can't write %s: the disk may be full; make room there or choose another place",
                         path);
}

int h5_open_to_change(hid_t *file, const char *path, struct bl_error *err)
{
    h5_quiet();
    hid_t access = write_list();
    *file = H5Fopen(path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    if (*file >= 0)
        return BL_OK;
    const int code = h5_refusal(path, 1, err); /* a file of ours that isn't closed is a failed write */
    return code == BL_PATH ? code
                           : bl_fail(err, BL_PATH, "can't open %s to change it; it may be damaged", path);
}

/* After a failed flush, HDF5 1.10 refuses every later flush and close of that file, and a failed close
 * leaves it half open; at exit the library would try once more and crash. */
static int stuck;

void h5_set_stuck(void)
{
    stuck = 1;
}

int h5_is_stuck(void)
{
    return stuck;
}

int h5_flush(hid_t file, const char *path, struct bl_error *err)
{
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0)
        return BL_OK;
    h5_set_stuck();
    return bl_fail(err, BL_PATH,
                   "can't write %s: the disk may be full; make room there or choose another place", path);
}

int par_h5_close(hid_t *file, struct par par, const char *path, struct bl_error *err)
{
    int code = BL_OK;
    unsigned intent = H5F_ACC_RDONLY;
    if (*file < 0)
        return BL_OK;
    H5Fget_intent(*file, &intent);
    /* A file that was written is flushed first: a full disk then shows before the close. */
    if (intent != H5F_ACC_RDONLY && stuck)
        code = bl_fail(err, BL_PATH, "can't close %s after a failed write", path);
    else if (intent != H5F_ACC_RDONLY)
        code = h5_flush(*file, path, err);
    if (code == BL_OK && H5Fclose(*file) < 0) {
        code = bl_fail(err, BL_PATH,
                       "can't close %s: the disk may be full; make room there or choose another place", path);
        h5_set_stuck();
    }
    *file = H5I_INVALID_HID;
    return par_agree(par, code, err);
}
