#include "optim/optimizer.h"

#include "base/buffer.h"
#include "base/isa.h"

/* By enum bl_optimizer_name. */
static const struct bl_optimizer_type *const all_types[] = {
#define OPTIMIZER(name, what) [BL_OPTIMIZER_##name] = &bl_optimizer_##name,
#include "config/optimizers.def"
};
enum { N_TYPES = sizeof all_types / sizeof *all_types };

static const struct bl_optimizer_type *find_type(const struct bl_config_optimizer *config)
{
    return config->name >= 0 && config->name < N_TYPES ? all_types[config->name] : NULL;
}

int bl_optimizer_states(const struct bl_config_optimizer *config)
{
    const struct bl_optimizer_type *type = find_type(config);
    return type ? type->n_states : 0;
}

int bl_optimizer_init_in(struct bl_optimizer *optimizer, const struct bl_config_optimizer *config,
                         const struct bl_layout *layout, float *states, struct bl_error *err)
{
    *optimizer = (struct bl_optimizer){.type = find_type(config), .config = *config, .layout = layout};
    if (!optimizer->type)
        return bl_fail(err, BL_DEFECT, "optimiser %d has no row in the table", config->name);
    for (int s = 0; s < optimizer->type->n_states; s++)
        optimizer->states[s] = states + s * layout->n_params;
    return BL_OK;
}

int bl_optimizer_init(struct bl_optimizer *optimizer, const struct bl_config_optimizer *config,
                      const struct bl_layout *layout, struct bl_error *err)
{
    float *own;
    int code = bl_alloc_zero(&own, bl_optimizer_states(config) * layout->n_params, sizeof *own,
                             "optimiser state", err);
    if (code == BL_OK)
        code = bl_optimizer_init_in(optimizer, config, layout, own, err);
    optimizer->own = own;
    if (code != BL_OK)
        bl_optimizer_free(optimizer);
    return code;
}

void bl_optimizer_free(struct bl_optimizer *optimizer)
{
    bl_free(&optimizer->own);
    for (int s = 0; s < BL_OPTIMIZER_STATES_MAX; s++)
        optimizer->states[s] = NULL;
}

void bl_optimizer_update(struct bl_optimizer *optimizer, int64_t step, double lr, int64_t lo, int64_t hi,
                         float *params, const float *grad)
{
    const struct bl_layout *layout = optimizer->layout;
    for (int64_t t = 0; t < layout->n_tensors; t++) {
        const struct bl_tensor *tensor = &layout->tensor[t];
        int64_t begin = tensor->offset, end = tensor->offset + tensor->rows * tensor->cols;
        begin = begin > lo ? begin : lo;
        end = end < hi ? end : hi;
        if (begin >= end)
            continue;
        float *states[BL_OPTIMIZER_STATES_MAX] = {0};
        for (int s = 0; s < optimizer->type->n_states; s++)
            states[s] = optimizer->states[s] + begin;
        optimizer->type->update(&optimizer->config, step, lr,
                                tensor->is_weight ? optimizer->config.weight_decay : 0.0, end - begin,
                                params + begin, grad + begin, states);
    }
}

BL_KERNEL double bl_optimizer_square_sum(const float *grad, int64_t n)
{
    enum { LANES = 16 };
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += (double)grad[i + l] * (double)grad[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += (double)grad[i] * (double)grad[i];
    double sum = 0.0;
    for (int l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}
