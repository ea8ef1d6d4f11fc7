#include "base/isa.h"
#include "optim/optimizer.h"

/* Template of an optimiser, here src/optim/signum.c. Its line in src/config/optimizers.def:
 *
 *   OPTIMIZER(signum, "Signum")
 *
 * First the formula and its source: m = momentum m + (1 - momentum) g, then x -= lr (sign(m) + weight_decay
 * x). Bernstein et al., "signSGD: compressed optimisation for non-convex problems", ICML 2018. */

/* BL_KERNEL: compiled for several kinds of processor, with the same bits on each. */
BL_KERNEL static void signum_pass(int64_t n, float lr, float momentum, float decay, float *restrict params,
                                  const float *restrict grad, float *restrict mean)
{
    for (int64_t i = 0; i < n; i++) {
        const float m = momentum * mean[i] + (1.0f - momentum) * grad[i];
        const float sign = (float)((m > 0.0f) - (m < 0.0f));
        mean[i] = m;
        params[i] -= lr * (sign + decay * params[i]);
    }
}

/* Any range of the parameters: a rank may have a part of them. The key momentum is SGD's; one of its own
 * would be a line OPTIMIZER_REAL more. */
static void update(const struct bl_config_optimizer *config, int64_t step, double lr, double weight_decay,
                   int64_t n, float *params, const float *grad, float *const *states)
{
    (void)step;
    signum_pass(n, (float)lr, (float)config->momentum, (float)weight_decay, params, grad, states[0]);
}

/* The states are zero at first and stand in checkpoints under these names. */
const struct bl_optimizer_type bl_optimizer_signum = {
    .n_states = 1, .state_name = {"mean"}, .update = update};
