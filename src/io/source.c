#include "io/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/format.h"

const struct io_format *const io_format_table[] = {
#define FORMAT(name) &io_format_##name,
#include "io/formats.def"
    NULL};

struct io_source {
    const struct io_format *format;
    struct io_source_info info;
    void *state;
    int64_t next;         /* row */
    void *integers_block; /* rows before their conversion to integers */
    int64_t integers_block_rows;
    char path[BL_PATH_MAX];
};

static int ends_with(const char *text, size_t n, const char *end)
{
    const size_t m = strlen(end);
    return n >= m && strncmp(text + n - m, end, m) == 0;
}

const char *io_source_format_of(const char *path)
{
    const char *part = strstr(path, ".npz:"); /* an array of an archive */
    size_t n = part ? (size_t)(part - path) + 4 : strlen(path);
    n -= ends_with(path, n, ".gz") ? 3 : 0;
    for (const struct io_format *const *format = io_format_table; *format; format++)
        for (int e = 0; e < IO_ENDINGS_MAX && (*format)->endings[e]; e++)
            if (ends_with(path, n, (*format)->endings[e]))
                return (*format)->name;
    return NULL;
}

static int unknown_format(const char *format, struct bl_error *err)
{
    char names[300] = "";
    for (int i = 0; io_format_table[i]; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 io_format_table[i]->name);
    return bl_fail(err, BL_USAGE, "unknown format '%s'; bitloom reads %s", format, names);
}

int io_source_open(struct io_source **out, const char *format, const char *path,
                   const struct io_source_options *options, struct bl_error *err)
{
    *out = NULL;
    for (int i = 0; io_format_table[i]; i++)
        if (strcmp(format, io_format_table[i]->name) == 0)
            return io_source_open_as(out, io_format_table[i], path, options, err);
    return unknown_format(format, err);
}

int io_source_open_as(struct io_source **out, const struct io_format *format, const char *path,
                      const struct io_source_options *options, struct bl_error *err)
{
    const struct io_source_options none = {0};
    struct io_source *source = NULL;
    *out = NULL;
    int code = bl_alloc_zero(&source, 1, sizeof *source, "reading a file", err);
    if (code != BL_OK)
        return code;
    source->format = format;
    snprintf(source->path, sizeof source->path, "%s", path);
    code = format->open(path, options ? options : &none, &source->info, &source->state, err);
    if (code != BL_OK) {
        io_source_close(source);
        return code;
    }
    *out = source;
    return BL_OK;
}

const struct io_source_info *io_source_info(const struct io_source *source)
{
    return &source->info;
}

int io_source_read(struct io_source *source, int64_t max_rows, void *features, void *labels, char *ids,
                   int64_t *n_read, struct bl_error *err)
{
    const int64_t left = source->info.rows - source->next;
    const int64_t n = left < max_rows ? left : max_rows;
    *n_read = 0;
    if (n == 0)
        return BL_OK;
    int code = source->format->read(source->state, n, features, labels, ids, err);
    if (code != BL_OK)
        return code;
    source->next += n;
    *n_read = n;
    return BL_OK;
}

/* values [n, dim] from rows of any of our types, whose first is row_lo of the file. */
static int to_integers(const struct io_source *source, int64_t row_lo, int64_t n, int64_t *values,
                       struct bl_error *err)
{
    const struct io_source_info *info = &source->info;
    const char *at = source->integers_block;
    for (int64_t i = 0; i < n * info->dim; i++, at += bl_type_bytes(info->type)) {
        double value;
        bl_type_to_double(info->type, at, 1, &value);
        if (!(value >= -0x1p63 && value < 0x1p63) || (double)(int64_t)value != value)
            return bl_fail(err, BL_INPUT, "%s, row %" PRId64 " (counted from 0): %g is not a whole number",
                           source->path, row_lo + i / info->dim, value);
        values[i] = (int64_t)value;
    }
    return BL_OK;
}

static int make_integers_block(struct io_source *source, struct bl_error *err)
{
    enum { BLOCK_BYTES = 1 << 18 };
    int64_t row_bytes = source->info.dim * (int64_t)bl_type_bytes(source->info.type);
    if (source->integers_block)
        return BL_OK;
    source->integers_block_rows = row_bytes > 0 && row_bytes < BLOCK_BYTES ? BLOCK_BYTES / row_bytes : 1;
    return bl_alloc(&source->integers_block, source->integers_block_rows, (size_t)row_bytes,
                    "a block of whole numbers", err);
}

int io_source_read_integers(struct io_source *source, int64_t max_rows, int64_t *values, int64_t *n_read,
                            struct bl_error *err)
{
    const int64_t left = source->info.rows - source->next;
    const int64_t n = left < max_rows ? left : max_rows;
    *n_read = 0;
    int code = BL_OK;
    if (source->info.integers && n > 0) {
        code = source->format->integers(source->state, n, values, err);
        source->next += n;
    } else if (n > 0) {
        code = make_integers_block(source, err);
    }
    for (int64_t at = 0, got; !source->info.integers && at < n && code == BL_OK; at += got) {
        int64_t rows = n - at < source->integers_block_rows ? n - at : source->integers_block_rows;
        code = io_source_read(source, rows, source->integers_block, NULL, NULL, &got, err);
        if (code == BL_OK)
            code = to_integers(source, source->next - got, got, values + at * source->info.dim, err);
        got = rows;
    }
    if (code == BL_OK)
        *n_read = n;
    return code;
}

int io_source_skip(struct io_source *source, int64_t n, struct bl_error *err)
{
    const int64_t left = source->info.rows - source->next;
    n = left < n ? left : n;
    int code = source->format->skip(source->state, n, err);
    if (code == BL_OK)
        source->next += n;
    return code;
}

void io_source_close(struct io_source *source)
{
    if (!source)
        return;
    if (source->state)
        source->format->close(source->state);
    bl_free(&source->integers_block);
    bl_free(&source);
}
