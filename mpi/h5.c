#include "mpi/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/buffer.h"
#include "mpi/agree.h"

/* One call to HDF5 moves at most so much: MPI-IO counts bytes in an int. */
static const int64_t most_bytes = (int64_t)1 << 30;
static const int64_t block_bytes = (int64_t)1 << 20;
enum { texts_max = 1 << 20, NAME_BYTES = 256 };

void h5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* The latest format's metadata carries checksums. */
hid_t h5_access_list(MPI_Comm comm, MPI_Info hints)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    /* An object left open on an error path must not keep the others waiting in a close. */
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    if (comm != MPI_COMM_NULL)
        H5Pset_fapl_mpio(access, comm, hints);
    return access;
}

static hid_t read_list(struct par par)
{
    return h5_access_list(par.size > 1 ? par.comm : MPI_COMM_NULL, MPI_INFO_NULL);
}

/* Small rows would wait in a buffer until their data set is closed, and a full disk with them. */
static hid_t write_list(void)
{
    hid_t access = read_list(par_alone());
    H5Pset_sieve_buf_size(access, 0);
    return access;
}

/* Equal content is to be equal bytes, so no object keeps the time of its making; for a file this is about its
 * root group. */
static hid_t timeless(hid_t class)
{
    hid_t creation = H5Pcreate(class);
    H5Pset_obj_track_times(creation, 0);
    return creation;
}

/* Looks at a file alone, without MPI-IO: what one rank can find out must not leave the others waiting. */
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
    if (!S_ISREG(status.st_mode))
        return bl_fail_path(err, "open", path, S_ISDIR(status.st_mode) ? EISDIR : ESPIPE);
    if (status.st_size == 0)
        return bl_fail(err, BL_INPUT, "%s is empty; make it again", path);
    if (H5Fis_hdf5(path) <= 0)
        return bl_fail(err, BL_INPUT,
                       "%s is not an HDF5 file; check the path (bitloom import makes data sets)", path);
    /* With the same access list, or a file that this process has open already would be refused. */
    hid_t access = read_list(par_alone());
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (file < 0)
        return bl_fail(err, BL_INPUT,
                       "%s is truncated or damaged, or its file system refuses HDF5's locks (then set "
                       "HDF5_USE_FILE_LOCKING=FALSE)",
                       path);
    H5Fclose(file);
    return BL_OK;
}

int h5_open(hid_t *file, struct par par, const char *path, struct bl_error *err)
{
    *file = H5I_INVALID_HID;
    h5_quiet();
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

int h5_create_local(hid_t *file, const char *path, int64_t alignment, struct bl_error *err)
{
    *file = H5I_INVALID_HID;
    h5_quiet();
    const int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); /* it knows why, when it can't */
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    close(fd);
    hid_t access = write_list(), creation = timeless(H5P_FILE_CREATE);
    if (alignment > 0)
        H5Pset_alignment(access, (hsize_t)alignment, (hsize_t)alignment);
    *file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    return *file >= 0
               ? BL_OK
               : bl_fail(err, BL_PATH,
                         "can't write %s: the disk may be full; make room there or choose another place",
                         path);
}

int h5_open_to_change_local(hid_t *file, const char *path, struct bl_error *err)
{
    h5_quiet();
    hid_t access = write_list();
    *file = H5Fopen(path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    return *file >= 0 ? BL_OK : bl_fail(err, BL_PATH, "can't open %s to change it", path);
}

/* After a failed flush HDF5 1.10 refuses every later flush and close of that file, and a failed close leaves
 * it half open. */
static int stuck;

void h5_set_stuck_local(void)
{
    stuck = 1;
}

int h5_is_stuck_local(void)
{
    return stuck;
}

int h5_flush_local(hid_t file, const char *path, struct bl_error *err)
{
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0)
        return BL_OK;
    h5_set_stuck_local();
    return bl_fail(err, BL_PATH,
                   "can't write %s: the disk may be full; make room there or choose another place", path);
}

int h5_close(hid_t *file, struct par par, const char *path, struct bl_error *err)
{
    int code = BL_OK;
    unsigned intent = H5F_ACC_RDONLY;
    if (*file < 0)
        return BL_OK;
    H5Fget_intent(*file, &intent);
    if (intent != H5F_ACC_RDONLY && stuck)
        code = bl_fail(err, BL_PATH, "can't close %s after a failed write", path);
    else if (intent != H5F_ACC_RDONLY)
        code = h5_flush_local(*file, path, err);
    if (code == BL_OK && H5Fclose(*file) < 0) {
        code = bl_fail(err, BL_PATH,
                       "can't close %s: the disk may be full; make room there or choose another place", path);
        h5_set_stuck_local();
    }
    *file = H5I_INVALID_HID;
    return par_agree(par, code, err);
}

/* Attributes */

static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size ? size : 1);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

static int put(hid_t object, const char *name, hid_t file_type, hid_t memory_type, hid_t space,
               const void *value)
{
    if (H5Aexists(object, name) > 0)
        H5Adelete(object, name);
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    int failed = attribute < 0 || H5Awrite(attribute, memory_type, value) < 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    return failed ? -1 : 0;
}

