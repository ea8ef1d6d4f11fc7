#include "io/array.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "io/columns.h"

enum { RAW_VALUES = 1 << 14 };

enum bl_type io_element_type(struct io_element element)
{
    if (element.kind == 'f')
        return element.bytes == 2 ? BL_FLOAT16 : element.bytes == 4 ? BL_FLOAT32 : BL_FLOAT64;
    if (element.kind == 'u' && element.bytes == 1)
        return BL_UINT8;
    return element.bytes <= 2 ? BL_FLOAT32 : BL_FLOAT64;
}

/* Values are delivered as they are in the file, except for byte order. */
static int as_it_is(struct io_element element)
{
    return element.kind == 'f' || io_element_type(element) == BL_UINT8;
}

/* Compares the file's length with what its header says. */
static int check_size(struct io_array *array, int64_t head_bytes, struct bl_error *err)
{
    int64_t values, promised, there;
    if (array->rows > 0 && array->dim == 0)
        return bl_fail(err, BL_INPUT, "%s has rows without any value; nothing can be learned from them",
                       array->stream.path);
    if (__builtin_mul_overflow(array->rows, array->dim, &values) ||
        __builtin_mul_overflow(values, (int64_t)array->element.bytes, &promised) ||
        __builtin_add_overflow(promised, head_bytes, &promised))
        return bl_fail(err, BL_INPUT, "the header of %s says more bytes than are possible; fetch it again",
                       array->stream.path);
    int code = io_stream_measure(&array->stream, &there, err);
    if (code != BL_OK)
        return code;
    if (there != promised && there != promised + array->trailing_bytes)
        return bl_fail(err, BL_INPUT,
                       "%s holds %s but its header says %" PRId64 " (%s of %s); fetch or save it again",
                       array->stream.path, bl_count(there, "byte").text, promised,
                       bl_count(array->rows, "row").text, bl_count(array->dim, "value").text);
    return BL_OK;
}

/* Once the stream is open. */
static int set_up(struct io_array *array, io_array_read_head *read_head, struct io_source_info *info,
                  struct bl_error *err)
{
    struct io_array_head head = {0};
    int code = read_head(array, &head, err);
    if (code == BL_OK)
        code = check_size(array, head.bytes, err);
    if (code == BL_OK && head.fortran && array->rows > 0)
        code = io_columns_open(&array->columns, &array->stream, head.bytes, array->rows, array->inner,
                               array->n_inner, array->element.bytes, err);
    if (code == BL_OK)
        code = io_stream_skip(&array->stream, head.bytes, err);
    if (code == BL_OK)
        code = bl_alloc(&array->raw, RAW_VALUES, (size_t)array->element.bytes, "reading a file", err);
    if (code == BL_OK)
        *info = (struct io_source_info){.rows = array->rows,
                                        .dim = array->dim,
                                        .type = io_element_type(array->element),
                                        .integers = array->element.kind != 'f'};
    return code;
}

int io_array_open(const char *path, io_array_read_head *read_head, struct io_source_info *info, void **state,
                  struct bl_error *err)
{
    struct io_array *array;
    int code = bl_alloc_zero(&array, 1, sizeof *array, "reading a file", err);
    if (code != BL_OK)
        return code;
    *state = array;
    code = io_stream_open(&array->stream, path, err);
    return code == BL_OK ? set_up(array, read_head, info, err) : code;
}

int io_array_open_entry(const char *path, const char *name, const char *suffix, io_array_read_head *read_head,
                        struct io_source_info *info, void **state, struct bl_error *err)
{
    struct io_array *array;
    int code = bl_alloc_zero(&array, 1, sizeof *array, "reading a file", err);
    if (code != BL_OK)
        return code;
    *state = array;
    code = io_stream_open_entry(&array->stream, path, name, suffix, err);
    return code == BL_OK ? set_up(array, read_head, info, err) : code;
}

/* `n` values of the array, of which value `at` is the first. */
static int read_values(struct io_array *array, int64_t at, int64_t n, void *values, struct bl_error *err)
{
    if (array->columns)
        return io_columns_read(array->columns, at, n, values, err);
    return io_stream_read(&array->stream, values, n * array->element.bytes, err);
}

