#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "config/keys.h"
#include "support/objective.h"

/* What every line of config/terms.def must keep, also one that is added; each term with the defaults of its
 * keys. */
struct row {
    const char *name;
    int of_rows;
    const struct bl_term *term;
};

static const struct row rows[] = {
#define ROW_TERM(name, sentence)       {#name, 1, &bl_term_##name},
#define PARAMETER_TERM(name, sentence) {#name, 0, &bl_term_##name},
#include "config/terms.def"
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* The defaults of the objective's keys, and a weight for this term alone. */
static struct bl_config_objective config_of(const struct row *row)
{
    struct bl_config config = {0};
    char weight[64];
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strncmp(key->name, "objective.", 10) == 0)
            cr_assert_eq(bl_key_set(key, &config, key->value, NULL), BL_OK, "%s", key->name);
    snprintf(weight, sizeof weight, "objective.terms.%s.weight", row->name);
    cr_assert_eq(bl_key_set(bl_key_find(weight), &config, "0.7", NULL), BL_OK);
    return config.objective;
}

Test(every_term, has_what_its_kind_is_called_by)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++) {
        cr_expect_eq(row->term->rows != NULL, row->of_rows, "%s", row->name);
        cr_expect_eq(row->term->params != NULL, !row->of_rows, "%s", row->name);
        cr_expect_eq(row->term->bound != NULL, row->term->sums != NULL, "%s: sums need a bound", row->name);
    }
}

Test(every_term, alone_is_the_whole_objective)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++) {
        struct fixture f;
        fixture_init(&f, config_of(row), 0, 60);
        cr_assert_eq(f.objective.n_terms, 1, "%s", row->name);
        cr_assert_eq(f.objective.term[0], row->term);
        cr_assert_str_eq(f.objective.name[0], row->name);
        cr_assert_eq(f.objective.weight[0], 0.7);
        fixture_free(&f);
    }
}

Test(every_term, of_rows_has_the_gradient_of_its_value)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++)
        if (row->of_rows)
            fixture_check_gradient(config_of(row), 0, 1.0);
}

Test(every_term, of_rows_allocates_nothing_in_a_step)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++) {
        struct fixture f;
        if (!row->of_rows)
            continue;
        fixture_init(&f, config_of(row), 0, 60);
        const int64_t before = bl_alloc_count();
        fixture_total(&f, 1.0, 1);
        cr_assert_eq(bl_alloc_count(), before, "%s", row->name);
        fixture_free(&f);
    }
}

/* The value; adds the weighted gradient to grad where it isn't NULL. */
static double of_parameters(struct fixture *f, const struct bl_layout *layout, const float *params,
                            float *grad)
{
    double values[BL_TERMS_MAX];
    const struct bl_range whole = {0, grad ? layout->n_params : 0};
    bl_objective_params(&f->objective, layout, params, (struct bl_ranges){1, &whole}, grad, values);
    return values[0];
}

Test(every_term, of_parameters_has_the_gradient_of_its_value)
{
    float params[K * 3], grad[K * 3];
    for (const struct row *row = rows; row < rows + N_ROWS; row++) {
        struct fixture f;
        double difference2 = 0.0, norm2 = 0.0;
        if (row->of_rows)
            continue;
        fixture_init(&f, config_of(row), 0, 60);
        memset(grad, 0, sizeof grad);
        for (int i = 0; i < K * 3; i++) {
            double normal[4];
            bl_rng_normal(13, 96, (uint64_t)i, 0, 0, normal);
            params[i] = (float)(0.3 * normal[0]);
        }
        of_parameters(&f, &f.network, params, grad);
        for (int i = 0; i < K * 3; i++) {
            const float kept = params[i], step = 4e-3f;
            params[i] = kept + step;
            const double up = of_parameters(&f, &f.network, params, NULL);
            params[i] = kept - step;
            const double down = of_parameters(&f, &f.network, params, NULL);
            params[i] = kept;
            const double numeric = 0.7 * (up - down) / (2.0 * (double)step);
            difference2 += pow(numeric - (double)grad[i], 2.0);
            norm2 += numeric * numeric;
        }
        cr_assert_gt(norm2, 0.0, "%s", row->name);
        cr_assert_lt(sqrt(difference2 / norm2), 2e-3, "%s: %g", row->name, sqrt(difference2 / norm2));
        fixture_free(&f);
    }
}
