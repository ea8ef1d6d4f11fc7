#include "loss/term.h"

/* (1/2) sum over layers of |W|^2 + |c|^2; gradient W, c. Tensors of other terms are left out. Liong et al.,
 * "Deep hashing for compact binary codes learning", CVPR 2015, the regulariser of eq. 3. */
static double params_term(const struct bl_term_in *in, const struct bl_layout *layout, const float *params,
                          struct bl_ranges ranges, float *grad)
{
    const float scale = (float)in->weight;
    double value = 0.0;
    for (int64_t i = 0; i < layout->n_network; i++)
        value += (double)params[i] * (double)params[i];
    for (const struct bl_range *range = ranges.range; range < ranges.range + ranges.n; range++)
        for (int64_t i = range->lo; i < range->hi && i < layout->n_network; i++)
            grad[i] += scale * params[i];
    return 0.5 * value;
}

const struct bl_term bl_term_weight_decay = {.params = params_term};
