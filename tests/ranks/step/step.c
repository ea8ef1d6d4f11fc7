/* What a step computes on several ranks, against one rank alone. */
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/collective.h"
#include "support/ranks.h"
#include "support/steps.h"

static void the_gradient_is_that_of_one_rank(struct par par)
{
    steps_check(par, &(struct step_variant){0}, STEPS_GRADIENT);
}

static void it_is_with_dropout(struct par par)
{
    steps_check(par, &(struct step_variant){.dropout = "0.4"}, STEPS_GRADIENT);
}

static void it_is_for_a_full_batch_of_unequal_shards(struct par par)
{
    steps_check(par, &(struct step_variant){.global_batch = "full"}, STEPS_GRADIENT);
}

static void it_is_for_the_cosine_of_label_rows(struct par par)
{
    steps_check(par, &(struct step_variant){.similarity = "cosine", .multi = 1}, STEPS_GRADIENT);
}

static void it_is_for_jaccard_and_shared_labels(struct par par)
{
    steps_check(par, &(struct step_variant){.similarity = "jaccard", .multi = 1}, STEPS_GRADIENT);
    steps_check(par, &(struct step_variant){.similarity = "shared", .multi = 1}, STEPS_GRADIENT);
}

static void it_is_for_groups(struct par par)
{
    steps_check(par, &(struct step_variant){.similarity = "group", .lists = 1}, STEPS_GRADIENT);
    steps_check(par, &(struct step_variant){.similarity = "group", .lists = STEPS_LIST, .threads = "2"},
                STEPS_GRADIENT);
}

static void it_is_for_the_other_relaxations(struct par par)
{
    steps_check(par, &(struct step_variant){.relaxation = "ste"}, STEPS_GRADIENT);
    steps_check(par, &(struct step_variant){.relaxation = "tanh-beta"}, STEPS_GRADIENT);
}

static void it_is_for_rivals(struct par par)
{
    for (int i = 0; i < STEPS_RIVALS; i++)
        steps_check(par, &steps_rivals[i], STEPS_GRADIENT);
}

static void it_is_for_every_term_alone(struct par par)
{
    for (int t = 0; t < STEPS_TERMS; t++)
        for (int multi = 0; multi < 2; multi++)
            steps_check(par,
                        &(struct step_variant){.preset = "none", .terms = steps_terms[t], .multi = multi},
                        STEPS_GRADIENT);
}

static void parameters_are_the_same_bits_on_all_ranks_after_every_step(struct par par)
{
    steps_check(par, &(struct step_variant){0}, STEPS_EQUAL);
    steps_check(par, &(struct step_variant){.dropout = "0.3", .clip_norm = "0.01"}, STEPS_EQUAL);
    steps_check(par, &(struct step_variant){.global_batch = "full"}, STEPS_EQUAL);
    for (int nodes = 2; nodes <= par.size; nodes++)
        steps_check(par, &(struct step_variant){.nodes = nodes, .global_batch = "full"}, STEPS_EQUAL);
}

static void check_equal_memories(const struct par_code_memory *a, const struct par_code_memory *b)
{
    CHECK(a->rows == b->rows);
    CHECK(a->rows == 0 || memcmp(a->codes, b->codes, (size_t)(a->rows * a->bits) * sizeof(float)) == 0);
}

/* After every step the parameters of all ranks together are, bit by bit, those of one rank alone; so are the
 * values of the terms, the optimiser's states and the scales of the gradient's grid. */
