#include "mpi/files/neighbours.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/table.h"
#include "mpi/process/stall.h"

enum { BLOCK_VALUES = 1 << 17 };

/* A data set of integers; extent[1] is 0 for one dimension. */
struct numbers {
    hid_t set;
    int64_t extent[2];
};

int neighbours_is(hid_t file)
{
    char text[64];
    if (h5_get_text(file, "format", text, sizeof text))
        return strcmp(text, PAR_NEIGHBOURS_FORMAT) == 0;
    if (h5_get_text(file, "kind", text, sizeof text))
        return strcmp(text, PAR_NEIGHBOURS_KIND) == 0;
    return H5Lexists(file, "neighbours", H5P_DEFAULT) > 0 && H5Lexists(file, "distances", H5P_DEFAULT) > 0;
}

static void numbers_close(struct numbers *numbers)
{
    if (numbers->set >= 0)
        H5Dclose(numbers->set);
    numbers->set = H5I_INVALID_HID;
}

static int numbers_open(struct numbers *numbers, hid_t file, const char *name, const char *path,
                        struct bl_error *err)
{
    hsize_t dims[2] = {0, 0};
    *numbers = (struct numbers){.set = H5I_INVALID_HID};
    if (H5Lexists(file, name, H5P_DEFAULT) > 0)
        numbers->set = H5Dopen2(file, name, H5P_DEFAULT);
    if (numbers->set < 0)
        return bl_fail(err, BL_INPUT, "%s: the data set '%s' is missing or damaged; search again", path,
                       name);
    hid_t type = H5Dget_type(numbers->set), space = H5Dget_space(numbers->set);
    const int rank = H5Sget_simple_extent_ndims(space);
    const int fits = H5Tget_class(type) == H5T_INTEGER && (rank == 1 || rank == 2);
    if (fits)
        H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    H5Tclose(type);
    numbers->extent[0] = (int64_t)dims[0];
    numbers->extent[1] = (int64_t)dims[1];
    if (!fits || (rank == 2 && dims[1] == 0) || dims[0] > (hsize_t)(INT64_MAX / 8) ||
        dims[1] > (hsize_t)(INT64_MAX / 8) / (dims[0] ? dims[0] : 1))
        return bl_fail(err, BL_INPUT, "%s: '%s' must be integers, [queries, k] or [neighbours]", path, name);
    return BL_OK;
}

/* All that is read, open together. */
struct neighbours {
    struct numbers rows, distances, offsets; /* the last only where their number varies */
    struct neighbours_info info;
};

static void neighbours_close(struct neighbours *neighbours)
{
    numbers_close(&neighbours->rows);
    numbers_close(&neighbours->distances);
    numbers_close(&neighbours->offsets);
}

static int neighbours_open(struct neighbours *neighbours, hid_t file, const char *path, struct bl_error *err)
{
    struct neighbours_info *info = &neighbours->info;
    const struct numbers *rows = &neighbours->rows, *distances = &neighbours->distances;
    int64_t self = 0;
    neighbours->offsets.set = neighbours->distances.set = H5I_INVALID_HID;
    *info = (struct neighbours_info){.bits = -1, .radius = -1, .database_rows = -1};
    h5_get_integer(file, "bits", &info->bits);
    h5_get_integer(file, "radius", &info->radius);
    h5_get_integer(file, "database_rows", &info->database_rows);
    h5_get_integer(file, "self_excluded", &self);
    info->self_excluded = self != 0;
    int code = numbers_open(&neighbours->rows, file, "neighbours", path, err);
    if (code == BL_OK)
        code = numbers_open(&neighbours->distances, file, "distances", path, err);
    if (code == BL_OK && memcmp(rows->extent, distances->extent, sizeof rows->extent) != 0)
        code = bl_fail(err, BL_INPUT, "%s: 'neighbours' and 'distances' have different shapes; search again",
                       path);
    if (code != BL_OK)
        return code;
    info->k = rows->extent[1];
    info->queries = rows->extent[0];
    info->values = rows->extent[0] * bl_max(info->k, 1);
    if (info->k > 0)
        return BL_OK;
    code = numbers_open(&neighbours->offsets, file, "offsets", path, err);
    if (code == BL_OK && (neighbours->offsets.extent[1] > 0 || neighbours->offsets.extent[0] < 1))
        code = bl_fail(err, BL_INPUT, "%s: 'offsets' must be [queries + 1]; search again", path);
    info->queries = neighbours->offsets.extent[0] - 1;
    return code;
}

int neighbours_describe(hid_t file, const char *path, struct neighbours_info *info, struct bl_error *err)
{
    struct neighbours neighbours;
    int code = neighbours_open(&neighbours, file, path, err);
    *info = neighbours.info;
    neighbours_close(&neighbours);
    return code;
}

