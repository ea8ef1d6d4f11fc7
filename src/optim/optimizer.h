/* Optimisers: each is one file here and one line of config/optimizers.def. They work on a range [lo, hi) of
 * the parameter block, so that a rank may update a part. */
#ifndef BL_OPTIM_OPTIMIZER_H
#define BL_OPTIM_OPTIMIZER_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "model/params.h"

enum { BL_OPTIMIZER_STATES_MAX = 4 };

struct bl_optimizer_type {
    int n_states;
    const char *state_name[BL_OPTIMIZER_STATES_MAX]; /* in checkpoints */

    /* Updates params [0, n) from grad [0, n). step counts from 1. weight_decay is 0 for biases. */
    void (*update)(const struct bl_config_optimizer *config, int64_t step, double lr, double weight_decay,
                   int64_t n, float *params, const float *grad, float *const *states);
};

struct bl_optimizer {
    const struct bl_optimizer_type *type;
    struct bl_config_optimizer config;
    const struct bl_layout *layout;         /* borrowed */
    float *states[BL_OPTIMIZER_STATES_MAX]; /* [n_params] each, zero at first; borrowed */
    float *own;                             /* their memory where the optimiser owns it, else NULL */
};

/* Allocates the states, zeroed. Errors: BL_MEMORY. bl_optimizer_free is safe twice. */
int bl_optimizer_init(struct bl_optimizer *optimizer, const struct bl_config_optimizer *config,
                      const struct bl_layout *layout, struct bl_error *err);

/* The same in the caller's memory: states [bl_optimizer_states(config), n_params], zeros, borrowed. */
int bl_optimizer_init_in(struct bl_optimizer *optimizer, const struct bl_config_optimizer *config,
                         const struct bl_layout *layout, float *states, struct bl_error *err);
int bl_optimizer_states(const struct bl_config_optimizer *config);
void bl_optimizer_free(struct bl_optimizer *optimizer);

/* Updates params [lo, hi) of the block from grad (both indexed by the whole block). step counts from 1. */
void bl_optimizer_update(struct bl_optimizer *optimizer, int64_t step, double lr, int64_t lo, int64_t hi,
                         float *params, const float *grad);

/* The sum of squares of grad [n], in double in a fixed order; not finite if any element isn't. */
double bl_optimizer_square_sum(const float *grad, int64_t n);

#define OPTIMIZER(name, what) extern const struct bl_optimizer_type bl_optimizer_##name;
#include "config/optimizers.def"

#endif
