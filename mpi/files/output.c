#include "mpi/files/output.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "mpi/files/checkpoint.h"
#include "mpi/files/codes.h"
#include "mpi/files/dataset.h"
#include "mpi/files/model.h"
#include "mpi/files/neighbours.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/column.h"
#include "mpi/h5/file.h"

enum { HEAD_BYTES = 1 << 14 };

/* Endings separated by blanks; `format`: the stamp of HDF5 files, NULL for others; `begins`: the first bytes of
 * others. */
static const struct {
    const char *name, *endings, *format, *begins;
} kinds[FILE_KINDS] = {
    [FILE_DATASET] = {"a data set", ".h5 .hdf5", PAR_DATASET_FORMAT, NULL},
    [FILE_CODES] = {"a file of codes", ".h5 .hdf5", PAR_CODES_FORMAT, NULL},
    [FILE_MODEL] = {"a model", ".h5 .hdf5", PAR_MODEL_FORMAT, NULL},
    [FILE_CHECKPOINT] = {"a checkpoint", ".h5 .hdf5", PAR_CHECKPOINT_FORMAT, NULL},
    [FILE_NEIGHBOURS] = {"a file of neighbours", ".h5 .hdf5", PAR_NEIGHBOURS_FORMAT, NULL},
    [FILE_CONFIG] = {"a configuration", ".yaml .yml", NULL, "# A complete configuration of bitloom"},
    [FILE_REFERENCE] = {"a table of keys", ".md .txt", NULL, "| key |"},
    [FILE_SCRIPT] = {"a batch script", ".sbatch .sh .bash .slurm", NULL,
                     "#!/usr/bin/env bash\n# Trains a configuration,"},
    [FILE_TSV] = {"a table of neighbours", ".tsv .txt", NULL, "query\trank\titem\tdistance\tlabel\n"},
    [FILE_JSON] = {"neighbours in JSON", ".json", NULL, "{\"bits\":"},
    [FILE_PNG] = {"a picture", ".png", NULL, "\x89PNG"},
    [FILE_SVG] = {"a picture", ".svg", NULL, "<?xml"},
    [FILE_PDF] = {"a picture", ".pdf", NULL, "%PDF"},
};

/* Formats that other programs know by these endings. */
static const char known_endings[] =
    ".h5 .hdf5 .npy .npz .csv .tsv .txt .json .jsonl .yaml .yml .md .png .svg .pdf .jpg .sh .bash .sbatch "
    ".slurm .gz .zip .tar .idx .fvecs .bvecs .ivecs .fbin .parquet .mat .svm .log .py .c ";

/* Whether the ending is one of those in the list. */
static int is_among(const char *ending, const char *list)
{
    const size_t n = strlen(ending);
    for (const char *at = list; at && *at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncasecmp(at, ending, n) == 0 && (at[n] == ' ' || at[n] == '\0') && n > 0)
            return 1;
    }
    return 0;
}

/* What is there */

/* Files by older versions, and by other software, are known by their content. */
static enum file_kind kind_of_content(hid_t file)
{
    char list[PAR_SPLIT_LIST_BYTES];
    if (h5_column_exists(file, "neighbours") && h5_column_exists(file, "distances"))
        return FILE_NEIGHBOURS;
    if (h5_column_exists(file, "codes"))
        return FILE_CODES;
    split_list(file, list);
    return list[0] ? FILE_DATASET : FILE_OTHER;
}

static enum file_kind kind_of_hdf5(const char *path)
{
    struct bl_error ignored;
    char format[64];
    hid_t file;
    if (par_h5_open(&file, par_alone(), path, &ignored) != BL_OK)
        return FILE_OTHER;
    enum file_kind kind = FILE_OTHER;
    if (!h5_get_text(file, "format", format, sizeof format))
        kind = kind_of_content(file);
    for (int k = 0; k < FILE_KINDS && kind == FILE_OTHER; k++)
        if (kinds[k].format && strcmp(kinds[k].format, format) == 0)
            kind = (enum file_kind)k;
    par_h5_close(&file, par_alone(), path, &ignored); /* only read from */
    return kind;
}

/* A configuration that somebody wrote has no heading, but two sections of its own. */
static int is_configuration(const char *text)
{
    static const char *const sections[] = {
        "\nmodel:", "\nobjective:", "\noptimizer:", "\ntrain:", "\nevaluate:", "\ncheckpoint:"};
    int n = 0;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        n += strstr(text, sections[i]) != NULL;
    return n > 0 && strstr(text, "\ndata:");
}

