#include "mpi/files/dataset.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/blank.h"
#include "base/buffer.h"
#include "base/log.h"
#include "config/config.h"
#include "mpi/files/tags.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/list.h"
#include "mpi/h5/stamp.h"
#include "mpi/h5/table.h"
#include "mpi/ranks/agree.h"

/* A limit on what a file may claim, so that sizes computed from it can't overflow. */
#define DIM_MAX (INT64_C(1) << 31)

struct par_dataset {
    struct par par;
    char path[BL_PATH_MAX];
    char where[BL_PATH_MAX + BL_NAME_MAX + 16]; /* for messages: "FILE, split 'NAME'" */
    hid_t file;
    hid_t feature_type; /* in memory */
    struct h5_column features;
    struct h5_checked checked; /* reads the features */
    struct tags tags;
    struct par_split split;
    int said; /* the log was told that checksums are missing */
};

struct split_names {
    void (*take)(void *context, const char *name);
    void *context;
};

/* A split is a group of the root with something called features in it. */
static int take_split_name(hid_t root, const char *name, const H5L_info_t *link, void *context)
{
    const struct split_names *names = context;
    char features[BL_PATH_MAX];
    H5O_info_t object;
    if (link->type != H5L_TYPE_HARD || H5Oget_info_by_name(root, name, &object, H5P_DEFAULT) < 0 ||
        object.type != H5O_TYPE_GROUP ||
        snprintf(features, sizeof features, "%s/features", name) >= BL_PATH_MAX)
        return 0;
    if (H5Lexists(root, features, H5P_DEFAULT) > 0)
        names->take(names->context, name);
    return 0;
}

void split_each(hid_t file, void (*take)(void *context, const char *name), void *context)
{
    struct split_names names = {take, context};
    H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, NULL, take_split_name, &names);
}

static void add_to_list(void *context, const char *name)
{
    char *list = context;
    const size_t used = strlen(list);
    snprintf(list + used, PAR_SPLIT_LIST_BYTES - used, "%s%s", used > 0 ? ", " : "", name);
}

void split_list(hid_t file, char list[PAR_SPLIT_LIST_BYTES])
{
    list[0] = '\0';
    split_each(file, add_to_list, list);
}

int split_name_check(const char *split, struct bl_error *err)
{
    size_t n = strlen(split);
    if (n == 0 || n >= BL_NAME_MAX || strchr(split, '/') || split[0] == '.' ||
        strcmp(split, "checksums") == 0)
        return bl_fail(
            err, BL_USAGE,
            "'%.80s' can't be the name of a split: choose a word like train, of at most %d letters, "
            "with no / in it, no leading dot and not 'checksums'",
            split, BL_NAME_MAX - 1);
    if (bl_blank_has_control(split) || bl_blank_bytes(split) > 0)
        return bl_fail(
            err, BL_USAGE,
            "'%.80s' can't be the name of a split: it begins with a blank or has a line end, a tab "
            "or another control character in it",
            split);
    return BL_OK;
}

/* The file has what it has under other names: says which, and how it is taken in. */
static int fail_layout(hid_t file, const char *path, const char *split, struct bl_error *err)
{
    struct h5_list list;
    h5_list_sets(file, split, &list);
    if (list.n == 0)
        return bl_fail(
            err, BL_INPUT,
            "%s has no splits: a data set has features in a group, as /%s/features, and this file has no "
            "array at all",
            path, split);
    return bl_fail(
        err, BL_INPUT,
        "%s has no splits, as /%s/features would be one, but %s; take it in: bitloom import --format hdf5 "
        "--features %.200s:%s --split %s -o NEW.h5",
        path, split, list.text, path, list.likely, split);
}

