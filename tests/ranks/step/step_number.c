/* What of a step depends on its number in the run, not in its epoch: dropout's masks and the beta of tanh-beta. */
#include <math.h>
#include <string.h>

#include "support/ranks.h"
#include "support/steps.h"

enum { NUMBERS = 6 };

/* Outputs of the step's rows by a network of its own, masked as for step `number`. */
static void expected_outputs(const struct step_trainer *trainer, int64_t number, float *z)
{
    const struct par_batch *batch = &trainer->step.batch;
    const struct bl_dropout dropout = {.p = trainer->config.model.dropout,
                                       .seed = (uint64_t)trainer->config.train.seed,
                                       .step = number,
                                       .rows = batch->rows};
    struct bl_network network;
    CHECK(bl_network_init(&network, &trainer->state.model.shape, batch->n_local, &trainer->step.product,
                          NULL) == BL_OK);
    bl_network_forward(&network, trainer->state.model.params, batch->x, batch->n_local, &dropout, z);
    bl_network_free(&network);
}

static void every_step_has_the_masks_of_its_number(struct par par)
{
    static struct step_trainer together, alone;
    static float z[STEPS_ROWS * 64];
    steps_make_both(par, &(struct step_variant){.dropout = "0.4"}, &together, &alone);
    const int64_t bits = bl_shape_code_bits(&together.state.model.shape);
    CHECK(together.step.batches.steps_per_epoch > 1 && together.step.batches.steps_per_epoch < NUMBERS &&
          bits <= 64);
    for (int64_t number = 0; number < NUMBERS; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        const size_t bytes = (size_t)(together.step.batch.n_local * bits) * sizeof *z;
        CHECK(par_step_gradient(&together.step, &together.state.model, number, &outcome, &err) == BL_OK);
        expected_outputs(&together, number, z);
        CHECK(memcmp(together.step.z, z, bytes) == 0);
        expected_outputs(&together, number + 1, z);
        CHECK(bytes == 0 || memcmp(together.step.z, z, bytes) != 0);
        par_nodes_meet(&together.nodes); /* as nothing is updated */
    }
    steps_free(&together);
    steps_free(&alone);
}

static void every_step_has_the_beta_of_its_number(struct par par)
{
    static struct step_trainer together, alone;
    steps_make_both(par, &(struct step_variant){.relaxation = "tanh-beta"}, &together, &alone);
    const int64_t n = together.step.batch.n_local * bl_shape_code_bits(&together.state.model.shape);
    double last = 0.0;
    for (int64_t number = 0; number < NUMBERS; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        CHECK(par_step_gradient(&together.step, &together.state.model, number, &outcome, &err) == BL_OK);
        CHECK(outcome.beta == bl_objective_beta(&together.config.objective, number));
        CHECK(outcome.beta > last);
        last = outcome.beta;
        for (int64_t i = 0; i < n; i++)
            CHECK(fabs((double)together.step.h[i] - tanh(outcome.beta * (double)together.step.z[i])) < 1e-6);
        par_nodes_meet(&together.nodes); /* as nothing is updated */
    }
    steps_free(&together);
    steps_free(&alone);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"every_step_has_the_masks_of_its_number", every_step_has_the_masks_of_its_number},
        {"every_step_has_the_beta_of_its_number", every_step_has_the_beta_of_its_number},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
