#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "data/types.h"
#include "mpi/command/command.h"
#include "mpi/command/import/import_rows.h"
#include "mpi/command/import/import_source.h"
#include "mpi/files/dataset.h"
#include "mpi/files/output.h"

static int check_required(const struct import_given *given, struct bl_error *err)
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
    return split_name_check(given->split, err);
}

static int check_inputs(const struct import_given *given, struct bl_error *err)
{
    const char *const paths[] = {given->features, given->labels, given->groups, given->ids};
    char files[4][BL_PATH_MAX];
    const char *inputs[4];
    for (int i = 0; i < 4; i++) {
        if (paths[i])
            import_file_of(paths[i], files[i], sizeof files[i]);
        inputs[i] = paths[i] ? files[i] : NULL;
    }
    return command_check_output(given->out, inputs, 4, err);
}

/* Reads the options of sparse rows. */
static int check_sparse(struct import_given *given, struct bl_error *err)
{
    const int is_sparse = given->format && strcmp(given->format, "svmlight") == 0;
    if (!is_sparse && (given->columns || given->first_index))
        return bl_fail(err, BL_USAGE, "%s is for features in svmlight, not %s; leave it out",
                       given->columns ? "--columns" : "--first-index", given->format);
    int code = given->columns
                   ? command_integer("--columns", given->columns, 1, 1 << 24, &given->n_columns, err)
                   : BL_OK;
    if (code == BL_OK && given->first_index)
        code = command_integer("--first-index", given->first_index, 0, 1, &given->first_index_number, err);
    return code;
}

/* Refuses options that don't go together, before any file is opened. */
static int check_given(const struct import_given *given, struct bl_error *err)
{
    int code = check_required(given, err);
    if (code == BL_OK)
        code = check_inputs(given, err);
    if (code == BL_OK)
        code = output_check(given->out, FILE_DATASET, IO_REPLACE_PART, err);
    if (code != BL_OK)
        return code;
    int features_csv = strcmp(given->format, "csv") == 0;
    int groups_csv = given->groups && strcmp(import_format_of(given->groups, given->format), "csv") == 0;
    const char *labels_from = given->labels ? import_label_format(given) : given->format;
    if (given->label_format && !given->labels)
        return bl_fail(err, BL_USAGE, "--label-format without --labels; add the file of the labels");
    if (given->label_column && strcmp(labels_from, "csv") != 0)
        return bl_fail(err, BL_USAGE, "--label-column is for labels in CSV, not %s; leave it out",
                       labels_from);
    if (given->id_column && !features_csv)
        return bl_fail(err, BL_USAGE, "--id-column is for features in CSV, not %s; leave it out",
                       given->format);
    if (given->ids && given->id_column)
        return bl_fail(err, BL_USAGE, "--ids and --id-column are two sources of ids; keep one");
    if (given->ids && strcmp(import_format_of(given->ids, "npy"), "csv") == 0)
        return bl_fail(err, BL_USAGE,
                       "--ids takes integers in NPY, IDX or HDF5; for ids in CSV use --id-column");
    enum bl_type type;
    if (given->dtype && !bl_type_of_name(given->dtype, &type))
        return bl_fail(err, BL_USAGE, "--dtype %s: it must be uint8, float16, float32 or float64",
                       given->dtype);
    if (given->decimal && strcmp(given->decimal, "comma") != 0 && strcmp(given->decimal, "point") != 0)
        return bl_fail(err, BL_USAGE, "--decimal %s: it must be comma or point", given->decimal);
    if (given->decimal && !features_csv)
        return bl_fail(err, BL_USAGE, "--decimal is for features in CSV, not %s; leave it out",
                       given->format);
    if (given->no_header && !features_csv && !groups_csv && strcmp(labels_from, "csv") != 0)
        return bl_fail(err, BL_USAGE, "--no-header is for CSV; leave it out");
    return BL_OK;
}

