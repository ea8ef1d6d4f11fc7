/* What `bitloom search` writes: one block of answered queries after another, in one of three formats. */
#ifndef PAR_COMMAND_SEARCH_OUTPUT_H
#define PAR_COMMAND_SEARCH_OUTPUT_H

#include <stdint.h>

#include "mpi/retrieve.h"

/* A code file in memory. */
struct search_side {
    const char *path;
    struct par_codes *file; /* stays open: owns the class names */
    const struct par_codes_info *info;
    struct par_code_set codes;
    char *ids; /* [rows, id_bytes], zero-padded; NULL: none */
};

/* The answer to queries [first, first + n). */
struct search_block {
    int64_t first, n, k;
    const int64_t *rows;      /* [n, k], -1 behind the last */
    const int32_t *distances; /* [n, k], likewise */
};

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
