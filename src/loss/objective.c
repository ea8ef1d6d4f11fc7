#include "loss/objective.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/functions.h"
#include "hash/code.h"
#include "loss/similarity.h"
#include "loss/tile.h"
#include "math/elementwise.h"
#include "math/fixed.h"

/* A term with its name and where its weight stands in the configuration. */
struct entry {
    const char *name;
    const struct bl_term *term;
    size_t weight_at;
};

/* In this order they run: the terms of rows, then those of parameters. */
static const struct entry all_terms[] = {
#define WEIGHT_AT(name)          offsetof(struct bl_config_objective, name##_weight)
#define ROW_TERM(name, sentence) {#name, &bl_term_##name, WEIGHT_AT(name)},
#include "config/terms.def"
#define PARAMETER_TERM(name, sentence) {#name, &bl_term_##name, WEIGHT_AT(name)},
#include "config/terms.def"
};
enum { N_TERMS = sizeof all_terms / sizeof *all_terms };
_Static_assert(sizeof all_terms / sizeof *all_terms <= BL_TERMS_MAX,
               "more terms than BL_TERMS_MAX: raise it");

static double weight_of(const struct bl_config_objective *config, const struct entry *entry)
{
    double weight;
    memcpy(&weight, (const char *)config + entry->weight_at, sizeof weight);
    return weight;
}

void bl_objective_tensors(const struct bl_config_objective *config, struct bl_label_layout labels,
                          int64_t bits, struct bl_layout *layout)
{
    for (int t = 0; t < N_TERMS; t++)
        if (all_terms[t].term->tensors && weight_of(config, &all_terms[t]) != 0.0)
            all_terms[t].term->tensors(bits, labels, layout);
}

static int check_classes(const char *term, struct bl_label_layout labels, struct bl_error *err)
{
    if (labels.kind == BL_LABELS_NONE)
        return bl_fail(err, BL_USAGE,
                       "the term %s needs labels and the train split has none; import labels, or set "
                       "objective.preset to dh or fit `bitloom baseline itq`, which need none",
                       term);
    if (labels.kind == BL_LABELS_GROUPS)
        return bl_fail(err, BL_USAGE,
                       "the term %s needs labels, and this run goes by groups (because "
                       "objective.terms.pairwise.similarity is group, or there are no labels); set "
                       "objective.preset: likelihood, or objective.terms.%s.weight to 0",
                       term, term);
    return BL_OK;
}

int bl_objective_wants_memory(const struct bl_config_objective *config)
{
    return config->pairwise_weight > 0.0 && config->pairwise_against == BL_AGAINST_MEMORY;
}

int bl_objective_visits_pairs(const struct bl_config_objective *config)
{
    return config->pairwise_weight > 0.0 && config->pairwise_against != BL_AGAINST_MEMORY;
}

static int choose_terms(struct bl_objective *objective, struct bl_label_layout labels, struct bl_error *err)
{
    for (const struct entry *entry = all_terms; entry < all_terms + N_TERMS; entry++) {
        const double weight = weight_of(&objective->config, entry);
        if (weight == 0.0)
            continue;
        int code = entry->term->needs_classes ? check_classes(entry->name, labels, err) : BL_OK;
        if (code == BL_OK && entry->term->check)
            code = entry->term->check(&objective->config, labels, err);
        if (code != BL_OK)
            return code;
        objective->name[objective->n_terms] = entry->name;
        objective->weight[objective->n_terms] = weight;
        objective->term[objective->n_terms++] = entry->term;
    }
    return BL_OK;
}

static int fail_alike(const char *term, const struct bl_label_count *count, struct bl_error *err)
{
    char labels[BL_LABEL_TEXT];
    const char *doubt = bl_label_count_doubt(count);
    bl_label_count_say(count, 0, labels);
    return bl_fail(err, BL_USAGE,
                   "the term %s needs rows that differ in their labels, and the training rows have %s%s%s",
                   term, labels, doubt ? "; " : "", doubt ? doubt : "");
}

