#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/format.h"

/* NPY, numpy's file of one array: a magic, a version, the length of a head in Python's literal syntax, the
 * values. Harris et al., numpy.lib.format, versions 1.0 to 3.0. C order only. */

enum { HEAD_MAX = 4096, DIMS_MAX = 32 };

struct npy {
    FILE *file;
    char path[BL_PATH_MAX];
    char kind; /* u i f b */
    int value_bytes, swapped;
    enum bl_type type;
    int64_t dim, row;
    unsigned char *raw; /* [dim * value_bytes] */
};

static int bad_head(const struct npy *npy, const char *why, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s: %s", npy->path, why);
}

/* The value behind 'key': in the head's dictionary, or NULL. */
static const char *find_entry(const char *head, const char *key)
{
    char quoted[40];
    snprintf(quoted, sizeof quoted, "'%s':", key);
    const char *at = strstr(head, quoted);
    return at ? at + strlen(quoted) + strspn(at + strlen(quoted), " ") : NULL;
}

/* Integers become the smallest of our types that holds all of them; 64-bit ones are checked value by value.
 */
static int choose_type(struct npy *npy, const char *descr, struct bl_error *err)
{
    if (!descr || descr[0] != '\'' || !strchr("<>|=", descr[1]) || !strchr("uifb", descr[2]))
        return bad_head(npy, "only arrays of plain numbers can be read; save it with a numeric dtype", err);
    npy->kind = descr[2];
    npy->value_bytes = atoi(descr + 3);
    npy->swapped = descr[1] == '>' && npy->value_bytes > 1;
    const int n = npy->value_bytes;
    if (n != 1 && n != 2 && n != 4 && n != 8)
        return bad_head(npy, "values of this size can't be read; save it as float32 or float64", err);
    if (npy->kind == 'f' && n == 1)
        return bad_head(npy, "values of this size can't be read; save it as float32 or float64", err);
    if (npy->kind == 'f')
        npy->type = n == 2 ? BL_FLOAT16 : n == 4 ? BL_FLOAT32 : BL_FLOAT64;
    else if (n == 1 && npy->kind != 'i')
        npy->type = BL_UINT8;
    else
        npy->type = n <= 2 ? BL_FLOAT32 : BL_FLOAT64;
    return BL_OK;
}

static int read_shape(struct npy *npy, const char *shape, int64_t *rows, struct bl_error *err)
{
    if (!shape || *shape != '(')
        return bad_head(npy, "its head has no shape; the file is damaged", err);
    int n = 0;
    npy->dim = 1;
    for (const char *at = shape + 1; *at && *at != ')';) {
        char *end;
        long long size = strtoll(at, &end, 10);
        if (end == at || size < 1 || n == DIMS_MAX)
            return bad_head(npy, "its shape is empty or impossible", err);
        if (n++ == 0)
            *rows = size;
        else if (size > (1 << 28) / npy->dim)
            return bad_head(npy, "its rows are impossibly long", err);
        else
            npy->dim *= size;
        at = end + strspn(end, ", ");
    }
    return n > 0 ? BL_OK : bad_head(npy, "a single number is no table of rows", err);
}

static int read_head(struct npy *npy, struct io_source_info *info, struct bl_error *err)
{
    unsigned char magic[12] = {0};
    char head[HEAD_MAX + 1] = {0};
    if (fread(magic, 1, 8, npy->file) != 8 || memcmp(magic, "\x93NUMPY", 6) != 0)
        return bad_head(npy, "not an NPY file; check --format", err);
    const int wide = magic[6] >= 2, n_length = wide ? 4 : 2;
    if (magic[6] < 1 || magic[6] > 3)
        return bad_head(npy, "a version of NPY that is not known here", err);
    if (fread(magic + 8, 1, (size_t)n_length, npy->file) != (size_t)n_length)
        return bad_head(npy, "ends within its head", err);
    const uint32_t length =
        magic[8] | (uint32_t)magic[9] << 8 | (uint32_t)magic[10] << 16 | (uint32_t)magic[11] << 24;
    if (length > HEAD_MAX || fread(head, 1, length, npy->file) != length)
        return bad_head(npy, "ends within its head, or the head is impossibly long", err);
    const char *order = find_entry(head, "fortran_order");
    if (order && strncmp(order, "True", 4) == 0)
        return bad_head(npy, "is in Fortran order; save numpy.ascontiguousarray(array)", err);
    int64_t rows = 0;
    int code = choose_type(npy, find_entry(head, "descr"), err);
    if (code == BL_OK)
        code = read_shape(npy, find_entry(head, "shape"), &rows, err);
    if (code != BL_OK)
        return code;
    *info = (struct io_source_info){.rows = rows, .dim = npy->dim, .type = npy->type};
    struct stat status;
    const int64_t promised = (int64_t)ftell(npy->file) + rows * npy->dim * npy->value_bytes;
    if (fstat(fileno(npy->file), &status) == 0 && S_ISREG(status.st_mode) && status.st_size != promised)
        return bl_fail(err, BL_INPUT, "%s has %lld bytes but its head promises %" PRId64 "; save it again",
                       npy->path, (long long)status.st_size, promised);
    return BL_OK;
}

