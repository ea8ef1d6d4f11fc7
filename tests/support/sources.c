#include "support/sources.h"

#include <zlib.h>

#include "support/folder.h"

char source_folder[256];
char source_path[300];
struct io_source *source;
struct bl_error source_err;

void sources_enter(void)
{
    cr_assert(folder_make(source_folder, sizeof source_folder));
    snprintf(source_path, sizeof source_path, "%s/rows", source_folder);
}

void sources_leave(void)
{
    io_source_close(source);
    folder_remove(source_folder);
    cr_assert_eq(bl_alloc_live(), 0);
}

void write_bytes(const void *bytes, size_t n)
{
    FILE *file = fopen(source_path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

void write_gzipped(const void *bytes, size_t n)
{
    gzFile file = gzopen(source_path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
    cr_assert_eq(gzclose(file), Z_OK);
}

int open_as(const char *format, const struct io_source_options *options)
{
    io_source_close(source);
    source = NULL;
    return io_source_open(&source, format, source_path, options, &source_err);
}

const struct io_source_info *open_fine(const char *format, const struct io_source_options *options)
{
    cr_assert_eq(open_as(format, options), BL_OK, "%s", source_err.what);
    return io_source_info(source);
}

void expect_text(int code, int expected, const char *text)
{
    cr_assert_eq(code, expected, "status %d instead of %d: %s", code, expected, source_err.what);
    cr_assert_not_null(strstr(source_err.what, text), "'%s' is not in: %s", text, source_err.what);
}

void expect_refused(const char *format, const struct io_source_options *options, int code, const char *text)
{
    expect_text(open_as(format, options), code, text);
    cr_assert_null(source);
    cr_assert(code == BL_USAGE || strstr(source_err.what, source_path), "the file is not named: %s",
              source_err.what);
}

void read_rows(int64_t n, void *features, int32_t *labels, char *ids)
{
    int64_t got;
    cr_assert_eq(io_source_read(source, n, features, labels, ids, &got, &source_err), BL_OK, "%s",
                 source_err.what);
    cr_assert_eq(got, n);
}

void expect_every_cut_refused(const char *format, const char *bytes, size_t n)
{
    static char features[4096];
    for (size_t cut = 0; cut < n; cut++) {
        int64_t got = 1;
        write_bytes(bytes, cut);
        int code = open_as(format, NULL);
        while (code == BL_OK && got > 0)
            code = io_source_read(source, 1, features, NULL, NULL, &got, &source_err);
        cr_assert_eq(code, BL_INPUT, "cut at byte %zu of %zu: %d", cut, n, code);
    }
}
