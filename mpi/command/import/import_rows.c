#include "mpi/command/import/import_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "io/source.h"
#include "mpi/command/import/import_groups.h"
#include "mpi/command/import/import_look.h"
#include "mpi/command/import/import_names.h"
#include "mpi/command/import/import_others.h"
#include "mpi/command/import/import_source.h"
#include "mpi/files/dataset.h"

enum { BLOCK_BYTES = 8 << 20, DIGITS_MAX = 24, COPY_TOLD_BYTES = 1 << 20 };

/* One import. Two passes: the first checks labels, groups and ids and finds their widths (writer is NULL),
 * the second copies all rows. Owns everything but `given`. */
struct import {
    const struct import_given *given;
    struct io_source *features, *labels, *ids; /* the last two: separate files, or NULL */
    struct import_groups groups;
    struct split_writer *writer;
    struct bl_label_layout layout;
    struct import_names names;
    struct import_others others;
    struct import_look look;
    int64_t max_label; /* SINGLE: the highest class, -1 if no row has one */
    int64_t id_bytes;
    int64_t block_rows;
    enum bl_type type; /* in which features are written */
    void *feature_block;
    void *typed_block; /* features in that type, if the source has another; else NULL */
    void *other_block; /* the other columns of a label file in CSV, which aren't used */
    int64_t *integers; /* labels or ids from a separate file */
    void *label_block; /* int32 [n] or uint8 [n, classes] */
    char *id_block;
};

const char *import_label_format(const struct import_given *given)
{
    return given->label_format ? given->label_format : import_format_of(given->labels, given->format);
}

static int check_same_rows(const struct import *import, const struct io_source *other, const char *path,
                           struct bl_error *err)
{
    int64_t rows = io_source_info(import->features)->rows, others = io_source_info(other)->rows;
    if (rows == others)
        return BL_OK;
    return bl_fail(err, BL_INPUT, "%s has %s but %s has %" PRId64 "; the two must describe the same rows",
                   import->given->features, bl_count(rows, "row").text, path, others);
}

/* Of the matrices of labels in the file's other splits; 0: they have none. */
static int64_t label_columns(const struct import *import)
{
    const struct bl_label_layout layout = import->others.layout;
    return import->others.labelled[0] && layout.kind == BL_LABELS_MULTI ? layout.classes : 0;
}

static int open_labels(struct import *import, struct bl_error *err)
{
    const struct import_given *given = import->given;
    const struct io_source_options options = {.label_column = given->label_column,
                                              .no_header = given->no_header != NULL,
                                              .labels_alone = 1,
                                              .column = 1,
                                              .label_columns = label_columns(import),
                                              .class_names = (const char *const *)import->others.names,
                                              .n_class_names =
                                                  given->class_names ? 0 : import->others.n_names};
    io_source_close(import->labels);
    int code = import_source_open(&import->labels, import_label_format(given), given->labels, &options, err);
    return code == BL_OK ? check_same_rows(import, import->labels, given->labels, err) : code;
}

static int open_groups(struct import *import, struct bl_error *err)
{
    const struct import_given *given = import->given;
    int code = import_groups_open(&import->groups, import_format_of(given->groups, given->format),
                                  given->groups, given->no_header != NULL, err);
    return code == BL_OK ? check_same_rows(import, import->groups.source, given->groups, err) : code;
}

static int open_ids(struct import *import, struct bl_error *err)
{
    const char *path = import->given->ids;
    const struct io_source_options options = {.column = 1, .as_ids = 1};
    io_source_close(import->ids);
    int code = import_source_open(&import->ids, import_format_of(path, "npy"), path, &options, err);
    if (code == BL_OK)
        code = check_same_rows(import, import->ids, path, err);
    if (code == BL_OK && io_source_info(import->ids)->dim != 1)
        code = bl_fail(err, BL_INPUT, "%s has %s per row; ids are one integer per row", path,
                       bl_count(io_source_info(import->ids)->dim, "value").text);
    return code;
}