static void check_exact(struct par par, const struct step_variant *variant)
{
    static struct step_trainer together, alone;
    steps_make_both(par, variant, &together, &alone);
    const size_t bytes = (size_t)alone.state.model.layout.n_params * sizeof(float);
    for (int64_t number = 0; number < STEPS_MANY; number++) {
        struct par_step_outcome one, other;
        struct bl_error err = {0};
        double values[2][BL_TERMS_MAX];
        const int64_t n = together.step.objective.n_terms;
        const float first = alone.state.model.params[0];
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &one,
                           &err) == BL_OK);
        CHECK(par_step_run(&alone.step, &alone.state.model, &alone.state.optimizer, number, &other, &err) ==
              BL_OK);
        CHECK(memcmp(together.state.model.params, alone.state.model.params, bytes) == 0);
        CHECK(alone.state.model.params[0] != first);
        CHECK(one.grad_norm == other.grad_norm);
        check_equal_memories(&together.step.memory, &alone.step.memory);
        par_sum_groups_sum(&together.step.groups, par, together.step.group_values, BL_TERMS_MAX, n,
                           values[0]);
        par_sum_groups_sum(&alone.step.groups, par_alone(), alone.step.group_values, BL_TERMS_MAX, n,
                           values[1]);
        CHECK(memcmp(values[0], values[1], (size_t)n * sizeof(double)) == 0);
    }
    for (int s = 0; s < alone.state.optimizer.type->n_states; s++)
        CHECK(memcmp(together.state.optimizer.states[s], alone.state.optimizer.states[s], bytes) == 0);
    CHECK(memcmp(together.step.gradient.scale, alone.step.gradient.scale,
                 (size_t)alone.state.model.layout.n_tensors * sizeof(float)) == 0);
    steps_free(&together);
    steps_free(&alone);
}

/* On nodes of even and uneven numbers of ranks, and where nothing is shared. */
static void exact_steps_have_them_on_any_nodes(struct par par)
{
    for (int nodes = 2; nodes <= par.size; nodes++) {
        check_exact(par, &(struct step_variant){.nodes = nodes, .reduction = "exact", .clip_norm = "0.01"});
        check_exact(par,
                    &(struct step_variant){.nodes = nodes, .reduction = "exact", .global_batch = "full"});
        check_exact(par, &(struct step_variant){.nodes = nodes,
                                                .reduction = "exact",
                                                .overlap = "gradient",
                                                .threads = "2",
                                                .terms = ", classification: {weight: 1}"});
        check_exact(par,
                    &(struct step_variant){
                        .nodes = nodes, .reduction = "exact", .overlap = "gradient", .hidden = "[1024]"});
        check_exact(par, &(struct step_variant){.nodes = nodes, .reduction = "exact", .preset = "dpsh"});
        check_exact(par, &(struct step_variant){.nodes = nodes,
                                                .reduction = "exact",
                                                .similarity = "group",
                                                .lists = STEPS_LIST,
                                                .terms = ", decorrelation: {weight: 1}"});
    }
}

static void exact_steps_have_the_bits_of_one_rank(struct par par)
{
    check_exact(par, &(struct step_variant){.reduction = "exact"});
    check_exact(par, &(struct step_variant){.reduction = "exact", .dropout = "0.3", .clip_norm = "0.01"});
    check_exact(par, &(struct step_variant){.reduction = "exact", .global_batch = "full"});
    check_exact(par, &(struct step_variant){.reduction = "exact", .relaxation = "ste", .threads = "3"});
    /* a layer of several pieces and buckets */
    check_exact(par, &(struct step_variant){.reduction = "exact", .overlap = "gradient", .hidden = "[1024]"});
    check_exact(par,
                &(struct step_variant){.reduction = "exact", .overlap = "gradient", .clip_norm = "0.01"});
    check_exact(par, &(struct step_variant){.reduction = "exact",
                                            .overlap = "gradient",
                                            .threads = "2",
                                            .terms = ", classification: {weight: 1}"});
    check_exact(par, &(struct step_variant){.reduction = "exact", .similarity = "cosine", .multi = 1});
    check_exact(par, &(struct step_variant){.reduction = "exact", .similarity = "group", .lists = 1});
    check_exact(par,
                &(struct step_variant){.reduction = "exact", .similarity = "group", .lists = STEPS_LIST});
    for (int i = 0; i < STEPS_RIVALS; i++) {
        struct step_variant variant = steps_rivals[i];
        variant.reduction = "exact";
        variant.threads = "2";
        check_exact(par, &variant);
    }
    for (int t = 0; t < STEPS_TERMS; t++)
        check_exact(par,
                    &(struct step_variant){.reduction = "exact", .terms = steps_terms[t], .multi = t % 2});
}

