/* Training steps on a small data set, on all ranks together and on each rank alone, for tests to compare. */
#ifndef TEST_SUPPORT_STEPS_H
#define TEST_SUPPORT_STEPS_H

#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

/* Networks have a few KiB, so that buckets of 1 KiB divide their gradients. */
enum { STEPS_ROWS = 131, STEPS_DIM = 8, STEPS_LIST = 3, STEPS_MANY = 5 /* in a row */ };

/* One way to train; NULL means the default. */
struct step_variant {
    const char *hidden, *dropout, *relaxation, *similarity, *clip_norm, *global_batch, *reduction, *pairs,
        *threads, *overlap;
    const char *preset, *terms;    /* terms: additional ones, ", name: {key: value}" */
    const char *model, *optimizer; /* more keys of these, ", key: value" */
    int64_t first_step; /* where tests/ranks/step/reference.c begins, with the parameters of a new run */
    int nodes;          /* number of nodes that the ranks are divided into, at most one per rank; 0: one */
    int multi;          /* rows with several labels */
    int lists;          /* groups per row: 0, 1 or STEPS_LIST */
    double bound; /* largest difference of the gradient from one rank's, relative to its norm; 0: 1e-5 */
};

/* All that a step needs. */
struct step_trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state;
    struct phases phases;
    struct par_step step;
};

/* Presets from other papers; and terms to add to a preset. */
enum { STEPS_RIVALS = 7, STEPS_TERMS = 8 };
extern const struct step_variant steps_rivals[STEPS_RIVALS];
extern const char *const steps_terms[STEPS_TERMS];

/* Trainers with the same data and configuration: on all ranks together and on each alone. Collective. */
void steps_make_both(struct par par, const struct step_variant *variant, struct step_trainer *together,
                     struct step_trainer *alone);
void steps_free(struct step_trainer *trainer);

/* Trains in one way and checks `what` of it. Collective.
 * STEPS_GRADIENT: it is that of one rank, at three steps of different epochs, so that other batches meet the
 * same parameters. STEPS_EQUAL: parameters move, and are the same bits on all ranks after every step.
 * STEPS_TRAFFIC: three steps count three times what the plan says for this rank. STEPS_ALLOCATIONS: ten steps
 * make none. */
enum { STEPS_GRADIENT = 1, STEPS_EQUAL = 2, STEPS_TRAFFIC = 4, STEPS_ALLOCATIONS = 8 };
void steps_check(struct par par, const struct step_variant *variant, unsigned what);

#endif
