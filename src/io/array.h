/* Files of a header and then rows of numbers, in either byte order: what IDX and NPY share. */
#ifndef BL_IO_ARRAY_H
#define BL_IO_ARRAY_H

#include <stdint.h>

#include "io/format.h"
#include "io/stream.h"

/* One value in the file. */
struct io_element {
    char kind; /* 'u', 'i', 'f': unsigned, signed, IEEE 754 */
    int bytes; /* 1, 2, 4, 8 */
    int big_endian;
};

enum { IO_ARRAY_DIMS = 32 };

struct io_array {
    struct io_stream stream; /* at the first row not yet delivered */
    struct io_element element;
    int64_t rows, dim;
    int64_t row;            /* next to be delivered */
    unsigned char *raw;     /* a piece of the file to be converted */
    int64_t trailing_bytes; /* that may follow the values */

    /* Fortran order: the file holds all first values of a row, then all second ones, and so on. */
    struct io_columns *columns; /* owned; NULL: rows one after another */
    int n_inner;                /* dimensions behind the first, and their extents */
    int64_t inner[IO_ARRAY_DIMS];
};

/* The type in which such values are delivered: the same, or for integers the smallest of ours that holds
 * every value; 4- and 8-byte integers become float64. */
enum bl_type io_element_type(struct io_element element);

/* Reads a format's header from the start of array->stream: sets element, rows and dim, and *head_bytes; in Fortran order
 * also *fortran, n_inner and inner. Errors: BL_INPUT it is no such file. */
struct io_array_head {
    int64_t bytes;
    int fortran;
};
typedef int io_array_read_head(struct io_array *array, struct io_array_head *head, struct bl_error *err);

/* The `open` of such a format: opens the file, reads its header, compares the file's size with it and fills
 * *info. *state is then a struct io_array, also after a failure. Errors, besides: BL_PATH; BL_INPUT with both
 * byte counts. */
int io_array_open(const char *path, io_array_read_head *read_head, struct io_source_info *info, void **state,
                  struct bl_error *err);

/* The same for an array in a zip archive; see io_stream_open_entry. */
int io_array_open_entry(const char *path, const char *name, const char *suffix, io_array_read_head *read_head,
                        struct io_source_info *info, void **state, struct bl_error *err);

/* The other functions of such a format; state is a struct io_array. */
int io_array_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err);
int io_array_integers(void *state, int64_t n, int64_t *values, struct bl_error *err);
int io_array_skip(void *state, int64_t n, struct bl_error *err);
void io_array_close(void *state);

#endif
