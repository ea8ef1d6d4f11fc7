#include "io/source.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/nearest.h"
#include "io/format.h"

static const struct io_format *const formats[] = {&io_format_idx, &io_format_npy, &io_format_fvecs,
                                                  &io_format_bvecs};
enum { N_FORMATS = sizeof formats / sizeof *formats };

struct io_source {
    const struct io_format *format;
    struct io_source_info info;
    void *state;
    int64_t next; /* row */
};

const char *const *io_source_formats(void)
{
    static const char *names[N_FORMATS + 1];
    for (int i = 0; i < N_FORMATS; i++)
        names[i] = formats[i]->name;
    return names;
}

static int unknown_format(const char *format, struct bl_error *err)
{
    char names[100] = "";
    for (int i = 0; i < N_FORMATS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 formats[i]->name);
    return bl_fail(err, BL_USAGE, "unknown format '%s'; bitloom reads %s", format, names);
}

int io_source_open(struct io_source **out, const char *format, const char *path,
                   const struct io_source_options *options, struct bl_error *err)
{
    const struct io_source_options none = {0};
    struct io_source *source = NULL;
    *out = NULL;
    int code = bl_alloc_zero(&source, 1, sizeof *source, "reading a file", err);
    if (code != BL_OK)
        return code;
    for (int i = 0; i < N_FORMATS; i++)
        if (strcmp(format, formats[i]->name) == 0)
            source->format = formats[i];
    if (!source->format)
        code = unknown_format(format, err);
    else
        code = source->format->open(path, options ? options : &none, &source->info, &source->state, err);
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

int io_source_read(struct io_source *source, int64_t max_rows, void *features, int32_t *labels, char *ids,
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
    bl_free(&source);
}
