#include "mpi/files/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "mpi/files/whole_numbers.h"
#include "mpi/h5/attribute.h"

/* Ids longer than this can only be damage. */
enum { ID_BYTES_MAX = 1 << 16, SCRATCH_BYTES = 1 << 20 };

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int check_rows(const struct h5_column *column, const char *name, const char *main_name, int64_t rows,
                      const char *where, struct bl_error *err)
{
    if (column->rows == rows)
        return BL_OK;
    return bl_fail(err, BL_INPUT, "%s: '%s' has %s but '%s' has %" PRId64 "; each row needs one", where, name,
                   bl_count(column->rows, "row").text, main_name, rows);
}

static int is_integer(const struct h5_column *column)
{
    /* h5py stores booleans as an enumeration of bytes. */
    return column->class == H5T_INTEGER || (column->class == H5T_ENUM && column->value_bytes == 1);
}

/* What a value of labels is read as. HDF5 clips values that don't fit into the memory type. In a signed byte
 * nothing else becomes 0 or 1, so wrong values are noticed. */
static hid_t label_type(const struct tags *tags)
{
    if (tags->labels_column.class == H5T_FLOAT)
        return H5T_NATIVE_DOUBLE;
    return tags->labels.kind == BL_LABELS_MULTI ? H5T_NATIVE_INT8 : H5T_NATIVE_INT64;
}

/* [N] and [N,1] are class numbers, [N,C] one 0 or 1 for each class. */
static int open_labels(struct tags *tags, hid_t group, const char *where, struct bl_error *err)
{
    struct h5_column *column = &tags->labels_column;
    int code = h5_column_open(column, group, "labels", where, err);
    if (code != BL_OK)
        return code;
    if (column->class == H5T_STRING)
        return bl_fail(err, BL_INPUT,
                       "%s: 'labels' are text; store numbers from 0, and the text of each in the attribute "
                       "class_names",
                       where);
    if (!is_integer(column) && column->class != H5T_FLOAT)
        return bl_fail(
            err, BL_INPUT,
            "%s: 'labels' must be whole numbers: [N] one class per row, or [N,C] a 0 or 1 for each class",
            where);
    code = h5_get_texts(column->set, "class_names", &tags->class_names, &tags->n_class_names, err);
    if (code != BL_OK)
        return bl_fail_prefix(err, "%s: 'labels'", where);
    const int multi = column->cols > 1;
    if (multi && tags->n_class_names > 0 && tags->n_class_names != column->cols)
        return bl_fail(err, BL_INPUT, "%s: 'labels' has %s but %s; each class needs one", where,
                       bl_count(column->cols, "column").text,
                       bl_count(tags->n_class_names, "class name").text);
    tags->labels = multi ? bl_label_layout(BL_LABELS_MULTI, column->cols)
                         : bl_label_layout(BL_LABELS_SINGLE, tags->n_class_names);
    const int64_t row_bytes =
        (multi ? column->cols : 1) * (int64_t)(label_type(tags) == H5T_NATIVE_INT8 ? 1 : sizeof(int64_t));
    code = h5_checked_open(&tags->checked_labels, column, "labels", label_type(tags), where, err);
    if (code != BL_OK)
        return code;
    tags->scratch_rows = row_bytes < SCRATCH_BYTES ? SCRATCH_BYTES / row_bytes : 1;
    return bl_alloc(&tags->scratch, tags->scratch_rows * row_bytes, 1, "reading labels", err);
}

/* Characters of the longest number of that integer type, with its sign. */
static int64_t digits_of(const struct h5_column *column)
{
    switch (column->value_bytes) {
    case 1:
        return column->is_signed ? 4 : 3;
    case 2:
        return column->is_signed ? 6 : 5;
    case 4:
        return column->is_signed ? 11 : 10;
    default:
        return 20;
    }
}

