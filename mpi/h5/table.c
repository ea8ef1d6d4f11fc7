#include "mpi/h5/table.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "mpi/h5/file.h"

/* The most that one call to HDF5 moves, since MPI-IO counts bytes in an int; and the size of checksum
 * blocks. */
static const int64_t call_bytes = (int64_t)1 << 30;
static const int64_t block_bytes = (int64_t)1 << 20;
enum { NAME_BYTES = 256 };

int h5_make_group(hid_t file, const char *name)
{
    if (H5Lexists(file, name, H5P_DEFAULT) > 0)
        return 0;
    hid_t creation = h5_timeless(H5P_GROUP_CREATE);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Pclose(creation);
    return group < 0 || H5Gclose(group) < 0 ? -1 : 0;
}

/* HDF5 could create missing parents itself, but then they would record the time. */
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
    hid_t layout = h5_timeless(H5P_DATASET_CREATE), space = H5Screate_simple(cols > 0 ? 2 : 1, dims, NULL);
    H5Pset_layout(layout, H5D_CONTIGUOUS);
    /* Storage at creation, as MPI-IO requires, also with one rank, so that the file's bytes don't depend
     * on the number of ranks. No fill values: every byte gets written. */
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

/* Moves `count` rows, which are selected in the file and lie one after another in memory. */
static int move_some(int writing, hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t count, void *rows)
{
    hsize_t start[H5S_MAX_RANK] = {(hsize_t)row_lo}, counts[H5S_MAX_RANK];
    hid_t in_file = H5Dget_space(dataset);
    const int rank = H5Sget_simple_extent_dims(in_file, counts, NULL);
    counts[0] = (hsize_t)count;
    hid_t in_memory = H5Screate_simple(rank, counts, NULL);
    int failed = rank > 0 && H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, counts, NULL) < 0;
    if (!failed && writing)
        failed = H5Dwrite(dataset, memory_type, in_memory, in_file, H5P_DEFAULT, rows) < 0;
    else if (!failed)
        failed = H5Dread(dataset, memory_type, in_memory, in_file, H5P_DEFAULT, rows) < 0;
    H5Sclose(in_file);
    H5Sclose(in_memory);
    return failed ? -1 : 0;
}

int h5_move_rows(int writing, hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols,
                 void *rows, int64_t piece_bytes)
{
    const int64_t row_bytes = row_bytes_of(memory_type, cols);
    const int64_t most = piece_bytes / row_bytes > 0 ? piece_bytes / row_bytes : 1;
    for (int64_t at = 0; at < n; at += most) {
        const int64_t count = n - at < most ? n - at : most;
        if (move_some(writing, dataset, memory_type, row_lo + at, count, (char *)rows + at * row_bytes) != 0)
            return -1;
    }
    return 0;
}

int h5_write_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, const void *rows,
                  const char *what, struct bl_error *err)
{
    void *unchanged; /* h5_move_rows only reads it; a cast would drop const */
    memcpy(&unchanged, &rows, sizeof rows);
    if (h5_move_rows(1, dataset, memory_type, row_lo, n, cols, unchanged, call_bytes) != 0)
        return bl_fail(err, BL_PATH,
                       "can't write %s: the disk may be full; make room there or choose another place", what);
    return BL_OK;
}

int h5_read_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, void *rows,
                 const char *what, struct bl_error *err)
{
    if (h5_move_rows(0, dataset, memory_type, row_lo, n, cols, rows, call_bytes) != 0)
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
