/* The two sides of an evaluation, queries and database: which rows they are, and their codes, of which
 * each rank has a piece. */
#ifndef PAR_COMMAND_EVALUATE_EVALUATE_SIDES_H
#define PAR_COMMAND_EVALUATE_EVALUATE_SIDES_H

#include "config/config.h"
#include "mpi/evaluate/code_set.h"
#include "mpi/files/protocol_note.h"

/* One side. The piece is this rank's and owned; the rest is the same on all ranks. */
struct evaluate_side {
    char name[BL_PATH_MAX + BL_NAME_MAX + 32]; /* in messages and in the protocol */
    struct par_code_set piece;
    int64_t rows;          /* of all ranks */
    int64_t trained_found; /* how many of the sampled training rows are on this side */
};

struct evaluate_sides {
    struct evaluate_side queries, database;
    int64_t n_class_names; /* of the longer list; 0: classes are numbers */
    int same;              /* both are the same rows of the same file; then only queries.piece is filled */
    char protocol[BL_NAME_MAX];            /* the protocol's name, "splits" or "codes" */
    char protocol_words[600];              /* the same in words */
    int64_t seed;                          /* of the protocol; -1: no rows were drawn */
    int64_t trained_rows, trained_sampled; /* the model's training rows, and its sample of them; 0: unknown */
    char query_split[BL_NAME_MAX], database_split[BL_NAME_MAX]; /* whole splits; "" for codes and halves */
    char data[BL_PATH_MAX];                                     /* the data set; "" for codes */
    char model[BL_PATH_MAX];  /* the model, or the file of the queries' codes */
    char method[BL_NAME_MAX]; /* "": unknown */
};

/* The options as given, borrowed; NULL: not given. */
struct evaluate_request {
    const char *model, *data;
    const char *queries, *database; /* splits, or: */
    const char *protocol;           /* a name; without any of these, the protocol that DATA was cut by */
    const char *seed;
    const char
        *relevant;     /* "label", "group", "neighbours"; NULL: labels if both sides have them, else groups */
    int by_neighbours; /* the latter: labels aren't asked for */
};

/* Encodes both sides with the model. Free *sides whatever the result. Collective; agreed. Errors: BL_USAGE
 * a request that doesn't fit the data; those of reading, of par_retrieve_check_local and of encoding. */
int par_evaluate_sides_encode(struct par par, const struct evaluate_request *request,
                              struct evaluate_sides *sides, struct bl_error *err);

/* Reads both sides from code files; with by_neighbours they need no labels. Free *sides whatever the result. Collective; agreed. Errors: those of
 * reading and of par_retrieve_check_local; BL_INPUT classes of different names. */
int par_evaluate_sides_load(struct par par, const char *queries, const char *database, int by_neighbours,
                            struct evaluate_sides *sides, struct bl_error *err);

/* Frees the codes. Local; safe twice and on zeros. */
void evaluate_sides_free(struct evaluate_sides *sides);

#endif
