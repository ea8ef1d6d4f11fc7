#include "mpi/h5/import_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"

/* BLOCK_ROWS are read at a time; together they may have BLOCK_BYTES, whatever lengths a damaged file claims. */
enum { BLOCK_ROWS = 1 << 12, BLOCK_BYTES = 64 << 20, ID_MAX_BYTES = 1024 };

struct h5_import_text {
    const struct h5_column *column;
    char where[BL_PATH_MAX];
    hid_t type;     /* of texts in memory */
    hid_t transfer; /* counts what HDF5 allocates */
    int along;      /* the dimension of the rows */
    int as_ids;
    int64_t rows, id_bytes;
    size_t allocated;
    int64_t block_rows;
    char *block;          /* fixed length: [block_rows, value_bytes], padded with zero bytes */
    char *one;            /* [value_bytes + 1] one of them, ended by a zero byte */
    char **texts;         /* [block_rows] variable length; NULL: empty */
    struct piece *pieces; /* what HDF5 has allocated for them: after a failed read texts don't name it all */
    struct io_csv_labels labels;
};

struct piece {
    _Alignas(max_align_t) struct piece *next;
};

static void *allocate(size_t bytes, void *context)
{
    struct h5_import_text *text = context;
    if (bytes > BLOCK_BYTES - text->allocated)
        return NULL;
    struct piece *piece = malloc(sizeof *piece + bytes);
    if (!piece)
        return NULL;
    text->allocated += bytes;
    piece->next = text->pieces;
    text->pieces = piece;
    return piece + 1;
}

/* Pieces are freed together, after their block. */
static void release(void *bytes, void *context)
{
    (void)bytes, (void)context;
}

static void free_pieces(struct h5_import_text *text)
{
    for (struct piece *piece = text->pieces, *next; piece; piece = next) {
        next = piece->next;
        free(piece);
    }
    text->pieces = NULL;
}

static int fail_row(const struct h5_import_text *text, int64_t row, const char *what, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s, row %" PRId64 " (counted from 0): %s", text->where, row, what);
}

typedef int take_text(struct h5_import_text *text, int64_t row, const char *value, void *context,
                      struct bl_error *err);

/* Valid until the next. */
static const char *text_at(struct h5_import_text *text, int64_t i)
{
    const size_t n = (size_t)text->column->value_bytes;
    if (text->column->varies)
        return text->texts[i] ? text->texts[i] : "";
    memcpy(text->one, text->block + (size_t)i * n, n);
    text->one[n] = '\0';
    return text->one;
}

/* Calls `take` for each of the rows [row, row + n), at most block_rows. */
static int each_of_block(struct h5_import_text *text, int64_t row, int64_t n, take_text *take, void *context,
                         struct bl_error *err)
{
    hsize_t start[H5S_MAX_RANK] = {0}, counts[H5S_MAX_RANK];
    void *to = text->column->varies ? (void *)text->texts : (void *)text->block;
    hid_t in_file = H5Dget_space(text->column->set);
    for (int d = 0; d < text->column->rank; d++)
        counts[d] = 1;
    start[text->along] = (hsize_t)row;
    counts[text->along] = (hsize_t)n;
    hid_t in_memory = H5Screate_simple(text->column->rank, counts, NULL);
    int code = BL_OK;
    text->allocated = 0;
    if (text->column->varies)
        memset(text->texts, 0, (size_t)n * sizeof *text->texts);
    if (H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, counts, NULL) < 0 ||
        H5Dread(text->column->set, text->type, in_memory, in_file, text->transfer, to) < 0)
        code =
            bl_fail(err, BL_INPUT,
                    "%s: rows from %" PRId64 " on can't be read: they are damaged, or %d together have more "
                    "than 64 MiB of text",
                    text->where, row, BLOCK_ROWS);
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        code = take(text, row + i, text_at(text, i), context, err);
    }
    free_pieces(text);
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return code;
}

static int each(struct h5_import_text *text, int64_t row, int64_t n, take_text *take, void *context,
                struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t at = 0, some; at < n && code == BL_OK; at += some) {
        some = n - at < text->block_rows ? n - at : text->block_rows;
        code = each_of_block(text, row + at, some, take, context, err);
    }
    return code;
}

static int note(struct h5_import_text *text, int64_t row, const char *value, void *context,
                struct bl_error *err)
{
    const int64_t n = (int64_t)strlen(value);
    (void)context;
    if (n == 0)
        return fail_row(text, row, text->as_ids ? "the id is empty" : "the label is empty; -1 means none",
                        err);
    if (!text->as_ids)
        return io_csv_labels_note(&text->labels, value, text->where, row + 1, err);
    if (n > ID_MAX_BYTES)
        return fail_row(text, row, "the id is longer than 1024 bytes", err);
    text->id_bytes = n > text->id_bytes ? n : text->id_bytes;
    return BL_OK;
}

/* Where a read's rows go. */
struct target {
    int64_t row;
    int32_t *labels;
    char *ids;
};

