#include <criterion/criterion.h>
#include <math.h>

#include "base/buffer.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

static struct bl_layout one_layer(void)
{
    const struct bl_shape shape = {.n_layers = 1, .width = {5, 3}, .heads = 1, .bits = 3};
    return bl_layout_of(&shape);
}

static void fill(float *params, float *grad, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        params[i] = (float)(i % 7) - 3.0f;
        grad[i] = (float)(i % 5) * 0.1f - 0.2f;
    }
}

Test(optimizer, sgd_follows_the_textbook_for_three_steps)
{
    struct bl_layout layout = one_layer();
    const struct bl_config_optimizer config = {
        .name = BL_OPTIMIZER_sgd, .momentum = 0.9, .weight_decay = 0.01, .nesterov = 0};
    struct bl_optimizer optimizer;
    cr_assert_eq(bl_optimizer_init(&optimizer, &config, &layout, NULL), 0);
    float params[18], grad[18];
    double x[18], v[18] = {0};
    fill(params, grad, 18);
    for (int i = 0; i < 18; i++)
        x[i] = (double)params[i];
    for (int step = 1; step <= 3; step++) {
        bl_optimizer_update(&optimizer, step, 0.1, 0, 18, params, grad);
        for (int i = 0; i < 18; i++) {
            double decay = i < 15 ? 0.01 : 0.0; /* biases don't decay */
            v[i] = 0.9 * v[i] + (double)grad[i] + decay * x[i];
            x[i] -= 0.1 * v[i];
            cr_assert_float_eq((double)params[i], x[i], 1e-5);
        }
    }
    bl_optimizer_free(&optimizer);
    cr_assert_eq(bl_alloc_live(), 0);
}

Test(optimizer, sgd_looks_ahead_with_nesterov)
{
    struct bl_layout layout = one_layer();
    const struct bl_config_optimizer config = {.name = BL_OPTIMIZER_sgd, .momentum = 0.9, .nesterov = 1};
    struct bl_optimizer optimizer;
    bl_optimizer_init(&optimizer, &config, &layout, NULL);
    float params[18] = {0}, grad[18];
    for (int i = 0; i < 18; i++)
        grad[i] = 1.0f;
    bl_optimizer_update(&optimizer, 1, 0.1, 0, 18, params, grad);
    cr_assert_float_eq((double)params[0], -0.1 * 1.9, 1e-6);
    bl_optimizer_free(&optimizer);
}

Test(optimizer, adamw_follows_algorithm_2_for_three_steps)
{
    struct bl_layout layout = one_layer();
    const struct bl_config_optimizer config = {
        .name = BL_OPTIMIZER_adamw, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.1};
    struct bl_optimizer optimizer;
    bl_optimizer_init(&optimizer, &config, &layout, NULL);
    float params[18], grad[18];
    double x[18], m[18] = {0}, v[18] = {0};
    fill(params, grad, 18);
    for (int i = 0; i < 18; i++)
        x[i] = (double)params[i];
    for (int step = 1; step <= 3; step++) {
        bl_optimizer_update(&optimizer, step, 0.01, 0, 18, params, grad);
        for (int i = 0; i < 18; i++) {
            double g = (double)grad[i], decay = i < 15 ? 0.1 : 0.0;
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            double m_hat = m[i] / (1.0 - pow(0.9, step)), v_hat = v[i] / (1.0 - pow(0.999, step));
            x[i] -= 0.01 * (m_hat / (sqrt(v_hat) + 1e-8) + decay * x[i]);
            cr_assert_float_eq((double)params[i], x[i], 2e-5, "step %d, %d: %g %g", step, i,
                               (double)params[i], x[i]);
        }
    }
    bl_optimizer_free(&optimizer);
}

