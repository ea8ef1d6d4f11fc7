#include "mpi/command/search/search_h5.h"

#include <stdio.h>

#include "base/buffer.h"
#include "mpi/files/neighbours.h"
#include "mpi/files/output.h"
#include "mpi/files/verify.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/stamp.h"

enum { SETS = 6 };

static void list_sets(struct search_h5 *h5, struct h5_writer *sets[SETS])
{
    sets[0] = &h5->neighbours;
    sets[1] = &h5->distances;
    sets[2] = &h5->query_ids;
    sets[3] = &h5->database_ids;
    sets[4] = &h5->labels;
    sets[5] = &h5->offsets;
}

static int write_all(struct h5_writer *set, const void *rows, const struct search_h5 *h5,
                     struct bl_error *err)
{
    return h5_writer_write(set, 0, set->rows, rows, h5->output.name, err);
}

/* Multi-label rows: unpacked to one byte for each class, as in data sets. */
static int write_multi_labels(struct search_h5 *h5, const struct search_side *side, struct bl_error *err)
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
        code = h5_writer_write(&h5->labels, at, n, bytes, h5->output.name, err);
    }
    bl_free(&bytes);
    return code;
}

/* All at once: ids and labels of a side are in memory anyway. */
static int write_sides(struct search_h5 *h5, const struct search_side *queries,
                       const struct search_side *database, struct bl_error *err)
{
    int code = queries->ids ? write_all(&h5->query_ids, queries->ids, h5, err) : BL_OK;
    if (code == BL_OK && database->ids)
        code = write_all(&h5->database_ids, database->ids, h5, err);
    if (code != BL_OK || !database->codes.labels)
        return code;
    return database->info->labels.kind == BL_LABELS_MULTI
               ? write_multi_labels(h5, database, err)
               : write_all(&h5->labels, database->codes.labels, h5, err);
}

static void describe_sets(struct search_h5 *h5, const struct search_side *queries,
                          const struct search_side *database, const struct search_wish *wish,
                          const int64_t *offsets)
{
    const struct bl_label_layout labels = database->info->labels;
    const int multi = labels.kind == BL_LABELS_MULTI;
    const int64_t n = queries->info->rows, rows = wish->k > 0 ? n : offsets[n];
    h5_writer_describe(&h5->neighbours, "neighbours", H5Tcopy(H5T_STD_I64LE), rows, wish->k);
    h5_writer_describe(&h5->distances, "distances", H5Tcopy(H5T_STD_I32LE), rows, wish->k);
    if (wish->k == 0)
        h5_writer_describe(&h5->offsets, "offsets", H5Tcopy(H5T_STD_I64LE), n + 1, 0);
    if (queries->ids)
        h5_writer_describe(&h5->query_ids, "query_ids", h5_type_text(queries->info->id_bytes),
                           queries->info->rows, 0);
    if (database->ids)
        h5_writer_describe(&h5->database_ids, "database_ids", h5_type_text(database->info->id_bytes),
                           database->info->rows, 0);
    if (database->codes.labels)
        h5_writer_describe(&h5->labels, "database_labels", H5Tcopy(multi ? H5T_STD_U8LE : H5T_STD_I32LE),
                           database->info->rows, multi ? labels.classes : 0);
}

static int put_attributes(const struct search_h5 *h5, const struct search_side *queries,
                          const struct search_side *database, const struct search_wish *wish,
                          struct bl_error *err)
{
    const struct par_codes_info *info = database->info;
    int failed = h5_put_text(h5->file, "kind", PAR_NEIGHBOURS_KIND) != 0;
    failed |= h5_put_integer(h5->file, "bits", queries->info->bits) != 0;
    failed |= h5_put_integer(h5->file, "database_rows", info->rows) != 0;
    failed |= h5_put_integer(h5->file, "self_excluded", wish->exclude_self) != 0;
    if (wish->k > 0)
        failed |= h5_put_integer(h5->file, "k", wish->k) != 0;
    if (wish->radius >= 0)
        failed |= h5_put_integer(h5->file, "radius", wish->radius) != 0;
    if (info->n_class_names > 0)
        failed |= h5_put_texts(h5->file, "class_names", info->class_names, info->n_class_names) != 0;
    return failed ? bl_fail(err, BL_PATH, "can't write the attributes of %s; the disk may be full",
                            h5->output.name)
                  : BL_OK;
}

int search_h5_create(struct search_h5 *h5, const char *path, const struct search_side *queries,
                     const struct search_side *database, const struct search_wish *wish,
                     const int64_t *offsets, struct bl_error *err)
{
    struct h5_writer *sets[SETS];
    h5->file = H5I_INVALID_HID;
    h5->k = wish->k;
    list_sets(h5, sets);
    for (int i = 0; i < SETS; i++)
        sets[i]->set = sets[i]->type = H5I_INVALID_HID;
    int code = output_begin(&h5->output, path, FILE_NEIGHBOURS, wish->replace, err);
    if (code == BL_OK)
        code = h5_create(&h5->file, h5->output.temporary, 0, err);
    if (code == BL_OK)
        code = put_attributes(h5, queries, database, wish, err);
    describe_sets(h5, queries, database, wish, offsets);
    for (int i = 0; i < SETS && code == BL_OK; i++)
        if (sets[i]->type > 0)
            code = h5_writer_make(sets[i], h5->file, h5->output.name, err);
    if (code == BL_OK && wish->k == 0)
        code = write_all(&h5->offsets, offsets, h5, err);
    return code == BL_OK ? write_sides(h5, queries, database, err) : code;
}

int search_h5_write(struct search_h5 *h5, const struct search_block *block, struct bl_error *err)
{
    const char *name = h5->output.name;
    const int64_t n = h5->k > 0 ? block->n : block->at[block->n];
    int code = h5_writer_write(&h5->neighbours, h5->at, n, block->rows, name, err);
    if (code == BL_OK)
        code = h5_writer_write(&h5->distances, h5->at, n, block->distances, name, err);
    h5->at += n;
    return code;
}

int search_h5_commit(struct search_h5 *h5, struct bl_error *err)
{
    struct h5_writer *sets[SETS];
    const char *name = h5->output.name;
    list_sets(h5, sets);
    int code = h5_flush(h5->file, name, err);
    for (int i = 0; i < SETS && code == BL_OK; i++)
        if (sets[i]->type > 0)
            code = par_h5_writer_seal(sets[i], par_alone(), h5->file, name, err);
    for (int i = 0; i < SETS && code == BL_OK; i++)
        code = h5_writer_leave(sets[i], name, err);
    if (code == BL_OK)
        code = h5_stamp_put(h5->file, name, PAR_NEIGHBOURS_FORMAT, PAR_NEIGHBOURS_VERSION, err);
    if (code == BL_OK)
        code = par_h5_close(&h5->file, par_alone(), name, err);
    if (code == BL_OK)
        code = verify_written(h5->output.temporary, name, err);
    return code == BL_OK ? io_output_install(&h5->output, err) : code;
}

void search_h5_destroy(struct search_h5 *h5)
{
    struct bl_error ignored; /* an unfinished file is removed anyway */
    struct h5_writer *sets[SETS];
    list_sets(h5, sets);
    for (int i = 0; i < SETS; i++)
        h5_writer_close(sets[i]);
    par_h5_close(&h5->file, par_alone(), h5->output.name, &ignored);
    io_output_drop(&h5->output);
}
