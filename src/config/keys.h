/* The one table of configuration keys. It serves the YAML reader, --set, `init`, the effective configuration,
 * the reference in docs/configuration.md and the suggestions for mistyped keys. A new key is a field in
 * config.h and a row in keys.c; a key of a term or an optimiser is a line of terms.def or optimizers.def. */
#ifndef BL_CONFIG_KEYS_H
#define BL_CONFIG_KEYS_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

enum bl_key_type {
    BL_KEY_TEXT,
    BL_KEY_INTEGER,
    BL_KEY_REAL,
    BL_KEY_BOOLEAN,
    BL_KEY_CHOICE,
    BL_KEY_LIST,
    BL_KEY_MAP
};

enum bl_key_flags {
    BL_KEY_ABOVE_MIN = 1,  /* the minimum itself is not allowed */
    BL_KEY_BELOW_MAX = 2,  /* the maximum itself is not allowed */
    BL_KEY_MAY_CHANGE = 4, /* when a run is continued */
    BL_KEY_REQUIRED = 8,
    BL_KEY_PATH = 32,     /* a text that is a path [BL_PATH_MAX], relative to the configuration's folder */
    BL_KEY_ROW_TERM = 16, /* the weight of a term of rows: at least one must be above 0 */
};

struct bl_key {
    const char *name; /* dotted */
    enum bl_key_type type;
    size_t offset;     /* in struct bl_config */
    const char *value; /* the default, as in YAML; a list or map without its brackets */
    double min, max;   /* numbers; of a list its elements */
    int flags;
    const char *word;           /* another way to write 0, e.g. "auto"; NULL: none */
    const char *const *choices; /* NULL-terminated, in the order of their enum */
    const char *unit;
    const char *sentence;
};

/* All keys, in the order of the reference; ends with name == NULL. */
extern const struct bl_key bl_keys[];

/* NULL or the row by that name; whether some key's name begins with "section.". */
const struct bl_key *bl_key_find(const char *name);
int bl_key_is_section(const char *section);

/* Writes into near [size] the known name, of a key or a section, that an unknown one probably means: mistyped, in the
 * wrong section, or as other programs call it (learning_rate). 0: none is near. */
int bl_key_nearest(const char *name, char *near, size_t size);

/* Sets the key's field from text. Errors: BL_USAGE saying what is allowed; the caller adds the place. */
int bl_key_set(const struct bl_key *key, struct bl_config *config, const char *text, struct bl_error *err);

/* The field's value as YAML that bl_key_set takes back exactly (a list or map with its brackets). */
void bl_key_text(const struct bl_key *key, const struct bl_config *config, char *text, size_t size);

/* What values are allowed, for people: "whole number from 1 to 64, or full". */
void bl_key_range(const struct bl_key *key, char *text, size_t size);

#endif
