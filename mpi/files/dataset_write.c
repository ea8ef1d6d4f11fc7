#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/count.h"
#include "config/config.h"
#include "mpi/files/dataset.h"
#include "mpi/files/output.h"
#include "mpi/files/protocol_note.h"
#include "mpi/files/verify.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/stamp.h"
#include "mpi/h5/table_writer.h"

enum { COPY_BYTES = 1 << 20 };

/* Owns the output, its open temporary file and the data sets of the split being written. */
struct split_writer {
    struct io_output output;
    hid_t file;
    int is_copy;                                    /* of an older file, with its other splits */
    int64_t appended;                               /* rows of this split so far */
    struct h5_writer features, labels, groups, ids; /* all but the first may be absent */
};

static int check_options(const char *split, const struct split_writer_options *options, struct bl_error *err)
{
    int code = split_name_check(split, err);
    if (code == BL_OK && (options->rows < 1 || options->dim < 1))
        code = bl_fail(err, BL_INPUT, "split '%s' would have %s of %s; nothing to write", split,
                       bl_count(options->rows, "row").text, bl_count(options->dim, "feature").text);
    return code;
}

/* What another program keeps under a name isn't replaced by a split. */
static int check_name(hid_t file, const char *path, const char *split, int replace, struct bl_error *err)
{
    char features[BL_NAME_MAX + 16];
    H5O_info_t info;
    if (!h5_column_exists(file, split))
        return BL_OK;
    snprintf(features, sizeof features, "%s/features", split);
    if (H5Oget_info_by_name(file, split, &info, H5P_DEFAULT) < 0 || info.type != H5O_TYPE_GROUP ||
        !h5_column_exists(file, features))
        return bl_fail(err, BL_USAGE,
                       "%s has something else under the name '%s', which is no split; choose another name",
                       path, split);
    return replace
               ? BL_OK
               : bl_fail(err, BL_USAGE, "%s has a split '%s' already; choose another name or add --replace",
                         path, split);
}

/* Checks that the file at path is a data set to which the split may be added. */
static int check_existing(const char *path, const char *split, int replace, struct bl_error *err)
{
    hid_t file = H5I_INVALID_HID;
    struct bl_error ignored;
    struct par_protocol_note note;
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    code = h5_stamp_check(file, path, PAR_DATASET_FORMAT, PAR_DATASET_VERSION, err);
    if (code == BL_OK)
        code = check_name(file, path, split, replace, err);
    if (code == BL_OK && protocol_note_get(file, &note))
        code = bl_fail(err, BL_USAGE,
                       "%s was cut by the protocol %s, so its splits belong together; choose another file",
                       path, note.name);
    par_h5_close(&file, par_alone(), path, &ignored);
    return code;
}

/* 0, or an errno. A write may take fewer bytes than it was given. */
static int copy_bytes(int from, int to, char *buffer)
{
    for (;;) {
        ssize_t n = read(from, buffer, COPY_BYTES);
        if (n <= 0)
            return n == 0 ? 0 : errno;
        for (ssize_t at = 0, done; at < n; at += done) {
            done = write(to, buffer + at, (size_t)(n - at));
            if (done < 0)
                return errno;
        }
    }
}

/* The original stays as it is until the finished copy is renamed over it. */
static int copy_file(const char *path, const char *copy, struct bl_error *err)
{
    char *buffer = NULL;
    int code = bl_alloc(&buffer, COPY_BYTES, 1, "copying a file", err);
    if (code != BL_OK)
        return code;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        code = bl_fail_path(err, "read", path, errno);
    int to = code == BL_OK ? open(copy, O_WRONLY | O_TRUNC | O_CLOEXEC) : -1;
    if (code == BL_OK) {
        int reason = to < 0 ? errno : copy_bytes(from, to, buffer);
        if (to >= 0 && close(to) != 0 && reason == 0)
            reason = errno;
        if (reason != 0)
            code = bl_fail_path(err, "write", copy, reason);
    }
    if (from >= 0)
        close(from);
    bl_free(&buffer);
    return code;
}

static int open_to_change(hid_t *file, const char *path, struct bl_error *err)
{
    return h5_open_to_change(file, path, err) == BL_OK
               ? BL_OK
               : bl_fail(err, BL_PATH, "can't change %s; check that no other program has it open", path);
}

