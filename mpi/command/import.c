#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "io/source.h"
#include "mpi/command/command.h"
#include "mpi/dataset.h"

enum { BLOCK_BYTES = 8 << 20, NAMES_MAX = 100000 };

struct given {
    const char *format, *features, *labels, *label_format, *label_column, *id_column, *no_header,
        *class_names, *replace, *split, *out;
};

/* What is being imported. */
struct import {
    const struct given *given;
    struct io_source *features, *labels; /* labels: a file of their own, or NULL */
    struct par_split_writer *writer;
    struct bl_label_layout layout;
    char *name_text;    /* of --class-names, cut at its commas */
    const char **names; /* [n_names] */
    int64_t n_names, block_rows;
    void *feature_block, *label_values;
    void *label_block; /* int32 [n] or uint8 [n, classes] */
    char *id_block;
};

static int ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *label_format_of(const struct given *given)
{
    const char *path = given->labels;
    if (given->label_format)
        return given->label_format;
    if (ends_with(path, ".npy"))
        return "npy";
    if (ends_with(path, "-ubyte") || ends_with(path, ".idx") || ends_with(path, ".gz"))
        return "idx";
    return given->format;
}

static int check_required(const struct given *given, struct bl_error *err)
{
    const struct {
        const char *name, *value;
    } required[] = {{"--format", given->format},
                    {"--features", given->features},
                    {"--split", given->split},
                    {"-o", given->out}};
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (!required[i].value)
            return bl_fail(err, BL_USAGE, "import needs %s; see bitloom import --help", required[i].name);
    if (given->labels && given->label_column)
        return bl_fail(err, BL_USAGE, "--labels and --label-column are two sources of labels; keep one");
    return BL_OK;
}

static int open_sources(struct import *import, struct bl_error *err)
{
    const struct given *given = import->given;
    const struct io_source_options options = {given->label_column, given->id_column,
                                              given->no_header != NULL};
    int code = io_source_open(&import->features, given->format, given->features, &options, err);
    if (code == BL_OK && given->labels)
        code = io_source_open(&import->labels, label_format_of(given), given->labels, NULL, err);
    if (code != BL_OK)
        return code;
    const struct io_source_info *features = io_source_info(import->features);
    if (import->labels && io_source_info(import->labels)->rows != features->rows)
        return bl_fail(err, BL_INPUT,
                       "%s has %" PRId64 " rows but %s has %" PRId64 "; they must be of the same rows",
                       given->features, features->rows, given->labels, io_source_info(import->labels)->rows);
    if (features->has_labels)
        import->layout = bl_label_layout(BL_LABELS_SINGLE, 0);
    else if (import->labels) {
        const int64_t dim = io_source_info(import->labels)->dim;
        import->layout =
            dim == 1 ? bl_label_layout(BL_LABELS_SINGLE, 0) : bl_label_layout(BL_LABELS_MULTI, dim);
    }
    return BL_OK;
}

/* Class names: those given, otherwise those that the source found. */
static int take_names(struct import *import, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->features);
    const char *given = import->given->class_names;
    int64_t n = info->n_classes;
    if (given) {
        n = 1;
        for (const char *at = given; *at; at++)
            n += *at == ',';
    }
    if (n > NAMES_MAX)
        return bl_fail(err, BL_USAGE, "more than %d class names", NAMES_MAX);
    int code = bl_alloc_zero(&import->names, n, sizeof *import->names, "class names", err);
    if (code != BL_OK || !given) {
        for (int64_t i = 0; i < n && code == BL_OK; i++)
            import->names[i] = info->class_names[i];
        import->n_names = n;
        return code;
    }
    if (import->layout.kind == BL_LABELS_NONE)
        return bl_fail(err, BL_USAGE, "--class-names without labels; add --labels or --label-column");
    code = bl_alloc_zero(&import->name_text, (int64_t)strlen(given) + 1, 1, "class names", err);
    if (code != BL_OK)
        return code;
    memcpy(import->name_text, given, strlen(given));
    for (char *at = import->name_text; at; import->n_names++) {
        char *comma = strchr(at, ',');
        import->names[import->n_names] = at;
        if (comma)
            *comma++ = '\0';
        at = comma;
    }
    return BL_OK;
}

