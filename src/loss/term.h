/* The terms of the objective. Each is one file with one row of the table in objective.c: its value and its
 * gradient in the relaxed codes h (or in the parameters) stand side by side. Formulas: docs/mathematics.md.
 */
#ifndef BL_LOSS_TERM_H
#define BL_LOSS_TERM_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/labels.h"
#include "math/product.h"
#include "model/params.h"

/* The step's global batch as a rank sees it. All borrowed. */
struct bl_batch {
    int64_t n_global; /* N */
    int64_t n_local;  /* own rows are [first, first + n_local) of the batch */
    int64_t first;
    int64_t bits;       /* K */
    const float *h;     /* [n_local, K] relaxed codes of own rows */
    const float *codes; /* [n_global, codes_stride] the pairwise term's c of all rows, K values each */
    int64_t codes_stride;
    struct bl_label_layout label_layout;
    const uint32_t
        *labels; /* [n_global, label_layout.words]; classes of SINGLE are dense: [0, classes) or -1 */
};

/* What a term may use in a step without allocating; made once by bl_objective_init. */
struct bl_term_scratch {
    const struct bl_product *product; /* how products are done, and the number of threads; borrowed */
    float *tiles;                     /* [threads, BL_TILE_FLOATS] */
    int64_t *class_count;             /* [classes] for single labels */
    float *label_norm;                /* [n_global] for multi-labels */
};

enum { BL_TERM_SUMS_MAX = 2 };

struct bl_term {
    const char *name;
    double (*weight)(const struct bl_config_objective *config);
    int needs_labels;
    int needs_codes; /* the gathered codes of the whole batch */

    /* Once a step before the others, with the whole batch: fills scratch. NULL: nothing to do. */
    void (*prepare)(const struct bl_config_objective *config, const struct bl_batch *batch,
                    const struct bl_term_scratch *scratch);

    /* Sums over the global batch that the gradient needs: adds the part of the batch's own rows to
     * sums[BL_TERM_SUMS_MAX]. Called for each group of rows by itself. NULL: none. */
    void (*sums)(const struct bl_config_objective *config, const struct bl_batch *batch,
                 const struct bl_term_scratch *scratch, double *sums);

    /* Adds weight x gradient to dh [n_local, K] and each row's part of the unweighted value to row_values
     * [n_local]; the parts of all rows of the global batch add up to the value. What is added for a row must
     * not depend on which rows are this rank's. NULL for terms of the parameters alone. */
    void (*rows)(const struct bl_config_objective *config, const struct bl_batch *batch,
                 const struct bl_term_scratch *scratch, const double *sums, float *dh, double *row_values);

    /* Adds weight x gradient to [lo, hi) of grad [n_params] and returns the whole unweighted value. Called
     * once, after the reduction, with the same parameters on every rank. NULL for terms of the rows. */
    double (*params)(const struct bl_config_objective *config, const struct bl_layout *layout,
                     const float *params, int64_t lo, int64_t hi, float *grad);
};

extern const struct bl_term bl_term_pairwise;
extern const struct bl_term bl_term_quantization;
extern const struct bl_term bl_term_weight_decay;

#endif