/* Removes a split and its checksums from an open file, if they are there. */
static int remove_split(hid_t file, const char *split, const char *path, struct bl_error *err)
{
    char checksums[BL_NAME_MAX + 16];
    int failed = 0;
    snprintf(checksums, sizeof checksums, "checksums/%s", split);
    if (h5_column_exists(file, split))
        failed |= H5Ldelete(file, split, H5P_DEFAULT) < 0;
    if (h5_column_exists(file, "checksums") && h5_column_exists(file, checksums))
        failed |= H5Ldelete(file, checksums, H5P_DEFAULT) < 0;
    return failed ? bl_fail(err, BL_INPUT, "can't replace split '%s' of %s; the file is damaged", split, path)
                  : BL_OK;
}

static int open_copy(struct split_writer *writer, struct bl_error *err)
{
    const struct io_output *output = &writer->output;
    int code = copy_file(output->path, output->temporary, err);
    writer->is_copy = code == BL_OK;
    return code == BL_OK ? open_to_change(&writer->file, output->temporary, err) : code;
}

/* Opens the temporary file: a new one, or a copy of the file at path without the split. */
static int open_temporary(struct split_writer *writer, const char *path, const char *split,
                          const struct split_writer_options *options, struct bl_error *err)
{
    struct io_output *output = &writer->output;
    int code = output_begin(output, path, FILE_DATASET,
                            options->is_whole ? options->replace_file : IO_REPLACE_PART, err);
    if (code == BL_OK && (options->is_whole || !output->exists))
        return h5_create(&writer->file, output->temporary, 0, err);
    if (code == BL_OK)
        code = check_existing(output->path, split, options->replace, err);
    if (code == BL_OK)
        code = open_copy(writer, err);
    if (code == BL_OK)
        code = remove_split(writer->file, split, output->name, err);
    return code;
}

static int make_output(struct split_writer *writer, struct h5_writer *output, const char *name, hid_t type,
                       int64_t rows, int64_t cols, struct bl_error *err)
{
    h5_writer_describe(output, name, type, rows, cols);
    return h5_writer_make(output, writer->file, writer->output.name, err);
}

/* Creates the split's data sets with all their rows, and those of their checksums. */
static int create_outputs(struct split_writer *writer, const char *split,
                          const struct split_writer_options *options, struct bl_error *err)
{
    char name[BL_NAME_MAX + 16];
    snprintf(name, sizeof name, "%s/features", split);
    int code = make_output(writer, &writer->features, name, h5_type_in_file(options->type), options->rows,
                           options->dim, err);
    if (code == BL_OK && options->labels.kind != BL_LABELS_NONE) {
        int multi = options->labels.kind == BL_LABELS_MULTI;
        snprintf(name, sizeof name, "%s/labels", split);
        code = make_output(writer, &writer->labels, name, H5Tcopy(multi ? H5T_STD_U8LE : H5T_STD_I32LE),
                           options->rows, multi ? options->labels.classes : 0, err);
        if (code == BL_OK && options->n_class_names > 0 &&
            h5_put_texts(writer->labels.set, "class_names", options->class_names, options->n_class_names) !=
                0)
            code = bl_fail(err, BL_PATH, "can't write the class names into %s", writer->output.name);
    }
    snprintf(name, sizeof name, "%s/groups", split);
    if (code == BL_OK && options->groups.kind == BL_LABELS_GROUPS)
        code = make_output(writer, &writer->groups, name, H5Tcopy(H5T_STD_I32LE), options->rows,
                           options->groups.words > 1 ? options->groups.words : 0, err);
    snprintf(name, sizeof name, "%s/ids", split);
    if (code == BL_OK && options->id_bytes > 0)
        code =
            make_output(writer, &writer->ids, name, h5_type_text(options->id_bytes), options->rows, 0, err);
    return code;
}

int split_create(struct split_writer **out, const char *path, const char *split,
                 const struct split_writer_options *options, struct bl_error *err)
{
    *out = NULL;
    struct split_writer *writer = NULL;
    int code = check_options(split, options, err);
    if (code == BL_OK)
        code = bl_alloc_zero(&writer, 1, sizeof *writer, "writing a data set", err);
    if (code != BL_OK)
        return code;
    writer->file = writer->features.set = writer->labels.set = H5I_INVALID_HID;
    writer->groups.set = writer->ids.set = H5I_INVALID_HID;
    code = open_temporary(writer, path, split, options, err);
    if (code == BL_OK)
        code = create_outputs(writer, split, options, err);
    if (code != BL_OK) {
        split_destroy(writer);
        return code;
    }
    *out = writer;
    return BL_OK;
}

