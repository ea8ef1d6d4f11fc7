#include "mpi/h5/storage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* LOOKUPS_MAX bounds the search for the end of a gap: a damaged extent may claim any number of chunks. */
enum { RANK_MAX = H5S_MAX_RANK, LOOKUPS_MAX = 1 << 20 };

/* A chunked data set as a grid of chunks. */
struct grid {
    hid_t set;
    int rank;
    hsize_t extent[RANK_MAX], chunk[RANK_MAX];
    uint64_t bands;    /* chunks along the rows */
    uint64_t per_band; /* chunks that hold the same rows */
};

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static int read_grid(struct grid *grid, hid_t set, hid_t plist)
{
    hid_t space = H5Dget_space(set);
    *grid = (struct grid){.set = set, .per_band = 1, .rank = H5Sget_simple_extent_ndims(space)};
    int fine = grid->rank >= 1 && H5Sget_simple_extent_dims(space, grid->extent, NULL) >= 0 &&
               H5Pget_chunk(plist, RANK_MAX, grid->chunk) == grid->rank;
    if (space >= 0)
        H5Sclose(space);
    for (int d = 0; d < grid->rank && fine; d++) {
        fine = grid->chunk[d] > 0;
        const uint64_t n =
            fine ? grid->extent[d] / grid->chunk[d] + (grid->extent[d] % grid->chunk[d] > 0) : 0;
        if (d == 0)
            grid->bands = n;
        else
            grid->per_band = multiply(grid->per_band, n);
    }
    return fine ? 0 : -1;
}

static int in_one_piece(hid_t set, H5D_layout_t layout, struct h5_storage *storage)
{
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    const hssize_t values = H5Sget_simple_extent_npoints(space);
    const uint64_t bytes = multiply((uint64_t)values, H5Tget_size(type)), stored = H5Dget_storage_size(set);
    H5Tclose(type);
    H5Sclose(space);
    storage->chunks = 1;
    storage->stored = values <= 0 || (layout == H5D_CONTIGUOUS ? stored >= bytes : stored > 0);
    return values < 0 ? -1 : 0;
}

/* HDF5 1.10 takes no H5S_ALL here. */
static int count_stored(hid_t set, uint64_t *stored)
{
    hsize_t n = 0;
    hid_t space = H5Dget_space(set);
    const int failed = H5Dget_num_chunks(set, space, &n) < 0;
    H5Sclose(space);
    *stored = n;
    return failed ? -1 : 0;
}

static int look(hid_t set, hid_t plist, struct h5_storage *storage)
{
    const H5D_layout_t layout = H5Pget_layout(plist);
    struct grid grid;
    storage->is_elsewhere =
        layout == H5D_VIRTUAL || (layout == H5D_CONTIGUOUS && H5Pget_external_count(plist) > 0);
    if (storage->is_elsewhere)
        return 0;
    if (layout != H5D_CHUNKED)
        return in_one_piece(set, layout, storage);
    if (read_grid(&grid, set, plist) != 0 || count_stored(set, &storage->stored) != 0)
        return -1;
    storage->chunks = multiply(grid.bands, grid.per_band);
    return 0;
}

int h5_storage_look(hid_t set, struct h5_storage *storage)
{
    *storage = (struct h5_storage){0};
    hid_t plist = H5Dget_create_plist(set);
    const int result = plist < 0 ? -1 : look(set, plist, storage);
    if (plist >= 0)
        H5Pclose(plist);
    return result;
}

/* How many of a band's chunks were written, the first `most` of them looked at. */
static uint64_t stored_in_band(const struct grid *grid, uint64_t band, uint64_t most)
{
    hsize_t at[RANK_MAX] = {band * grid->chunk[0]};
    uint64_t stored = 0;
    for (uint64_t i = 0; i < grid->per_band && i < most; i++) {
        hsize_t bytes = 0;
        stored += H5Dget_chunk_storage_size(grid->set, at, &bytes) >= 0 && bytes > 0;
        for (int d = grid->rank - 1; d > 0; d--) { /* the next place in the grid */
            at[d] += grid->chunk[d];
            if (at[d] < grid->extent[d])
                break;
            at[d] = 0;
        }
    }
    return stored;
}

/* Names the first rows that were never written: "rows 500 to 999". */
static void name_gap(const struct grid *grid, uint64_t stored, char *text, size_t size)
{
    uint64_t seen = 0, here = 0, band = 0, lookups = 0;
    for (; band < grid->bands; band++, seen += here) {
        here = stored_in_band(grid, band, LOOKUPS_MAX);
        if (here < grid->per_band)
            break;
    }
    uint64_t end = band + 1;
    const int in_part = here > 0;
    /* Up to the next rows of which something was written; if all that was lies before, up to the last. */
    if (!in_part && seen >= stored)
        end = grid->bands;
    for (; !in_part && end < grid->bands && lookups < LOOKUPS_MAX; end++, lookups += grid->per_band)
        if (stored_in_band(grid, end, LOOKUPS_MAX) > 0)
            break;
    const uint64_t last = multiply(end, grid->chunk[0]);
    snprintf(text, size, "rows %" PRIu64 " to %" PRIu64 " %s", band * (uint64_t)grid->chunk[0],
             (last < grid->extent[0] ? last : (uint64_t)grid->extent[0]) - 1,
             in_part ? "were written only in part" : "were never written");
}

static int fail_missing(hid_t set, hid_t plist, const struct h5_storage *storage, const char *name,
                        const char *where, struct bl_error *err)
{
    struct grid grid;
    char gap[120];
    if (storage->stored == 0 || read_grid(&grid, set, plist) != 0)
        return bl_fail(err, BL_INPUT, "%s: the data of '%s' was never written; write the file again", where,
                       name);
    name_gap(&grid, storage->stored, gap, sizeof gap);
    return bl_fail(err, BL_INPUT, "%s: '%s' has %" PRIu64 " of %" PRIu64 " chunks; %s; write the file again",
                   where, name, storage->stored, storage->chunks, gap);
}

/* Looks now whether each filter can be undone, where HDF5 would fail at the first read. */
static int check_filters(hid_t plist, const char *name, const char *where, struct bl_error *err)
{
    int n = H5Pget_nfilters(plist);
    for (int i = 0; i < n; i++) {
        unsigned flags, config;
        size_t n_values = 0;
        char filter[64] = "";
        H5Z_filter_t id =
            H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, NULL, sizeof filter, filter, &config);
        if (id < 0 || H5Zfilter_avail(id) <= 0)
            return bl_fail(err, BL_INPUT,
                           "%s: '%s' is compressed by '%s' (filter %d), which this HDF5 can't undo; write it "
                           "again with gzip or without compression",
                           where, name, filter, (int)id);
    }
    return BL_OK;
}

int h5_storage_check(hid_t set, const char *name, const char *where, struct bl_error *err)
{
    struct h5_storage storage = {0};
    hid_t plist = H5Dget_create_plist(set);
    int code = BL_OK;
    if (plist < 0 || look(set, plist, &storage) != 0)
        code =
            bl_fail(err, BL_INPUT, "%s: how '%s' is stored can't be read; the file is damaged", where, name);
    else if (storage.is_elsewhere)
        code = bl_fail(err, BL_INPUT, "%s: the data of '%s' lies in other files; copy it into this one",
                       where, name);
    if (code == BL_OK && H5Pget_layout(plist) == H5D_CHUNKED)
        code = check_filters(plist, name, where, err);
    if (code == BL_OK && storage.stored < storage.chunks)
        code = fail_missing(set, plist, &storage, name, where, err);
    if (plist >= 0)
        H5Pclose(plist);
    return code;
}
