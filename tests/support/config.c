#include "support/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "io/config_file.h"
#include "io/file.h"
#include "support/folder.h"

struct bl_config config;
struct bl_error config_err;

void parse(const char *text)
{
    cr_assert_eq(io_config_parse(text, "run.yaml", &config, &config_err), BL_OK, "%s", config_err.what);
}

void refuse(const char *text, const char *part, const char *other)
{
    cr_assert_eq(io_config_parse(text, "run.yaml", &config, &config_err), BL_USAGE, "accepted:\n%s", text);
    cr_assert(strstr(config_err.what, part), "'%s' is not in: %s", part, config_err.what);
    cr_assert(strstr(config_err.what, other), "'%s' is not in: %s", other, config_err.what);
}

int read_with(const char *text, const char *const *sets, int n_sets)
{
    char folder[256], path[300];
    cr_assert(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/run.yaml", folder);
    cr_assert_eq(io_file_write(path, text, (int64_t)strlen(text), &config_err), BL_OK, "%s", config_err.what);
    const int code = io_config_read(path, sets, n_sets, &config, &config_err);
    folder_remove(folder);
    return code;
}

int read_with_one(const char *text, const char *set)
{
    return read_with(text, &set, 1);
}

void refuse_set(const char *set, const char *part)
{
    char place[300];
    snprintf(place, sizeof place, "--set %s: ", set);
    cr_assert_eq(read_with_one(DATA, set), BL_USAGE, "accepted: %s", set);
    cr_assert_eq(strncmp(config_err.what, place, strlen(place)), 0, "%s", config_err.what);
    cr_assert(strstr(config_err.what, part), "'%s' is not in: %s", part, config_err.what);
}

void expect_all_freed(void)
{
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}
