/* Optimisers and schedules against PyTorch's (pytorch_figures.py made the header, with the command that repeats it). */
#include <criterion/criterion.h>
#include <math.h>

#include "optim/optimizer.h"
#include "optim/schedule.h"

#include "pytorch_figures.h"

/* Steps count from 1 in our updates, from 0 in the formulas of the figures. */
static double gradient_of(int step, int i, double scale)
{
    return scale * (double)((7 * i + 3 * step) % 11 - 5);
}

/* One layer with FIGURES_N weights and a bias, which is left alone. */
static struct bl_layout weights(void)
{
    const struct bl_shape shape = {.n_layers = 1, .width = {FIGURES_N, 1}, .heads = 1, .bits = 1};
    return bl_layout_of(&shape);
}

Test(pytorch, optimisers_follow_it_for_six_steps)
{
    const struct bl_layout layout = weights();
    for (size_t k = 0; k < sizeof pytorch_optimizers / sizeof *pytorch_optimizers; k++) {
        const struct bl_config_optimizer *config = &pytorch_optimizers[k].config;
        struct bl_optimizer optimizer;
        float params[FIGURES_N + 1] = {0}, grad[FIGURES_N + 1] = {0};
        cr_assert_eq(bl_optimizer_init(&optimizer, config, &layout, NULL), 0);
        for (int i = 0; i < FIGURES_N; i++)
            params[i] = (float)(0.5 * i - 1.25);
        for (int step = 0; step < FIGURES_STEPS; step++) {
            for (int i = 0; i < FIGURES_N; i++)
                grad[i] = (float)gradient_of(step, i, pytorch_optimizers[k].scale);
            bl_optimizer_update(&optimizer, step + 1, config->lr, 0, layout.n_params, params, grad);
            for (int i = 0; i < FIGURES_N; i++) {
                const double wanted = pytorch_optimizers[k].params[step][i];
                cr_assert_float_eq((double)params[i], wanted, 2e-6 * fmax(fabs(wanted), 0.1),
                                   "%s, step %d, parameter %d: %.9g for %.9g", pytorch_optimizers[k].name,
                                   step, i, (double)params[i], wanted);
            }
        }
        bl_optimizer_free(&optimizer);
    }
}

Test(pytorch, schedules_have_its_rate_at_every_step)
{
    for (size_t k = 0; k < sizeof pytorch_schedules / sizeof *pytorch_schedules; k++)
        for (int step = 0; step < pytorch_schedules[k].total; step++) {
            const double rate =
                bl_schedule_rate(&pytorch_schedules[k].config, step, pytorch_schedules[k].total,
                                 pytorch_schedules[k].steps_per_epoch);
            cr_assert_float_eq(rate, pytorch_schedules[k].rate[step], 1e-12, "%s, step %d: %.15g for %.15g",
                               pytorch_schedules[k].name, step, rate, pytorch_schedules[k].rate[step]);
        }
}
