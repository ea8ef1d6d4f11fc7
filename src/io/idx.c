#include <inttypes.h>

#include "io/array.h"

/* IDX, the format of the MNIST files: two zero bytes, a type, the number of dimensions, each dimension as a
 * big-endian 32-bit number, then the values, big-endian. LeCun, Cortes and Burges, "The MNIST database", file
 * formats. */

enum { MAGIC_BYTES = 4, SIZE_BYTES = 4 };

static int read_element(int type, struct io_element *element)
{
    static const struct {
        int type;
        struct io_element element;
    } types[] = {{0x08, {'u', 1, 1}}, {0x09, {'i', 1, 1}}, {0x0b, {'i', 2, 1}},
                 {0x0c, {'i', 4, 1}}, {0x0d, {'f', 4, 1}}, {0x0e, {'f', 8, 1}}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) {
            *element = types[i].element;
            return 1;
        }
    return 0;
}

static int read_head(struct io_array *array, struct io_array_head *head, struct bl_error *err)
{
    unsigned char magic[MAGIC_BYTES], size[SIZE_BYTES];
    const char *path = array->stream.path;
    int64_t got;
    int code = io_stream_read_some(&array->stream, magic, MAGIC_BYTES, &got, err);
    if (code != BL_OK)
        return code;
    if (got < MAGIC_BYTES || magic[0] != 0 || magic[1] != 0 || !read_element(magic[2], &array->element) ||
        magic[3] == 0)
        return bl_fail(err, BL_INPUT, "%s is not an IDX file; check --format", path);
    array->dim = 1;
    for (int d = 0; d < magic[3]; d++) {
        code = io_stream_read(&array->stream, size, SIZE_BYTES, err);
        if (code != BL_OK)
            return code;
        int64_t n = (int64_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
        if (d == 0)
            array->rows = n;
        else if (__builtin_mul_overflow(array->dim, n, &array->dim))
            return bl_fail(err, BL_INPUT, "%s has impossibly long rows; fetch it again", path);
    }
    head->bytes = MAGIC_BYTES + magic[3] * SIZE_BYTES;
    return BL_OK;
}

static int idx_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    (void)options;
    return io_array_open(path, read_head, info, state, err);
}

const struct io_format io_format_idx = {.name = "idx",
                                        .summary = "the files of MNIST and Fashion-MNIST",
                                        .endings = {"-ubyte", ".ubyte", ".idx"},
                                        .open = idx_open,
                                        .read = io_array_read,
                                        .integers = io_array_integers,
                                        .skip = io_array_skip,
                                        .close = io_array_close};
