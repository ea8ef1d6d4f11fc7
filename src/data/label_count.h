/* What labels say, counted: how many rows have none, which classes occur, what a person should doubt. */
#ifndef BL_DATA_LABEL_COUNT_H
#define BL_DATA_LABEL_COUNT_H

#include "base/error.h"
#include "data/labels.h"

/* A plain value that owns nothing. "Things" are classes (SINGLE), labels (MULTI) or groups (GROUPS). */
struct bl_label_count {
    enum bl_label_kind kind;
    int64_t rows;
    int64_t none;            /* rows without any */
    int64_t columns;         /* MULTI: of the matrix; GROUPS: the most groups a row has */
    int64_t distinct;        /* things that occur */
    int64_t lowest, highest; /* of those; -1: none occurs */
    int64_t most;            /* rows that have the commonest */
};

/* Counts rows as they come. Start from zeros; owned by the caller. */
struct bl_label_counter {
    struct bl_label_layout layout;
    int64_t rows, none, used, room;
    int32_t *key; /* [room] a table by open addressing; BL_UNLABELLED: free */
    int64_t *of;  /* [room] rows that have it */
};

/* Begins to count rows of such a layout, from nothing. Allocates. Errors: BL_MEMORY. free is safe twice. */
int bl_label_counter_init(struct bl_label_counter *counter, struct bl_label_layout layout,
                          struct bl_error *err);
void bl_label_counter_free(struct bl_label_counter *counter);

/* Adds rows as packed words [n, layout.words]; or, for MULTI, as bytes 0 and 1 [n, layout.classes]. Errors:
 * BL_MEMORY. */
int bl_label_counter_add(struct bl_label_counter *counter, const uint32_t *words, int64_t n,
                         struct bl_error *err);
int bl_label_counter_add_matrix(struct bl_label_counter *counter, const uint8_t *matrix, int64_t n,
                                struct bl_error *err);

/* Adds what another counter found: `rows` more rows have the thing `value`. Errors: BL_MEMORY. */
int bl_label_counter_put(struct bl_label_counter *counter, int32_t value, int64_t rows, struct bl_error *err);

struct bl_label_count bl_label_counter_result(const struct bl_label_counter *counter);

/* The sentence that every command says: "6 classes between 1 and 6, 500 rows without one (-1)". n_names: how
 * many classes have a name. Returns text. */
enum { BL_LABEL_TEXT = 200 };
const char *bl_label_count_say(const struct bl_label_count *count, int64_t n_names, char text[BL_LABEL_TEXT]);

/* 1 if labels can't tell rows apart: fewer than two classes, no label at all, or one group of all rows. */
int bl_label_count_is_alike(const struct bl_label_count *count);

/* What is probably wrong with such labels and what to do, a static sentence; NULL: nothing. */
const char *bl_label_count_doubt(const struct bl_label_count *count);

#endif
