/* Settings from YAML: which keys a text sets, to what, and where. Only plain YAML is read, without anchors
 * and tags. */
#ifndef BL_IO_CONFIG_YAML_H
#define BL_IO_CONFIG_YAML_H

#include <stdint.h>

#include "base/error.h"
#include "config/build.h"

enum { IO_PLACE_MAX = 1100 };

/* Settings in the order of the text, with memory for their texts. */
struct io_settings {
    struct bl_setting *list;
    char (*text)[4096];
    char (*place)[IO_PLACE_MAX];
    int64_t n;
};

/* Errors: BL_MEMORY. io_settings_free is safe on a failed one and twice. */
int io_settings_init(struct io_settings *settings, struct bl_error *err);
void io_settings_free(struct io_settings *settings);

/* Adds what a file's text sets. Errors: BL_USAGE with name and line: syntax, an unknown key (the nearest is
 * named), one that stands twice, a value that is quoted, a list or a section where none may be, an anchor,
 * alias or tag, a second document. */
int io_settings_read_file(struct io_settings *settings, const char *text, int64_t n_bytes, const char *name,
                          struct bl_error *err);

/* Adds an override; its value is YAML. Errors: BL_USAGE as above, with `place`. */
int io_settings_read_value(struct io_settings *settings, const char *key, const char *text, const char *place,
                           struct bl_error *err);

#endif
