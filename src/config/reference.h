/* The table of keys as documentation: a commented configuration to start from, and the reference. */
#ifndef BL_CONFIG_REFERENCE_H
#define BL_CONFIG_REFERENCE_H

#include <stdint.h>

#include "base/error.h"

/* A value other than the default, and why, as a phrase; NULL: nothing is said of it. */
struct bl_choice {
    const char *key, *value, *why;
};

/* A complete configuration with a comment on every key: defaults (with the preset's values) and the choices [n]. `about`
 * is a first comment; NULL: none. The caller frees *text with bl_free. Errors: BL_USAGE a value is impossible;
 * BL_MEMORY. */
int bl_reference_config(const struct bl_choice *choices, int64_t n, const char *about, char **text,
                        struct bl_error *err);

/* All keys as a Markdown table, the part of docs/configuration.md between its markers. The caller frees *text
 * with bl_free. Errors: BL_MEMORY. */
int bl_reference_table(char **text, struct bl_error *err);

#endif
