#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "config/keys.h"
#include "optim/optimizer.h"

/* What every line of config/optimizers.def must keep, also one that is added; with the defaults of its
 * keys. */
enum { INPUTS = 5, OUTPUTS = 3, N = (INPUTS + 1) * OUTPUTS, STEPS = 3 };

static const struct {
    const char *name;
    int number;
    const struct bl_optimizer_type *type;
} rows[] = {
#define OPTIMIZER(name, what) {#name, BL_OPTIMIZER_##name, &bl_optimizer_##name},
#include "config/optimizers.def"
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static struct bl_layout layout;

static void begin(struct bl_optimizer *optimizer, int row)
{
    const struct bl_shape shape = {.n_layers = 1, .width = {INPUTS, OUTPUTS}, .heads = 1, .bits = OUTPUTS};
    struct bl_config config = {0};
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strncmp(key->name, "optimizer.", 10) == 0)
            cr_assert_eq(bl_key_set(key, &config, key->value, NULL), BL_OK, "%s", key->name);
    cr_assert_eq(bl_key_set(bl_key_find("optimizer.name"), &config, rows[row].name, NULL), BL_OK);
    cr_assert_eq(config.optimizer.name, rows[row].number);
    layout = bl_layout_of(&shape);
    cr_assert_eq(bl_optimizer_init(optimizer, &config.optimizer, &layout, NULL), 0);
    cr_assert_eq(optimizer->type, rows[row].type, "%s", rows[row].name);
}

static void fill(float params[N], float grad[N])
{
    for (int i = 0; i < N; i++) {
        params[i] = (float)(i % 7) - 3.0f;
        grad[i] = (float)(i % 5) * 0.1f - 0.2f;
    }
}

Test(every_optimizer, names_its_states)
{
    for (int row = 0; row < N_ROWS; row++)
        for (int s = 0; s < BL_OPTIMIZER_STATES_MAX; s++)
            cr_expect_eq(rows[row].type->state_name[s] != NULL, s < rows[row].type->n_states, "%s",
                         rows[row].name);
}

Test(every_optimizer, has_the_same_bits_in_any_ranges)
{
    static const int64_t cut[] = {0, 4, 11, N};
    for (int row = 0; row < N_ROWS; row++) {
        struct bl_optimizer whole, parts;
        float params[2][N], grad[N];
        begin(&whole, row);
        begin(&parts, row);
        fill(params[0], grad);
        fill(params[1], grad);
        for (int step = 1; step <= STEPS; step++) {
            bl_optimizer_update(&whole, step, 0.01, 0, N, params[0], grad);
            for (int c = 2; c >= 0; c--)
                bl_optimizer_update(&parts, step, 0.01, cut[c], cut[c + 1], params[1], grad);
        }
        cr_assert_eq(memcmp(params[0], params[1], sizeof params[0]), 0, "%s", rows[row].name);
        bl_optimizer_free(&whole);
        bl_optimizer_free(&parts);
        cr_assert_eq(bl_alloc_live(), 0);
    }
}

/* f(x) = |x - 1|^2/2, from afar. */
Test(every_optimizer, comes_nearer_to_the_least_of_a_parabola)
{
    for (int row = 0; row < N_ROWS; row++) {
        struct bl_optimizer optimizer;
        float params[N], grad[N];
        double before = 0.0, after = 0.0;
        begin(&optimizer, row);
        fill(params, grad);
        for (int i = 0; i < N; i++)
            before += pow((double)params[i] - 1.0, 2.0);
        for (int step = 1; step <= 100; step++) {
            for (int i = 0; i < N; i++)
                grad[i] = params[i] - 1.0f;
            bl_optimizer_update(&optimizer, step, 0.01, 0, N, params, grad);
        }
        for (int i = 0; i < N; i++)
            after += pow((double)params[i] - 1.0, 2.0);
        cr_assert_lt(after, 0.7 * before, "%s: from %g to %g", rows[row].name, before, after);
        bl_optimizer_free(&optimizer);
    }
}