/* Whether text is to be read as float64: as said, or as the file's other splits are. */
static int is_wide(const struct import *import)
{
    const char *dtype = import->given->dtype;
    return dtype ? strcmp(dtype, bl_type_name(BL_FLOAT64)) == 0
                 : import->others.any && import->others.type == BL_FLOAT64;
}

/* The type to write: as said, that of the source, or, for text, that of the file's other splits if it holds them. */
static void choose_type(struct import *import)
{
    const struct io_source_info *info = io_source_info(import->features);
    const struct import_others *others = &import->others;
    import->type = info->type;
    if (import->given->dtype)
        bl_type_of_name(import->given->dtype, &import->type);
    else if (info->is_text && others->any && (others->type != BL_UINT8 || info->are_bytes))
        import->type = others->type;
}

/* Opens all files; their heads say what kind of labels there are. */
static int open_sources(struct import *import, struct bl_error *err)
{
    const struct import_given *given = import->given;
    const struct io_source_options options = {
        .label_column = given->labels ? NULL : given->label_column,
        .wide = is_wide(import),
        .decimal_comma = given->decimal && strcmp(given->decimal, "comma") == 0,
        .width = given->n_columns > 0 ? given->n_columns : import->others.dim,
        .has_first_index = given->first_index != NULL,
        .first_index = given->first_index_number,
        .label_columns = label_columns(import),
        .without_labels = given->labels != NULL,
        .id_column = given->id_column,
        .no_header = given->no_header != NULL,
        .class_names = (const char *const *)import->others.names,
        .n_class_names = given->class_names ? 0 : import->others.n_names};
    int code = import_source_open(&import->features, given->format, given->features, &options, err);
    if (code == BL_OK && given->labels)
        code = open_labels(import, err);
    if (code == BL_OK && given->groups)
        code = open_groups(import, err);
    if (code == BL_OK && given->ids)
        code = open_ids(import, err);
    if (code != BL_OK)
        return code;
    choose_type(import);
    const struct io_source_info *features = io_source_info(import->features);
    const struct io_source_info *labels = io_source_info(import->labels ? import->labels : import->features);
    import->id_bytes = features->has_ids ? features->id_bytes : 0;
    import->max_label = labels->has_labels ? labels->max_label : -1;
    if (labels->label_columns > 0)
        import->layout = bl_label_layout(BL_LABELS_MULTI, labels->label_columns);
    else if (labels->has_labels || (import->labels && labels->dim == 1))
        import->layout = bl_label_layout(BL_LABELS_SINGLE, 0);
    else if (import->labels)
        import->layout = bl_label_layout(BL_LABELS_MULTI, labels->dim);
    return BL_OK;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Blocks of about BLOCK_BYTES for the widest of features, numbers and ids. */
static int allocate_blocks(struct import *import, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->features);
    const struct io_source_info *labels = import->labels ? io_source_info(import->labels) : NULL;
    const int64_t row_bytes = info->dim * (int64_t)bl_type_bytes(info->type);
    const int64_t typed_bytes =
        import->type == info->type ? 0 : info->dim * (int64_t)bl_type_bytes(import->type);
    int64_t label_dim = labels ? larger(labels->dim, 1) : 1, group_dim = import->groups.layout.words;
    label_dim = larger(label_dim, labels ? labels->label_columns : info->label_columns);
    int64_t numbers_bytes = larger(label_dim, group_dim) * (int64_t)sizeof(int64_t);
    const int64_t id_bytes = import->ids ? io_source_info(import->ids)->id_bytes : info->id_bytes;
    int64_t widest = larger(larger(larger(row_bytes, typed_bytes), numbers_bytes), id_bytes);
    import->block_rows = larger(BLOCK_BYTES / widest, 1);
    if (import->block_rows > info->rows)
        import->block_rows = info->rows;
    int64_t n = import->block_rows;
    int code = bl_alloc(&import->feature_block, n, (size_t)row_bytes, "a block of rows", err);
    if (code == BL_OK && typed_bytes > 0)
        code = bl_alloc(&import->typed_block, n, (size_t)typed_bytes, "a block of rows", err);
    if (code == BL_OK)
        code = bl_alloc(&import->integers, n * label_dim, sizeof(int64_t), "a block of labels", err);
    if (code == BL_OK)
        code = bl_alloc(&import->label_block, n * label_dim, sizeof(int32_t), "a block of labels", err);
    if (code == BL_OK)
        code = import_groups_allocate(&import->groups, n, err);
    if (code == BL_OK && labels && labels->has_labels)
        code = bl_alloc(&import->other_block, n * label_dim, sizeof(float), "a block of labels", err);
    if (code == BL_OK)
        code = bl_alloc(&import->id_block, n, (size_t)larger(id_bytes, DIGITS_MAX), "a block of ids", err);
    return code;
}