int bl_objective_check_learns(const struct bl_config_objective *config, int64_t bits,
                              const struct bl_label_count *count, struct bl_error *err)
{
    char names[200] = "";
    int sees = 0;
    for (const struct entry *entry = all_terms; entry < all_terms + N_TERMS; entry++) {
        const struct bl_term *term = entry->term;
        const size_t at = strlen(names);
        if (weight_of(config, entry) == 0.0)
            continue;
        if ((term->needs_classes || term->needs_pairs) && bl_label_count_is_alike(count))
            return fail_alike(entry->name, count, err);
        sees |= term->rows && !(term->is_blind && term->is_blind(config, bits));
        snprintf(names + at, sizeof names - at, "%s%s", at > 0 ? " and " : "", entry->name);
    }
    if (sees)
        return BL_OK;
    return bl_fail(
        err, BL_USAGE,
        "the objective is at its best when all rows have the same code: only %s has a weight; set "
        "objective.preset to dh or fit `bitloom baseline itq`, which need no labels, or import groups "
        "(--groups)",
        names);
}

static struct bl_term_size size_of(const struct bl_objective *objective, int64_t t,
                                   const struct bl_layout *network, struct bl_label_layout labels)
{
    const struct bl_term *term = objective->term[t];
    return term->size ? term->size(&objective->config, network, objective->bits, labels)
                      : (struct bl_term_size){0};
}

int64_t bl_objective_work_floats(const struct bl_objective *objective, const struct bl_layout *network,
                                 struct bl_label_layout labels, int64_t n_local)
{
    int64_t most = 0;
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term_size size = size_of(objective, t, network, labels);
        const int64_t floats = size.floats + n_local * size.row_floats +
                               objective->scratch.product->threads * size.thread_floats;
        most = floats > most ? floats : most;
    }
    return most;
}

/* Sets where the sums, constants and tensors of each term begin. */
static void place_terms(struct bl_objective *objective, const struct bl_layout *network,
                        struct bl_label_layout labels)
{
    struct bl_layout own = {0};
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term *term = objective->term[t];
        const struct bl_term_size size = size_of(objective, t, network, labels);
        objective->sums_at[t + 1] = objective->sums_at[t] + size.sums;
        objective->constants_at[t + 1] = objective->constants_at[t] + size.constants;
        objective->tensors_at[t] = own.n_params;
        objective->first_tensor[t] = own.n_tensors;
        if (term->tensors)
            term->tensors(objective->bits, labels, &own);
    }
}

static int make_constants(struct bl_objective *objective, struct bl_label_layout labels, struct bl_error *err)
{
    int code = bl_alloc(&objective->constants, objective->constants_at[objective->n_terms], sizeof(float),
                        "constants of terms", err);
    for (int64_t t = 0; t < objective->n_terms && code == BL_OK; t++)
        if (objective->term[t]->constants)
            code = objective->term[t]->constants(&objective->config, objective->bits, labels,
                                                 objective->constants + objective->constants_at[t], err);
    return code;
}

static int allocate_groups(struct bl_term_scratch *scratch, struct bl_label_layout labels,
                           int64_t n_columns_max, struct bl_error *err)
{
    int code = bl_alloc(&scratch->group_begin, labels.classes + 1, sizeof(int64_t), "starts of groups", err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->group_rows, n_columns_max * labels.words, sizeof(int32_t), "rows of groups",
                        err);
    return code;
}