/* A missing split is the user's mistake if there are others, which the message lists. */
static int find_split(hid_t file, const char *path, const char *split, struct bl_error *err)
{
    char list[PAR_SPLIT_LIST_BYTES];
    char features[BL_NAME_MAX + 16];
    H5O_info_t object;
    const int there = h5_column_exists(file, split);
    snprintf(features, sizeof features, "%s/features", split);
    if (there && H5Oget_info_by_name(file, split, &object, H5P_DEFAULT) >= 0 &&
        object.type == H5O_TYPE_GROUP && h5_column_exists(file, features))
        return BL_OK;
    split_list(file, list);
    if (list[0] == '\0')
        return fail_layout(file, path, split, err);
    if (there)
        return bl_fail(err, BL_INPUT, "%s: '%s' is not a group with features in it; there are the splits %s",
                       path, split, list);
    return bl_fail(err, BL_USAGE, "%s has no split '%s'; it has: %s", path, split, list);
}

/* Any of the four feature types in either byte order, as [rows, dimensions]. */
static int check_features(struct par_dataset *dataset, struct bl_error *err)
{
    const struct h5_column *features = &dataset->features;
    struct par_split *split = &dataset->split;
    char shape[64];
    if (features->cols == 0)
        return bl_fail(err, BL_INPUT, "%s: 'features' has the shape %s; it must be [rows, dimensions]",
                       dataset->where, h5_column_shape(features, shape));
    if (!h5_column_feature_type(features, &split->type))
        return bl_fail(err, BL_INPUT,
                       "%s: 'features' has a type that bitloom doesn't read (%" PRId64
                       " bytes a value); store it as uint8, float16, float32 or float64",
                       dataset->where, features->value_bytes);
    if (features->cols > DIM_MAX)
        return bl_fail(err, BL_INPUT, "%s: 'features' has %" PRId64 " columns; at most 2^31 are possible",
                       dataset->where, features->cols);
    split->rows = features->rows;
    split->dim = features->cols;
    dataset->feature_type = h5_type_in_memory(split->type);
    return BL_OK;
}

/* Features decide the number of rows; labels, groups and ids must have as many. */
static int open_columns(struct par_dataset *dataset, hid_t group, struct bl_error *err)
{
    int code = h5_column_open_flat(&dataset->features, group, "features", dataset->where, err);
    if (code == BL_OK)
        code = check_features(dataset, err);
    if (code == BL_OK)
        code = h5_checked_open(&dataset->checked, &dataset->features, "features", dataset->feature_type,
                               dataset->where, err);
    if (code == BL_OK)
        code = tags_open(&dataset->tags, group, "features", dataset->features.rows, dataset->where, err);
    return code;
}

/* All after the collective open: each rank looks for itself, and the caller agrees on the outcome. */
static int open_local(struct par_dataset *dataset, const char *split, struct bl_error *err)
{
    int code = split_name_check(split, err);
    if (code == BL_OK)
        code = h5_stamp_check(dataset->file, dataset->path, PAR_DATASET_FORMAT, PAR_DATASET_VERSION, err);
    if (code == BL_OK)
        code = find_split(dataset->file, dataset->path, split, err);
    if (code != BL_OK)
        return code;
    snprintf(dataset->where, sizeof dataset->where, "%s, split '%s'", dataset->path, split);
    hid_t group = H5Gopen2(dataset->file, split, H5P_DEFAULT);
    if (group < 0)
        return bl_fail(err, BL_INPUT, "%s: '%s' is not a group with features in it", dataset->path, split);
    code = open_columns(dataset, group, err);
    H5Gclose(group);
    if (code != BL_OK)
        return code;
    dataset->split.labels = dataset->tags.labels;
    dataset->split.groups = dataset->tags.groups.layout;
    dataset->split.id_bytes = dataset->tags.id_bytes;
    dataset->split.n_class_names = dataset->tags.n_class_names;
    dataset->split.class_names = (const char *const *)dataset->tags.class_names;
    dataset->split.has_checksums = h5_checked_has_sums(&dataset->checked);
    return BL_OK;
}

