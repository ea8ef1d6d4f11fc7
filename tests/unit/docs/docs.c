#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "io/file.h"

static char *index_page;

static void enter(void)
{
    struct bl_error err;
    int64_t n_bytes;
    cr_assert_eq(io_file_read(BITLOOM_SOURCE_DIR "/docs/README.md", 1 << 20, &index_page, &n_bytes, &err),
                 BL_OK, "%s", err.what);
}

static void leave(void)
{
    bl_free(&index_page);
}

TestSuite(docs, .init = enter, .fini = leave);

/* Each file that the pattern finds is linked from docs/README.md. */
static void expect_linked(const char *pattern)
{
    glob_t found;
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "nothing is found by %s", pattern);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen(BITLOOM_SOURCE_DIR "/docs/");
        char link[300];
        if (strcmp(name, "README.md") == 0)
            continue;
        cr_assert_lt(snprintf(link, sizeof link, "](%s)", name), (int)sizeof link);
        cr_expect(strstr(index_page, link), "docs/README.md doesn't link %s", name);
    }
    globfree(&found);
}

Test(docs, the_index_links_every_page)
{
    expect_linked(BITLOOM_SOURCE_DIR "/docs/*.md");
}

Test(docs, the_index_links_every_decision)
{
    expect_linked(BITLOOM_SOURCE_DIR "/docs/decisions/*.md");
}

Test(docs, no_link_of_the_index_leads_nowhere)
{
    glob_t found;
    for (const char *at = index_page; (at = strstr(at, "](")); at++) {
        char path[600];
        snprintf(path, sizeof path, BITLOOM_SOURCE_DIR "/docs/%.*s", (int)strcspn(at + 2, ")#"), at + 2);
        cr_expect_eq(glob(path, 0, NULL, &found), 0, "there is no %s", path);
        globfree(&found);
    }
}