/* Converts n rows of import->integers, the first of which is row `row` of the file, into the labels to
 * write. */
static int take_labels(struct import *import, int64_t row, int64_t n, struct bl_error *err)
{
    int64_t dim = io_source_info(import->labels)->dim;
    const char *path = import->given->labels;
    int32_t *classes = import->label_block;
    uint8_t *matrix = import->label_block;
    int single = import->layout.kind == BL_LABELS_SINGLE;
    for (int64_t i = 0; i < n * dim; i++) {
        int64_t value = import->integers[i];
        if (single && (value < BL_UNLABELLED || value > INT32_MAX))
            return bl_fail(err, BL_INPUT,
                           "%s, row %" PRId64 " (counted from 0): the label %" PRId64
                           " can't be a class; they are 0 to 2147483647, -1 means none",
                           path, row + i, value);
        if (!single && value != 0 && value != 1)
            return bl_fail(err, BL_INPUT,
                           "%s, row %" PRId64 " (counted from 0), column %" PRId64 ": %" PRId64
                           " in a matrix of labels, which must be 0 or 1",
                           path, row + i / dim, i % dim, value);
        if (single)
            classes[i] = (int32_t)value;
        else
            matrix[i] = (uint8_t)value;
        if (single && value > import->max_label)
            import->max_label = value;
    }
    return BL_OK;
}

static int read_labels(struct import *import, int64_t row, int64_t n, struct bl_error *err)
{
    int64_t got;
    if (io_source_info(import->labels)->has_labels)
        return io_source_read(import->labels, n, import->other_block, import->label_block, NULL, &got, err);
    int code = io_source_read_integers(import->labels, n, import->integers, &got, err);
    return code == BL_OK ? take_labels(import, row, n, err) : code;
}

/* Ids that are integers become text: decimal, padded with NUL. The first pass only finds the longest. */
static int read_ids(struct import *import, int64_t n, struct bl_error *err)
{
    int64_t got;
    if (io_source_info(import->ids)->has_ids) {
        import->id_bytes = io_source_info(import->ids)->id_bytes;
        return io_source_read(import->ids, n, NULL, NULL, import->id_block, &got, err);
    }
    int code = io_source_read_integers(import->ids, n, import->integers, &got, err);
    if (code != BL_OK)
        return code;
    for (int64_t i = 0; i < n; i++) {
        char digits[DIGITS_MAX] = {0};
        int64_t length = snprintf(digits, sizeof digits, "%" PRId64, import->integers[i]);
        if (import->writer)
            memcpy(import->id_block + i * import->id_bytes, digits, (size_t)import->id_bytes);
        else
            import->id_bytes = larger(import->id_bytes, length);
    }
    return BL_OK;
}

/* The first pass, over labels, groups and ids: after it they are known to be valid, and how wide they are.
 * Then their files are opened again from the start. */