static const struct command_option options[] = {
    {.name = "--format",
     .argument = "X",
     .values = COMMAND_WORDS,
     .text = "format of the features",
     .at = offsetof(struct import_given, format)},
    {.name = "--features",
     .argument = "F",
     .values = COMMAND_FILES,
     .text = "the file of the rows",
     .at = offsetof(struct import_given, features)},
    {.name = "--labels",
     .argument = "L",
     .values = COMMAND_FILES,
     .text = "labels: one class a row, or a matrix of 0 and 1 for several labels a row",
     .at = offsetof(struct import_given, labels)},
    {.name = "--label-format",
     .argument = "X",
     .values = COMMAND_WORDS,
     .text = "its format (default: by its ending, otherwise as the features)",
     .at = offsetof(struct import_given, label_format)},
    {.name = "--groups",
     .argument = "G",
     .values = COMMAND_FILES,
     .text = "which groups a row is in: one number, or several padded with -1 to one width; "
             "format by its ending, as for labels",
     .at = offsetof(struct import_given, groups)},
    {.name = "--ids",
     .argument = "I",
     .values = COMMAND_FILES,
     .text = "one integer a row, in NPY, IDX or HDF5, or text in HDF5",
     .at = offsetof(struct import_given, ids)},
    {.name = "--label-column",
     .argument = "C",
     .text = "CSV: the column of the labels, by name or number from 0",
     .at = offsetof(struct import_given, label_column)},
    {.name = "--id-column",
     .argument = "C",
     .text = "CSV: the column of the ids, likewise",
     .at = offsetof(struct import_given, id_column)},
    {.name = "--no-header",
     .text = "CSV: the first line is data",
     .at = offsetof(struct import_given, no_header)},
    {.name = "--decimal",
     .argument = "MARK",
     .values = "comma point",
     .text = "CSV: how numbers are written, 1,5 (comma) or 1.5 (point, the default)",
     .at = offsetof(struct import_given, decimal)},
    {.name = "--columns",
     .argument = "N",
     .text =
         "svmlight: features in a row (default: as in the data set's other splits, else the largest index)",
     .at = offsetof(struct import_given, columns)},
    {.name = "--first-index",
     .argument = "I",
     .values = "0 1",
     .text = "svmlight: the index of the first feature (default: 0 if that occurs, else 1)",
     .at = offsetof(struct import_given, first_index)},
    {.name = "--dtype",
     .argument = "T",
     .values = "uint8 float16 float32 float64",
     .text = "type of the features (default: that of the file; for text that of the data set's other splits, "
             "else float32)",
     .at = offsetof(struct import_given, dtype)},
    {.name = "--class-names",
     .argument = "A,B,C",
     .values = COMMAND_FILES,
     .text = "names of the classes 0, 1, 2, ...; or @FILE with one a line",
     .at = offsetof(struct import_given, class_names)},
    {.name = "--split",
     .argument = "S",
     .values = "train test",
     .text = "the split's name, e.g. train or test",
     .at = offsetof(struct import_given, split)},
    {.name = "--replace",
     .text = "replace a split of that name",
     .at = offsetof(struct import_given, replace)},
    {.name = "--output|-o",
     .argument = "DATA",
     .values = COMMAND_FILES,
     .text = "the data-set file",
     .at = offsetof(struct import_given, out)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct import_given given = {0};
    (void)par;
    int code = command_parse(argc, argv, options, &given, NULL, 0, 0, NULL, err);
    if (code == BL_OK)
        code = check_given(&given, err);
    if (code == BL_OK)
        code = check_sparse(&given, err);
    if (code == BL_OK)
        code = import_rows(&given, err);
    return code;
}

static const char *format_word(int i, char text[COMMAND_TEXT])
{
    const struct io_format *format = import_format_at(i);
    if (!format)
        return NULL;
    size_t n = (size_t)snprintf(text, COMMAND_TEXT, "%s:", format->summary);
    for (int e = 0; e < IO_ENDINGS_MAX && format->endings[e]; e++)
        n += (size_t)snprintf(text + n, COMMAND_TEXT - n, "%s %s", e > 0 ? "," : "", format->endings[e]);
    return format->name;
}

const struct command command_import = {
    .name = "import",
    .summary = "add a split to a data-set file, from NPY, CSV, IDX or other files",
    .usage = "--format X --features F [--labels L] --split S -o DATA [OPTION]...\n",
    .text = "Adds a split to a data-set file, or makes the file. "
            "The file appears whole or not at all. "
            "A format is told by the ending of a file's name; every one may also be gzipped.\n",
    .word = format_word,
    .words = "formats",
    .options = options,
    .examples = "bitloom import --format idx --features train-images-idx3-ubyte.gz \\\n"
                "    --labels train-labels-idx1-ubyte.gz --split train -o fashion-mnist.h5\n",
    .work = SIGNALS_FILE,
    .run = run,
};
