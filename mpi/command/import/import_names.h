/* The names of classes 0, 1, ... that import writes. Everything here is local. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_NAMES_H
#define PAR_COMMAND_IMPORT_IMPORT_NAMES_H

#include <stdint.h>

#include "base/error.h"

/* Owns the list and, if the names were read, their text. Start from zeros. */
struct import_names {
    const char **names; /* [n] they point into text or are borrowed */
    int64_t n;
    char *text; /* NULL: the names are borrowed */
};

/* Reads names from "a,b,c", or from @FILE with one name on each line, which may contain commas. Errors:
 * BL_USAGE an empty or overlong name; BL_PATH; BL_INPUT; BL_MEMORY. */
int import_names_read(struct import_names *names, const char *given, struct bl_error *err);

/* Borrows n names, which must live as long as this. Errors: BL_MEMORY. */
int import_names_borrow(struct import_names *names, const char *const *from, int64_t n, struct bl_error *err);

/* Safe twice and on zeros. */
void import_names_free(struct import_names *names);

#endif
