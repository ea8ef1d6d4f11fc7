#include "mpi/files/truth.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/digest.h"
#include "base/minmax.h"
#include "base/share.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/file.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

struct par_truth {
    struct par par;
    char path[BL_PATH_MAX];
    char where[BL_PATH_MAX + BL_NAME_MAX + 16]; /* for messages: "FILE, split 'NAME'" */
    hid_t file;
    struct h5_column rows, distances; /* the second may be absent */
    struct h5_checked checked_rows, checked_distances;
    struct par_truth_note note;
};

int par_rows_digest(struct par par, struct par_dataset *dataset, char digest[17], struct bl_error *err)
{
    const struct par_split *split = dataset_split(dataset);
    const int64_t blocks = dataset_blocks(dataset);
    uint64_t *sums = NULL;
    int64_t lo, hi;
    bl_share(blocks, par.rank, par.size, &lo, &hi);
    /* Behind the sums: what else the rows are. */
    int code = bl_alloc_zero(&sums, blocks + 3, sizeof *sums, "digests of blocks", err);
    if (code == BL_OK)
        code = par_dataset_block_sums_local(dataset, lo, hi - lo, sums + lo, err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_join_bytes(par, sums, blocks * (int64_t)sizeof *sums);
        sums[blocks] = (uint64_t)split->rows;
        sums[blocks + 1] = (uint64_t)split->dim;
        sums[blocks + 2] = (uint64_t)split->type;
        snprintf(digest, 17, "%016" PRIx64, bl_digest(sums, (blocks + 3) * (int64_t)sizeof *sums, 0));
    }
    bl_free(&sums);
    return code;
}

/* Integers of any width, and floats of the same shape beside them. */
static int check_columns(struct par_truth *truth, struct bl_error *err)
{
    const struct h5_column *rows = &truth->rows, *distances = &truth->distances;
    char shape[64], other[64];
    if (rows->class != H5T_INTEGER || rows->value_bytes > 8)
        return bl_fail(err, BL_INPUT, "%s: 'neighbors' must be integers, the rows of a database",
                       truth->where);
    if (rows->cols == 0)
        return bl_fail(err, BL_INPUT,
                       "%s: 'neighbors' has the shape %s; it must be [rows, neighbours of each]",
                       truth->where, h5_column_shape(rows, shape));
    if (distances->set < 0)
        return BL_OK;
    if (distances->class != H5T_FLOAT)
        return bl_fail(err, BL_INPUT, "%s: 'distances' must be floats", truth->where);
    if (distances->rows != rows->rows || distances->cols != rows->cols)
        return bl_fail(err, BL_INPUT,
                       "%s: 'distances' has the shape %s and 'neighbors' %s; each neighbour needs one",
                       truth->where, h5_column_shape(distances, shape), h5_column_shape(rows, other));
    return BL_OK;
}

static void take_note(struct par_truth *truth)
{
    const hid_t set = truth->rows.set;
    struct par_truth_note *note = &truth->note;
    note->k = truth->rows.cols;
    h5_get_text(set, "database", note->database, sizeof note->database);
    h5_get_text(set, "metric", note->metric, sizeof note->metric);
    h5_get_text(set, "queries_digest", note->queries_digest, sizeof note->queries_digest);
    h5_get_text(set, "database_digest", note->database_digest, sizeof note->database_digest);
}

static int open_columns(struct par_truth *truth, hid_t group, const char *split, struct bl_error *err)
{
    if (!h5_column_exists(group, "neighbors"))
        return bl_fail(
            err, BL_INPUT,
            "%s has no true neighbours; make them: bitloom neighbours %s --queries %s --database SPLIT",
            truth->where, truth->path, split);
    int code = h5_column_open(&truth->rows, group, "neighbors", truth->where, err);
    if (code == BL_OK && h5_column_exists(group, "distances"))
        code = h5_column_open(&truth->distances, group, "distances", truth->where, err);
    if (code == BL_OK)
        code = check_columns(truth, err);
    if (code == BL_OK)
        code =
            h5_checked_open(&truth->checked_rows, &truth->rows, "neighbors",
                            truth->rows.is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, truth->where, err);
    if (code == BL_OK && truth->distances.set >= 0)
        code = h5_checked_open(&truth->checked_distances, &truth->distances, "distances", H5T_NATIVE_FLOAT,
                               truth->where, err);
    if (code == BL_OK)
        take_note(truth);
    return code;
}

