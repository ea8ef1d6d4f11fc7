#include "config/build.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PRESET_KEYS_MAX = 16 };

struct preset {
    struct {
        const char *key, *value;
    } set[PRESET_KEYS_MAX]; /* the rest is NULL */
};

/* In the order of the choices of objective.preset. */
static const struct preset presets[] = {
#define PRESET(name, ...) {{__VA_ARGS__}},
#include "config/presets.def"
};

struct build {
    const struct bl_setting *settings;
    int64_t n;
    const char *name;
    struct bl_config *config;
    struct bl_error *err;
};

/* The last setting of a key, which is the one that counts; NULL: it wasn't set. */
static const struct bl_setting *last_setting(const struct build *build, const char *key)
{
    for (int64_t i = build->n - 1; i >= 0; i--)
        if (strcmp(build->settings[i].key->name, key) == 0)
            return &build->settings[i];
    return NULL;
}

static const char *place_of(const struct build *build, const char *key)
{
    const struct bl_setting *setting = last_setting(build, key);
    return setting ? setting->place : NULL;
}

static const char *place_or_name(const struct build *build, const char *key)
{
    const char *place = place_of(build, key);
    return place ? place : build->name;
}

static int set(struct build *build, const struct bl_key *key, const char *text, const char *place)
{
    int code = bl_key_set(key, build->config, text, build->err);
    return code == BL_OK ? BL_OK : bl_fail_prefix(build->err, "%s", place);
}

static int apply(struct build *build)
{
    int code = BL_OK;
    for (const struct bl_key *key = bl_keys; key->name && code == BL_OK; key++)
        code = set(build, key, key->value, "default");
    /* The preset first: explicit keys override it. */
    for (int64_t i = 0; i < build->n && code == BL_OK; i++)
        if (strcmp(build->settings[i].key->name, "objective.preset") == 0)
            code = set(build, build->settings[i].key, build->settings[i].text, build->settings[i].place);
    const struct preset *preset = &presets[build->config->objective.preset];
    for (int i = 0; i < PRESET_KEYS_MAX && preset->set[i].key && code == BL_OK; i++)
        code = set(build, bl_key_find(preset->set[i].key), preset->set[i].value, "preset");
    for (int64_t i = 0; i < build->n && code == BL_OK; i++)
        code = set(build, build->settings[i].key, build->settings[i].text, build->settings[i].place);
    return code;
}

/* The rules between keys. Each looks at a few keys and names one in its message. */

static int check_data(const struct build *build)
{
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (key->flags & BL_KEY_REQUIRED && ((const char *)build->config)[key->offset] == '\0')
            return bl_fail(build->err, BL_USAGE,
                           "%s: %s is missing; name a data-set file (bitloom import makes one)",
                           place_or_name(build, key->name), key->name);
    const int64_t batch = build->config->train.global_batch, shards = build->config->data.shards;
    const char *const place = place_or_name(build, "train.global_batch");
    if (batch > 0 && batch < shards)
        return bl_fail(build->err, BL_USAGE,
                       "%s: train.global_batch = %" PRId64 " is less than data.shards = %" PRId64
                       "; every shard gives the same number of rows to a batch: raise one or lower the other",
                       place, batch, shards);
    if (batch % shards != 0)
        return bl_fail(build->err, BL_USAGE,
                       "%s: train.global_batch = %" PRId64 " is not a multiple of data.shards = %" PRId64
                       "; the nearest are %" PRId64 " and %" PRId64,
                       place, batch, shards, batch / shards * shards, (batch / shards + 1) * shards);
    return BL_OK;
}

static int check_model(const struct build *build)
{
    const int64_t bits = build->config->model.heads * build->config->model.bits;
    if (bits > BL_CODE_BITS_MAX)
        return bl_fail(build->err, BL_USAGE,
                       "%s: model.heads x model.bits = %" PRId64
                       " bits are more than %d; make one of them smaller",
                       place_or_name(build, place_of(build, "model.bits") ? "model.bits" : "model.heads"),
                       bits, BL_CODE_BITS_MAX);
    return BL_OK;
}

