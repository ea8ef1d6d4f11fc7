#include <math.h>

#include "base/functions.h"
#include "base/isa.h"
#include "optim/optimizer.h"

/* Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2, step t from 1:
 *   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
 *   x = (1 - lr weight_decay) x - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
 * Weight decay doesn't enter the moments. */
BL_KERNEL static void adamw_pass(int64_t n, float rate, float keep, float beta1, float beta2, float root2,
                                 float epsilon, float *restrict params, const float *restrict grad,
                                 float *restrict first, float *restrict second)
{
    for (int64_t i = 0; i < n; i++) {
        float g = grad[i];
        float m = beta1 * first[i] + (1.0f - beta1) * g;
        float v = beta2 * second[i] + (1.0f - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        params[i] = keep * params[i] - rate * m / (sqrtf(v) * root2 + epsilon);
    }
}

static void update(const struct bl_config_optimizer *config, int64_t step, double lr, double weight_decay,
                   int64_t n, float *params, const float *grad, float *const *states)
{
    double correction1 = 1.0 - bl_pow(config->beta1, (double)step);
    double correction2 = 1.0 - bl_pow(config->beta2, (double)step);
    adamw_pass(n, (float)(lr / correction1), (float)(1.0 - lr * weight_decay), (float)config->beta1,
               (float)config->beta2, (float)(1.0 / sqrt(correction2)), (float)config->epsilon, params, grad,
               states[0], states[1]);
}

const struct bl_optimizer_type bl_optimizer_adamw = {
    .n_states = 2, .state_name = {"first_moment", "second_moment"}, .update = update};
