#include "base/isa.h"
#include "optim/optimizer.h"

/* v = momentum v + g, then x -= lr v, or with Nesterov x -= lr (g + momentum v); g includes weight decay.
 * Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in the
 * usual form with the learning rate outside v. */
BL_KERNEL static void sgd_pass(int64_t n, float lr, float momentum, float decay, float ahead,
                               float *restrict params, const float *restrict grad, float *restrict velocity)
{
    for (int64_t i = 0; i < n; i++) {
        float g = grad[i] + decay * params[i];
        float v = momentum * velocity[i] + g;
        velocity[i] = v;
        params[i] -= lr * (ahead != 0.0f ? g + momentum * v : v);
    }
}

static void update(const struct bl_config_optimizer *config, int64_t step, double lr, double weight_decay,
                   int64_t n, float *params, const float *grad, float *const *states)
{
    (void)step;
    sgd_pass(n, (float)lr, (float)config->momentum, (float)weight_decay, config->nesterov ? 1.0f : 0.0f,
             params, grad, states[0]);
}

const struct bl_optimizer_type bl_optimizer_sgd = {
    .n_states = 1, .state_name = {"velocity"}, .update = update};
