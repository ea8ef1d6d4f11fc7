/* What `bitloom search` compares, and what it finds. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_ANSWER_H
#define PAR_COMMAND_SEARCH_SEARCH_ANSWER_H

#include <stdint.h>

#include "mpi/evaluate/code_set.h"

/* A code file in memory: queries or database. Owns all but path and info. */
struct search_side {
    const char *path;
    struct par_codes *file; /* stays open: it owns the class names */
    const struct par_codes_info *info;
    struct par_code_set codes;
    char *ids; /* [rows, id_bytes], padded with NUL; NULL: none */
};

/* The neighbours of queries [first, first + n); borrowed. */
struct search_block {
    int64_t first, n, k;
    const int64_t *rows;      /* [n, k] database rows, -1 after the last neighbour */
    const int32_t *distances; /* [n, k] Hamming distances, likewise */
};

#endif
