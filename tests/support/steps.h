/* Training steps on a small data set, on all ranks together and on each rank by itself: what tests of steps
 * compare. */
#ifndef TEST_SUPPORT_STEPS_H
#define TEST_SUPPORT_STEPS_H

#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

/* Networks of a few KiB: buckets of 1 KiB make several of their gradients. */
enum { STEPS_ROWS = 131, STEPS_DIM = 8, STEPS_LIST = 3, STEPS_MANY = 5 /* in a row */ };

/* One way to train; NULL is the ordinary one. */
struct step_variant {
    const char *hidden, *dropout, *relaxation, *similarity, *clip_norm, *global_batch, *reduction, *pairs,
        *threads, *overlap;
    const char *preset, *terms; /* terms: more of them, ", name: {key: value}" */
    int nodes; /* 0: as hosts are; otherwise the ranks are so many nodes, as even as can be, or each is one by
                  itself */
    int multi;
    int lists;    /* groups to a row: one, or STEPS_LIST */
    double bound; /* of the gradient's difference from one rank's, by its norm; 0: 1e-5 */
};

/* All that a step needs, on the ranks of par. */
struct step_trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state;
    struct phases phases;
    struct par_step step;
};

/* Methods of other papers; more terms beside a preset's, or alone. */
enum { STEPS_RIVALS = 7, STEPS_TERMS = 8 };
extern const struct step_variant steps_rivals[STEPS_RIVALS];
extern const char *const steps_terms[STEPS_TERMS];

/* The same data and configuration for all ranks together and for each rank by itself. Collective. */
void steps_make_both(struct par par, const struct step_variant *variant, struct step_trainer *together,
                     struct step_trainer *alone);
void steps_free(struct step_trainer *trainer);

/* Each trains in one way and checks. Collective. gradient: it is that of one rank, at three steps of
 * different epochs, so that other batches meet the same parameters; equal: parameters move, and are the same
 * bits on all ranks after every step; allocations: ten steps make none; traffic: three steps count three
 * times what the plan says for this rank. */
void steps_check_gradient(struct par par, const struct step_variant *variant);
void steps_check_equal(struct par par, const struct step_variant *variant);
void steps_check_allocations(struct par par, const struct step_variant *variant);
void steps_check_traffic(struct par par, const struct step_variant *variant);

#endif
