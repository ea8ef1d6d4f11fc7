#include "config/text.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/keys.h"

enum { VALUE_BYTES = 2 * BL_PATH_MAX + 8, TEXT_BYTES = 32768 };

/* Length of the common "a.b." of two dotted names. */
static size_t shared_sections(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '.')
            shared = i + 1;
    return shared;
}

/* Opens the sections of name that the name before it hadn't opened, then writes the key. */
static size_t write_key(const char *before, const char *name, const char *value, char *text, size_t size)
{
    size_t n = 0;
    const size_t open = shared_sections(before, name);
    int depth = 0;
    const char *part = name;
    for (const char *dot; (dot = strchr(part, '.')); part = dot + 1, depth++)
        if ((size_t)(part - name) >= open)
            n += (size_t)snprintf(text + n, size - n, "%*s%.*s:\n", 2 * depth, "", (int)(dot - part), part);
    return n + (size_t)snprintf(text + n, size - n, "%*s%s: %s\n", 2 * depth, "", part, value);
}

/* train.epochs and train.steps exclude each other in a file; only the one that counts is written. */
static int is_left_out(const struct bl_key *key, const struct bl_config *config)
{
    return strcmp(key->name, config->train.steps > 0 ? "train.epochs" : "train.steps") == 0;
}

int bl_config_text(const struct bl_config *config, char **text, struct bl_error *err)
{
    int code = bl_alloc_zero(text, TEXT_BYTES, 1, "the configuration's text", err);
    const char *before = "";
    size_t n = 0;
    for (const struct bl_key *key = bl_keys; key->name && code == BL_OK; key++) {
        char value[VALUE_BYTES];
        if (is_left_out(key, config))
            continue;
        bl_key_text(key, config, value, sizeof value);
        n += write_key(before, key->name, value, *text + n, TEXT_BYTES - n);
        before = key->name;
    }
    return code;
}

int bl_config_difference(const struct bl_config *old, const struct bl_config *config, char *text,
                         int64_t size)
{
    int differing = 0;
    size_t n = 0;
    text[0] = '\0';
    for (const struct bl_key *key = bl_keys; key->name; key++) {
        char was[VALUE_BYTES], is[VALUE_BYTES];
        if (key->flags & (BL_KEY_MAY_CHANGE | BL_KEY_PATH))
            continue;
        bl_key_text(key, old, was, sizeof was);
        bl_key_text(key, config, is, sizeof is);
        if (strcmp(was, is) == 0)
            continue;
        if (n < (size_t)size)
            n += (size_t)snprintf(text + n, (size_t)size - n, "%s%s: %s -> %s", differing ? ", " : "",
                                  key->name, was, is);
        differing++;
    }
    return differing;
}

const char *bl_config_preset_name(const struct bl_config *config)
{
    return bl_key_find("objective.preset")->choices[config->objective.preset];
}
