/* What `bitloom search` compares, and what it finds. Everything here is local. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_ANSWER_H
#define PAR_COMMAND_SEARCH_SEARCH_ANSWER_H

#include <stdint.h>

#include "io/output.h"
#include "mpi/evaluate/code_set.h"

/* A code file in memory: queries or database. Owns all but path and info. */
struct search_side {
    const char *path;
    struct par_codes *file; /* stays open: it owns the class names */
    const struct par_codes_info *info;
    struct par_code_set codes;
    char *ids; /* [rows, id_bytes], padded with NUL; NULL: none */
};

/* What is asked for. */
struct search_wish {
    int64_t k;      /* neighbours of each query; 0: all within the radius */
    int64_t radius; /* -1: any distance */
    int exclude_self;
    enum io_replace replace; /* what the output may replace */
};

/* The neighbours of queries [first, first + n); borrowed. Those of the i-th are at [at[i], at[i + 1]) of both arrays:
 * database rows and Hamming distances, nearest first, -1 after the last neighbour where there are fewer than k. */
struct search_block {
    int64_t first, n;
    const int64_t *at; /* [n + 1] */
    const int64_t *rows;
    const int32_t *distances;
};

struct search_output;

/* Answers all queries into the output, which is made here and not yet committed: *out is to be destroyed whatever the
 * result. path NULL: standard output. Says in the log how many queries were cut to k, and what was left out. Errors:
 * BL_USAGE there is no way to tell a query's own item; BL_PATH, BL_MEMORY. */
enum search_format { SEARCH_TSV, SEARCH_JSON, SEARCH_HDF5 };
int search_answer(const struct search_side *queries, const struct search_side *database,
                  const struct search_wish *wish, enum search_format format, const char *path,
                  struct search_output **out, struct bl_error *err);

#endif
