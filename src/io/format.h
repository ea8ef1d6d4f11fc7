/* What a file format provides to source.c: one row of its table. */
#ifndef BL_IO_FORMAT_H
#define BL_IO_FORMAT_H

#include "io/source.h"

struct io_format {
    const char *name;

    /* Reads the head: fills *info and sets *state, which `close` frees (also after a failure). */
    int (*open)(const char *path, const struct io_source_options *options, struct io_source_info *info,
                void **state, struct bl_error *err);

    /* Delivers exactly n rows; source.c never asks for more than are left. */
    int (*read)(void *state, int64_t n, void *features, int32_t *labels, char *ids, struct bl_error *err);

    /* Delivers exactly n rows of integers that the file holds as integers (info->integers); NULL: never. */
    int (*integers)(void *state, int64_t n, int64_t *values, struct bl_error *err);

    /* Passes over n rows, never more than are left. */
    int (*skip)(void *state, int64_t n, struct bl_error *err);

    void (*close)(void *state);
};

extern const struct io_format io_format_idx;
extern const struct io_format io_format_npy;
extern const struct io_format io_format_fvecs;
extern const struct io_format io_format_bvecs;
extern const struct io_format io_format_csv;

#endif
