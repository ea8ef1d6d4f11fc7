/* What `bitloom search` writes: one block of answered queries after another, in one of three formats. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_OUTPUT_H
#define PAR_COMMAND_SEARCH_SEARCH_OUTPUT_H

#include <stdint.h>

#include "mpi/command/search/search_answer.h"

enum search_format { SEARCH_TSV, SEARCH_JSON, SEARCH_HDF5 };

/* The format by its name, or by the ending of path (either may be NULL; TSV without both). BL_USAGE. */
int search_format_of(const char *name, const char *path, enum search_format *format, struct bl_error *err);

/* Opens the output at path (NULL: standard output, not for HDF5) for k neighbours of each query; borrows both
 * sides. The file appears under its name in commit; destroy without it removes the unfinished one. NULL is
 * fine for destroy. Errors: BL_PATH, BL_USAGE, BL_MEMORY. */
struct search_output;
int search_output_create(struct search_output **out, enum search_format format, const char *path,
                         const struct search_side *queries, const struct search_side *database, int64_t k,
                         struct bl_error *err);
int search_output_write(struct search_output *output, const struct search_block *block, struct bl_error *err);
int search_output_commit(struct search_output *output, struct bl_error *err);
void search_output_destroy(struct search_output *output);

#endif
