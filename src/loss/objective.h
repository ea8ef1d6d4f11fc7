/* The weighted sum of terms that training makes small. */
#ifndef BL_LOSS_OBJECTIVE_H
#define BL_LOSS_OBJECTIVE_H

#include <stdint.h>

#include "loss/term.h"

enum { BL_TERMS_MAX = 16 };

struct bl_objective {
    struct bl_config_objective config;
    int64_t bits;
    int64_t n_terms; /* those with a weight other than 0, in the table's order */
    const struct bl_term *term[BL_TERMS_MAX];
    struct bl_term_scratch scratch; /* owned */
    double *row_values;             /* [own rows]; owned */
};

/* Chooses the terms and allocates what a step needs for n_local_max own rows of batches of n_global_max rows.
 * labels.classes of single labels is the number of dense classes. Borrows product. Free with
 * bl_objective_free (safe twice). Errors: BL_USAGE when a term needs labels that the data lacks or of another
 * kind; BL_MEMORY. */
int bl_objective_init(struct bl_objective *objective, const struct bl_config_objective *config, int64_t bits,
                      struct bl_label_layout labels, int64_t n_local_max, int64_t n_global_max,
                      const struct bl_product *product, struct bl_error *err);
void bl_objective_free(struct bl_objective *objective);

/* Whether any term needs the codes (and labels) of the whole batch. */
int bl_objective_needs_gather(const struct bl_objective *objective);

/* Whether any term needs sums over ranks (bl_objective_sums). */
int bl_objective_needs_sums(const struct bl_objective *objective);

/* The growing steepness of tanh-beta at a global step; 1 for the other relaxations.
 * beta(t) = min(beta_max, beta_start (1 + beta_growth t)^beta_power). Cao et al., "HashNet", ICCV 2017,
 * continuation. */
double bl_objective_beta(const struct bl_config_objective *config, int64_t step);

/* From outputs z [n, K]: h = tanh(beta z) and the pairwise term's code c, h or sign(h), into codes [n,
 * stride]. */
void bl_objective_relax(const struct bl_objective *objective, double beta, const float *z, int64_t n,
                        float *h, float *codes, int64_t stride);

/* The parts of each group of own rows of the sums that terms need over the global batch: sums [groups->n,
 * n_terms * BL_TERM_SUMS_MAX], overwritten. Call it before bl_objective_rows also when no term needs sums. */
void bl_objective_sums(const struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups, double *sums);

/* dh [n_local, K], overwritten with the gradient of all row terms in h (or c: straight-through); values
 * [groups->n, BL_TERMS_MAX] gets each group's part of each unweighted value, rows ascending, 0 for terms of
 * the parameters. sums [n_terms * BL_TERM_SUMS_MAX]: of all groups of all ranks, added in their order. */
void bl_objective_rows(const struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups, const double *sums, float *dh, double *values);

/* dh becomes dz in place: times beta (1 - h^2). */
void bl_objective_dz(const struct bl_objective *objective, double beta, const float *h, int64_t n, float *dh);

/* Adds the parameter terms' gradients to [lo, hi) of the reduced grad [n_params]; values [n_terms] gets their
 * values, 0 for the others; those are the same on all ranks, for any range. */
void bl_objective_params(const struct bl_objective *objective, const struct bl_layout *layout,
                         const float *params, int64_t lo, int64_t hi, float *grad, double *values);

#endif
