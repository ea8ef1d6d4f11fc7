#include "optim/schedule.h"

#include <math.h>

#include "base/functions.h"

int64_t bl_schedule_warmup(const struct bl_config_optimizer *config, int64_t total_steps)
{
    int64_t most = total_steps / 10;
    return config->warmup_steps < most ? config->warmup_steps : most;
}

double bl_schedule_rate(const struct bl_config_optimizer *config, int64_t step, int64_t total_steps,
                        int64_t steps_per_epoch)
{
    const double pi = 3.14159265358979323846;
    const int64_t warmup = bl_schedule_warmup(config, total_steps);
    if (step < warmup)
        return config->lr * (double)(step + 1) / (double)warmup;
    if (config->schedule == BL_SCHEDULE_STEP)
        return config->lr *
               bl_pow(config->step_factor, (double)(step / steps_per_epoch / config->step_every_epochs));
    if (config->schedule == BL_SCHEDULE_COSINE) {
        double done = (double)(step - warmup) / (double)(total_steps - warmup);
        return config->lr *
               (config->final_lr + (1.0 - config->final_lr) * 0.5 * (1.0 + bl_cos(pi * fmin(done, 1.0))));
    }
    return config->lr;
}
