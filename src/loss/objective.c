#include "loss/objective.h"

#include <string.h>

#include "base/buffer.h"
#include "base/functions.h"
#include "hash/code.h"
#include "loss/similarity.h"
#include "loss/tile.h"
#include "math/elementwise.h"

static const struct bl_term *const all_terms[] = {
    &bl_term_pairwise,
    &bl_term_quantization,
    &bl_term_weight_decay,
};

static int choose_terms(struct bl_objective *objective, struct bl_label_layout labels, struct bl_error *err)
{
    for (size_t t = 0; t < sizeof all_terms / sizeof *all_terms; t++) {
        if (all_terms[t]->weight(&objective->config) == 0.0)
            continue;
        if (all_terms[t]->needs_labels) {
            int code = bl_similarity_check(objective->config.pairwise_similarity, labels, err);
            if (code != BL_OK)
                return code;
        }
        objective->term[objective->n_terms++] = all_terms[t];
    }
    return BL_OK;
}

int bl_objective_init(struct bl_objective *objective, const struct bl_config_objective *config, int64_t bits,
                      struct bl_label_layout labels, int64_t n_local_max, int64_t n_global_max,
                      const struct bl_product *product, struct bl_error *err)
{
    *objective = (struct bl_objective){.config = *config, .bits = bits};
    struct bl_term_scratch *scratch = &objective->scratch;
    scratch->product = product;
    int code = choose_terms(objective, labels, err);
    if (code == BL_OK)
        code = bl_alloc(&objective->row_values, n_local_max, sizeof(double), "losses of rows", err);
    if (code != BL_OK || !bl_objective_needs_gather(objective))
        goto done;
    code = bl_alloc(&scratch->tiles, product->threads * BL_TILE_FLOATS, sizeof(float), "tiles of pairs", err);
    if (code == BL_OK && labels.kind == BL_LABELS_SINGLE)
        code = bl_alloc(&scratch->class_count, labels.classes, sizeof(int64_t), "class counts", err);
    if (code == BL_OK && labels.kind == BL_LABELS_MULTI)
        code = bl_alloc(&scratch->label_norm, n_global_max, sizeof(float), "label norms", err);
done:
    if (code != BL_OK)
        bl_objective_free(objective);
    return code;
}

void bl_objective_free(struct bl_objective *objective)
{
    bl_free(&objective->row_values);
    bl_free(&objective->scratch.tiles);
    bl_free(&objective->scratch.class_count);
    bl_free(&objective->scratch.label_norm);
}

int bl_objective_needs_gather(const struct bl_objective *objective)
{
    for (int64_t t = 0; t < objective->n_terms; t++)
        if (objective->term[t]->needs_codes)
            return 1;
    return 0;
}

int bl_objective_needs_sums(const struct bl_objective *objective)
{
    for (int64_t t = 0; t < objective->n_terms; t++)
        if (objective->term[t]->sums)
            return 1;
    return 0;
}

double bl_objective_beta(const struct bl_config_objective *config, int64_t step)
{
    if (config->relaxation != BL_RELAXATION_TANH_BETA)
        return 1.0;
    double beta = config->beta_start * bl_pow(1.0 + config->beta_growth * (double)step, config->beta_power);
    return beta < config->beta_max ? beta : config->beta_max;
}

void bl_objective_relax(const struct bl_objective *objective, double beta, const float *z, int64_t n,
                        float *h, float *codes, int64_t stride)
{
    const int64_t bits = objective->bits;
    memcpy(h, z, (size_t)(n * bits) * sizeof *h);
    bl_tanh_forward(n * bits, (float)beta, h);
    for (int64_t i = 0; i < n; i++) {
        const float *from = h + i * bits;
        float *to = codes + i * stride;
        if (objective->config.relaxation != BL_RELAXATION_STE) {
            memcpy(to, from, (size_t)bits * sizeof *to);
            continue;
        }
        for (int64_t k = 0; k < bits; k++)
            to[k] = bl_code_sign(from[k]);
    }
}

/* The batch as a group's rows see it. */
static struct bl_batch batch_of_group(const struct bl_batch *batch, const struct bl_groups *groups, int64_t g)
{
    const int64_t begin = g > 0 ? groups->end[g - 1] : 0;
    struct bl_batch part = *batch;
    part.first += begin;
    part.n_local = groups->end[g] - begin;
    part.h += begin * batch->bits;
    return part;
}

void bl_objective_sums(const struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups, double *sums)
{
    const int64_t stride = objective->n_terms * BL_TERM_SUMS_MAX;
    memset(sums, 0, (size_t)(groups->n * stride) * sizeof *sums);
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term *term = objective->term[t];
        if (term->prepare)
            term->prepare(&objective->config, batch, &objective->scratch);
        for (int64_t g = 0; g < groups->n && term->sums; g++) {
            const struct bl_batch part = batch_of_group(batch, groups, g);
            term->sums(&objective->config, &part, &objective->scratch,
                       sums + g * stride + t * BL_TERM_SUMS_MAX);
        }
    }
}

static double sum_rows(const double *row_values, int64_t lo, int64_t hi)
{
    double sum = 0.0;
    for (int64_t i = lo; i < hi; i++)
        sum += row_values[i];
    return sum;
}

void bl_objective_rows(const struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups, const double *sums, float *dh, double *values)
{
    double *row_values = objective->row_values;
    memset(dh, 0, (size_t)(batch->n_local * batch->bits) * sizeof *dh);
    memset(values, 0, (size_t)(groups->n * BL_TERMS_MAX) * sizeof *values);
    for (int64_t t = 0; t < objective->n_terms; t++) {
        if (!objective->term[t]->rows)
            continue;
        memset(row_values, 0, (size_t)batch->n_local * sizeof *row_values);
        objective->term[t]->rows(&objective->config, batch, &objective->scratch, sums + t * BL_TERM_SUMS_MAX,
                                 dh, row_values);
        for (int64_t g = 0; g < groups->n; g++)
            values[g * BL_TERMS_MAX + t] =
                sum_rows(row_values, g > 0 ? groups->end[g - 1] : 0, groups->end[g]);
    }
}

void bl_objective_dz(const struct bl_objective *objective, double beta, const float *h, int64_t n, float *dh)
{
    const float scale = (float)beta;
    for (int64_t i = 0; i < n * objective->bits; i++)
        dh[i] *= scale * (1.0f - h[i] * h[i]);
}

void bl_objective_params(const struct bl_objective *objective, const struct bl_layout *layout,
                         const float *params, int64_t lo, int64_t hi, float *grad, double *values)
{
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term *term = objective->term[t];
        values[t] = term->params ? term->params(&objective->config, layout, params, lo, hi, grad) : 0.0;
    }
}