static int check_rows(struct import *import, struct bl_error *err)
{
    int64_t rows = io_source_info(import->features)->rows;
    int code = BL_OK;
    for (int64_t row = 0, n; row < rows && code == BL_OK; row += n) {
        n = rows - row < import->block_rows ? rows - row : import->block_rows;
        if (import->labels)
            code = read_labels(import, row, n, err);
        if (code == BL_OK && import->groups.source)
            code = import_groups_read(&import->groups, row, n, import->writer, err);
        if (code == BL_OK && import->ids)
            code = read_ids(import, n, err);
    }
    if (code == BL_OK && import->labels)
        code = open_labels(import, err);
    if (code == BL_OK && import->groups.source)
        code = open_groups(import, err);
    if (code == BL_OK && import->ids)
        code = open_ids(import, err);
    return code;
}

/* Class names come from --class-names, or from labels that are names themselves. */
static int take_names(struct import *import, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->labels ? import->labels : import->features);
    const char *given = import->given->class_names;
    struct bl_label_layout layout = import->layout;
    if (given && layout.kind == BL_LABELS_NONE)
        return bl_fail(err, BL_USAGE, "--class-names without labels; add --labels or --label-column");
    if (given && info->n_classes > 0)
        return bl_fail(err, BL_USAGE, "--class-names is for numbered classes; the labels are names already");
    int code = given ? import_names_read(&import->names, given, err)
                     : import_names_borrow(&import->names, info->class_names, info->n_classes, err);
    if (code != BL_OK)
        return code;
    int64_t n = import->names.n;
    if (given && layout.kind == BL_LABELS_SINGLE && import->max_label >= n)
        return bl_fail(err, BL_INPUT,
                       "the labels go up to %" PRId64 " but --class-names has %s; name all classes",
                       import->max_label, bl_count(n, "name").text);
    if (given && layout.kind == BL_LABELS_MULTI && n != layout.classes)
        return bl_fail(err, BL_INPUT, "the labels have %s but --class-names has %s; name each column",
                       bl_count(layout.classes, "column").text, bl_count(n, "name").text);
    if (layout.kind == BL_LABELS_SINGLE)
        import->layout.classes = n;
    return BL_OK;
}

/* The rows of the block as they are written. */
static const void *typed_rows(const struct import *import)
{
    return import->typed_block ? import->typed_block : import->feature_block;
}

/* Brings n rows, of which row `row` of the file is the first, into the type that is written. */
static int convert_rows(struct import *import, int64_t row, int64_t n, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->features);
    const int64_t values = n * info->dim;
    if (!import->typed_block)
        return BL_OK;
    const int64_t fit =
        bl_type_convert(info->type, import->feature_block, values, import->type, import->typed_block);
    double value;
    if (fit == values)
        return BL_OK;
    bl_type_to_double(info->type, (char *)import->feature_block + fit * (int64_t)bl_type_bytes(info->type), 1,
                      &value);
    return bl_fail(err, BL_INPUT,
                   "%s, row %" PRId64 " (counted from 0): %g can't be held by %s; choose another --dtype",
                   import->given->features, row + fit / info->dim, value, bl_type_name(import->type));
}

static int look_at_block(struct import *import, int64_t n, struct bl_error *err)
{
    const struct import_block block = {
        .n = n,
        .type = import->type,
        .features = typed_rows(import),
        .labels = import->layout.kind == BL_LABELS_NONE ? NULL : import->label_block,
        .groups = import->groups.layout.words > 0 ? import->groups.words : NULL,
        .ids = import->id_bytes > 0 ? import->id_block : NULL,
        .id_bytes = import->id_bytes};
    return import_look_add(&import->look, &block, err);
}