enum file_kind file_kind_of(const char *path)
{
    static const unsigned char hdf5[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    char text[HEAD_BYTES + 2] = "\n"; /* so that a section begins behind a line's end */
    FILE *file = fopen(path, "rb");
    if (!file)
        return FILE_OTHER;
    const size_t n = fread(text + 1, 1, HEAD_BYTES, file);
    fclose(file); /* only read from */
    if (n == 0)
        return FILE_EMPTY;
    if (n >= sizeof hdf5 && memcmp(text + 1, hdf5, sizeof hdf5) == 0)
        return kind_of_hdf5(path);
    for (int k = 0; k < FILE_KINDS; k++)
        if (kinds[k].begins && strncmp(text + 1, kinds[k].begins, strlen(kinds[k].begins)) == 0)
            return (enum file_kind)k;
    return is_configuration(text) ? FILE_CONFIG : FILE_OTHER;
}

/* The rule */

/* A name that promises another format than the file would have. */
static int check_ending(const char *path, enum file_kind kind, struct bl_error *err)
{
    const char *slash = strrchr(path, '/'), *ending = strrchr(slash ? slash : path, '.');
    if (!ending || !is_among(ending, known_endings) || is_among(ending, kinds[kind].endings))
        return BL_OK;
    return bl_fail(err, BL_USAGE, "%s would be %s, which doesn't end in %s; choose a name that ends in %.*s",
                   path, kinds[kind].name, ending, (int)strcspn(kinds[kind].endings, " "),
                   kinds[kind].endings);
}

static int check_replace(const struct io_output *output, enum file_kind kind, enum io_replace replace,
                         struct bl_error *err)
{
    const enum file_kind there = file_kind_of(output->path);
    const int same = there == kind || there == FILE_EMPTY;
    if (replace == IO_REPLACE_OWN ? same || there == FILE_OTHER : same && replace == IO_REPLACE_SAME)
        return BL_OK;
    if (same)
        return bl_fail(err, BL_PATH,
                       "%s exists; choose another name or remove it, or replace it with --force",
                       output->name);
    if (there == FILE_OTHER)
        return bl_fail(err, BL_PATH, "%s exists and isn't %s; choose another name or remove it", output->name,
                       kinds[kind].name);
    return bl_fail(err, BL_PATH, "%s exists and is %s, not %s; choose another name or remove it",
                   output->name, kinds[there].name, kinds[kind].name);
}

static int look(struct io_output *output, const char *path, enum file_kind kind, enum io_replace replace,
                struct bl_error *err)
{
    int code = io_output_look(output, path ? path : "-", err);
    if (code != BL_OK || !output->is_stream) {
        if (code == BL_OK && output->exists && replace == IO_REPLACE_PART)
            return BL_OK;
        if (code == BL_OK && output->exists)
            code = check_replace(output, kind, replace, err);
        return code == BL_OK ? check_ending(output->name, kind, err) : code;
    }
    if (!kinds[kind].format)
        return BL_OK;
    if (output->descriptor == STDOUT_FILENO)
        return bl_fail(err, BL_USAGE, "HDF5 can't go to standard output; name a file with -o");
    return bl_fail(err, BL_PATH,
                   "can't write %s: it is a pipe or a device, and HDF5 needs a file; choose another name",
                   output->name);
}

int output_check(const char *path, enum file_kind kind, enum io_replace replace, struct bl_error *err)
{
    struct io_output output;
    return look(&output, path, kind, replace, err);
}

int output_begin(struct io_output *output, const char *path, enum file_kind kind, enum io_replace replace,
                 struct bl_error *err)
{
    const int code = look(output, path, kind, replace, err);
    if (code != BL_OK)
        return code;
    if (output->exists && output->before.st_nlink > 1)
        bl_log_warn("%s has another name (a hard link), which keeps what stands there now", output->name);
    return replace == IO_REPLACE_OWN ? io_output_begin_alone(output, err) : io_output_begin(output, err);
}

int output_write(const char *path, enum file_kind kind, enum io_replace replace, const void *bytes,
                 int64_t n_bytes, struct bl_error *err)
{
    struct io_output output;
    int code = output_begin(&output, path, kind, replace, err);
    if (code == BL_OK)
        code = io_output_put(&output, bytes, n_bytes, err);
    if (code == BL_OK)
        code = io_output_commit(&output, err);
    io_output_drop(&output);
    return code;
}
