/* The terms of the objective. Each is one file here and one line of config/terms.def: its value and its
 * gradient in the relaxed codes h (or in parameters) stand side by side. Formulas: docs/mathematics.md. */
#ifndef BL_LOSS_TERM_H
#define BL_LOSS_TERM_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/labels.h"
#include "loss/pair_blocks.h"
#include "math/product.h"
#include "model/params.h"

/* Rows that a batch's rows are paired with. All borrowed. */
struct bl_columns {
    int64_t n;
    const float *codes; /* [n, stride], K values each */
    int64_t stride;
    const uint32_t *labels; /* [n, words] */
    const uint32_t *place;  /* [n_global] which column each row of the batch is; NULL: row i is column i */
};

/* Codes in flight from other ranks. Its functions are called by the thread that called the objective. */
struct bl_arrival {
    void *context;
    int64_t lo, hi;              /* rows [lo, hi) of the batch, own ones among them, have arrived */
    void (*poke)(void *context); /* called now and then: progresses pending messages */
    void (*wait)(void *context); /* returns when all have arrived; may be called again */
};

/* The step's global batch as a rank sees it. All borrowed. */
struct bl_batch {
    int64_t n_global; /* N */
    int64_t n_local;  /* own rows are [first, first + n_local) of the batch */
    int64_t first;
    int64_t bits;       /* K */
    const float *h;     /* [n_local, K] relaxed codes of own rows */
    const float *codes; /* [n_global, codes_stride] the code c of all rows (without a gather: of own rows), K
                         * values each */
    int64_t codes_stride;
    struct bl_label_layout label_layout;
    const uint32_t *labels;   /* [n_global, label_layout.words], without a gather those of own rows alone;
                               * classes of SINGLE and GROUPS are dense: [0, classes) or -1 */
    struct bl_columns memory; /* the last codes of all training rows, for terms that pair with them */
    const struct bl_arrival *arrival; /* NULL: all codes are there; else some are in flight until a term's
                                       * rows() has waited. Labels are all there. */
};

/* What a term may use in a step without allocating; made once by bl_objective_init. */
struct bl_term_scratch {
    const struct bl_product *product; /* the kind of matrix products, and the number of threads; borrowed */
    float *tiles;                     /* [threads, BL_TILE_FLOATS] */
    int64_t *class_count;             /* [classes] for one class or group a row */
    int64_t *group_begin;             /* [classes + 1] for several: where each one's columns begin */
    int32_t *group_rows;              /* [columns * words] the columns of each group, ascending */
    float *label_norm;                /* [columns] for multi-labels */
    float *code_length;               /* [columns] for forms of pairs that look at lengths */
    struct bl_pair_blocks blocks;     /* where pairs are visited once; empty where they are visited twice */
    float *mirror;      /* [threads, their rows, K] there: gradients of rows as columns; borrowed */
    double *mirror_own; /* [threads, their rows] */
    float *work;        /* the most that any term asked for; holds nothing between calls */
};

/* What a term asks for, once. */
struct bl_term_size {
    int64_t sums;          /* numbers that are summed over the global batch before the gradient */
    int64_t floats;        /* of scratch->work, whatever the rows */
    int64_t row_floats;    /* and for each own row */
    int64_t thread_floats; /* and for each thread */
    int64_t constants;     /* floats that constants() fills once */
};

/* What a term works on in a step. All borrowed. */
struct bl_term_in {
    const struct bl_config_objective *config;
    double weight; /* the term's */
    const struct bl_batch *batch;
    const struct bl_term_scratch *scratch;
    const double *sums;     /* [size.sums] over the global batch */
    const float *params;    /* the term's own tensors, one after another */
    const float *constants; /* [size.constants] */
};

/* Where a term's gradient goes. */
struct bl_term_out {
    float *dh;                      /* [n_local, K]: the term adds weight x gradient in h (or c) */
    double *row_values;             /* [n_local]: adds each row's part of the unweighted value */
    const struct bl_groups *groups; /* of the batch's rows */
    const struct bl_grad *grad;     /* of all parameters: sets weight x gradient in its own tensors, which */
    int64_t tensor, at;             /* begin with number `tensor`, at `at` of the block (bl_grad_at) */
};

/* Everything may be NULL or 0: the term has none of it. A term of rows has rows(), one of parameters
 * params(). */
struct bl_term {
    int needs_codes;   /* the gathered codes and labels of the whole batch */
    int needs_classes; /* labels, which groups are not */
    int needs_pairs;   /* labels or groups */

    /* 1 if one code for all rows is among the term's best, so that alone it teaches nothing; NULL: 0. */
    int (*is_blind)(const struct bl_config_objective *config, int64_t bits);

    /* BL_USAGE when the term needs labels that the data lacks or of another kind, naming the key. */
    int (*check)(const struct bl_config_objective *config, struct bl_label_layout labels,
                 struct bl_error *err);

    struct bl_term_size (*size)(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels);

    /* Fills what is constant over the run: a function of configuration, bits and labels alone, equal on all
     * ranks and after a restart, so no checkpoint holds it. Errors: BL_USAGE naming the key. */
    int (*constants)(const struct bl_config_objective *config, int64_t bits, struct bl_label_layout labels,
                     float *constants, struct bl_error *err);

    /* Appends the term's own tensors, which are trained like the network's but are no part of the model. */
    void (*tensors)(int64_t bits, struct bl_label_layout labels, struct bl_layout *layout);

    /* Called once a step before the others, with the labels of the whole batch: fills scratch. in->sums and
     * codes of other ranks' rows are not there yet. */
    void (*prepare)(const struct bl_term_in *in);

    /* Adds the part of the batch's own rows to sums; called for each group of rows by itself. No sum's parts
     * add up, in absolute values, to more than bound(): that decides their resolution (math/fixed.h). */
    void (*sums)(const struct bl_term_in *in, double *sums);
    double (*bound)(const struct bl_batch *batch);

    /* The unweighted value, from the sums alone; rows() then adds nothing to row_values. */
    double (*whole)(const struct bl_term_in *in);

    /* The gradient; the values of all rows of the global batch add up to the unweighted value. What is added
     * for a row must not depend on which rows are this rank's. */
    void (*rows)(const struct bl_term_in *in, const struct bl_term_out *out);

    /* For terms of the network's parameters alone: adds weight x gradient to the ranges of grad [n_params]
     * and returns the whole unweighted value. Called once, after the reduction, with the same parameters on
     * every rank; neither value nor gradient may depend on the ranges. in: config and scratch alone. */
    double (*params)(const struct bl_term_in *in, const struct bl_layout *layout, const float *params,
                     struct bl_ranges ranges, float *grad);
};

#define ROW_TERM(name, sentence)       extern const struct bl_term bl_term_##name;
#define PARAMETER_TERM(name, sentence) extern const struct bl_term bl_term_##name;
#include "config/terms.def"

#endif