/* Each rank looks for itself, and the caller agrees on the outcome. */
static int open_local(struct par_truth *truth, const char *split, struct bl_error *err)
{
    snprintf(truth->where, sizeof truth->where, "%s, split '%s'", truth->path, split);
    const hid_t group = h5_column_exists(truth->file, split) ? H5Gopen2(truth->file, split, H5P_DEFAULT) : -1;
    if (group < 0)
        return bl_fail(err, BL_USAGE, "%s has no split '%s'", truth->path, split);
    const int code = open_columns(truth, group, split, err);
    H5Gclose(group);
    return code;
}

static int make(struct par_truth **out, struct par par, const char *path, const char *split,
                struct bl_error *err)
{
    int code = split_name_check(split, err);
    if (code == BL_OK)
        code = bl_alloc_zero(out, 1, sizeof **out, "opening true neighbours", err);
    if (code != BL_OK)
        return code;
    (*out)->par = par;
    (*out)->file = (*out)->rows.set = (*out)->distances.set = H5I_INVALID_HID;
    if (snprintf((*out)->path, sizeof(*out)->path, "%s", path) >= (int)sizeof(*out)->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    return BL_OK;
}

int par_truth_open(struct par_truth **out, struct par par, const char *path, const char *split,
                   struct bl_error *err)
{
    struct par_truth *truth = NULL;
    *out = NULL;
    int code = par_agree(par, make(&truth, par, path, split, err), err);
    if (code == BL_OK)
        code = par_h5_open(&truth->file, par, path, err);
    if (code == BL_OK)
        code = par_agree(par, open_local(truth, split, err), err);
    if (code != BL_OK) {
        par_truth_close(truth);
        return code;
    }
    *out = truth;
    return BL_OK;
}

const struct par_truth_note *truth_note(const struct par_truth *truth)
{
    return &truth->note;
}

int64_t truth_rows(const struct par_truth *truth)
{
    return truth->rows.rows;
}

int truth_has_distances(const struct par_truth *truth)
{
    return truth->distances.set >= 0;
}

/* One list. Repeated rows are looked for among those before: lists are short. */
static int check_list(const struct par_truth *truth, int64_t list, int64_t database_rows, const int64_t *rows,
                      const float *distances, struct bl_error *err)
{
    for (int64_t j = 0; j < truth->note.k; j++) {
        if (rows[j] < 0 || rows[j] >= database_rows)
            return bl_fail(err, BL_INPUT,
                           "%s: neighbour %" PRId64 " of row %" PRId64 " is row %" PRId64
                           " of a database of %s; these are another database's neighbours",
                           truth->where, j, list, rows[j], bl_count(database_rows, "row").text);
        for (int64_t before = 0; before < j; before++)
            if (rows[before] == rows[j])
                return bl_fail(err, BL_INPUT,
                               "%s: row %" PRId64 " is a neighbour of row %" PRId64
                               " twice; each list needs different rows",
                               truth->where, rows[j], list);
        if (distances && (isnan(distances[j]) || (j > 0 && distances[j] < distances[j - 1])))
            return bl_fail(err, BL_INPUT,
                           "%s: neighbour %" PRId64 " of row %" PRId64
                           " is at distance %g after %g; lists begin with the nearest",
                           truth->where, j, list, (double)distances[j],
                           j > 0 ? (double)distances[j - 1] : 0.0);
    }
    return BL_OK;
}

int par_truth_read_local(struct par_truth *truth, int64_t row_lo, int64_t n, int64_t database_rows,
                         int64_t *rows, float *distances, struct bl_error *err)
{
    const int64_t k = truth->note.k;
    float *read = truth->distances.set >= 0 ? distances : NULL;
    if (row_lo < 0 || n < 0 || row_lo > truth->rows.rows - n)
        return bl_fail(err, BL_DEFECT,
                       "%s: lists %" PRId64 " to %" PRId64 " can't be read, there are %" PRId64, truth->where,
                       row_lo, row_lo + n, truth->rows.rows);
    int code = n > 0 ? h5_checked_read(&truth->checked_rows, row_lo, n, rows, truth->where, err) : BL_OK;
    if (code == BL_OK && read && n > 0)
        code = h5_checked_read(&truth->checked_distances, row_lo, n, read, truth->where, err);
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        code = check_list(truth, row_lo + i, database_rows, rows + i * k, read ? read + i * k : NULL, err);
    return code;
}

void par_truth_close(struct par_truth *truth)
{
    if (!truth)
        return;
    struct bl_error ignored = {0}; /* nothing was written */
    h5_checked_close(&truth->checked_rows);
    h5_checked_close(&truth->checked_distances);
    h5_column_close(&truth->rows);
    h5_column_close(&truth->distances);
    if (truth->file >= 0)
        par_h5_close(&truth->file, truth->par, truth->path, &ignored);
    bl_free(&truth);
}
