/* docs/file-formats.md names what the events of a run hold. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/own_run.h"

TestSuite(event_fields, .init = own_run_enter, .fini = own_run_leave);

static char *read_page(void)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/docs/file-formats.md", BITLOOM_SOURCE_DIR);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "can't read %s", path);
    fseek(file, 0, SEEK_END);
    const size_t n = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, n + 1);
    cr_assert(text && fread(text, 1, n, file) == n);
    fclose(file);
    return text;
}

/* The row of an event's table: from the bar before its name to the end of the line. */
static char *row_of(const char *page, const char *event)
{
    char name[64];
    snprintf(name, sizeof name, "`%s`", event);
    for (const char *line = strstr(page, "Events of `metrics.jsonl`"); line; line = strchr(line + 1, '\n')) {
        const size_t n = strcspn(line + 1, "\n");
        const char *bar = n > 2 && strncmp(line + 1, "| ", 2) == 0 ? strchr(line + 3, '|') : NULL;
        const char *found = bar ? strstr(line + 1, name) : NULL;
        if (found && found < bar)
            return strndup(line + 1, n);
    }
    return NULL;
}

/* Every member by its name in backquotes, within objects too; those of `terms` and `phases` are named by what is
 * trained. */
static void expect_named(const char *row, const char *event, json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        char quoted[128];
        snprintf(quoted, sizeof quoted, "`%s`", name);
        if (strcmp(name, "event") == 0 || strcmp(name, "step") == 0 || strcmp(name, "time") == 0)
            continue;
        cr_assert(strstr(row, quoted), "docs/file-formats.md doesn't name %s of the event %s", quoted, event);
        if (json_is_object(value) && strcmp(name, "terms") != 0 && strcmp(name, "phases") != 0)
            expect_named(row, event, value);
    }
}

static void expect_all_named(const char *page, const char *run)
{
    json_t *object;
    for (int i = 0; (object = own_run_event(run, NULL, i)); i++) {
        const char *event = json_string_value(json_object_get(object, "event"));
        char *row = row_of(page, event);
        cr_assert(row, "docs/file-formats.md has no row for the event %s", event);
        expect_named(row, event, object);
        free(row);
        json_decref(object);
    }
}

Test(event_fields, every_member_of_every_event_is_in_the_page)
{
    char *page = read_page();
    own_run_deadline.stop_at = 15;
    cr_assert_eq(own_run_train("run", "train.epochs=2;log.every_steps=4;data.residency=stream"), BL_STOPPED);
    expect_all_named(page, "run");
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("run", "train.epochs=2;log.every_steps=4;data.residency=stream"), BL_OK);
    expect_all_named(page, "run");
    cr_assert_eq(own_run_events("run", "continue"), 1);
    cr_assert_neq(own_run_train("bad", "train.epochs=2;optimizer.lr=1e14;optimizer.name=sgd"), BL_OK);
    cr_assert_eq(own_run_events("bad", "failed"), 1);
    expect_all_named(page, "bad");
    free(page);
}