static int deliver(struct h5_import_text *text, int64_t row, const char *value, void *context,
                   struct bl_error *err)
{
    const struct target *target = context;
    const int64_t at = row - target->row;
    const size_t n = strlen(value);
    if (target->labels && !text->as_ids && !io_csv_labels_find(&text->labels, value, &target->labels[at]))
        return fail_row(text, row, "the file changed while it was read; try again", err);
    if (target->ids && text->as_ids) {
        if (n > (size_t)text->id_bytes)
            return fail_row(text, row, "the file changed while it was read; try again", err);
        memset(target->ids + at * text->id_bytes, 0, (size_t)text->id_bytes);
        memcpy(target->ids + at * text->id_bytes, value, n);
    }
    return BL_OK;
}

/* All dimensions but one must be 1. */
static int find_rows(struct h5_import_text *text, struct bl_error *err)
{
    hsize_t extent[H5S_MAX_RANK];
    int wide = 0;
    hid_t space = H5Dget_space(text->column->set);
    H5Sget_simple_extent_dims(space, extent, NULL);
    H5Sclose(space);
    for (int d = 0; d < text->column->rank; d++)
        if (extent[d] > 1) {
            text->along = d;
            wide++;
        }
    text->rows = (int64_t)extent[text->along];
    return wide <= 1 ? BL_OK
                     : bl_fail(err, BL_INPUT, "%s has several texts a row; there must be one", text->where);
}

/* HDF5 converts the padding of texts but not their character set, so that of the file is kept. */
static int set_up(struct h5_import_text *text, struct bl_error *err)
{
    hid_t stored = H5Dget_type(text->column->set);
    text->type = H5Tcopy(stored); /* which can be changed */
    H5Tclose(stored);
    text->transfer = H5Pcreate(H5P_DATASET_XFER);
    text->block_rows = text->rows < BLOCK_ROWS ? text->rows : BLOCK_ROWS;
    if (text->column->varies) {
        H5Pset_vlen_mem_manager(text->transfer, allocate, text, release, text);
        return bl_alloc(&text->texts, text->block_rows, sizeof *text->texts, "a block of text", err);
    }
    const int64_t bytes = text->column->value_bytes;
    if (bytes > BLOCK_BYTES)
        return bl_fail(err, BL_INPUT, "%s has texts of %" PRId64 " bytes; at most 64 MiB can be read",
                       text->where, bytes);
    if (text->block_rows > BLOCK_BYTES / bytes)
        text->block_rows = BLOCK_BYTES / bytes;
    H5Tset_strpad(text->type, H5T_STR_NULLPAD);
    int code = bl_alloc(&text->one, bytes + 1, 1, "a text", err);
    return code == BL_OK ? bl_alloc(&text->block, text->block_rows, (size_t)bytes, "a block of text", err)
                         : code;
}

int h5_import_text_open(struct h5_import_text **out, const struct h5_column *column, const char *where,
                        const struct io_source_options *options, struct io_source_info *info,
                        struct bl_error *err)
{
    struct h5_import_text *text;
    int code = bl_alloc_zero(&text, 1, sizeof *text, "reading text", err);
    *out = text;
    if (code != BL_OK)
        return code;
    text->column = column;
    text->type = text->transfer = H5I_INVALID_HID;
    text->as_ids = options->as_ids;
    snprintf(text->where, sizeof text->where, "%s", where);
    text->labels.known = options->class_names;
    text->labels.n_known = options->n_class_names;
    text->labels.unit = "1-based row";
    code = find_rows(text, err);
    if (code == BL_OK)
        code = set_up(text, err);
    if (code == BL_OK)
        code = each(text, 0, text->rows, note, NULL, err);
    if (code == BL_OK && !text->as_ids)
        code = io_csv_labels_settle(&text->labels, text->where, err);
    if (code == BL_OK)
        *info = (struct io_source_info){.rows = text->rows,
                                        .dim = 1,
                                        .type = BL_FLOAT32,
                                        .has_labels = !text->as_ids,
                                        .max_label = text->as_ids ? -1 : text->labels.max_label,
                                        .n_classes = text->labels.n_names,
                                        .class_names = text->labels.names,
                                        .remarks = &text->labels.remarks,
                                        .has_ids = text->as_ids,
                                        .id_bytes = text->id_bytes};
    return code;
}

int h5_import_text_read(struct h5_import_text *text, int64_t row, int64_t n, int32_t *labels, char *ids,
                        struct bl_error *err)
{
    struct target target = {row, labels, ids};
    return each(text, row, n, deliver, &target, err);
}

void h5_import_text_close(struct h5_import_text *text)
{
    if (!text)
        return;
    if (text->type >= 0)
        H5Tclose(text->type);
    if (text->transfer >= 0)
        H5Pclose(text->transfer);
    bl_free(&text->one);
    bl_free(&text->block);
    bl_free(&text->texts);
    io_csv_labels_free(&text->labels);
    bl_free(&text);
}
