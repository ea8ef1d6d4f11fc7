/* Files of other programs, written byte by byte for the tests of src/io/source.h. */
#ifndef TEST_SUPPORT_SOURCES_H
#define TEST_SUPPORT_SOURCES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "io/source.h"

/* The folder and the file of this test, the source that was opened last, and why it wasn't. */
extern char source_folder[256], source_path[300];
extern struct io_source *source;
extern struct bl_error source_err;

/* A folder for each test; leaving also shows that nothing is left. */
void sources_enter(void);
void sources_leave(void);

void write_bytes(const void *bytes, size_t n);
void write_gzipped(const void *bytes, size_t n);

int open_as(const char *format, const struct io_source_options *options);

/* Opens what must be fine and returns what it holds. */
const struct io_source_info *open_fine(const char *format, const struct io_source_options *options);

void expect_text(int code, int expected, const char *text);
void expect_refused(const char *format, const struct io_source_options *options, int code, const char *text);

/* Reads n rows at once, which must be there. */
void read_rows(int64_t n, void *features, int32_t *labels, char *ids);

/* No prefix of the file, [0, n) bytes of `bytes`, is taken for the whole: opening it or reading all of it
 * ends with BL_INPUT. */
void expect_every_cut_refused(const char *format, const char *bytes, size_t n);

#endif