static int allocate(struct bl_objective *objective, const struct bl_layout *network,
                    struct bl_label_layout labels, int64_t n_local_max, int64_t n_columns_max,
                    struct bl_error *err)
{
    struct bl_term_scratch *scratch = &objective->scratch;
    place_terms(objective, network, labels);
    const int64_t n_work = bl_objective_work_floats(objective, network, labels, n_local_max);
    const int64_t n_sums = bl_objective_n_sums(objective);
    int code = bl_alloc(&objective->row_values, n_local_max, sizeof(double), "losses of rows", err);
    if (code == BL_OK)
        code = bl_alloc(&objective->sums, n_sums, sizeof(int64_t), "sums of terms", err);
    if (code == BL_OK)
        code = bl_alloc(&objective->group_sums, n_sums, sizeof(double), "sums of terms", err);
    if (code == BL_OK)
        code = bl_alloc(&objective->global_sums, n_sums, sizeof(double), "sums of terms", err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->work, n_work, sizeof(float), "work space of terms", err);
    if (code == BL_OK)
        code = make_constants(objective, labels, err);
    if (code != BL_OK || !bl_objective_needs_gather(objective))
        return code;
    code = bl_alloc(&scratch->tiles, scratch->product->threads * BL_TILE_FLOATS, sizeof(float),
                    "tiles of pairs", err);
    if (code == BL_OK && bl_label_is_one(labels))
        code = bl_alloc(&scratch->class_count, labels.classes, sizeof(int64_t), "class counts", err);
    if (code == BL_OK && labels.kind == BL_LABELS_GROUPS && labels.words > 1)
        code = allocate_groups(scratch, labels, n_columns_max, err);
    if (code == BL_OK && labels.kind == BL_LABELS_MULTI)
        code = bl_alloc(&scratch->label_norm, n_columns_max, sizeof(float), "label norms", err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->code_length, n_columns_max, sizeof(float), "lengths of codes", err);
    return code;
}

int bl_objective_init(struct bl_objective *objective, const struct bl_config_objective *config,
                      const struct bl_layout *network, struct bl_label_layout labels, int64_t n_local_max,
                      int64_t n_columns_max, const struct bl_product *product, struct bl_error *err)
{
    *objective = (struct bl_objective){.config = *config,
                                       .bits = bl_layout_outputs(network),
                                       .n_network = network->n_network,
                                       .n_network_tensors = bl_layout_network_tensors(network),
                                       .scratch.product = product};
    int code = choose_terms(objective, labels, err);
    if (code == BL_OK)
        code = allocate(objective, network, labels, n_local_max, n_columns_max, err);
    if (code != BL_OK)
        bl_objective_free(objective);
    return code;
}

int bl_objective_visit_once(struct bl_objective *objective, const int64_t *rows, int n_parts, int own,
                            float *mirror, struct bl_error *err)
{
    struct bl_term_scratch *scratch = &objective->scratch;
    const int64_t n = (rows[n_parts] - rows[0]) * scratch->product->threads;
    scratch->mirror = mirror;
    int code = bl_pair_blocks_init(&scratch->blocks, rows, n_parts, own, err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->mirror_own, n, sizeof(double), "gradients of columns", err);
    return code;
}

void bl_objective_free(struct bl_objective *objective)
{
    bl_free(&objective->row_values);
    bl_free(&objective->sums);
    bl_free(&objective->group_sums);
    bl_free(&objective->global_sums);
    bl_free(&objective->constants);
    bl_free(&objective->scratch.tiles);
    bl_free(&objective->scratch.class_count);
    bl_free(&objective->scratch.group_begin);
    bl_free(&objective->scratch.group_rows);
    bl_free(&objective->scratch.label_norm);
    bl_free(&objective->scratch.code_length);
    bl_free(&objective->scratch.work);
    bl_free(&objective->scratch.mirror_own);
    bl_pair_blocks_free(&objective->scratch.blocks);
}

int bl_objective_needs_gather(const struct bl_objective *objective)
{
    for (int64_t t = 0; t < objective->n_terms; t++)
        if (objective->term[t]->needs_codes)
            return 1;
    return 0;
}