static int put_scalar(hid_t object, const char *name, hid_t file_type, hid_t memory_type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    int result = put(object, name, file_type, memory_type, space, value);
    H5Sclose(space);
    return result;
}

int h5_put_text(hid_t object, const char *name, const char *text)
{
    hid_t type = text_type(strlen(text));
    int result = put_scalar(object, name, type, type, text);
    H5Tclose(type);
    return result;
}

int h5_put_integer(hid_t object, const char *name, int64_t value)
{
    return put_scalar(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

int h5_put_real(hid_t object, const char *name, double value)
{
    return put_scalar(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* An attribute of one dimension at most, of the wanted class and of fixed length; n: its elements. */
static hid_t open_attribute(hid_t object, const char *name, H5T_class_t wanted, int64_t *n,
                            size_t *element_bytes)
{
    if (H5Aexists(object, name) <= 0)
        return H5I_INVALID_HID;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0)
        return attribute;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int fits = H5Tget_class(type) == wanted && (wanted != H5T_STRING || H5Tis_variable_str(type) == 0);
    fits &= H5Sget_simple_extent_ndims(space) <= 1;
    *n = H5Sget_simple_extent_npoints(space);
    *element_bytes = H5Tget_size(type);
    H5Tclose(type);
    H5Sclose(space);
    if (fits)
        return attribute;
    H5Aclose(attribute);
    return H5I_INVALID_HID;
}

static int get_number(hid_t object, const char *name, H5T_class_t class, hid_t memory_type, void *value)
{
    int64_t n;
    size_t bytes;
    hid_t attribute = open_attribute(object, name, class, &n, &bytes);
    if (attribute < 0)
        return 0;
    int64_t read; /* 8 bytes for either kind: *value stays untouched on failure */
    int found = n == 1 && H5Aread(attribute, memory_type, &read) >= 0;
    if (found)
        memcpy(value, &read, sizeof read);
    H5Aclose(attribute);
    return found;
}

int h5_get_integer(hid_t object, const char *name, int64_t *value)
{
    return get_number(object, name, H5T_INTEGER, H5T_NATIVE_INT64, value);
}

int h5_get_real(hid_t object, const char *name, double *value)
{
    return get_number(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, value);
}

int h5_put_words(hid_t object, const char *name, const uint64_t *words, int64_t n)
{
    const hsize_t dims = (hsize_t)n;
    hid_t space = H5Screate_simple(1, &dims, NULL);
    int result = put(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, space, words);
    H5Sclose(space);
    return result;
}

int h5_get_words(hid_t object, const char *name, uint64_t *words, int64_t most, int64_t *n)
{
    int64_t there;
    size_t bytes;
    hid_t attribute = open_attribute(object, name, H5T_INTEGER, &there, &bytes);
    if (attribute < 0)
        return 0;
    int found = there >= 1 && there <= most && H5Aread(attribute, H5T_NATIVE_UINT64, words) >= 0;
    if (found)
        *n = there;
    H5Aclose(attribute);
    return found;
}

int h5_get_text(hid_t object, const char *name, char *text, int64_t size)
{
    int64_t n;
    size_t bytes;
    char read[4096] = {0};
    hid_t attribute = open_attribute(object, name, H5T_STRING, &n, &bytes);
    if (attribute < 0)
        return 0;
    int found = 0;
    if (n == 1 && bytes < sizeof read) {
        hid_t type = text_type(bytes);
        found = H5Aread(attribute, type, read) >= 0;
        H5Tclose(type);
    }
    H5Aclose(attribute);
    if (found)
        snprintf(text, (size_t)size, "%s", read);
    return found;
}

int h5_put_texts(hid_t object, const char *name, const char *const *texts, int64_t n)
{
    size_t longest = 1;
    char *flat;
    for (int64_t i = 0; i < n; i++)
        longest = strlen(texts[i]) > longest ? strlen(texts[i]) : longest;
    if (bl_alloc_zero(&flat, n * (int64_t)longest, 1, name, NULL) != BL_OK)
        return -1;
    for (int64_t i = 0; i < n; i++)
        memcpy(flat + (size_t)i * longest, texts[i], strlen(texts[i]));
    hsize_t dims = (hsize_t)n;
    hid_t type = text_type(longest), space = H5Screate_simple(1, &dims, NULL);
    int result = put(object, name, type, type, space, flat);
    H5Sclose(space);
    H5Tclose(type);
    bl_free(&flat);
    return result;
}

int h5_get_texts(hid_t object, const char *name, char ***texts, int64_t *n, struct bl_error *err)
{
    size_t bytes;
    int64_t count;
    *texts = NULL;
    *n = 0;
    hid_t attribute = open_attribute(object, name, H5T_STRING, &count, &bytes);
    if (attribute < 0)
        return BL_OK;
    char *flat = NULL;
    /* Sizes come from the file: none of ours is near these. */
    int code = count > texts_max || bytes > texts_max
                   ? bl_fail(err, BL_INPUT, "the attribute %s is impossibly large; the file is damaged", name)
                   : BL_OK;
    if (code == BL_OK)
        code = bl_alloc_zero(&flat, count * (int64_t)bytes, 1, name, err);
    /* Pointers first, the texts with their final zeros behind them. */
    if (code == BL_OK)
        code = bl_alloc_zero(texts, count * (int64_t)(sizeof(char *) + bytes + 1), 1, name, err);
    if (code == BL_OK) {
        hid_t type = text_type(bytes);
        if (H5Aread(attribute, type, flat) < 0)
            code = bl_fail(err, BL_INPUT, "the attribute %s can't be read", name);
        H5Tclose(type);
    }
    if (code == BL_OK) {
        char *copies = (char *)(*texts + count);
        for (int64_t i = 0; i < count; i++) {
            (*texts)[i] = copies + (size_t)i * (bytes + 1);
            memcpy((*texts)[i], flat + (size_t)i * bytes, bytes);
        }
        *n = count;
    } else {
        bl_free(texts);
    }
    bl_free(&flat);
    H5Aclose(attribute);
    return code;
}

/* Groups and data sets */

int h5_make_group(hid_t file, const char *name)
{
    if (H5Lexists(file, name, H5P_DEFAULT) > 0)
        return 0;
    hid_t creation = timeless(H5P_GROUP_CREATE);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Pclose(creation);
    return group < 0 || H5Gclose(group) < 0 ? -1 : 0;
}

/* HDF5 could make them on its own, but not without their times. */
static int make_parents(hid_t file, const char *name)
{
    char parent[NAME_BYTES];
    for (const char *slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        const int n = (int)(slash - name);
        if (snprintf(parent, sizeof parent, "%.*s", n, name) >= (int)sizeof parent ||
            h5_make_group(file, parent) != 0)
            return -1;
    }
    return 0;
}

int h5_make_dataset(hid_t file, const char *name, hid_t type, int64_t rows, int64_t cols, hid_t *dataset,
                    struct bl_error *err)
{
    const hsize_t dims[2] = {(hsize_t)rows, (hsize_t)cols};
    hid_t layout = timeless(H5P_DATASET_CREATE), space = H5Screate_simple(cols > 0 ? 2 : 1, dims, NULL);
    H5Pset_layout(layout, H5D_CONTIGUOUS);
    /* As MPI-IO does it anyway: the same bytes from any number of ranks. Every byte is written by us. */
    H5Pset_alloc_time(layout, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER);
    *dataset = H5I_INVALID_HID;
    if (make_parents(file, name) == 0)
        *dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(layout);
    return *dataset < 0 ? bl_fail(err, BL_PATH,
                                  "can't create %s in the file: the disk may be full; make room there", name)
                        : BL_OK;
}

static int64_t row_bytes_of(hid_t memory_type, int64_t cols)
{
    return (int64_t)H5Tget_size(memory_type) * (cols > 0 ? cols : 1);
}

int h5_move_rows(int writing, hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols,
                 void *rows, int64_t piece_bytes)
{
    const int64_t row_bytes = row_bytes_of(memory_type, cols);
    const int64_t most = piece_bytes / row_bytes > 0 ? piece_bytes / row_bytes : 1;
    for (int64_t at = 0; at < n; at += most) {
        const int64_t count = n - at < most ? n - at : most;
        const hsize_t start[2] = {(hsize_t)(row_lo + at), 0}, counts[2] = {(hsize_t)count, (hsize_t)cols};
        hid_t in_file = H5Dget_space(dataset), in_memory = H5Screate_simple(cols > 0 ? 2 : 1, counts, NULL);
        char *from = (char *)rows + at * row_bytes;
        int failed = H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, counts, NULL) < 0;
        if (!failed && writing)
            failed = H5Dwrite(dataset, memory_type, in_memory, in_file, H5P_DEFAULT, from) < 0;
        else if (!failed)
            failed = H5Dread(dataset, memory_type, in_memory, in_file, H5P_DEFAULT, from) < 0;
        H5Sclose(in_file);
        H5Sclose(in_memory);
        if (failed)
            return -1;
    }
    return 0;
}

int h5_write_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, const void *rows,
                  const char *what, struct bl_error *err)
{
    void *unchanged;
    memcpy(&unchanged, &rows, sizeof rows);
    if (h5_move_rows(1, dataset, memory_type, row_lo, n, cols, unchanged, most_bytes) != 0)
        return bl_fail(err, BL_PATH,
                       "can't write %s: the disk may be full; make room there or choose another place", what);
    return BL_OK;
}

int h5_read_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, void *rows,
                 const char *what, struct bl_error *err)
{
    if (h5_move_rows(0, dataset, memory_type, row_lo, n, cols, rows, most_bytes) != 0)
        return bl_fail(err, BL_INPUT, "can't read %s: the file is damaged; restore it or make it again",
                       what);
    return BL_OK;
}

int64_t h5_rows_per_block(int64_t row_bytes)
{
    return row_bytes < block_bytes ? block_bytes / row_bytes : 1;
}

uint64_t h5_block_checksum(const void *bytes, int64_t n_bytes)
{
    return XXH3_64bits(bytes, (size_t)n_bytes);
}