static int make(struct par_dataset **out, struct par par, const char *path, struct bl_error *err)
{
    int code = bl_alloc_zero(out, 1, sizeof **out, "opening a data set", err);
    if (code != BL_OK)
        return code;
    struct par_dataset *dataset = *out;
    dataset->par = par;
    /* par_dataset_close must be able to tell what is open at any failure. */
    dataset->file = dataset->feature_type = H5I_INVALID_HID;
    dataset->features.set = dataset->tags.labels_column.set = dataset->tags.ids_column.set = H5I_INVALID_HID;
    row_groups_init(&dataset->tags.groups);
    if (snprintf(dataset->path, sizeof dataset->path, "%s", path) >= (int)sizeof dataset->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    return BL_OK;
}

int par_dataset_open(struct par_dataset **out, struct par par, const char *path, const char *split,
                     struct bl_error *err)
{
    *out = NULL;
    struct par_dataset *dataset = NULL;
    /* Agreement before and after par_h5_open, which all ranks must enter together. */
    int code = par_agree(par, make(&dataset, par, path, err), err);
    if (code == BL_OK)
        code = par_h5_open(&dataset->file, par, path, err);
    if (code == BL_OK)
        code = par_agree(par, open_local(dataset, split, err), err);
    if (code != BL_OK) {
        par_dataset_close(dataset);
        return code;
    }
    *out = dataset;
    return BL_OK;
}

const struct par_split *dataset_split(const struct par_dataset *dataset)
{
    return &dataset->split;
}

void par_dataset_use_groups_local(struct par_dataset *dataset, int prefer_groups)
{
    tags_use_groups(&dataset->tags, prefer_groups);
    dataset->split.labels = dataset->tags.labels;
    dataset->split.n_class_names = dataset->tags.n_class_names;
}

static int check_range(const struct par_dataset *dataset, int64_t row_lo, int64_t n, struct bl_error *err)
{
    const int64_t rows = dataset->split.rows;
    if (row_lo >= 0 && n >= 0 && row_lo <= rows - n)
        return BL_OK;
    return bl_fail(err, BL_DEFECT, "%s: rows %" PRId64 " to %" PRId64 " can't be read, there are %" PRId64,
                   dataset->where, row_lo, row_lo + n, rows);
}

int par_dataset_read_groups_local(struct par_dataset *dataset, int64_t row_lo, int64_t n, uint32_t *groups,
                                  struct bl_error *err)
{
    int code = check_range(dataset, row_lo, n, err);
    if (code == BL_OK && n > 0 && dataset->split.groups.kind == BL_LABELS_GROUPS)
        code = row_groups_read(&dataset->tags.groups, row_lo, n, groups, dataset->where, err);
    return code;
}

int par_dataset_read_local(struct par_dataset *dataset, int64_t row_lo, int64_t n, void *features,
                           uint32_t *labels, char *ids, struct bl_error *err)
{
    const struct par_split *split = &dataset->split;
    int code = check_range(dataset, row_lo, n, err);
    if (code != BL_OK)
        return code;
    /* Said at the first read only. */
    if (!dataset->said && !(split->has_checksums && tags_have_sums(&dataset->tags)))
        bl_log_say("%s has data without checksums: damage to them can't be detected", dataset->where);
    dataset->said = 1;
    if (features && n > 0)
        code = h5_checked_read(&dataset->checked, row_lo, n, features, dataset->where, err);
    if (code == BL_OK && n > 0)
        code = tags_read(&dataset->tags, row_lo, n, labels, ids, dataset->where, err);
    return code;
}

int64_t dataset_blocks(const struct par_dataset *dataset)
{
    const int64_t per_block = dataset->checked.rows_per_block;
    return (dataset->split.rows + per_block - 1) / per_block;
}

/* Of a file without checksums. */
static int compute_sums(struct par_dataset *dataset, int64_t lo, int64_t n, uint64_t *sums,
                        struct bl_error *err)
{
    const int64_t per_block = dataset->checked.rows_per_block, row_bytes = dataset->checked.row_bytes;
    char *rows = NULL;
    int code = bl_alloc(&rows, per_block, (size_t)row_bytes, "a block of features", err);
    for (int64_t b = lo; b < lo + n && code == BL_OK; b++) {
        const int64_t left = dataset->split.rows - b * per_block, count = left < per_block ? left : per_block;
        code = par_dataset_read_local(dataset, b * per_block, count, rows, NULL, NULL, err);
        if (code == BL_OK)
            sums[b - lo] = h5_block_checksum(rows, count * row_bytes);
    }
    bl_free(&rows);
    return code;
}

int par_dataset_block_sums_local(struct par_dataset *dataset, int64_t lo, int64_t n, uint64_t *sums,
                                 struct bl_error *err)
{
    if (n == 0)
        return BL_OK;
    if (dataset->split.has_checksums)
        return h5_checked_sums(&dataset->checked, lo, n, sums, dataset->where, err);
    return compute_sums(dataset, lo, n, sums, err);
}

/* The reading thread can't use HDF5, which alone could find chunks, decompress or convert. */
int par_dataset_stream_check_local(const struct par_dataset *dataset, struct bl_error *err)
{
    if (!h5_column_is_plain(&dataset->features))
        return bl_fail(
            err, BL_USAGE,
            "%s: 'features' is chunked or compressed, and data.residency: stream needs it contiguous: "
            "rewrite the file with h5repack -l CONTI -f NONE OLD NEW, or set data.residency to memory",
            dataset->where);
    if (!dataset->checked.same)
        return bl_fail(
            err, BL_USAGE,
            "%s: 'features' has another byte order than this processor, and data.residency: stream "
            "can't convert it; write the file again in little-endian order, or set data.residency "
            "to memory",
            dataset->where);
    return BL_OK;
}

/* A wrong offset would mean training on noise, and without checksums nothing else would notice. So one row
 * is read through HDF5 and by the row file, and compared. */
static int compare_row(struct par_dataset *dataset, struct row_file *file, int64_t row, struct bl_error *err)
{
    const int64_t row_bytes = dataset->checked.row_bytes;
    const void *streamed = NULL;
    char *read = NULL;
    int code = bl_alloc(&read, row_bytes, 1, "a row", err);
    if (code == BL_OK)
        code = par_dataset_read_local(dataset, row, 1, read, NULL, NULL, err);
    if (code == BL_OK)
        code = row_file_row(file, row, &streamed, err);
    if (code == BL_OK && memcmp(read, streamed, (size_t)row_bytes) != 0)
        code = bl_fail(err, BL_INPUT,
                       "%s: row %" PRId64 " of 'features' isn't where the file says; set data.residency to "
                       "memory",
                       dataset->where, row);
    bl_free(&read);
    return code;
}

int par_dataset_row_file_local(struct par_dataset *dataset, int64_t row_lo, int64_t row_hi,
                               struct row_file **out, struct bl_error *err)
{
    *out = NULL;
    int code = par_dataset_stream_check_local(dataset, err);
    if (code == BL_OK)
        code = row_file_open(out, dataset->path, &dataset->checked, row_lo, row_hi, dataset->where, err);
    if (code == BL_OK)
        code = compare_row(dataset, *out, row_hi - 1, err);
    if (code != BL_OK) {
        row_file_close(*out);
        *out = NULL;
    }
    return code;
}

void par_dataset_close(struct par_dataset *dataset)
{
    if (!dataset)
        return;
    struct bl_error ignored = {0}; /* nothing was written */
    tags_close(&dataset->tags);
    h5_checked_close(&dataset->checked);
    h5_column_close(&dataset->features);
    if (dataset->feature_type > 0)
        H5Tclose(dataset->feature_type);
    if (dataset->file >= 0)
        par_h5_close(&dataset->file, dataset->par, dataset->path, &ignored);
    bl_free(&dataset);
}
