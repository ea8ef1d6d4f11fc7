#include "loss/objective.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
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
                      int64_t threads, struct bl_error *err)
{
    *objective = (struct bl_objective){.config = *config, .bits = bits};
    struct bl_term_scratch *scratch = &objective->scratch;
    scratch->threads = threads;
    int code = choose_terms(objective, labels, err);
    if (code != BL_OK || !bl_objective_needs_gather(objective))
        goto done;
    const int64_t n_tiles = (n_local_max + BL_TILE_ROWS - 1) / BL_TILE_ROWS;
    code = bl_alloc(&scratch->tiles, threads * BL_TILE_FLOATS, sizeof(float), "tiles of pairs", err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->tile_loss, n_tiles, sizeof(double), "losses of tiles", err);
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
    bl_free(&objective->scratch.tiles);
    bl_free(&objective->scratch.tile_loss);
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
    double beta = config->beta_start * pow(1.0 + config->beta_growth * (double)step, config->beta_power);
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

void bl_objective_sums(const struct bl_objective *objective, const struct bl_batch *batch, double *sums)
{
    memset(sums, 0, (size_t)objective->n_terms * BL_TERM_SUMS_MAX * sizeof *sums);
    for (int64_t t = 0; t < objective->n_terms; t++)
        if (objective->term[t]->sums)
            objective->term[t]->sums(&objective->config, batch, &objective->scratch,
                                     sums + t * BL_TERM_SUMS_MAX);
}

void bl_objective_rows(const struct bl_objective *objective, const struct bl_batch *batch, const double *sums,
                       float *dh, double *values)
{
    memset(dh, 0, (size_t)(batch->n_local * batch->bits) * sizeof *dh);
    for (int64_t t = 0; t < objective->n_terms; t++) {
        values[t] = 0.0;
        if (objective->term[t]->rows)
            values[t] = objective->term[t]->rows(&objective->config, batch, &objective->scratch,
                                                 sums + t * BL_TERM_SUMS_MAX, dh);
    }
}

void bl_objective_dz(const struct bl_objective *objective, double beta, const float *h, int64_t n, float *dh)
{
    const float scale = (float)beta;
    for (int64_t i = 0; i < n * objective->bits; i++)
        dh[i] *= scale * (1.0f - h[i] * h[i]);
}

void bl_objective_params(const struct bl_objective *objective, const struct bl_layout *layout,
                         const float *params, float *grad, double *values)
{
    for (int64_t t = 0; t < objective->n_terms; t++)
        if (objective->term[t]->params)
            values[t] = objective->term[t]->params(&objective->config, layout, params, grad);
}
