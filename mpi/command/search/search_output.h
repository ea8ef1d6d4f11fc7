/* The output of `bitloom search` in one of three formats, written one block of queries after another.
 * Everything here is local. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_OUTPUT_H
#define PAR_COMMAND_SEARCH_SEARCH_OUTPUT_H

#include <stdint.h>

#include "mpi/command/search/search_answer.h"
#include "mpi/files/output.h"

/* The format by its name or, if name is NULL, by the ending of path; TSV if both are NULL. Errors:
 * BL_USAGE. */
int search_format_of(const char *name, const char *path, enum search_format *format, struct bl_error *err);

/* The kind of file that it makes. */
enum file_kind search_kind(enum search_format format);

/* An output being written, under a temporary name until the commit. */
struct search_output;

/* Opens the output at path (NULL: standard output, which HDF5 can't use) for what the wish asks for. offsets [queries
 * + 1], only for HDF5 and where wish->k is 0: where the neighbours of each query begin; borrowed for the call. Borrows
 * both sides. Destroy *out whatever the result. Errors: those of output_begin; BL_MEMORY. */
int search_output_create(struct search_output **out, enum search_format format, const char *path,
                         const struct search_side *queries, const struct search_side *database,
                         const struct search_wish *wish, const int64_t *offsets, struct bl_error *err);

/* Writes the next block; blocks come in the order of queries. Errors: BL_PATH, BL_MEMORY. */
int search_output_write(struct search_output *output, const struct search_block *block, struct bl_error *err);

/* Finishes the output and gives the file its name. Errors: BL_PATH. */
int search_output_commit(struct search_output *output, struct bl_error *err);

/* Frees; without a commit it removes the temporary file. NULL is fine. */
void search_output_destroy(struct search_output *output);

#endif