/* Ids are returned as text of id_bytes, whether the file has strings or integers. */
static int open_ids(struct tags *tags, hid_t group, const char *where, struct bl_error *err)
{
    struct h5_column *column = &tags->ids_column;
    int code = h5_column_open(column, group, "ids", where, err);
    if (code != BL_OK)
        return code;
    if (column->cols > 0)
        return bl_fail(err, BL_INPUT, "%s: 'ids' has two dimensions; it must be [N]", where);
    if (column->class == H5T_INTEGER && column->value_bytes <= 8) {
        tags->id_type = H5Tcopy(column->is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64);
        tags->id_bytes = digits_of(column);
        return BL_OK;
    }
    if (column->class != H5T_STRING)
        return bl_fail(err, BL_INPUT,
                       "%s: 'ids' must be integers or strings of fixed length (h5py: dtype 'S20')", where);
    if (column->value_bytes > ID_BYTES_MAX)
        return bl_fail(err, BL_INPUT, "%s: 'ids' are %" PRId64 " bytes long; at most %d are allowed", where,
                       column->value_bytes, (int)ID_BYTES_MAX);
    /* HDF5 converts the padding of strings but not their character set, so that of the file is kept. */
    hid_t stored = H5Dget_type(column->set);
    tags->id_type = H5Tcopy(stored);
    H5Tclose(stored);
    H5Tset_strpad(tags->id_type, H5T_STR_NULLPAD);
    tags->id_bytes = column->value_bytes;
    return BL_OK;
}

int tags_open(struct tags *tags, hid_t group, const char *main_name, int64_t rows, const char *where,
              struct bl_error *err)
{
    *tags = (struct tags){
        .labels_column.set = H5I_INVALID_HID, .ids_column.set = H5I_INVALID_HID, .id_type = H5I_INVALID_HID};
    tags->labels = bl_label_layout(BL_LABELS_NONE, 0);
    /* Each may be missing; what exists must have a row for each row of the main data set. */
    int code = row_groups_open(&tags->groups, group, where, err);
    if (code == BL_OK && tags->groups.column.set >= 0)
        code = check_rows(&tags->groups.column, "groups", main_name, rows, where, err);
    if (code == BL_OK && h5_column_exists(group, "labels")) {
        code = open_labels(tags, group, where, err);
        if (code == BL_OK)
            code = check_rows(&tags->labels_column, "labels", main_name, rows, where, err);
    }
    if (code == BL_OK && h5_column_exists(group, "ids")) {
        code = open_ids(tags, group, where, err);
        if (code == BL_OK)
            code = check_rows(&tags->ids_column, "ids", main_name, rows, where, err);
        if (code == BL_OK)
            code = h5_checked_open(&tags->checked_ids, &tags->ids_column, "ids", tags->id_type, where, err);
    }
    return code;
}

void tags_close(struct tags *tags)
{
    if (tags->id_type > 0)
        H5Tclose(tags->id_type);
    tags->id_type = H5I_INVALID_HID;
    h5_checked_close(&tags->checked_labels);
    h5_checked_close(&tags->checked_ids);
    h5_column_close(&tags->labels_column);
    h5_column_close(&tags->ids_column);
    row_groups_close(&tags->groups);
    bl_free(&tags->class_names);
    bl_free(&tags->scratch);
}

/* What doesn't exist needs no checksums. */
int tags_have_sums(const struct tags *tags)
{
    return (tags->labels_column.set < 0 || h5_checked_has_sums(&tags->checked_labels)) &&
           (tags->groups.column.set < 0 || h5_checked_has_sums(&tags->groups.checked)) &&
           (tags->ids_column.set < 0 || h5_checked_has_sums(&tags->checked_ids));
}

void tags_use_groups(struct tags *tags, int prefer_groups)
{
    if (tags->groups.layout.kind == BL_LABELS_NONE || (!prefer_groups && tags->labels.kind != BL_LABELS_NONE))
        return;
    tags->labels = tags->groups.layout;
    tags->n_class_names = 0;
}

/* Checked while they are still int64: a conversion to int32 would hide a wrong value. */
static int check_single(const struct tags *tags, int64_t label, int64_t row, const char *where,
                        struct bl_error *err)
{
    if (label < BL_UNLABELLED || label > INT32_MAX)
        return bl_fail(err, BL_INPUT,
                       "%s: row %" PRId64 " has the label %" PRId64
                       "; labels are classes from 0, or -1 for a row without one",
                       where, row, label);
    if (tags->n_class_names > 0 && label >= tags->n_class_names)
        return bl_fail(err, BL_INPUT,
                       "%s: row %" PRId64 " has the label %" PRId64 " but only classes 0 to %" PRId64
                       " have a name",
                       where, row, label, tags->n_class_names - 1);
    return BL_OK;
}

static int take_single(const struct tags *tags, int64_t row_lo, int64_t n, uint32_t *labels,
                       const char *where, struct bl_error *err)
{
    const int64_t *values = (const int64_t *)(const void *)tags->scratch;
    for (int64_t i = 0; i < n; i++) {
        if (check_single(tags, values[i], row_lo + i, where, err) != BL_OK)
            return err->code;
        labels[i] = (uint32_t)(int32_t)values[i];
    }
    return BL_OK;
}