static int npy_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    struct npy *npy;
    (void)options;
    int code = bl_alloc_zero(&npy, 1, sizeof *npy, "reading NPY", err);
    if (code != BL_OK)
        return code;
    *state = npy;
    snprintf(npy->path, sizeof npy->path, "%s", path);
    npy->file = fopen(path, "rb");
    if (!npy->file)
        return bl_fail_path(err, "open", path, errno);
    code = read_head(npy, info, err);
    return code == BL_OK ? bl_alloc(&npy->raw, npy->dim, (size_t)npy->value_bytes, "a row of NPY", err)
                         : code;
}

/* Values as they lie in the file become the host's byte order. */
static void swap(const struct npy *npy)
{
    const int n = npy->value_bytes;
    for (int64_t d = 0; d < npy->dim; d++)
        for (int i = 0; i < n / 2; i++) {
            unsigned char *value = npy->raw + d * n, kept = value[i];
            value[i] = value[n - 1 - i];
            value[n - 1 - i] = kept;
        }
}

static double integer_at(const struct npy *npy, const unsigned char *at, int64_t *exact)
{
    uint64_t bits = 0;
    memcpy(&bits, at, (size_t)npy->value_bytes); /* little-endian hosts */
    const int unused = 64 - 8 * npy->value_bytes;
    if (npy->kind == 'i')
        *exact = (int64_t)(bits << unused) >> unused;
    else
        *exact = (int64_t)(bits > INT64_MAX ? INT64_MAX : bits);
    return (double)*exact;
}

static int convert_row(struct npy *npy, void *features, int64_t row, struct bl_error *err)
{
    const int64_t limit = (int64_t)1 << 53;
    for (int64_t d = 0; d < npy->dim; d++) {
        int64_t exact;
        const double value = integer_at(npy, npy->raw + d * npy->value_bytes, &exact);
        if (exact > limit || exact < -limit)
            return bl_fail(err, BL_INPUT, "%s: row %" PRId64 " has an integer that no float64 holds exactly",
                           npy->path, npy->row);
        if (npy->type == BL_FLOAT64)
            ((double *)features)[row * npy->dim + d] = value;
        else
            ((float *)features)[row * npy->dim + d] = (float)value;
    }
    return BL_OK;
}

static int npy_read(void *state, int64_t n, void *features, int32_t *labels, char *ids, struct bl_error *err)
{
    struct npy *npy = state;
    const size_t row_bytes = (size_t)(npy->dim * npy->value_bytes);
    const int as_it_is = npy->kind == 'f' || npy->type == BL_UINT8;
    (void)labels;
    (void)ids;
    for (int64_t i = 0; i < n; i++, npy->row++) {
        if (fread(npy->raw, 1, row_bytes, npy->file) != row_bytes)
            return bl_fail(err, BL_INPUT, "%s ends within row %" PRId64 "; save it again", npy->path,
                           npy->row);
        if (npy->swapped)
            swap(npy);
        int code = BL_OK;
        if (as_it_is)
            memcpy((char *)features + (size_t)i * row_bytes, npy->raw, row_bytes);
        else
            code = convert_row(npy, features, i, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

static int npy_skip(void *state, int64_t n, struct bl_error *err)
{
    struct npy *npy = state;
    if (fseeko(npy->file, (off_t)(n * npy->dim * npy->value_bytes), SEEK_CUR) != 0)
        return bl_fail_path(err, "read", npy->path, errno);
    npy->row += n;
    return BL_OK;
}

static void npy_close(void *state)
{
    struct npy *npy = state;
    if (npy->file)
        fclose(npy->file);
    bl_free(&npy->raw);
    bl_free(&npy);
}

const struct io_format io_format_npy = {"npy", npy_open, npy_read, npy_skip, npy_close};