/* Keys that only some forms use. */
static int check_forms(const struct build *build)
{
    const struct bl_config_objective *objective = &build->config->objective;
    const int form = objective->pairwise_form;
    const struct {
        const char *key, *usual, *forms;
        int set, counts;
    } keys[] = {
        {"alpha", "auto", "likelihood, literal and mixed", objective->pairwise_alpha != 0.0,
         form != BL_FORM_CONTRASTIVE && form != BL_FORM_CAUCHY},
        {"margin", "auto", "contrastive", objective->pairwise_margin != 0.0, form == BL_FORM_CONTRASTIVE},
        {"soft_weight", "0.1", "mixed", objective->pairwise_soft_weight != 0.1, form == BL_FORM_MIXED},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char name[64];
        snprintf(name, sizeof name, "objective.terms.pairwise.%s", keys[i].key);
        if (keys[i].set && !keys[i].counts)
            return bl_fail(build->err, BL_USAGE,
                           "%s: %s counts only with objective.terms.pairwise.form: %s; leave it %s",
                           place_or_name(build, name), name, keys[i].forms, keys[i].usual);
    }
    return BL_OK;
}

static int check_pairwise(const struct build *build)
{
    const struct bl_config_objective *objective = &build->config->objective;
    if (objective->pairwise_form == BL_FORM_LITERAL &&
        (objective->pairwise_similarity == BL_SIMILARITY_JACCARD ||
         objective->pairwise_similarity == BL_SIMILARITY_COSINE))
        return bl_fail(build->err, BL_USAGE,
                       "%s: objective.terms.pairwise.form: literal needs a similarity that is 0 or 1; use "
                       "label, shared or group, or form: likelihood",
                       place_or_name(build, "objective.terms.pairwise.similarity"));
    if (objective->pairwise_balance == BL_BALANCE_EXPLICIT) {
        if (objective->pairwise_similar_weight == 0.0 && objective->pairwise_dissimilar_weight == 0.0)
            return bl_fail(build->err, BL_USAGE,
                           "%s: similar_weight and dissimilar_weight are both 0; raise one, or set "
                           "objective.terms.pairwise.weight to 0",
                           place_or_name(build, "objective.terms.pairwise.similar_weight"));
    } else if (objective->pairwise_similar_weight != 1.0 || objective->pairwise_dissimilar_weight != 1.0) {
        return bl_fail(build->err, BL_USAGE,
                       "%s: similar_weight and dissimilar_weight count only with "
                       "objective.terms.pairwise.balance: explicit",
                       place_or_name(build, objective->pairwise_similar_weight != 1.0
                                                ? "objective.terms.pairwise.similar_weight"
                                                : "objective.terms.pairwise.dissimilar_weight"));
    }
    return BL_OK;
}

static int has_row_term(const struct bl_config *config)
{
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (key->flags & BL_KEY_ROW_TERM && *(const double *)((const char *)config + key->offset) > 0.0)
            return 1;
    return 0;
}

static int check_weights(const struct build *build)
{
    const struct bl_config_objective *objective = &build->config->objective;
    if (!has_row_term(build->config))
        return bl_fail(build->err, BL_USAGE,
                       "%s: no term of the rows has a weight; choose objective.preset or set "
                       "objective.terms.pairwise.weight",
                       place_or_name(build, "objective.preset"));
    if (objective->weight_decay_weight > 0.0 && build->config->optimizer.weight_decay > 0.0) {
        if (place_of(build, "optimizer.weight_decay"))
            return bl_fail(build->err, BL_USAGE,
                           "%s: objective.terms.weight_decay.weight and optimizer.weight_decay are both set; "
                           "leave one of them 0",
                           place_or_name(build, "objective.terms.weight_decay.weight"));
        build->config->optimizer.weight_decay = 0.0; /* it was the default, so the term wins */
    }
    return BL_OK;
}

