/* The training objective: the weighted sum of the chosen terms. */
#ifndef BL_LOSS_OBJECTIVE_H
#define BL_LOSS_OBJECTIVE_H

#include <stdint.h>

#include "data/label_count.h"
#include "loss/term.h"

enum { BL_TERMS_MAX = 16 };

struct bl_objective {
    struct bl_config_objective config;
    int64_t bits;
    int64_t n_terms; /* those with a weight other than 0, in the order in which they run */
    const struct bl_term *term[BL_TERMS_MAX];
    const char *name[BL_TERMS_MAX];
    double weight[BL_TERMS_MAX];
    int64_t sums_at[BL_TERMS_MAX + 1];      /* term t's sums are [sums_at[t], sums_at[t+1]) of all */
    int64_t n_network, n_network_tensors;   /* parameters and tensors of the network, which come first */
    int64_t tensors_at[BL_TERMS_MAX];       /* where its own tensors begin, behind the network's parameters */
    int64_t first_tensor[BL_TERMS_MAX];     /* and the number of the first, behind the network's tensors */
    int64_t constants_at[BL_TERMS_MAX + 1]; /* where its constants begin */
    struct bl_term_scratch scratch;         /* owned */
    double *row_values;                     /* [own rows]; owned */
    int64_t *sums;                          /* [bl_objective_n_sums] in fixed point; owned */
    double *group_sums, *global_sums;       /* [the same] of a group, of the global batch; owned */
    float *constants;                       /* of all terms; owned */
};

/* Appends to a network's layout the tensors of the terms that a configuration chooses. labels as in
 * bl_objective_init. */
void bl_objective_tensors(const struct bl_config_objective *config, struct bl_label_layout labels,
                          int64_t bits, struct bl_layout *layout);

/* Whether rows are paired with the last codes of all training rows, not with their batch alone. */
int bl_objective_wants_memory(const struct bl_config_objective *config);

/* Chooses the terms and allocates what a step needs for n_local_max own rows that are paired with
 * n_columns_max rows: those of a batch, or of the memory. network: the layout that the parameters will have,
 * of which terms' own tensors may be missing. labels.classes of single labels is the number of dense classes.
 * Borrows product. Free with bl_objective_free (safe twice). Errors: BL_USAGE when a term needs labels that
 * the data lacks or of another kind; BL_MEMORY. */
int bl_objective_init(struct bl_objective *objective, const struct bl_config_objective *config,
                      const struct bl_layout *network, struct bl_label_layout labels, int64_t n_local_max,
                      int64_t n_columns_max, const struct bl_product *product, struct bl_error *err);
void bl_objective_free(struct bl_objective *objective);

/* BL_USAGE if an objective for codes of `bits` bits can't tell rows apart, whatever is done: it has terms of
 * labels, and the training rows, whose labels are counted in `count`, have fewer than two classes; or one code
 * for all rows minimises all its terms. The message says what works. */
int bl_objective_check_learns(const struct bl_config_objective *config, int64_t bits,
                              const struct bl_label_count *count, struct bl_error *err);

/* Floats of work space that bl_objective_init allocates for n_local rows. network and labels as there; the
 * objective has been initialised for any number of rows. */
int64_t bl_objective_work_floats(const struct bl_objective *objective, const struct bl_layout *network,
                                 struct bl_label_layout labels, int64_t n_local);

/* Whether a term visits the pairs of the batch's rows, so that it may visit each once. */
int bl_objective_visits_pairs(const struct bl_config_objective *config);

/* From now on visits each unordered pair of some rows once, where bl_objective_visits_pairs. Holder p of
 * n_parts has rows [rows[p], rows[p+1]) of the batch; `own` is the caller. After bl_objective_rows, mirror
 * [rows[n_parts] - rows[0], K] has the gradients of these rows from the pairs that were visited here; each
 * holder then adds to its dh what the other holders' mirrors have for its rows. Borrows mirror, which has
 * room for so many floats for each thread. Allocates. Errors: BL_MEMORY, after which the objective is to be
 * freed. */
int bl_objective_visit_once(struct bl_objective *objective, const int64_t *rows, int n_parts, int own,
                            float *mirror, struct bl_error *err);

/* Whether any term needs the codes (and labels) of the whole batch. */
int bl_objective_needs_gather(const struct bl_objective *objective);

/* How many numbers have to be summed over ranks in a step, between the two functions below. */
int64_t bl_objective_n_sums(const struct bl_objective *objective);

/* The beta of tanh-beta at a global step; 1 for the other relaxations.
 * beta(t) = min(beta_max, beta_start (1 + beta_growth t)^beta_power). Cao et al., "HashNet", ICCV 2017,
 * continuation. */
double bl_objective_beta(const struct bl_config_objective *config, int64_t step);

/* From outputs z [n, K]: h = tanh(beta z), and the code c that terms see, h or sign(h) (straight-through
 * estimator), into codes [n, stride]. */
void bl_objective_relax(const struct bl_objective *objective, double beta, const float *z, int64_t n,
                        float *h, float *codes, int64_t stride);

/* objective->sums = this rank's part of the sums that terms need over the global batch: integers, to be added
 * over ranks in any order. Formed group by group, so that their bits depend on the groups alone. Call it
 * before bl_objective_rows, also when there are no sums. */
void bl_objective_sums(struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups);

/* What bl_objective_rows leaves. */
struct bl_objective_out {
    float *dh;      /* [n_local, K] the gradient of all row terms in h (or c: straight-through) */
    double *values; /* [groups->n, BL_TERMS_MAX] each group's part of each unweighted value, rows ascending; 0
                     * for terms of the parameters; a value of sums alone stands in the batch's first group */
    const struct bl_grad *grad; /* of all parameters: the terms' own tensors are set, as bl_network_backward
                                 * sets the network's; NULL if there are none */
};

/* Values and gradients of the row terms; objective->sums are those of all ranks now. own_params: the terms'
 * own tensors, which follow the network's. Sets all of dh and values. */
void bl_objective_rows(const struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups, const float *own_params,
                       const struct bl_objective_out *out);

/* Backward pass of the relaxation, in place: dh becomes dz = dh beta (1 - h^2). */
void bl_objective_dz(const struct bl_objective *objective, double beta, const float *h, int64_t n, float *dh);

/* Adds the parameter terms' gradients to the ranges of the reduced grad [n_params]; values [n_terms] gets
 * their values, 0 for the others; those are the same on all ranks, for any ranges. */
void bl_objective_params(const struct bl_objective *objective, const struct bl_layout *layout,
                         const float *params, struct bl_ranges ranges, float *grad, double *values);

#endif
