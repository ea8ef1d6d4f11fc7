/* What `bitloom import` does once its options are known: files of other programs become a split of ours. Local. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_ROWS_H
#define PAR_COMMAND_IMPORT_IMPORT_ROWS_H

#include <stdint.h>

#include "base/error.h"

/* The options, borrowed from argv; NULL: not given. */
struct import_given {
    const char *format, *features, *labels, *label_format, *groups, *ids, *label_column, *id_column,
        *no_header, *dtype, *decimal, *columns, *first_index, *class_names, *replace, *split, *out;
    int64_t n_columns, first_index_number; /* of the options, once they are checked; 0: not given */
};

/* The format of given->labels: as said, by the ending, or that of the features. */
const char *import_label_format(const struct import_given *given);

/* Reads everything twice, first to check it, and adds the split to given->out; on failure that file is as it
 * was. Errors: BL_PATH, BL_INPUT with file and row, BL_USAGE, BL_NUMBERS, BL_MEMORY. */
int import_rows(const struct import_given *given, struct bl_error *err);

#endif
