/* Files of other programs, written byte by byte for the tests of src/io/source.h. */
#ifndef TEST_SOURCES_H
#define TEST_SOURCES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "io/source.h"
#include "support/folder.h"

static char folder[256], path[300];
static struct io_source *source;
static struct bl_error err;

static void enter(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/rows", folder);
}

/* Every test also shows that nothing is left. */
static void leave(void)
{
    io_source_close(source);
    folder_remove(folder);
    cr_assert_eq(bl_alloc_live(), 0);
}

static void write_bytes(const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

__attribute__((unused)) static void write_gzipped(const void *bytes, size_t n)
{
    gzFile file = gzopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
    cr_assert_eq(gzclose(file), Z_OK);
}

static int open_as(const char *format, const struct io_source_options *options)
{
    io_source_close(source);
    source = NULL;
    return io_source_open(&source, format, path, options, &err);
}

/* Opens what must be fine and returns what it holds. */
static const struct io_source_info *open_fine(const char *format, const struct io_source_options *options)
{
    cr_assert_eq(open_as(format, options), BL_OK, "%s", err.what);
    return io_source_info(source);
}

static void expect_text(int code, int expected, const char *text)
{
    cr_assert_eq(code, expected, "status %d instead of %d: %s", code, expected, err.what);
    cr_assert_not_null(strstr(err.what, text), "'%s' is not in: %s", text, err.what);
}

static void expect_refused(const char *format, const struct io_source_options *options, int code,
                           const char *text)
{
    expect_text(open_as(format, options), code, text);
    cr_assert_null(source);
    cr_assert(code == BL_USAGE || strstr(err.what, path), "the file is not named: %s", err.what);
}

/* Reads n rows at once, which must be there. */
static void read_rows(int64_t n, void *features, int32_t *labels, char *ids)
{
    int64_t got;
    cr_assert_eq(io_source_read(source, n, features, labels, ids, &got, &err), BL_OK, "%s", err.what);
    cr_assert_eq(got, n);
}

/* No prefix of the file at path, [0, n) bytes of `bytes`, is taken for the whole: opening it or reading all
 * of it ends with BL_INPUT. */
__attribute__((unused)) static void expect_every_cut_refused(const char *format, const char *bytes, size_t n)
{
    static char features[4096];
    for (size_t cut = 0; cut < n; cut++) {
        int64_t got = 1;
        write_bytes(bytes, cut);
        int code = open_as(format, NULL);
        while (code == BL_OK && got > 0)
            code = io_source_read(source, 1, features, NULL, NULL, &got, &err);
        cr_assert_eq(code, BL_INPUT, "cut at byte %zu of %zu: %d", cut, n, code);
    }
}

#endif
