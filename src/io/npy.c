#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/array.h"
#include "io/npy.h"

/* NPY, numpy's file of one array: a magic, a version, the length of a header in Python's literal syntax, the
 * header, the values. NumPy Enhancement Proposal 1, versions 1.0 to 3.0. */

enum { HEAD_MAX = 4096 };

/* The value behind 'key': in the header's dictionary, or "". */
static const char *find_entry(const char *head, const char *key)
{
    char quoted[40];
    snprintf(quoted, sizeof quoted, "'%s':", key);
    const char *at = strstr(head, quoted);
    return at ? at + strlen(quoted) + strspn(at + strlen(quoted), " ") : "";
}

static int read_element(struct io_array *array, const char *descr, struct bl_error *err)
{
    static const char *const known[] = {"u1", "u2", "u4", "u8", "i1", "i2", "i4",
                                        "i8", "f2", "f4", "f8", "b1", "?'"};
    int shown = (int)strcspn(descr, ",}");
    if (descr[0] == '\'' && descr[1] != '\0' && strchr("<>|=", descr[1]))
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            const char *type = known[i];
            if (strncmp(descr + 2, type, 2) != 0 || (type[1] != '\'' && descr[4] != '\''))
                continue;
            int is_bool = type[0] == 'b' || type[0] == '?';
            array->element.kind = is_bool ? 'u' : type[0];
            array->element.bytes = is_bool ? 1 : type[1] - '0';
            array->element.big_endian = descr[1] == '>';
            return BL_OK;
        }
    return bl_fail(err, BL_INPUT,
                   "%s holds values of dtype %.*s, which can't be read; save it with astype('float32')",
                   array->stream.path, shown < 60 ? shown : 60, descr);
}

static int fail_shape(const struct io_array *array, const char *shape, struct bl_error *err)
{
    int shown = (int)strcspn(shape, "}");
    return bl_fail(err, BL_INPUT, "%s has the shape %.*s; one row after another is needed: (rows, values)",
                   array->stream.path, shown < 60 ? shown : 60, shape);
}

static int read_shape(struct io_array *array, const char *shape, struct bl_error *err)
{
    const char *at = shape + 1;
    int n = 0;
    array->dim = 1;
    if (*shape != '(')
        return fail_shape(array, shape, err);
    while (*at != ')') {
        char *end;
        errno = 0;
        long long size = *at >= '0' && *at <= '9' ? strtoll(at, &end, 10) : -1;
        if (size < 0 || errno != 0)
            return fail_shape(array, shape, err);
        if (n > IO_ARRAY_DIMS || (n > 0 && __builtin_mul_overflow(array->dim, (int64_t)size, &array->dim)))
            return fail_shape(array, shape, err);
        if (n == 0)
            array->rows = size;
        else
            array->inner[array->n_inner++] = size;
        n++;
        end += *end == 'L'; /* as Python 2 wrote long integers */
        at = end + strspn(end, ", ");
    }
    return n > 0 ? BL_OK : fail_shape(array, shape, err);
}

static int read_dictionary(struct io_array *array, const char *head, int *fortran, struct bl_error *err)
{
    const char *order = find_entry(head, "fortran_order");
    *fortran = strncmp(order, "True", 4) == 0;
    if (!*fortran && strncmp(order, "False", 5) != 0)
        return bl_fail(err, BL_INPUT, "%s has a header without fortran_order; save it again",
                       array->stream.path);
    int code = read_element(array, find_entry(head, "descr"), err);
    return code == BL_OK ? read_shape(array, find_entry(head, "shape"), err) : code;
}

int io_npy_read_head(struct io_array *array, struct io_array_head *head, struct bl_error *err)
{
    unsigned char magic[8], size[4] = {0};
    char text[HEAD_MAX + 1] = {0};
    const char *path = array->stream.path;
    int64_t got;
    int code = io_stream_read_some(&array->stream, magic, 8, &got, err);
    if (code != BL_OK)
        return code;
    if (got < 8 || memcmp(magic, "\x93NUMPY", 6) != 0)
        return bl_fail(err, BL_INPUT, "%s is not an NPY file; check --format", path);
    if (magic[6] < 1 || magic[6] > 3)
        return bl_fail(err, BL_INPUT, "%s has version %d of NPY; versions 1 to 3 can be read", path,
                       magic[6]);
    int n_size = magic[6] == 1 ? 2 : 4;
    code = io_stream_read(&array->stream, size, n_size, err);
    if (code != BL_OK)
        return code;
    int64_t length = (int64_t)size[3] << 24 | size[2] << 16 | size[1] << 8 | size[0];
    if (length > HEAD_MAX)
        return bl_fail(err, BL_INPUT, "%s has a header of %" PRId64 " bytes, more than %d; save it again",
                       path, length, HEAD_MAX);
    code = io_stream_read(&array->stream, text, length, err);
    if (code == BL_OK)
        code = read_dictionary(array, text, &head->fortran, err);
    head->bytes = 8 + n_size + length;
    return code;
}

static int npy_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    (void)options;
    return io_array_open(path, io_npy_read_head, info, state, err);
}

const struct io_format io_format_npy = {.name = "npy",
                                        .summary = "what numpy.save writes",
                                        .endings = {".npy"},
                                        .open = npy_open,
                                        .read = io_array_read,
                                        .integers = io_array_integers,
                                        .skip = io_array_skip,
                                        .close = io_array_close};
