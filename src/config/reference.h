/* The table of keys as documentation: a commented configuration to start from, and the reference. */
#ifndef BL_CONFIG_REFERENCE_H
#define BL_CONFIG_REFERENCE_H

#include <stdint.h>

#include "base/error.h"

/* A complete configuration with a comment on every key: defaults (with the default preset's values), and the
 * given data file and code. The caller frees *text with bl_free. Errors: BL_USAGE a value is impossible;
 * BL_MEMORY. */
int bl_reference_config(const char *data_file, int64_t heads, int64_t bits, char **text,
                        struct bl_error *err);

/* All keys as a Markdown table, the part of docs/configuration.md between its markers. The caller frees *text
 * with bl_free. Errors: BL_MEMORY. */
int bl_reference_table(char **text, struct bl_error *err);

#endif
