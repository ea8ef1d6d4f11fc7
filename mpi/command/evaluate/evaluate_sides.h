/* The two sides of an evaluation, queries and database: which rows they are, and this rank's piece of their
 * codes. */
#ifndef PAR_COMMAND_EVALUATE_EVALUATE_SIDES_H
#define PAR_COMMAND_EVALUATE_EVALUATE_SIDES_H

#include "config/config.h"
#include "mpi/evaluate/code_set.h"
#include "mpi/files/protocol_note.h"

struct evaluate_side {
    char name[BL_PATH_MAX + BL_NAME_MAX + 32]; /* in messages and in the protocol */
    struct par_code_set piece;
    int64_t rows;          /* of all ranks */
    int64_t trained_found; /* of the sampled training rows, how many are here */
};

struct evaluate_sides {
    struct evaluate_side queries, database;
    int same; /* both are the same rows of the same file; then only queries.piece is filled */
    char protocol[BL_NAME_MAX];            /* the protocol's name, "splits" or "codes" */
    char protocol_words[600];              /* and in words */
    int64_t seed;                          /* of the protocol; -1: nothing was drawn */
    int64_t trained_rows, trained_sampled; /* that the model was trained on; 0: not known */
    char data[BL_PATH_MAX];                /* the data set; "" for codes */
    char model[BL_PATH_MAX];               /* the model file, or that of the queries' codes */
    char method[BL_NAME_MAX];              /* "" where it isn't known */
};

/* What was asked for; NULL where it wasn't. */
struct evaluate_request {
    const char *model, *data;
    const char *queries, *database; /* splits, or: */
    const char *protocol;           /* a name; without any of these, what the data was cut by */
    const char *seed;
    const char *relevant; /* "label" or "group"; NULL: labels where both sides have them, else groups */
};

/* Encodes both sides with the model. Collective; agreed; free *sides whatever the result. Errors: BL_USAGE a
 * request that doesn't fit the data; those of reading, of par_retrieve_check_local and of encoding. */
int evaluate_sides_encode(struct par par, const struct evaluate_request *request,
                          struct evaluate_sides *sides, struct bl_error *err);

/* Reads both from code files. Likewise. */
int evaluate_sides_load(struct par par, const char *queries, const char *database,
                        struct evaluate_sides *sides, struct bl_error *err);

/* Safe twice and on zeros. */
void evaluate_sides_free(struct evaluate_sides *sides);

#endif