static void reverse_bytes(struct io_element element, unsigned char *values, int64_t n)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    if (!element.big_endian || element.bytes == 1)
        return;
    for (unsigned char *at = values; at < values + n * element.bytes; at += element.bytes) {
        if (element.bytes == 2) {
            memcpy(&two, at, 2);
            two = __builtin_bswap16(two);
            memcpy(at, &two, 2);
        } else if (element.bytes == 4) {
            memcpy(&four, at, 4);
            four = __builtin_bswap32(four);
            memcpy(at, &four, 4);
        } else {
            memcpy(&eight, at, 8);
            eight = __builtin_bswap64(eight);
            memcpy(at, &eight, 8);
        }
    }
}

/* Reads an integer in the host's byte order; returns 0 if it is beyond int64. */
static int to_integer(struct io_element element, const unsigned char *at, int64_t *value)
{
    uint64_t bits = 0;
    memcpy(&bits, at, (size_t)element.bytes); /* hosts are little-endian */
    int unused = 64 - 8 * element.bytes;
    *value = element.kind == 'i' ? (int64_t)(bits << unused) >> unused : (int64_t)bits;
    return element.kind == 'i' || bits <= INT64_MAX;
}

static int fail_large(const struct io_array *array, int64_t row, const char *limit, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s, row %" PRId64 " (counted from 0): an integer is beyond %s",
                   array->stream.path, row, limit);
}

/* Converts n integers of array->raw to float32 or float64: features [first, first + n) of the current
 * block. */
static int convert(struct io_array *array, int64_t first, int64_t n, void *features, struct bl_error *err)
{
    const int64_t limit = (int64_t)1 << 53;
    int wide = io_element_type(array->element) == BL_FLOAT64;
    for (int64_t i = 0; i < n; i++) {
        int64_t value;
        int fits = to_integer(array->element, array->raw + i * array->element.bytes, &value);
        if (!fits || value > limit || value < -limit)
            return fail_large(array, array->row + (first + i) / array->dim,
                              "2^53, which float64 doesn't hold exactly; scale the values first", err);
        if (wide)
            ((double *)features)[first + i] = (double)value;
        else
            ((float *)features)[first + i] = (float)value;
    }
    return BL_OK;
}

int io_array_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err)
{
    struct io_array *array = state;
    int64_t values = n * array->dim;
    int code = BL_OK;
    (void)labels;
    (void)ids;
    if (as_it_is(array->element)) {
        code = read_values(array, array->row * array->dim, values, features, err);
        if (code == BL_OK)
            reverse_bytes(array->element, features, values);
    } else {
        for (int64_t at = 0, piece; at < values && code == BL_OK; at += piece) {
            piece = values - at < RAW_VALUES ? values - at : RAW_VALUES;
            code = read_values(array, array->row * array->dim + at, piece, array->raw, err);
            reverse_bytes(array->element, array->raw, piece);
            if (code == BL_OK)
                code = convert(array, at, piece, features, err);
        }
    }
    array->row += n;
    return code;
}

int io_array_integers(void *state, int64_t n, int64_t *values, struct bl_error *err)
{
    struct io_array *array = state;
    int64_t n_values = n * array->dim;
    int bytes = array->element.bytes;
    for (int64_t at = 0, piece; at < n_values; at += piece) {
        piece = n_values - at < RAW_VALUES ? n_values - at : RAW_VALUES;
        int code = read_values(array, array->row * array->dim + at, piece, array->raw, err);
        if (code != BL_OK)
            return code;
        reverse_bytes(array->element, array->raw, piece);
        for (int64_t i = 0; i < piece; i++)
            if (!to_integer(array->element, array->raw + i * bytes, &values[at + i]))
                return fail_large(array, array->row + (at + i) / array->dim, "2^63 - 1", err);
    }
    array->row += n;
    return BL_OK;
}

int io_array_skip(void *state, int64_t n, struct bl_error *err)
{
    struct io_array *array = state;
    array->row += n;
    return array->columns ? BL_OK
                          : io_stream_skip(&array->stream, n * array->dim * array->element.bytes, err);
}

void io_array_close(void *state)
{
    struct io_array *array = state;
    io_stream_close(&array->stream);
    io_columns_close(array->columns);
    bl_free(&array->raw);
    bl_free(&array);
}