/* Each training row, in the order of the file, has its label there, and once it was in a batch a code. */
static void check_memory(struct par par, int nodes)
{
    static struct step_trainer together, alone;
    steps_make_both(par, &(struct step_variant){.preset = "dpsh", .nodes = nodes}, &together, &alone);
    const struct par_code_memory *memory = &together.step.memory;
    int64_t place = 0, filled = 0;
    CHECK(memory->rows == together.data.n_train_global);
    for (int64_t s = 0; s < alone.data.shards; s++)
        for (int64_t i = 0; i < alone.data.shard[s].n_train; i++, place++)
            CHECK(memory->labels[place] == *train_data_labels(&alone.data, alone.data.shard[s].train[i]));
    CHECK(place == memory->rows);
    for (int64_t number = 0; number < together.step.batches.steps_per_epoch; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        CHECK(par_step_gradient(&together.step, &together.state.model, number, &outcome, &err) == BL_OK);
        par_nodes_meet(&together.nodes); /* as nothing is updated */
    }
    for (int64_t i = 0; i < memory->rows; i++)
        filled += memory->codes[i * memory->bits] != 0.0f;
    CHECK(filled == together.step.batches.steps_per_epoch * together.step.batches.n_global);
    steps_free(&together);
    steps_free(&alone);
}

static void a_memory_holds_all_training_rows(struct par par)
{
    for (int nodes = 0; nodes <= par.size; nodes += 1 + (nodes == 0))
        check_memory(par, nodes);
}

static void spoil_a_value(struct par par, const struct step_variant *variant)
{
    static struct step_trainer together, alone;
    struct par_step_outcome outcome;
    struct bl_error err = {0};
    steps_make_both(par, variant, &together, &alone);
    /* On the last rank only, as a broken memory would. */
    if (par.rank == par.size - 1)
        ((float *)together.data.features)[3] = NAN;
    int64_t number = 0;
    int code = BL_OK;
    for (; number < 4 && code == BL_OK; number++) {
        code = par_step_gradient(&together.step, &together.state.model, number, &outcome, &err);
        par_nodes_meet(&together.nodes); /* as nothing is updated */
    }
    CHECK(code == BL_NUMBERS);
    CHECK(strstr(err.what, "step "));
    steps_free(&together);
    steps_free(&alone);
}

static void a_value_that_is_not_finite_fails_on_all_ranks(struct par par)
{
    spoil_a_value(par, &(struct step_variant){0});
    spoil_a_value(par, &(struct step_variant){.overlap = "both"});
    spoil_a_value(par, &(struct step_variant){.reduction = "exact"});
    spoil_a_value(par, &(struct step_variant){.nodes = 2, .overlap = "both"});
    spoil_a_value(par, &(struct step_variant){.nodes = 2, .reduction = "exact", .overlap = "gradient"});
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(the_gradient_is_that_of_one_rank),
        CASE(it_is_with_dropout),
        CASE(it_is_for_a_full_batch_of_unequal_shards),
        CASE(it_is_for_the_cosine_of_label_rows),
        CASE(it_is_for_jaccard_and_shared_labels),
        CASE(it_is_for_groups),
        CASE(it_is_for_the_other_relaxations),
        CASE(it_is_for_rivals),
        CASE(it_is_for_every_term_alone),
        CASE(parameters_are_the_same_bits_on_all_ranks_after_every_step),
        CASE(exact_steps_have_the_bits_of_one_rank),
        CASE(exact_steps_have_them_on_any_nodes),
        CASE(a_memory_holds_all_training_rows),
        CASE(a_value_that_is_not_finite_fails_on_all_ranks),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