/* train.steps and train.epochs exclude each other in one place; --set overrides the file. */
static int choose_length(const struct build *build)
{
    const struct bl_setting *steps = last_setting(build, "train.steps"),
                            *epochs = last_setting(build, "train.epochs");
    if (build->config->train.steps == 0 || !epochs || !steps)
        return BL_OK;
    if (epochs->is_override == steps->is_override)
        return bl_fail(build->err, BL_USAGE, "%s: train.steps and train.epochs are both set; keep one",
                       steps->place);
    if (epochs->is_override)
        build->config->train.steps = 0;
    return BL_OK;
}

/* Early stopping needs evaluations of held-out rows. */
static int check_early_stop(const struct build *build)
{
    const struct bl_config *config = build->config;
    if (config->evaluate.early_stop == 0)
        return BL_OK;
    const char *const place = place_or_name(build, "evaluate.early_stop");
    if (config->evaluate.every_epochs == 0)
        return bl_fail(build->err, BL_USAGE,
                       "%s: evaluate.early_stop needs evaluations and evaluate.every_epochs is 0; raise "
                       "evaluate.every_epochs, or set evaluate.early_stop to 0",
                       place);
    if (config->data.validation == 0.0)
        return bl_fail(build->err, BL_USAGE,
                       "%s: evaluate.early_stop needs held-out rows and data.validation is 0; raise "
                       "data.validation, or set evaluate.early_stop to 0",
                       place);
    return BL_OK;
}

static int check_training(const struct build *build)
{
    const struct bl_config *config = build->config;
    if (config->optimizer.nesterov && config->optimizer.momentum == 0.0)
        return bl_fail(build->err, BL_USAGE, "%s: optimizer.nesterov needs optimizer.momentum above 0",
                       place_or_name(build, "optimizer.nesterov"));
    if (config->train.pairs == BL_PAIRS_ONCE && config->train.reduction == BL_REDUCTION_EXACT)
        return bl_fail(build->err, BL_USAGE,
                       "%s: train.pairs: once needs train.reduction: fast; change one of them",
                       place_or_name(build, "train.pairs"));
    if (config->train.pairs == BL_PAIRS_ONCE && config->objective.pairwise_against == BL_AGAINST_MEMORY)
        return bl_fail(build->err, BL_USAGE,
                       "%s: train.pairs: once needs pairs of the batch's rows, and "
                       "objective.terms.pairwise.against is memory; set train.pairs to auto",
                       place_or_name(build, "train.pairs"));
    const int codes = config->train.overlap == BL_OVERLAP_CODES || config->train.overlap == BL_OVERLAP_BOTH;
    if (codes && config->train.reduction == BL_REDUCTION_EXACT)
        return bl_fail(build->err, BL_USAGE,
                       "%s: train.overlap: %s visits pairs of own rows first, and train.reduction: exact "
                       "adds pairs in the order of the batch's rows; set overlap to gradient, or reduction "
                       "to fast",
                       place_or_name(build, "train.overlap"),
                       config->train.overlap == BL_OVERLAP_BOTH ? "both" : "codes");
    return choose_length(build);
}

int bl_config_build(const struct bl_setting *settings, int64_t n, const char *name, struct bl_config *config,
                    struct bl_error *err)
{
    static int (*const rules[])(const struct build *) = {check_data,     check_model,   check_forms,
                                                         check_pairwise, check_weights, check_early_stop,
                                                         check_training};
    struct bl_config built = {0};
    struct build build = {settings, n, name, &built, err};
    int code = apply(&build);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && code == BL_OK; i++)
        code = rules[i](&build);
    built.objective.seed = built.train.seed;
    if (code == BL_OK)
        *config = built;
    return code;
}

int bl_config_is_preset_key(const char *name)
{
    for (size_t p = 0; p < sizeof presets / sizeof *presets; p++)
        for (int i = 0; i < PRESET_KEYS_MAX && presets[p].set[i].key; i++)
            if (strcmp(presets[p].set[i].key, name) == 0)
                return 1;
    return 0;
}
