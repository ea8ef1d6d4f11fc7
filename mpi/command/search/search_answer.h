/* What a search has found and between what. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_ANSWER_H
#define PAR_COMMAND_SEARCH_SEARCH_ANSWER_H

#include <stdint.h>

#include "mpi/evaluate/code_set.h"

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

#endif
