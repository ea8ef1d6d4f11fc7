/* The visits to pairs of rows, tile by tile: values and gradients of the pairwise term. */
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
    double mean; /* 1/Z, for forms that add over bits 1/(ZK) */
};

/* Both visit the columns that are there first where others of the batch's codes are still on their way, and
 * wait for these then.
 *
 * Own rows against all columns, in ascending columns: each pair of own rows is visited twice, and nothing
 * comes back from the holders of other rows. A row's bits don't depend on which rows are own, unless codes
 * are on their way. */
void bl_pair_visit_twice(const struct bl_pair_task *task, const struct bl_term_out *out);

/* Each unordered pair of the circle's rows (scratch->blocks) is visited once, by the holder that the circle
 * says. One tile of factors f serves both sides, as loss and factors are symmetric: its rows get f C_columns,
 * its columns f' C_rows. That saves one product of four and half of the kernels. Of the columns' gradients,
 * those of own rows are added to out->dh; those of others' rows in the circle are left in scratch->mirror
 * [rows of the circle, K], to be added up by their holders. Rows outside of the circle are columns that get
 * nothing: their holders visit those pairs too. A row's value may stand with another row of the pair. Needs
 * columns that are the batch's rows. */
void bl_pair_visit_once(const struct bl_pair_task *task, const struct bl_term_out *out);

#endif
