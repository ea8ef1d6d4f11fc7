/* Several terms in one objective: each has what it has alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/keys.h"
#include "support/objective.h"

static const char *const rows[] = {
#define ROW_TERM(name, sentence) #name,
#include "config/terms.def"
};
enum { ROW_TERMS = sizeof rows / sizeof *rows, BATCH = 150 };

static double weight_of(int t)
{
    return 0.25 + 0.125 * t;
}

/* The defaults of the objective's keys, and weights for the terms whose bit is set in `which`. */
static struct bl_config_objective config_of(unsigned which)
{
    struct bl_config config = {0};
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strncmp(key->name, "objective.", 10) == 0)
            cr_assert_eq(bl_key_set(key, &config, key->value, NULL), BL_OK);
    for (int t = 0; t < ROW_TERMS; t++) {
        char key[64], value[32];
        snprintf(key, sizeof key, "objective.terms.%s.weight", rows[t]);
        snprintf(value, sizeof value, "%g", which >> t & 1u ? weight_of(t) : 0.0);
        cr_assert_eq(bl_key_set(bl_key_find(key), &config, value, NULL), BL_OK);
    }
    return config.objective;
}

static int is_called(const char *name, int t)
{
    return strcmp(name, rows[t]) == 0;
}

/* The tensors of term t in the fixture of all terms become those of the fixture of t alone. */
static void copy_own(const struct fixture *all, int64_t at, struct fixture *alone_of_it)
{
    memcpy(alone_of_it->own, all->own + at, (size_t)alone_of_it->n_own * sizeof(float));
}

Test(together, terms_have_the_values_and_gradients_that_they_have_alone)
{
    static double dh[BATCH * K];
    for (int multi = 0; multi < 2; multi++) {
        struct fixture all;
        struct bl_config_objective config = config_of((1u << ROW_TERMS) - 1);
        config.pairwise_similarity = multi ? BL_SIMILARITY_SHARED : BL_SIMILARITY_LABEL;
        fixture_init(&all, config, multi, BATCH);
        const double total = fixture_total(&all, 1.0, 0);
        double sum = 0.0;
        memset(dh, 0, sizeof dh);
        cr_assert_eq(all.objective.n_terms, ROW_TERMS);
        for (int t = 0; t < ROW_TERMS; t++) {
            struct fixture one;
            struct bl_config_objective config_of_one = config_of(1u << t);
            int64_t place = 0;
            config_of_one.pairwise_similarity = config.pairwise_similarity;
            while (!is_called(all.objective.name[place], t))
                place++;
            fixture_init(&one, config_of_one, multi, BATCH);
            copy_own(&all, all.objective.tensors_at[place], &one);
            sum += fixture_total(&one, 1.0, 0);
            for (int i = 0; i < BATCH * K; i++)
                dh[i] += (double)one.dh[i];
            cr_assert_eq(memcmp(one.own_grad, all.own_grad + all.objective.tensors_at[place],
                                (size_t)one.n_own * sizeof(float)),
                         0, "%s", rows[t]);
            fixture_free(&one);
        }
        cr_assert_float_eq(total, sum, 1e-12 * fabs(sum), "%.17g for %.17g", total, sum);
        for (int i = 0; i < BATCH * K; i++)
            cr_assert_float_eq((double)all.dh[i], dh[i], 1e-7, "%d: %.9g for %.9g", i, (double)all.dh[i],
                               dh[i]);
        fixture_free(&all);
    }
}

Test(together, a_memory_of_codes_is_wanted_by_a_pairwise_term_with_a_weight_alone)
{
    struct bl_config_objective config = alone();
    config.pairwise_against = BL_AGAINST_MEMORY;
    cr_assert_not(bl_objective_wants_memory(&config));
    cr_assert_not(bl_objective_visits_pairs(&config));
    config.pairwise_weight = 0.5;
    cr_assert(bl_objective_wants_memory(&config));
    cr_assert_not(bl_objective_visits_pairs(&config));
    config.pairwise_against = BL_AGAINST_BATCH;
    cr_assert_not(bl_objective_wants_memory(&config));
    cr_assert(bl_objective_visits_pairs(&config));
}
