#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/reference.h"
#include "io/file.h"

static const char *const begin = "<!-- keys: begin -->\n", *const end = "<!-- keys: end -->";

Test(config_docs, the_table_of_keys_in_the_documentation_is_the_programs)
{
    char *page = NULL, *table = NULL;
    int64_t n_bytes;
    struct bl_error err;
    cr_assert_eq(io_file_read(BITLOOM_SOURCE_DIR "/docs/configuration.md", 1 << 20, &page, &n_bytes, &err),
                 BL_OK, "%s", err.what);
    cr_assert_eq(bl_reference_table(&table, &err), BL_OK);
    char *from = strstr(page, begin);
    cr_assert_not_null(from, "docs/configuration.md has no line %s", begin);
    from += strlen(begin);
    char *to = strstr(from, end);
    cr_assert_not_null(to, "docs/configuration.md has no line %s", end);
    *to = '\0';
    cr_assert_str_eq(from, table,
                     "replace the table in docs/configuration.md by what `bitloom init --reference` prints");
    bl_free(&page);
    bl_free(&table);
    cr_assert_eq(bl_alloc_live(), 0);
}
