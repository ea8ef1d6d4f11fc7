#include <inttypes.h>
#include <string.h>

#include "io/array.h"

/* fbin, u8bin, i8bin and ibin, the files of the billion-scale benchmarks of nearest neighbours and of DiskANN: the number
 * of rows and the values of a row as little-endian uint32, then the values, little-endian. Behind the numbers of
 * neighbours in ibin their distances may follow, as many float32. https://big-ann-benchmarks.com */

static int read_any(struct io_array *array, struct io_array_head *head, char kind, int bytes,
                    struct bl_error *err)
{
    uint32_t sizes[2];
    int64_t got;
    int code = io_stream_read_some(&array->stream, sizes, sizeof sizes, &got, err);
    if (code != BL_OK)
        return code;
    if (got < (int64_t)sizeof sizes)
        return bl_fail(err, BL_INPUT, "%s ends within its head of 8 bytes; fetch it again",
                       array->stream.path);
    array->element = (struct io_element){.kind = kind, .bytes = bytes};
    array->rows = sizes[0];
    array->dim = sizes[1];
    head->bytes = sizeof sizes;
    return BL_OK;
}

static int read_f32(struct io_array *array, struct io_array_head *head, struct bl_error *err)
{
    return read_any(array, head, 'f', 4, err);
}

static int read_u8(struct io_array *array, struct io_array_head *head, struct bl_error *err)
{
    return read_any(array, head, 'u', 1, err);
}

static int read_i8(struct io_array *array, struct io_array_head *head, struct bl_error *err)
{
    return read_any(array, head, 'i', 1, err);
}

static int read_i32(struct io_array *array, struct io_array_head *head, struct bl_error *err)
{
    int code = read_any(array, head, 'i', 4, err);
    int64_t values;
    if (code == BL_OK && (__builtin_mul_overflow(array->rows, array->dim, &values) ||
                          __builtin_mul_overflow(values, (int64_t)4, &array->trailing_bytes)))
        array->trailing_bytes = 0; /* io_array_open refuses such a head */
    return code;
}

#define BIN(suffix, reader, what)                                                                            \
    static int suffix##_open(const char *path, const struct io_source_options *options,                      \
                             struct io_source_info *info, void **state, struct bl_error *err)                \
    {                                                                                                        \
        (void)options;                                                                                       \
        return io_array_open(path, reader, info, state, err);                                                \
    }                                                                                                        \
    const struct io_format io_format_##suffix = {.name = #suffix,                                            \
                                                 .summary = what,                                            \
                                                 .endings = {"." #suffix},                                   \
                                                 .open = suffix##_open,                                      \
                                                 .read = io_array_read,                                      \
                                                 .integers = io_array_integers,                              \
                                                 .skip = io_array_skip,                                      \
                                                 .close = io_array_close};

BIN(fbin, read_f32, "float32 behind the number of rows and of values, as in big-ann-benchmarks")
BIN(u8bin, read_u8, "the same with bytes")
BIN(i8bin, read_i8, "the same with signed bytes")
BIN(ibin, read_i32, "the same with int32, as numbers of neighbours, with or without their distances")