/* Front to back, since both are in the same memory. What isn't 0 or 1 becomes 2. */
static void narrow(const int64_t *wide, int64_t n, uint8_t *values)
{
    for (int64_t i = 0; i < n; i++)
        values[i] = (uint8_t)(wide[i] == 0 || wide[i] == 1 ? wide[i] : 2);
}

static int take_multi(const struct tags *tags, int64_t row_lo, int64_t n, uint32_t *labels, const char *where,
                      struct bl_error *err)
{
    int64_t classes = tags->labels.classes;
    uint8_t *values = (uint8_t *)tags->scratch;
    if (tags->labels_column.class == H5T_FLOAT)
        narrow((const int64_t *)(const void *)tags->scratch, n * classes, values);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t c = 0; c < classes; c++)
            if (values[i * classes + c] > 1)
                return bl_fail(err, BL_INPUT,
                               "%s: row %" PRId64 ", column %" PRId64
                               " of 'labels' is neither 0 nor 1; class numbers belong into labels [N]",
                               where, row_lo + i, c);
        bl_label_pack(tags->labels, values + i * classes, labels + i * tags->labels.words);
    }
    return BL_OK;
}

/* A scratch of rows at a time: checked, then packed for the caller. */
static int read_labels(struct tags *tags, int64_t row_lo, int64_t n, uint32_t *labels, const char *where,
                       struct bl_error *err)
{
    int multi = tags->labels.kind == BL_LABELS_MULTI;
    int code = BL_OK;
    for (int64_t at = 0; at < n && code == BL_OK; at += tags->scratch_rows) {
        int64_t piece = min64(tags->scratch_rows, n - at);
        uint32_t *out = labels + at * tags->labels.words;
        code = h5_checked_read(&tags->checked_labels, row_lo + at, piece, tags->scratch, where, err);
        if (code == BL_OK && tags->labels_column.class == H5T_FLOAT)
            code = whole_numbers_take((int64_t *)(void *)tags->scratch, piece,
                                      multi ? tags->labels.classes : 1, row_lo + at, "labels", where, err);
        if (code == BL_OK)
            code = multi ? take_multi(tags, row_lo + at, piece, out, where, err)
                         : take_single(tags, row_lo + at, piece, out, where, err);
    }
    return code;
}

/* The number in decimal, padded with NUL to id_bytes. */
static void print_number(const struct tags *tags, uint64_t bits, char *id)
{
    char text[24] = {0};
    int64_t number;
    memcpy(&number, &bits, sizeof number);
    if (tags->ids_column.is_signed)
        snprintf(text, sizeof text, "%" PRId64, number);
    else
        snprintf(text, sizeof text, "%" PRIu64, bits);
    memcpy(id, text, (size_t)tags->id_bytes);
}

static int read_ids(struct tags *tags, int64_t row_lo, int64_t n, char *ids, const char *where,
                    struct bl_error *err)
{
    if (tags->ids_column.class == H5T_STRING)
        return h5_checked_read(&tags->checked_ids, row_lo, n, ids, where, err);
    uint64_t numbers[512]; /* on the stack: reading rows allocates nothing */
    const int64_t block = (int64_t)(sizeof numbers / sizeof *numbers);
    for (int64_t at = 0; at < n; at += block) {
        int64_t piece = min64(block, n - at);
        if (h5_checked_read(&tags->checked_ids, row_lo + at, piece, numbers, where, err) != BL_OK)
            return err->code;
        for (int64_t i = 0; i < piece; i++)
            print_number(tags, numbers[i], ids + (at + i) * tags->id_bytes);
    }
    return BL_OK;
}

int tags_read(struct tags *tags, int64_t row_lo, int64_t n, uint32_t *labels, char *ids, const char *where,
              struct bl_error *err)
{
    int code = BL_OK;
    if (labels && tags->labels.kind == BL_LABELS_GROUPS) /* tags_use_groups */
        code = row_groups_read(&tags->groups, row_lo, n, labels, where, err);
    else if (labels && tags->labels.kind != BL_LABELS_NONE)
        code = read_labels(tags, row_lo, n, labels, where, err);
    if (code == BL_OK && ids && tags->id_bytes > 0)
        code = read_ids(tags, row_lo, n, ids, where, err);
    return code;
}
