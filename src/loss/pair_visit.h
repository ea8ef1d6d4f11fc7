/* Visits pairs of rows tile by tile: values and gradients of the pairwise term. */
#ifndef BL_LOSS_PAIR_VISIT_H
#define BL_LOSS_PAIR_VISIT_H

#include "loss/pair_form.h"
#include "loss/term.h"

/* What a tile is computed from. All borrowed. */
struct bl_pair_task {
    const struct bl_config_objective *config;
    const struct bl_batch *batch;
    const struct bl_term_scratch *scratch;
    const struct bl_pair_form *form;
    struct bl_columns columns;
    struct bl_pair_factors factors;
    double mean; /* 1/Z; 1/(ZK) for forms that add over bits */
};

/* If codes of the batch are still in flight, both first visit the columns that are there, then wait for the
 * rest.
 *
 * Own rows against all columns, in ascending order: each pair of own rows is visited twice, and other holders
 * send nothing back. A row's bits don't depend on which rows are own, unless codes are in flight. */
void bl_pair_visit_twice(const struct bl_pair_task *task, const struct bl_term_out *out);

/* Visits each unordered pair of the circle's rows (scratch->blocks) once, on the holder that pair_blocks.h
 * gives. Loss and factors are symmetric, so one tile of factors f serves both sides: its rows get f
 * C_columns, its columns f' C_rows. That saves one product of four and half of the kernels. The gradients of
 * columns that are own rows are added to out->dh; those of other holders' rows in the circle are left in
 * scratch->mirror [rows of the circle, K], for their holders to add. Columns outside of the circle get none
 * here: their holders visit those pairs too. A pair's value may be counted at either of its rows. Columns
 * must be the batch's rows. */
void bl_pair_visit_once(const struct bl_pair_task *task, const struct bl_term_out *out);

#endif