static int allocate_blocks(struct import *import, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->features);
    const int64_t value_bytes = (int64_t)bl_type_bytes(info->type);
    const int64_t rows = BLOCK_BYTES / (info->dim * value_bytes),
                  label_dim = import->labels ? io_source_info(import->labels)->dim : 1;
    import->block_rows = rows > 0 ? rows : 1;
    int code = bl_alloc(&import->feature_block, import->block_rows * info->dim, (size_t)value_bytes,
                        "a block of rows", err);
    if (code == BL_OK)
        code = bl_alloc(&import->label_values, import->block_rows * label_dim, sizeof(double),
                        "a block of labels", err);
    if (code == BL_OK)
        code = bl_alloc(&import->label_block, import->block_rows * label_dim, sizeof(int32_t),
                        "a block of labels", err);
    if (code == BL_OK)
        code =
            bl_alloc(&import->id_block, import->block_rows * (info->id_bytes + 1), 1, "a block of ids", err);
    return code;
}

/* Labels of n rows from their own file into label_block; `row` is the first one's number. */
static int read_labels(struct import *import, int64_t row, int64_t n, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->labels);
    int64_t got;
    int code = io_source_read(import->labels, n, import->label_values, NULL, NULL, &got, err);
    if (code != BL_OK)
        return code;
    double *values = import->label_values;
    /* In place from the end: the narrow values lie before the wide ones. */
    for (int64_t i = n * info->dim - 1; i >= 0; i--) {
        double value;
        bl_type_to_double(info->type,
                          (const char *)import->label_values + i * (int64_t)bl_type_bytes(info->type), 1,
                          &value);
        values[i] = value;
    }
    for (int64_t i = 0; i < n * info->dim; i++) {
        const double value = values[i];
        const int single = import->layout.kind == BL_LABELS_SINGLE;
        if (!(value >= (single ? -1.0 : 0.0) && value <= (single ? 2147483647.0 : 1.0) &&
              value == (double)(int32_t)value))
            return bl_fail(err, BL_INPUT, "%s: row %" PRId64 " has the label %g; %s", import->given->labels,
                           row + i / info->dim, value,
                           single ? "classes are whole numbers from 0, or -1 for none"
                                  : "a label matrix holds 0 and 1");
        if (single)
            ((int32_t *)import->label_block)[i] = (int32_t)value;
        else
            ((uint8_t *)import->label_block)[i] = (uint8_t)value;
        if (single && import->n_names > 0 && value >= (double)import->n_names)
            return bl_fail(err, BL_INPUT,
                           "%s: row %" PRId64 " has the class %g but %" PRId64 " class names were given",
                           import->given->labels, row + i, value, import->n_names);
    }
    return BL_OK;
}

static int copy_rows(struct import *import, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(import->features);
    for (int64_t row = 0; row < info->rows;) {
        int64_t n;
        int code = io_source_read(import->features, import->block_rows, import->feature_block,
                                  info->has_labels ? import->label_block : NULL,
                                  info->has_ids ? import->id_block : NULL, &n, err);
        if (code == BL_OK && import->labels)
            code = read_labels(import, row, n, err);
        if (code == BL_OK)
            code = par_split_append_local(import->writer, n, import->feature_block,
                                          import->layout.kind == BL_LABELS_NONE ? NULL : import->label_block,
                                          info->has_ids ? import->id_block : NULL, err);
        if (code != BL_OK)
            return code;
        row += n;
    }
    return BL_OK;
}

