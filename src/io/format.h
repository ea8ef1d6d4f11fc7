/* What a file format provides: each is one file in this folder and one line of formats.def. */
#ifndef BL_IO_FORMAT_H
#define BL_IO_FORMAT_H

#include "io/source.h"

enum { IO_ENDINGS_MAX = 4 };

struct io_format {
    const char *name;
    const char *summary;                 /* one line for the help */
    const char *endings[IO_ENDINGS_MAX]; /* of paths, without .gz; the rest is NULL */

    /* Reads the header: fills *info and sets *state, which `close` frees (also after a failure). */
    int (*open)(const char *path, const struct io_source_options *options, struct io_source_info *info,
                void **state, struct bl_error *err);

    /* Delivers exactly n rows; source.c never asks for more than are left. */
    int (*read)(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err);

    /* Delivers exactly n rows of integers that the file holds as integers (info->integers); NULL: never. */
    int (*integers)(void *state, int64_t n, int64_t *values, struct bl_error *err);

    /* Skips n rows, never more than are left. */
    int (*skip)(void *state, int64_t n, struct bl_error *err);

    void (*close)(void *state);
};

/* All formats, in the order of help; ends with NULL. */
extern const struct io_format *const io_format_table[];

#define FORMAT(name) extern const struct io_format io_format_##name;
#include "io/formats.def"

#endif
