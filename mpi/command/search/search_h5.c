#include "mpi/command/search/search_h5.h"

#include <stdio.h>

#include "base/buffer.h"
#include "mpi/files/neighbours.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "mpi/h5/table.h"

/* All at once: ids of a side are in memory anyway. */
static int write_ids(const struct search_h5 *h5, const char *name, const struct search_side *side,
                     struct bl_error *err)
{
    if (!side->ids)
        return BL_OK;
    hid_t dataset = H5I_INVALID_HID;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, (size_t)side->info->id_bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    int code = h5_make_dataset(h5->file, name, type, side->info->rows, 0, &dataset, err);
    if (code == BL_OK) {
        code = h5_write_rows(dataset, type, 0, side->info->rows, 0, side->ids, h5->path, err);
        H5Dclose(dataset);
    }
    H5Tclose(type);
    return code;
}

/* Multi-label rows: unpacked to one byte for each class, as in data sets. */
static int write_multi_labels(hid_t dataset, const struct search_side *side, const char *what,
                              struct bl_error *err)
{
    const int64_t classes = side->info->labels.classes, words = side->info->labels.words;
    const int64_t block = 1 + (1 << 20) / classes;
    uint8_t *bytes = NULL;
    int code = bl_alloc(&bytes, block * classes, 1, "a block of labels", err);
    for (int64_t at = 0; at < side->info->rows && code == BL_OK; at += block) {
        const int64_t n = side->info->rows - at < block ? side->info->rows - at : block;
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = 0; c < classes; c++)
                bytes[i * classes + c] = side->codes.labels[(at + i) * words + c / 32] >> (c % 32) & 1u;
        code = h5_write_rows(dataset, H5T_NATIVE_UINT8, at, n, classes, bytes, what, err);
    }
    bl_free(&bytes);
    return code;
}

static int write_labels(const struct search_h5 *h5, const struct search_side *side, struct bl_error *err)
{
    if (!side->codes.labels)
        return BL_OK;
    const int multi = side->info->labels.kind == BL_LABELS_MULTI;
    hid_t dataset = H5I_INVALID_HID;
    int code = h5_make_dataset(h5->file, "/database_labels", multi ? H5T_STD_U8LE : H5T_STD_I32LE,
                               side->info->rows, multi ? side->info->labels.classes : 0, &dataset, err);
    if (code != BL_OK)
        return code;
    code = multi ? write_multi_labels(dataset, side, h5->path, err)
                 : h5_write_rows(dataset, H5T_NATIVE_INT32, 0, side->info->rows, 0, side->codes.labels,
                                 h5->path, err);
    H5Dclose(dataset);
    return code;
}

static int write_attributes(const struct search_h5 *h5, const struct search_side *queries,
                            const struct search_side *database, const struct search_wish *wish,
                            struct bl_error *err)
{
    int failed = h5_put_text(h5->file, "kind", PAR_NEIGHBOURS_KIND) != 0 ||
                 h5_put_integer(h5->file, "bits", queries->info->bits) != 0 ||
                 h5_put_integer(h5->file, "database_rows", database->info->rows) != 0 ||
                 h5_put_integer(h5->file, "self_excluded", wish->exclude_self) != 0;
    if (wish->k > 0)
        failed |= h5_put_integer(h5->file, "k", wish->k) != 0;
    if (wish->radius >= 0)
        failed |= h5_put_integer(h5->file, "radius", wish->radius) != 0;
    if (database->info->n_class_names > 0)
        failed |= h5_put_texts(h5->file, "class_names", database->info->class_names,
                               database->info->n_class_names) != 0;
    return failed ? bl_fail(err, BL_PATH, "can't write the attributes of %s; the disk may be full", h5->path)
                  : BL_OK;
}

static int write_offsets(const struct search_h5 *h5, int64_t n, const int64_t *offsets, struct bl_error *err)
{
    hid_t dataset = H5I_INVALID_HID;
    int code = h5_make_dataset(h5->file, "/offsets", H5T_STD_I64LE, n, 0, &dataset, err);
    if (code == BL_OK)
        code = h5_write_rows(dataset, H5T_NATIVE_INT64, 0, n, 0, offsets, h5->path, err);
    if (dataset >= 0)
        H5Dclose(dataset);
    return code;
}

int search_h5_create(struct search_h5 *h5, const char *path, const struct search_side *queries,
                     const struct search_side *database, const struct search_wish *wish,
                     const int64_t *offsets, struct bl_error *err)
{
    const int64_t n = queries->info->rows, rows = wish->k > 0 ? n : offsets[n];
    *h5 = (struct search_h5){0, H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, wish->k, 0, ""};
    snprintf(h5->path, sizeof h5->path, "%s", path);
    int code = h5_create(&h5->file, path, 0, err);
    if (code != BL_OK)
        return code;
    h5->is_open = 1; /* from here on search_h5_close has something to close */
    code = write_attributes(h5, queries, database, wish, err);
    if (code == BL_OK)
        code = h5_make_dataset(h5->file, "/neighbours", H5T_STD_I64LE, rows, wish->k, &h5->neighbours, err);
    if (code == BL_OK)
        code = h5_make_dataset(h5->file, "/distances", H5T_STD_I32LE, rows, wish->k, &h5->distances, err);
    if (code == BL_OK && wish->k == 0)
        code = write_offsets(h5, n + 1, offsets, err);
    if (code == BL_OK)
        code = write_ids(h5, "/query_ids", queries, err);
    if (code == BL_OK)
        code = write_ids(h5, "/database_ids", database, err);
    if (code == BL_OK)
        code = write_labels(h5, database, err);
    return code;
}

int search_h5_write(struct search_h5 *h5, const struct search_block *block, struct bl_error *err)
{
    const int64_t n = h5->k > 0 ? block->n : block->at[block->n];
    int code = h5_write_rows(h5->neighbours, H5T_NATIVE_INT64, h5->at, n, h5->k, block->rows, h5->path, err);
    if (code == BL_OK)
        code =
            h5_write_rows(h5->distances, H5T_NATIVE_INT32, h5->at, n, h5->k, block->distances, h5->path, err);
    h5->at += n;
    return code;
}

int search_h5_close(struct search_h5 *h5, struct bl_error *err)
{
    if (!h5->is_open)
        return BL_OK;
    h5->is_open = 0;
    if (h5->neighbours >= 0)
        H5Dclose(h5->neighbours);
    if (h5->distances >= 0)
        H5Dclose(h5->distances);
    return par_h5_close(&h5->file, par_alone(), h5->path, err);
}
