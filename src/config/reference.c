#include "config/reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/build.h"
#include "config/keys.h"
#include "config/text.h"

enum { REFERENCE_BYTES = 65536, VALUE_BYTES = 2 * BL_PATH_MAX + 8, RANGE_BYTES = 200 };

/* The comment above a key, indented like it. */
static size_t write_comment(const struct bl_key *key, int indent, char *text, size_t size)
{
    char range[RANGE_BYTES];
    bl_key_range(key, range, sizeof range);
    return (size_t)snprintf(text, size, "%*s# %s\n%*s# %s%s%s%s%s\n", indent, "", key->sentence, indent, "",
                            range, key->unit[0] ? " [" : "", key->unit, key->unit[0] ? "]" : "",
                            key->flags & BL_KEY_MAY_CHANGE ? "; may change when a run continues" : "");
}

/* A key that excludes the one before it, as a comment. */
static size_t write_alternative(const struct bl_key *key, int indent, char *text, size_t size)
{
    const size_t n = write_comment(key, indent, text, size);
    return n + (size_t)snprintf(text + n, size - n, "%*s# %s: %s\n", indent, "", strrchr(key->name, '.') + 1,
                                key->value);
}

/* The key that line `name:` at depth `depth` below `section` stands for. */
static const struct bl_key *key_of_line(char *path, const char *line, int *indent)
{
    const int spaces = (int)strspn(line, " ");
    const int depth = spaces / 2;
    const int n = (int)strcspn(line + spaces, ":");
    char *at = path;
    for (int d = 0; d < depth; d++)
        at = strchr(at, '.') + 1;
    sprintf(at, "%.*s", n, line + spaces);
    const struct bl_key *key = bl_key_find(path);
    strcat(path, ".");
    *indent = spaces;
    return key;
}

static const struct bl_choice *choice_of(const struct bl_choice *choices, int64_t n, const char *name)
{
    for (int64_t i = 0; i < n; i++)
        if (strcmp(choices[i].key, name) == 0)
            return &choices[i];
    return NULL;
}

/* The effective configuration's text, with a comment before each key and a blank line before each section. */
static void comment(const char *plain, const struct bl_choice *choices, int64_t n_choices, const char *about,
                    char *text, size_t size)
{
    char path[256] = "";
    size_t n = (size_t)snprintf(
        text, size,
        "# A complete configuration of bitloom: every key with its default. Keys may be left out; an override on\n"
        "# the command line is --set KEY=VALUE with the dotted name, e.g. --set train.epochs=30.\n%s",
        about ? about : "");
    for (const char *line = plain; *line; line = strchr(line, '\n') + 1) {
        int indent;
        const struct bl_key *key = key_of_line(path, line, &indent);
        const struct bl_choice *choice = key ? choice_of(choices, n_choices, key->name) : NULL;
        if (key)
            n += write_comment(key, indent, text + n, size - n);
        else if (indent == 0)
            n += (size_t)snprintf(text + n, size - n, "\n");
        if (choice && choice->why)
            n += (size_t)snprintf(text + n, size - n, "%*s# Here: %s.\n", indent, "", choice->why);
        /* Written out, the value would override that of a preset chosen later. */
        const int is_preset = key && !choice && bl_config_is_preset_key(key->name);
        const int length = (int)strcspn(line, "\n");
        if (is_preset)
            n += (size_t)snprintf(text + n, size - n, "%*s# left to the preset:\n%*s# %.*s\n", indent, "",
                                  indent, "", length - indent, line + indent);
        else
            n += (size_t)snprintf(text + n, size - n, "%.*s\n", length, line);
        if (key && strcmp(key->name, "train.epochs") == 0)
            n += write_alternative(bl_key_find("train.steps"), indent, text + n, size - n);
    }
}

int bl_reference_config(const struct bl_choice *choices, int64_t n, const char *about, char **text,
                        struct bl_error *err)
{
    enum { CHOICES_MAX = 32 };
    char *plain = NULL;
    struct bl_config config;
    struct bl_setting settings[CHOICES_MAX];
    *text = NULL;
    if (n > CHOICES_MAX)
        return bl_fail(err, BL_DEFECT, "a configuration of %d choices", (int)n);
    for (int64_t i = 0; i < n; i++)
        settings[i] = (struct bl_setting){bl_key_find(choices[i].key), choices[i].value, "init", 0};
    int code = bl_config_build(settings, n, "init", &config, err);
    if (code == BL_OK)
        code = bl_config_text(&config, &plain, err);
    if (code == BL_OK)
        code = bl_alloc(text, REFERENCE_BYTES, 1, "the configuration's text", err);
    if (code == BL_OK)
        comment(plain, choices, n, about, *text, REFERENCE_BYTES);
    bl_free(&plain);
    return code;
}

static size_t write_row(const struct bl_key *key, char *text, size_t size)
{
    char range[RANGE_BYTES];
    bl_key_range(key, range, sizeof range);
    const int is_list = key->type == BL_KEY_LIST, is_map = key->type == BL_KEY_MAP;
    size_t n = (size_t)snprintf(text, size, "| `%s` | %s | ", key->name, range);
    if (key->flags & BL_KEY_REQUIRED)
        n += (size_t)snprintf(text + n, size - n, "required");
    else
        n += (size_t)snprintf(text + n, size - n, "`%s%s%s`",
                              is_list  ? "["
                              : is_map ? "{"
                                       : "",
                              key->value,
                              is_list  ? "]"
                              : is_map ? "}"
                                       : "");
    return n + (size_t)snprintf(text + n, size - n, " | %s | %s | %s |\n", key->unit,
                                key->flags & BL_KEY_MAY_CHANGE ? "yes" : "", key->sentence);
}

int bl_reference_table(char **text, struct bl_error *err)
{
    int code = bl_alloc(text, REFERENCE_BYTES, 1, "the reference of keys", err);
    if (code != BL_OK)
        return code;
    size_t n = (size_t)snprintf(*text, REFERENCE_BYTES,
                                "| key | allowed | default | unit | may change on continuing | meaning |\n"
                                "|---|---|---|---|---|---|\n");
    for (const struct bl_key *key = bl_keys; key->name; key++)
        n += write_row(key, *text + n, REFERENCE_BYTES - n);
    return BL_OK;
}
