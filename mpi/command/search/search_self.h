/* Which items of a database are the query itself (search --exclude-self). Everything here is local. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_SELF_H
#define PAR_COMMAND_SEARCH_SEARCH_SELF_H

#include "mpi/command/search/search_answer.h"

/* Items with the same row, if both sides are the same file; with the same id, if they are two. Owns its arrays; borrows
 * both sides. */
struct search_self {
    const struct search_side *queries;
    int by_row;
    int64_t n;
    struct search_id *sorted; /* [n] the database's ids, ascending */
    int64_t *rows;            /* [n] their rows; by row [1] */
};

/* Zeros mean that no query has itself in the database. Errors: BL_USAGE two files of which one has no ids; BL_MEMORY.
 * search_self_free is safe twice and on zeros. */
int search_self_init(struct search_self *self, const struct search_side *queries,
                     const struct search_side *database, struct bl_error *err);
void search_self_free(struct search_self *self);

/* How many rows of the database are query number `query`; *rows has them, ascending, until the next call. */
int64_t search_self_of(struct search_self *self, int64_t query, const int64_t **rows);

#endif