static int import_split(struct import *import, struct bl_error *err)
{
    const struct given *given = import->given;
    int code = open_sources(import, err);
    if (code == BL_OK)
        code = take_names(import, err);
    if (code == BL_OK)
        code = allocate_blocks(import, err);
    if (code != BL_OK)
        return code;
    const struct io_source_info *info = io_source_info(import->features);
    const struct par_split_writer_options options = {.replace = given->replace != NULL,
                                                     .rows = info->rows,
                                                     .dim = info->dim,
                                                     .type = info->type,
                                                     .labels = import->layout,
                                                     .id_bytes = info->has_ids ? info->id_bytes : 0,
                                                     .n_class_names = import->n_names,
                                                     .class_names = import->names};
    code = par_split_create_local(&import->writer, given->out, given->split, &options, err);
    if (code == BL_OK)
        code = copy_rows(import, err);
    if (code == BL_OK)
        code = par_split_commit_local(import->writer, err);
    if (code == BL_OK)
        bl_log_say("imported %" PRId64 " rows of %" PRId64 " x %s%s as split %s of %s", info->rows, info->dim,
                   bl_type_name(info->type),
                   import->layout.kind == BL_LABELS_NONE     ? " without labels"
                   : import->layout.kind == BL_LABELS_SINGLE ? " with labels"
                                                             : " with a label matrix",
                   given->split, given->out);
    return code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    (void)par;
    struct given given = {0};
    const struct command_option options[] = {
        {"--format", 1, &given.format, NULL, NULL},
        {"--features", 1, &given.features, NULL, NULL},
        {"--labels", 1, &given.labels, NULL, NULL},
        {"--label-format", 1, &given.label_format, NULL, NULL},
        {"--label-column", 1, &given.label_column, NULL, NULL},
        {"--id-column", 1, &given.id_column, NULL, NULL},
        {"--no-header", 0, &given.no_header, NULL, NULL},
        {"--class-names", 1, &given.class_names, NULL, NULL},
        {"--replace", 0, &given.replace, NULL, NULL},
        {"--split", 1, &given.split, NULL, NULL},
        {"--output|-o", 1, &given.out, NULL, NULL},
    };
    struct import import = {.given = &given};
    int code = command_parse(argc, argv, options, sizeof options / sizeof *options, NULL, 0, 0, NULL, err);
    if (code == BL_OK)
        code = check_required(&given, err);
    const char *const inputs[] = {given.features, given.labels};
    if (code == BL_OK)
        code = command_check_output(given.out, inputs, 2, err);
    if (code == BL_OK)
        code = import_split(&import, err);
    par_split_destroy_local(import.writer);
    io_source_close(import.features);
    io_source_close(import.labels);
    bl_free(&import.name_text);
    bl_free(&import.names);
    bl_free(&import.feature_block);
    bl_free(&import.label_values);
    bl_free(&import.label_block);
    bl_free(&import.id_block);
    return code;
}

const struct command command_import = {
    .name = "import",
    .summary = "add a split to a data-set file from IDX or NPY",
    .help =
        "usage: bitloom import --format idx|npy --features F [--labels L] --split S -o DATA\n"
        "\n"
        "Adds a split to a data-set file, or makes the file. The file appears whole or not at all.\n"
        "\n"
        "  --format X          format of the features: idx (plain or .gz), npy\n"
        "  --features F        the file of the rows\n"
        "  --labels L          labels: one number a row, or a matrix of 0 and 1 for several labels a row\n"
        "  --label-format X    its format (default: by its name, otherwise as the features)\n"
        "  --class-names A,B   names of the classes 0, 1, ...\n"
        "  --split S           the split's name, e.g. train or test\n"
        "  --replace           replace a split of that name\n"
        "  -o, --output DATA   the data-set file\n"
        "\n"
        "example:\n"
        "  bitloom import --format idx --features train-images-idx3-ubyte.gz --labels "
        "train-labels-idx1-ubyte.gz \\\n"
        "      --split train -o fashion-mnist.h5\n",
    .run = run,
};
