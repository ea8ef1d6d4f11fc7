#include "support/reference.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "support/reference_terms.h"

/* s(t) = min(max, start (1 + growth t)^power); 1 without tanh-beta. */
static double beta_at(const struct bl_config_objective *config, int64_t step)
{
    if (config->relaxation != BL_RELAXATION_TANH_BETA)
        return 1.0;
    const double beta =
        config->beta_start * pow(1.0 + config->beta_growth * (double)step, config->beta_power);
    return beta < config->beta_max ? beta : config->beta_max;
}

/* Unit u of a row is kept iff its 32 bits of the stream are at least p 2^32; kept ones are divided by 1 - p. */
static double dropout_factor(const struct reference *reference, int64_t step, int64_t layer, int64_t file_row,
                             int64_t unit)
{
    uint64_t words[4];
    const double p = reference->config->model.dropout;
    if (p <= 0.0)
        return 1.0;
    bl_rng_words((uint64_t)reference->config->train.seed, BL_STREAM_DROPOUT, (uint64_t)(step * 64 + layer),
                 (uint64_t)file_row, (uint64_t)(unit / 8), words);
    const uint64_t random = words[unit % 8 / 2] >> (unit % 2 * 32) & 0xffffffffu;
    return (double)random >= p * 4294967296.0 ? 1.0 / (1.0 - p) : 0.0;
}

/* a_l = f(W_l a_(l-1) + c_l), z = W_L a_(L-1) + c_L. */
static void network(struct reference_pass *pass, int64_t i, double *z)
{
    const struct reference *reference = pass->reference;
    const struct bl_shape *shape = &reference->shape;
    double a[REFERENCE_WIDTH];
    for (int64_t d = 0; d < shape->width[0]; d++)
        a[d] = (double)pass->batch->x[i * shape->width[0] + d];
    for (int64_t l = 0; l < shape->n_layers; l++) {
        const double *w = pass->params + reference->layout->tensor[2 * l].offset;
        const double *bias = pass->params + reference->layout->tensor[2 * l + 1].offset;
        double out[REFERENCE_WIDTH];
        for (int64_t o = 0; o < shape->width[l + 1]; o++) {
            double sum = bias[o];
            for (int64_t d = 0; d < shape->width[l]; d++)
                sum += w[o * shape->width[l] + d] * a[d];
            out[o] = sum;
            if (l + 1 == shape->n_layers)
                continue;
            pass->on[i][l][o] = pass->base ? pass->base->on[i][l][o] : sum > 0.0;
            out[o] = (shape->activation == BL_ACTIVATION_TANH ? tanh(sum)
                      : pass->on[i][l][o]                     ? sum
                                                              : 0.0) *
                     dropout_factor(reference, pass->step, l, pass->batch->rows[i], o);
        }
        memcpy(l + 1 < shape->n_layers ? a : z, out, (size_t)shape->width[l + 1] * sizeof *out);
    }
}

static void forward(struct reference_pass *pass)
{
    const int64_t bits = reference_bits(pass->reference);
    const int through = pass->reference->config->objective.relaxation == BL_RELAXATION_STE;
    for (int64_t i = 0; i < pass->batch->n; i++) {
        double z[REFERENCE_WIDTH];
        network(pass, i, z);
        for (int64_t k = 0; k < bits; k++) {
            const double h = tanh(pass->beta * z[k]), h0 = pass->base ? pass->base->h[i][k] : h;
            pass->h[i][k] = h;
            pass->c[i][k] = through ? reference_sign(h0) + h - h0 : h; /* dc/dh = 1 at the base */
        }
    }
}

/* The step */

static double rate_at(const struct reference *reference, int64_t step)
{
    const struct bl_config_optimizer *config = &reference->config->optimizer;
    const int64_t tenth = reference->total_steps / 10,
                  warmup = config->warmup_steps < tenth ? config->warmup_steps : tenth;
    const double u = (double)(step - warmup) / (double)(reference->total_steps - warmup);
    if (step < warmup)
        return config->lr * (double)(step + 1) / (double)warmup;
    if (config->schedule == BL_SCHEDULE_STEP)
        return config->lr * pow(config->step_factor, floor((double)(step / reference->steps_per_epoch) /
                                                           (double)config->step_every_epochs));
    if (config->schedule == BL_SCHEDULE_COSINE)
        return config->lr * (config->final_lr + (1.0 - config->final_lr) * 0.5 * (1.0 + cos(acos(-1.0) * u)));
    return config->lr;
}

/* One parameter; t from 1. Decay is for weight matrices alone. */
static void update(struct reference *reference, int64_t i, double g, double lr, double decay, int64_t t)
{
    const struct bl_config_optimizer *config = &reference->config->optimizer;
    double *x = &reference->params[i], *first = &reference->state[0][i], *second = &reference->state[1][i];
    if (config->name == BL_OPTIMIZER_sgd) {
        g += decay * *x;
        *first = config->momentum * *first + g;
        *x -= lr * (config->nesterov ? g + config->momentum * *first : *first);
        return;
    }
    *first = config->beta1 * *first + (1.0 - config->beta1) * g;
    *second = config->beta2 * *second + (1.0 - config->beta2) * g * g;
    const double m = *first / (1.0 - pow(config->beta1, (double)t)),
                 v = *second / (1.0 - pow(config->beta2, (double)t));
    *x = (1.0 - lr * decay) * *x - lr * m / (sqrt(v) + config->epsilon);
}

static void store_codes(struct reference *reference, const struct reference_pass *pass)
{
    for (int64_t j = 0; j < reference->n_train; j++)
        for (int64_t i = 0; i < pass->batch->n; i++)
            if (pass->batch->rows[i] == reference->train_row[j])
                memcpy(reference->memory[j], pass->c[i], sizeof(reference_row));
}

struct reference_outcome reference_step(struct reference *reference, const struct reference_batch *batch,
                                        int64_t number)
{
    static struct reference_pass base, varied;
    static double params[REFERENCE_PARAMS], grad[REFERENCE_PARAMS];
    const double h = 1e-5;
    const struct bl_layout *layout = reference->layout;
    struct reference_outcome outcome = {.lr = rate_at(reference, number),
                                        .beta = beta_at(&reference->config->objective, number)};
    memcpy(params, reference->params, sizeof params);
    base = (struct reference_pass){
        .reference = reference, .batch = batch, .params = params, .step = number, .beta = outcome.beta};
    forward(&base);
    store_codes(reference, &base);
    reference_compare_labels(&base);
    outcome.value = reference_objective(&base);
    for (int64_t p = 0; p < layout->n_params; p++) {
        double side[2];
        for (int s = 0; s < 2; s++) {
            varied = base;
            varied.base = &base;
            params[p] = reference->params[p] + (s ? h : -h);
            forward(&varied);
            side[s] = reference_objective(&varied);
        }
        params[p] = reference->params[p];
        grad[p] = (side[1] - side[0]) / (2.0 * h);
        outcome.grad_norm += grad[p] * grad[p];
    }
    outcome.grad_norm = sqrt(outcome.grad_norm);
    const double most = reference->config->optimizer.clip_norm;
    const double factor = most > 0.0 && outcome.grad_norm > most ? most / outcome.grad_norm : 1.0;
    for (int64_t t = 0; t < layout->n_tensors; t++)
        for (int64_t i = layout->tensor[t].offset;
             i < layout->tensor[t].offset + layout->tensor[t].rows * layout->tensor[t].cols; i++)
            update(reference, i, factor * grad[i], outcome.lr,
                   layout->tensor[t].is_weight ? reference->config->optimizer.weight_decay : 0.0, number + 1);
    return outcome;
}