int64_t bl_objective_n_sums(const struct bl_objective *objective)
{
    return objective->sums_at[objective->n_terms];
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

/* The batch with one group of the own rows as its own rows. */
static struct bl_batch batch_of_group(const struct bl_batch *batch, const struct bl_groups *groups, int64_t g)
{
    const int64_t begin = g > 0 ? groups->end[g - 1] : 0;
    struct bl_batch part = *batch;
    part.first += begin;
    part.n_local = groups->end[g] - begin;
    part.h += begin * batch->bits;
    return part;
}

/* What every call to a term is given. */
static struct bl_term_in in_of(const struct bl_objective *objective, int64_t t, const struct bl_batch *batch)
{
    return (struct bl_term_in){.config = &objective->config,
                               .weight = objective->weight[t],
                               .batch = batch,
                               .scratch = &objective->scratch};
}

static struct bl_fixed resolution_of(const struct bl_term *term, const struct bl_batch *batch)
{
    return bl_fixed_of_bound(term->bound(batch));
}

static void sum_groups(struct bl_objective *objective, int64_t t, const struct bl_batch *batch,
                       const struct bl_groups *groups)
{
    const struct bl_term *term = objective->term[t];
    const struct bl_fixed fixed = resolution_of(term, batch);
    const int64_t lo = objective->sums_at[t], hi = objective->sums_at[t + 1];
    for (int64_t g = 0; g < groups->n; g++) {
        const struct bl_batch part = batch_of_group(batch, groups, g);
        const struct bl_term_in in = in_of(objective, t, &part);
        memset(objective->group_sums + lo, 0, (size_t)(hi - lo) * sizeof *objective->group_sums);
        term->sums(&in, objective->group_sums + lo);
        for (int64_t i = lo; i < hi; i++)
            objective->sums[i] += bl_fixed_from(fixed, objective->group_sums[i]);
    }
}

void bl_objective_sums(struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups)
{
    memset(objective->sums, 0, (size_t)bl_objective_n_sums(objective) * sizeof *objective->sums);
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term_in in = in_of(objective, t, batch);
        if (objective->term[t]->prepare)
            objective->term[t]->prepare(&in);
        if (objective->sums_at[t + 1] > objective->sums_at[t])
            sum_groups(objective, t, batch, groups);
    }
}

static double sum_rows(const double *row_values, int64_t lo, int64_t hi)
{
    double sum = 0.0;
    for (int64_t i = lo; i < hi; i++)
        sum += row_values[i];
    return sum;
}

static void run_term(const struct bl_objective *objective, int64_t t, const struct bl_term_in *in,
                     const struct bl_term_out *out, double *values)
{
    const struct bl_term *term = objective->term[t];
    const struct bl_groups *groups = out->groups;
    memset(out->row_values, 0, (size_t)in->batch->n_local * sizeof *out->row_values);
    term->rows(in, out);
    for (int64_t g = 0; g < groups->n; g++)
        values[g * BL_TERMS_MAX + t] =
            sum_rows(out->row_values, g > 0 ? groups->end[g - 1] : 0, groups->end[g]);
    if (term->whole && groups->n > 0 && groups->first == 0)
        values[t] = term->whole(in);
}

void bl_objective_rows(const struct bl_objective *objective, const struct bl_batch *batch,
                       const struct bl_groups *groups, const float *own_params,
                       const struct bl_objective_out *out)
{
    memset(out->dh, 0, (size_t)(batch->n_local * batch->bits) * sizeof *out->dh);
    memset(out->values, 0, (size_t)(groups->n * BL_TERMS_MAX) * sizeof *out->values);
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term *term = objective->term[t];
        const int64_t lo = objective->sums_at[t], hi = objective->sums_at[t + 1];
        if (!term->rows)
            continue;
        for (int64_t i = lo; i < hi; i++)
            objective->global_sums[i] = bl_fixed_to(resolution_of(term, batch), objective->sums[i]);
        struct bl_term_in in = in_of(objective, t, batch);
        in.sums = objective->global_sums + lo;
        in.params = term->tensors ? own_params + objective->tensors_at[t] : NULL;
        in.constants = objective->constants + objective->constants_at[t];
        const struct bl_term_out term_out = {out->dh,
                                             objective->row_values,
                                             groups,
                                             out->grad,
                                             objective->n_network_tensors + objective->first_tensor[t],
                                             objective->n_network + objective->tensors_at[t]};
        run_term(objective, t, &in, &term_out, out->values);
    }
}

void bl_objective_dz(const struct bl_objective *objective, double beta, const float *h, int64_t n, float *dh)
{
    const float scale = (float)beta;
    for (int64_t i = 0; i < n * objective->bits; i++)
        dh[i] *= scale * (1.0f - h[i] * h[i]);
}

void bl_objective_params(const struct bl_objective *objective, const struct bl_layout *layout,
                         const float *params, struct bl_ranges ranges, float *grad, double *values)
{
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const struct bl_term_in in = in_of(objective, t, NULL);
        const struct bl_term *term = objective->term[t];
        values[t] = term->params ? term->params(&in, layout, params, ranges, grad) : 0.0;
    }
}