/* The second pass: reads a block of everything and appends it to the split. */
static int copy_rows(struct import *import, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->features);
    int code = BL_OK;
    for (int64_t row = 0, n; row < info->rows && code == BL_OK; row += n) {
        code = io_source_read(import->features, import->block_rows, import->feature_block,
                              info->has_labels ? import->label_block : NULL,
                              info->has_ids ? import->id_block : NULL, &n, err);
        if (code == BL_OK && import->labels)
            code = read_labels(import, row, n, err);
        if (code == BL_OK && import->groups.source)
            code = import_groups_read(&import->groups, row, n, import->writer, err);
        if (code == BL_OK && import->ids)
            code = read_ids(import, n, err);
        if (code == BL_OK)
            code = convert_rows(import, row, n, err);
        if (code == BL_OK)
            code = look_at_block(import, n, err);
        if (code == BL_OK)
            code = split_append(import->writer, n, typed_rows(import),
                                import->layout.kind == BL_LABELS_NONE ? NULL : import->label_block,
                                import->id_bytes > 0 ? import->id_block : NULL, err);
        if (code == BL_OK)
            bl_log_progress("imported %" PRId64 " of %" PRId64 " rows", row + n, info->rows);
    }
    return code;
}

static void say(struct import *import)
{
    const struct io_source_info *info = io_source_info(import->features);
    const struct io_source_info *labels = import->labels ? io_source_info(import->labels) : info;
    const struct import_given *given = import->given;
    char what[2 * BL_LABEL_TEXT + 16];
    import_look_describe(&import->look, import->names.n, import->id_bytes > 0, what, sizeof what);
    const int64_t copied = split_copied_bytes(import->writer);
    char note[80] = "", copy[60] = "";
    if (info->note)
        snprintf(note, sizeof note, " (%s)", info->note);
    if (copied >= COPY_TOLD_BYTES)
        snprintf(copy, sizeof copy, ", copying the %" PRId64 " MiB that were there", copied >> 20);
    bl_log_say("imported %s of %" PRId64 " x %s, %s as split %s of %s%s%s", bl_count(info->rows, "row").text,
               info->dim, bl_type_name(import->type), what, given->split, given->out, note, copy);
    import_look_warn(&import->look, info, labels);
    import_others_compare(&import->others, given->split, import->layout, import->names.names,
                          import->names.n);
}

static int import_split(struct import *import, struct bl_error *err)
{
    const struct import_given *given = import->given;
    int code = import_others_find(&import->others, given, err);
    if (code == BL_OK)
        code = open_sources(import, err);
    const struct io_source_info *info = code == BL_OK ? io_source_info(import->features) : NULL;
    if (code == BL_OK && (info->rows < 1 || info->dim < 1))
        code = bl_fail(err, BL_INPUT, "%s has %s of %s; nothing to import", given->features,
                       bl_count(info->rows, "row").text, bl_count(info->dim, "feature").text);
    if (code == BL_OK)
        code = allocate_blocks(import, err);
    if (code == BL_OK)
        code = check_rows(import, err);
    if (code == BL_OK)
        code = take_names(import, err);
    if (code != BL_OK)
        return code;
    const struct split_writer_options options = {.replace = given->replace != NULL,
                                                 .rows = info->rows,
                                                 .dim = info->dim,
                                                 .type = import->type,
                                                 .labels = import->layout,
                                                 .groups = import->groups.layout,
                                                 .id_bytes = import->id_bytes,
                                                 .n_class_names = import->names.n,
                                                 .class_names = import->names.names};
    code = import_look_begin(&import->look, info, import->layout, import->groups.layout, err);
    if (code == BL_OK)
        code = split_create(&import->writer, given->out, given->split, &options, err);
    if (code == BL_OK)
        code = copy_rows(import, err);
    if (code == BL_OK)
        code = split_commit(import->writer, err);
    if (code == BL_OK)
        say(import);
    return code;
}

static void release(struct import *import)
{
    split_destroy(import->writer);
    import_look_free(&import->look);
    import_names_free(&import->names);
    io_source_close(import->features);
    io_source_close(import->labels);
    import_groups_free(&import->groups);
    io_source_close(import->ids);
    import_others_free(&import->others);
    bl_free(&import->feature_block);
    bl_free(&import->typed_block);
    bl_free(&import->other_block);
    bl_free(&import->integers);
    bl_free(&import->label_block);
    bl_free(&import->id_block);
}

int import_rows(const struct import_given *given, struct bl_error *err)
{
    struct import import = {.given = given};
    const int code = import_split(&import, err);
    release(&import);
    return code;
}
