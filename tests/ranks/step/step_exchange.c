/* Steps whose ranks exchange in other ways, and what steps send, receive and allocate. */
#include "support/ranks.h"
#include "support/steps.h"

/* Alone there is one block of rows, whose pairs are visited twice; together the ranks' blocks meet once. */
static void the_gradient_is_that_of_one_rank_where_pairs_are_visited_once(struct par par)
{
    static const struct step_variant kinds[] = {
        {.global_batch = "32"},
        {.global_batch = "full"},
        {.preset = "dsh"},
        {.preset = "dch", .threads = "2", .bound = 1e-4}, /* as above */
        {.preset = "idhn", .similarity = "cosine", .multi = 1},
        {.similarity = "jaccard", .multi = 1},
        {.similarity = "shared, form: literal, alpha: auto", .multi = 1},
        {.similarity = "group", .lists = 1},
        {.similarity = "group", .lists = STEPS_LIST, .relaxation = "ste"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct step_variant variant = kinds[i];
        variant.pairs = "once";
        for (variant.nodes = 1; variant.nodes <= par.size; variant.nodes++)
            steps_check(par, &variant,
                        STEPS_GRADIENT | STEPS_TRAFFIC | (variant.nodes == par.size ? STEPS_ALLOCATIONS : 0));
    }
    steps_check(par, &(struct step_variant){.pairs = "once", .global_batch = "full"}, STEPS_EQUAL);
}

/* Own rows' pairs before those of others, gradients by buckets. */
static void the_gradient_is_that_of_one_rank_where_exchange_is_in_flight(struct par par)
{
    static const struct step_variant kinds[] = {
        {.overlap = "codes"},
        {.overlap = "gradient", .dropout = "0.4", .clip_norm = "0.01"},
        {.overlap = "both", .global_batch = "full", .terms = ", classification: {weight: 1}"},
        {.overlap = "both", .pairs = "once", .global_batch = "full"},
        {.overlap = "both", .pairs = "once", .preset = "dsh", .threads = "2"},
        {.overlap = "both", .preset = "dch", .bound = 1e-4}, /* as above */
        {.overlap = "both", .pairs = "once", .preset = "dch", .bound = 1e-4},
        {.overlap = "both", .similarity = "cosine", .multi = 1},
        {.overlap = "both", .similarity = "group", .lists = STEPS_LIST, .relaxation = "ste"},
        {.overlap = "both", .preset = "dpsh"},
        {.overlap = "both", .preset = "none", .terms = ", centers: {weight: 1}"},
        {.overlap = "both", .terms = ", quantization: {weight: 1e-9}, independence: {weight: 1}"},
        {.overlap = "gradient", .reduction = "exact", .global_batch = "full"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct step_variant variant = kinds[i];
        for (variant.nodes = 1; variant.nodes <= par.size; variant.nodes++)
            steps_check(par, &variant,
                        STEPS_GRADIENT | STEPS_TRAFFIC | STEPS_EQUAL |
                            (variant.nodes == par.size ? STEPS_ALLOCATIONS : 0));
    }
}

static void check_traffic(struct par par, struct step_variant variant)
{
    for (variant.nodes = 1; variant.nodes <= par.size; variant.nodes++)
        steps_check(par, &variant, STEPS_TRAFFIC);
}

static void a_step_sends_and_receives_what_is_planned_and_allocates_nothing(struct par par)
{
    static const unsigned both = STEPS_TRAFFIC | STEPS_ALLOCATIONS;
    check_traffic(par, (struct step_variant){.reduction = "exact", .global_batch = "full"});
    check_traffic(par, (struct step_variant){.similarity = "cosine", .multi = 1});
    for (int nodes = 1; nodes <= par.size; nodes++) {
        steps_check(par, &(struct step_variant){.nodes = nodes, .dropout = "0.3"}, both);
        steps_check(par, &(struct step_variant){.nodes = nodes, .reduction = "exact"}, both);
        steps_check(par, &(struct step_variant){.nodes = nodes, .similarity = "group", .lists = STEPS_LIST},
                    both);
    }
    for (int i = 0; i < STEPS_RIVALS; i++)
        for (int nodes = 1; nodes <= par.size; nodes++) {
            struct step_variant variant = steps_rivals[i];
            variant.nodes = nodes;
            steps_check(par, &variant, both);
        }
    for (int t = 0; t < STEPS_TERMS; t++) {
        check_traffic(par, (struct step_variant){.preset = "none", .terms = steps_terms[t]});
        check_traffic(par, (struct step_variant){.reduction = "exact", .terms = steps_terms[t], .multi = 1});
        steps_check(par, &(struct step_variant){.terms = steps_terms[t]}, both);
    }
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(the_gradient_is_that_of_one_rank_where_pairs_are_visited_once),
        CASE(the_gradient_is_that_of_one_rank_where_exchange_is_in_flight),
        CASE(a_step_sends_and_receives_what_is_planned_and_allocates_nothing),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
