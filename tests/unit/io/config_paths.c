/* Paths of a configuration that is written elsewhere. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/config_paths.h"
#include "support/folder.h"

static char folder[128], real[PATH_MAX];
static struct bl_config config, copy;
static struct bl_error err;

/* A project: data/, runs/a/ and a link to a run folder elsewhere. */
static void enter(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    cr_assert(realpath(folder, real));
    cr_assert_eq(chdir(folder), 0);
    static const char *const folders[] = {"data", "runs", "runs/a", "far", "far/b"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        cr_assert_eq(mkdir(folders[i], 0777), 0);
    cr_assert_eq(symlink("../far/b", "runs/linked"), 0);
}

static void leave(void)
{
    cr_assert_eq(chdir("/"), 0);
    folder_remove(folder);
}

TestSuite(config_paths, .init = enter, .fini = leave);

static void expect_absolute(const char *config_path, const char *file, const char *below)
{
    char expected[PATH_MAX + 100];
    snprintf(expected, sizeof expected, "%s%s", below[0] == '/' ? "" : real, below);
    if (below[0] != '/')
        snprintf(expected, sizeof expected, "%s/%s", real, below);
    snprintf(config.data.file, sizeof config.data.file, "%s", file);
    cr_assert_eq(io_config_absolute(&config, config_path, &copy, &err), BL_OK, "%s", err.what);
    cr_assert_str_eq(copy.data.file, expected);
}

Test(config_paths, a_relative_path_becomes_absolute_from_the_folder_of_its_file)
{
    expect_absolute("my.yaml", "d.h5", "d.h5");
    expect_absolute("./my.yaml", "data/d.h5", "data/d.h5");
    expect_absolute("runs/a/config.yaml", "../../data/d.h5", "data/d.h5");
    expect_absolute("runs/a/config.yaml", "absent/d.h5", "runs/a/absent/d.h5");
    expect_absolute("my.yaml", "/big/d.h5", "/big/d.h5");
    expect_absolute("/my.yaml", "d.h5", "/d.h5");
}

static void expect_relative(const char *run, const char *file, const char *expected)
{
    snprintf(config.data.file, sizeof config.data.file, "%s", file);
    cr_assert_eq(io_config_relative(&config, "my.yaml", run, &copy, &err), BL_OK, "%s", err.what);
    cr_assert_str_eq(copy.data.file, expected);
}

Test(config_paths, a_relative_path_stays_relative_to_where_the_file_will_stand)
{
    expect_relative("runs/a", "d.h5", "../../d.h5");
    expect_relative("runs/a", "data/d.h5", "../../data/d.h5");
    expect_relative("runs/a", "runs/a/d.h5", "d.h5");
    expect_relative("runs/a", "runs/ab.h5", "../ab.h5");
    expect_relative(".", "d.h5", "d.h5");
    expect_relative("runs/a", "/big/d.h5", "/big/d.h5");
    /* .. of a link leads from where it points to. */
    expect_relative("runs/linked", "data/d.h5", "../../data/d.h5");
}

Test(config_paths, a_path_with_nothing_in_common_becomes_absolute)
{
    char expected[PATH_MAX + 16];
    snprintf(expected, sizeof expected, "%s/d.h5", real);
    expect_relative("/usr/lib", "d.h5", expected);
}

Test(config_paths, a_link_to_the_data_stays_a_link)
{
    cr_assert_eq(symlink("/big/d.h5", "d.h5"), 0);
    expect_absolute("my.yaml", "d.h5", "d.h5");
    expect_relative("runs/a", "d.h5", "../../d.h5");
}

Test(config_paths, a_path_that_becomes_too_long_is_refused)
{
    memset(config.data.file, 'x', sizeof config.data.file - 2);
    config.data.file[sizeof config.data.file - 2] = '\0';
    cr_assert_eq(io_config_absolute(&config, "my.yaml", &copy, &err), BL_USAGE);
    cr_assert(strstr(err.what, "data.file"), "%s", err.what);
}
