#include "io/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "support/folder.h"

static char folder[200], path[250];

static void open_folder(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void close_folder(void)
{
    folder_remove(folder);
}

static int exists(const char *name)
{
    return access(name, F_OK) == 0;
}

/* What stands in the file, compared with text. */
static void assert_content(const char *name, const char *text)
{
    struct bl_error err = {0};
    char *bytes = NULL;
    int64_t n = 0;
    cr_assert_eq(io_file_read(name, 1000, &bytes, &n, &err), BL_OK, "%s", err.what);
    cr_assert_eq(n, (int64_t)strlen(text));
    cr_assert_str_eq(bytes, text);
    bl_free(&bytes);
}

TestSuite(file, .init = open_folder, .fini = close_folder);

Test(file, what_is_written_is_read_back)
{
    struct bl_error err;
    cr_assert_eq(io_file_write(path, "one\ntwo", 7, &err), BL_OK);
    assert_content(path, "one\ntwo");
}

Test(file, an_empty_file_is_written_and_read)
{
    struct bl_error err;
    cr_assert_eq(io_file_write(path, "", 0, &err), BL_OK);
    assert_content(path, "");
}

Test(file, writing_replaces_the_old_content_whole)
{
    struct bl_error err;
    cr_assert_eq(io_file_write(path, "a long old text", 15, &err), BL_OK);
    cr_assert_eq(io_file_write(path, "new", 3, &err), BL_OK);
    assert_content(path, "new");
}

Test(file, nothing_unfinished_stays_behind)
{
    struct bl_error err;
    char temporary[300];
    snprintf(temporary, sizeof temporary, "%s.part", path);
    cr_assert_eq(io_file_write(path, "x", 1, &err), BL_OK);
    cr_assert_not(exists(temporary));
}

Test(file, a_missing_folder_is_a_path_error_that_names_the_file)
{
    struct bl_error err;
    char missing[300];
    snprintf(missing, sizeof missing, "%s/none/file", folder);
    cr_assert_eq(io_file_write(missing, "x", 1, &err), BL_PATH);
    cr_assert(strstr(err.what, missing), "%s", err.what);
}

Test(file, a_write_that_fails_leaves_what_was_there)
{
    struct bl_error err;
    char inside[300], temporary[300];
    cr_assert_eq(mkdir(path, 0777), 0);
    snprintf(inside, sizeof inside, "%s/kept", path);
    cr_assert_eq(io_file_write(inside, "kept", 4, &err), BL_OK);
    cr_assert_eq(io_file_write(path, "x", 1, &err), BL_PATH);
    assert_content(inside, "kept");
    snprintf(temporary, sizeof temporary, "%s.part", path);
    cr_assert_not(exists(temporary));
}

Test(file, reading_what_is_not_there_is_a_path_error)
{
    struct bl_error err;
    char *bytes = NULL;
    int64_t n;
    cr_assert_eq(io_file_read(path, 1000, &bytes, &n, &err), BL_PATH);
    cr_assert_null(bytes);
    cr_assert(strstr(err.what, "No such file"), "%s", err.what);
}

Test(file, reading_a_folder_is_a_path_error)
{
    struct bl_error err;
    char *bytes = NULL;
    int64_t n;
    cr_assert_eq(io_file_read(folder, 1 << 30, &bytes, &n, &err), BL_PATH);
    cr_assert_null(bytes);
}

Test(file, a_file_above_the_limit_is_not_read)
{
    struct bl_error err;
    char *bytes = NULL;
    int64_t n, live = bl_alloc_live();
    cr_assert_eq(io_file_write(path, "12345", 5, &err), BL_OK);
    cr_assert_eq(io_file_read(path, 4, &bytes, &n, &err), BL_INPUT);
    cr_assert_null(bytes);
    cr_assert_eq(bl_alloc_live(), live);
    cr_assert_eq(io_file_read(path, 5, &bytes, &n, &err), BL_OK);
    bl_free(&bytes);
}

Test(file, folders_are_made_with_those_above_them)
{
    struct bl_error err;
    char deep[300];
    snprintf(deep, sizeof deep, "%s/a/b//c/", folder);
    cr_assert_eq(io_file_make_folder(deep, &err), BL_OK, "%s", err.what);
    cr_assert(exists(deep));
    cr_assert_eq(io_file_make_folder(deep, &err), BL_OK);
}

Test(file, a_folder_below_a_file_is_a_path_error)
{
    struct bl_error err;
    char below[300];
    cr_assert_eq(io_file_write(path, "x", 1, &err), BL_OK);
    snprintf(below, sizeof below, "%s/below", path);
    cr_assert_eq(io_file_make_folder(below, &err), BL_PATH);
}
