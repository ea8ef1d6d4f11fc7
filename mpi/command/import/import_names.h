/* The names of the classes 0, 1, ... that import writes. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_NAMES_H
#define PAR_COMMAND_IMPORT_IMPORT_NAMES_H

#include <stdint.h>

#include "base/error.h"

/* Start from zero; import_names_free is safe on a zeroed struct and twice. */
struct import_names {
    const char **names; /* [n], owned; they point into text or are borrowed */
    int64_t n;
    char *text;
};

/* From "a,b,c", or from @FILE with one name a line (where names may contain commas). Errors: BL_USAGE an
 * empty or overlong name; BL_PATH. */
int import_names_read(struct import_names *names, const char *given, struct bl_error *err);

/* Keeps n pointers to names that live longer than this. */
int import_names_borrow(struct import_names *names, char *const *from, int64_t n, struct bl_error *err);

void import_names_free(struct import_names *names);

#endif