/* One query's answer [n]; `found` counts what isn't empty. */
static int check_answer(const struct neighbours_info *info, int64_t query, int64_t n, const int64_t *rows,
                        const int32_t *distances, const char *path, int64_t *found, struct bl_error *err)
{
    const int64_t farthest = info->radius >= 0 ? info->radius : info->bits >= 0 ? info->bits : INT32_MAX;
    const int64_t most = info->database_rows >= 0 ? info->database_rows : INT64_MAX;
    int64_t used = 0;
    while (used < n && rows[used] >= 0)
        used++;
    *found += used;
    for (int64_t i = 0; i < n; i++) {
        const char *wrong = NULL;
        if (i >= used)
            wrong = rows[i] != -1 || distances[i] != -1 ? "has values behind its last neighbour" : NULL;
        else if (rows[i] >= most)
            wrong = "names a row that the database doesn't have";
        else if (distances[i] < 0 || distances[i] > farthest)
            wrong = "has an impossible distance";
        else if (i > 0 && (distances[i] < distances[i - 1] ||
                           (distances[i] == distances[i - 1] && rows[i] <= rows[i - 1])))
            wrong = "isn't in order of distance and row";
        if (wrong)
            return bl_fail(err, BL_INPUT, "%s: the answer to query %" PRId64 " %s; search again", path, query,
                           wrong);
    }
    return BL_OK;
}

/* Answers [lo, hi), whose values are [at[0], at[hi - lo]). */
static int check_block(struct neighbours *neighbours, int64_t lo, int64_t hi, const int64_t *at,
                       const char *path, int64_t *found, struct bl_error *err)
{
    const struct neighbours_info *info = &neighbours->info;
    const int64_t n = at[hi - lo] - at[0];
    const int64_t first = info->k > 0 ? lo : at[0], count = info->k > 0 ? hi - lo : n;
    int64_t *rows = NULL;
    int32_t *distances = NULL;
    stall_tick("verifying a file");
    int code = bl_alloc(&rows, n, sizeof *rows, "neighbours to verify", err);
    if (code == BL_OK)
        code = bl_alloc(&distances, n, sizeof *distances, "distances to verify", err);
    if (code == BL_OK)
        code = h5_read_rows(neighbours->rows.set, H5T_NATIVE_INT64, first, count, info->k, rows, path, err);
    if (code == BL_OK)
        code = h5_read_rows(neighbours->distances.set, H5T_NATIVE_INT32, first, count, info->k, distances,
                            path, err);
    for (int64_t i = lo; i < hi && code == BL_OK; i++) {
        const int64_t from = at[i - lo] - at[0];
        code = check_answer(info, i, at[i - lo + 1] - at[i - lo], rows + from, distances + from, path, found,
                            err);
    }
    bl_free(&rows);
    bl_free(&distances);
    return code;
}

/* at [queries + 1]: where each answer begins. */
static int read_offsets(struct neighbours *neighbours, const char *path, int64_t **at, struct bl_error *err)
{
    const struct neighbours_info *info = &neighbours->info;
    const int64_t n = info->queries;
    int code = bl_alloc(at, n + 1, sizeof **at, "places of answers", err);
    if (code == BL_OK && info->k == 0)
        code = h5_read_rows(neighbours->offsets.set, H5T_NATIVE_INT64, 0, n + 1, 0, *at, path, err);
    for (int64_t i = 0; i <= n && code == BL_OK; i++) {
        if (info->k > 0)
            (*at)[i] = i * info->k;
        else if ((*at)[i] < (i > 0 ? (*at)[i - 1] : 0) || (*at)[i] > info->values ||
                 (i == 0 && (*at)[0] != 0))
            code = bl_fail(err, BL_INPUT, "%s: 'offsets' don't ascend at query %" PRId64 "; search again",
                           path, i);
    }
    if (code == BL_OK && (*at)[n] != info->values)
        code =
            bl_fail(err, BL_INPUT, "%s: 'offsets' end at %" PRId64 " of %" PRId64 " neighbours; search again",
                    path, (*at)[n], info->values);
    return code;
}

int neighbours_check(hid_t file, const char *path, int64_t *found, struct bl_error *err)
{
    struct neighbours neighbours;
    int64_t *at = NULL;
    *found = 0;
    int code = neighbours_open(&neighbours, file, path, err);
    if (code == BL_OK)
        code = read_offsets(&neighbours, path, &at, err);
    /* Whole answers, about BLOCK_VALUES at a time. */
    for (int64_t lo = 0; code == BL_OK && lo < neighbours.info.queries;) {
        int64_t hi = lo + 1;
        while (hi < neighbours.info.queries && at[hi + 1] - at[lo] <= BLOCK_VALUES)
            hi++;
        code = check_block(&neighbours, lo, hi, at + lo, path, found, err);
        lo = hi;
    }
    bl_free(&at);
    neighbours_close(&neighbours);
    return code;
}