int split_change(struct split_writer **out, const char *path, struct bl_error *err)
{
    struct split_writer *writer = NULL;
    *out = NULL;
    int code = bl_alloc_zero(&writer, 1, sizeof *writer, "changing a data set", err);
    if (code != BL_OK)
        return code;
    writer->file = writer->features.set = writer->labels.set = H5I_INVALID_HID;
    writer->groups.set = writer->ids.set = H5I_INVALID_HID;
    code = output_begin(&writer->output, path, FILE_DATASET, IO_REPLACE_PART, err);
    if (code == BL_OK)
        code = open_copy(writer, err);
    if (code == BL_OK)
        *out = writer;
    else
        split_destroy(writer);
    return code;
}

/* What a split doesn't have is left out, even if it is passed. */
int split_append(struct split_writer *writer, int64_t n, const void *features, const void *labels,
                 const char *ids, struct bl_error *err)
{
    int64_t row_lo = writer->appended;
    int code = h5_writer_write(&writer->features, row_lo, n, features, writer->output.name, err);
    if (code == BL_OK && labels && writer->labels.set >= 0)
        code = h5_writer_write(&writer->labels, row_lo, n, labels, writer->output.name, err);
    if (code == BL_OK && ids && writer->ids.set >= 0)
        code = h5_writer_write(&writer->ids, row_lo, n, ids, writer->output.name, err);
    if (code == BL_OK)
        writer->appended += n;
    return code;
}

int split_put_groups(struct split_writer *writer, int64_t n, const uint32_t *groups, struct bl_error *err)
{
    return h5_writer_write(&writer->groups, writer->appended, n, groups, writer->output.name, err);
}

static void close_outputs(struct split_writer *writer)
{
    h5_writer_close(&writer->features);
    h5_writer_close(&writer->labels);
    h5_writer_close(&writer->groups);
    h5_writer_close(&writer->ids);
}

static int seal(struct split_writer *writer, struct bl_error *err)
{
    struct h5_writer *outputs[] = {&writer->features, &writer->labels, &writer->groups, &writer->ids};
    int code = BL_OK;
    for (int i = 0; i < 4 && code == BL_OK; i++)
        if (outputs[i]->set >= 0)
            code = par_h5_writer_seal(outputs[i], par_alone(), writer->file, writer->output.name, err);
    return code;
}

/* Flushes the split, since it is read back from the file, and writes its checksums. */
static int finish_split(struct split_writer *writer, struct bl_error *err)
{
    int code = h5_flush(writer->file, writer->output.name, err);
    if (code == BL_OK)
        code = seal(writer, err);
    close_outputs(writer);
    return code;
}

int split_next(struct split_writer *writer, const char *split, const struct split_writer_options *options,
               struct bl_error *err)
{
    int code = check_options(split, options, err);
    if (code == BL_OK)
        code = finish_split(writer, err);
    writer->appended = 0;
    return code == BL_OK ? create_outputs(writer, split, options, err) : code;
}

int64_t split_copied_bytes(const struct split_writer *writer)
{
    return writer->is_copy ? (int64_t)writer->output.before.st_size : 0;
}

hid_t split_file(const struct split_writer *writer)
{
    return writer->file;
}

/* What was copied may have been damaged before. */
static int verify_all(const struct io_output *output, struct bl_error *err)
{
    char summary[200];
    struct bl_error before;
    const int code = verify_written(output->temporary, output->name, err);
    if (code == BL_OK || !output->exists ||
        verify_file(output->path, summary, sizeof summary, &before) != BL_INPUT)
        return code;
    return bl_fail(err, BL_INPUT, "nothing was added to %s, which is damaged: %.600s", output->name,
                   before.what);
}

/* Read back, stamped, closed, verified as a whole and only then renamed: a reader finds the old file or the complete new one. */
int split_commit(struct split_writer *writer, struct bl_error *err)
{
    struct par par = par_alone();
    int code = finish_split(writer, err);
    if (code == BL_OK)
        code = h5_stamp_put(writer->file, writer->output.name, PAR_DATASET_FORMAT, PAR_DATASET_VERSION, err);
    if (code == BL_OK)
        code = par_h5_close(&writer->file, par, writer->output.name, err);
    if (code == BL_OK)
        code = verify_all(&writer->output, err);
    return code == BL_OK ? io_output_install(&writer->output, err) : code;
}

void split_destroy(struct split_writer *writer)
{
    if (!writer)
        return;
    struct bl_error ignored = {0}; /* an unfinished file is removed anyway */
    close_outputs(writer);
    if (writer->file >= 0)
        par_h5_close(&writer->file, par_alone(), writer->output.name, &ignored);
    io_output_drop(&writer->output);
    bl_free(&writer);
}
