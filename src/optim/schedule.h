/* The learning rate as a function of the global step. */
#ifndef BL_OPTIM_SCHEDULE_H
#define BL_OPTIM_SCHEDULE_H

#include <stdint.h>

#include "config/config.h"

/* Steps of linear warm-up: as configured, cut to a tenth of a short run. */
int64_t bl_schedule_warmup(const struct bl_config_optimizer *config, int64_t total_steps);

/* The rate of `step` (counted from 0) of total_steps. Warm-up: lr (step + 1) / warmup. Then constant; or
 * times step_factor every step_every_epochs epochs; or a half cosine from lr to final_lr * lr at total_steps
 * (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts). */
double bl_schedule_rate(const struct bl_config_optimizer *config, int64_t step, int64_t total_steps,
                        int64_t steps_per_epoch);

#endif