Test(optimizer, updates_a_range_as_it_updates_the_whole)
{
    struct bl_layout layout = one_layer();
    const struct bl_config_optimizer config = {
        .name = BL_OPTIMIZER_adamw, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.1};
    struct bl_optimizer whole, parts;
    bl_optimizer_init(&whole, &config, &layout, NULL);
    bl_optimizer_init(&parts, &config, &layout, NULL);
    float a[18], b[18], grad[18];
    fill(a, grad, 18);
    fill(b, grad, 18);
    bl_optimizer_update(&whole, 1, 0.01, 0, 18, a, grad);
    bl_optimizer_update(&parts, 1, 0.01, 0, 7, b, grad);
    bl_optimizer_update(&parts, 1, 0.01, 7, 16, b, grad);
    bl_optimizer_update(&parts, 1, 0.01, 16, 18, b, grad);
    for (int i = 0; i < 18; i++)
        cr_assert_eq(a[i], b[i]);
    bl_optimizer_free(&whole);
    bl_optimizer_free(&parts);
}

/* Whole numbers, so that the sum is exact: every element counts, wherever the lanes end. */
Test(optimizer, every_element_counts_in_the_square_sum)
{
    float grad[40];
    int64_t sum = 0;
    for (int n = 0; n <= 40; n++) {
        for (int i = n; i < 40; i++)
            grad[i] = NAN; /* is not looked at */
        cr_assert_eq(bl_optimizer_square_sum(grad, n), (double)sum, "%d elements", n);
        if (n < 40)
            grad[n] = (float)(n + 1);
        sum += (n + 1) * (n + 1);
    }
}

Test(optimizer, finds_nan_and_infinity_in_the_square_sum)
{
    float grad[40] = {0};
    grad[33] = 2.0f;
    cr_assert_eq(bl_optimizer_square_sum(grad, 40), 4.0);
    grad[3] = NAN;
    cr_assert_not(isfinite(bl_optimizer_square_sum(grad, 40)));
    grad[3] = INFINITY;
    cr_assert_not(isfinite(bl_optimizer_square_sum(grad, 40)));
}

Test(optimizer, schedule_warms_up_linearly_and_then_holds)
{
    const struct bl_config_optimizer config = {
        .lr = 1.0, .schedule = BL_SCHEDULE_CONSTANT, .warmup_steps = 4};
    cr_assert_float_eq(bl_schedule_rate(&config, 0, 100, 10), 0.25, 1e-12);
    cr_assert_float_eq(bl_schedule_rate(&config, 3, 100, 10), 1.0, 1e-12);
    cr_assert_float_eq(bl_schedule_rate(&config, 99, 100, 10), 1.0, 1e-12);
}

Test(optimizer, schedule_cuts_warm_up_to_a_tenth_of_a_short_run)
{
    const struct bl_config_optimizer config = {.lr = 1.0, .warmup_steps = 50};
    cr_assert_eq(bl_schedule_warmup(&config, 100), 10);
    cr_assert_eq(bl_schedule_warmup(&config, 5), 0);
    cr_assert_eq(bl_schedule_warmup(&config, 5000), 50);
}

Test(optimizer, schedule_falls_along_a_half_cosine_to_the_final_share)
{
    const struct bl_config_optimizer config = {.lr = 2.0, .schedule = BL_SCHEDULE_COSINE, .final_lr = 0.1};
    cr_assert_float_eq(bl_schedule_rate(&config, 0, 100, 10), 2.0, 1e-12);
    cr_assert_float_eq(bl_schedule_rate(&config, 50, 100, 10), 2.0 * (0.1 + 0.9 * 0.5), 1e-12);
    cr_assert_float_eq(bl_schedule_rate(&config, 100, 100, 10), 0.2, 1e-12);
}

Test(optimizer, schedule_drops_by_the_factor_at_each_boundary)
{
    const struct bl_config_optimizer config = {
        .lr = 1.0, .schedule = BL_SCHEDULE_STEP, .step_every_epochs = 2, .step_factor = 0.1};
    cr_assert_float_eq(bl_schedule_rate(&config, 19, 100, 10), 1.0, 1e-12);
    cr_assert_float_eq(bl_schedule_rate(&config, 20, 100, 10), 0.1, 1e-12);
    cr_assert_float_eq(bl_schedule_rate(&config, 40, 100, 10), 0.01, 1e-12);
}
