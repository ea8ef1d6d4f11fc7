/* How similar two rows are, s in [0,1], from their labels or groups. */
#ifndef BL_LOSS_SIMILARITY_H
#define BL_LOSS_SIMILARITY_H

#include <stdint.h>

#include "loss/term.h"

/* Whether every similarity is 0 or 1. */
int bl_similarity_is_certain(int similarity);

/* BL_USAGE if the configured similarity doesn't fit the labels that the data has. */
int bl_similarity_check(int similarity, struct bl_label_layout layout, struct bl_error *err);

/* Fills scratch->label_norm [columns]: the number of labels of each column (JACCARD) or its inverse square
 * root, 0 for none (COSINE); for lists of groups, group_begin and group_rows; nothing for the other kinds.
 * Call once a step before the functions below. */
void bl_similarity_prepare(int similarity, struct bl_label_layout layout, const struct bl_columns *columns,
                           const struct bl_term_scratch *scratch);

/* s of row i of the batch to columns [lo, hi): out [hi - lo]. The row's own column gets a value too; callers
 * skip it. */
void bl_similarity_row(int similarity, const struct bl_batch *batch, const struct bl_columns *columns,
                       const struct bl_term_scratch *scratch, int64_t i, int64_t lo, int64_t hi, float *out);

/* This rank's part of S1 = the sum of s_ij over its rows i and all columns j but the row's own. Exact for 0/1
 * similarities. So many columns at a time. */
enum { BL_SIMILARITY_COLUMNS = 1024 };
double bl_similarity_sum(int similarity, const struct bl_batch *batch, const struct bl_columns *columns,
                         const struct bl_term_scratch *scratch);

/* The column that row i of the batch is. */
static inline int64_t bl_column_of(const struct bl_columns *columns, int64_t i)
{
    return columns->place ? (int64_t)columns->place[i] : i;
}

#endif
