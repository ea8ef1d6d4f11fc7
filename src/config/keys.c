#include "config/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "config/map.h"
#include "config/value.h"

#define AT(field)   offsetof(struct bl_config, field)
#define MANY        1e15
#define MANY_EPOCHS 1e9 /* epochs times steps of an epoch is a number of steps */

/* The words for the values of each choice; NULL ends them. */
static const char *const normalizes[] = {
    [BL_NORMALIZE_NONE] = "none",
    [BL_NORMALIZE_CENTER] = "center",
    [BL_NORMALIZE_STANDARDIZE] = "standardize",
    [BL_NORMALIZE_UNIT] = "unit",
    [BL_NORMALIZE_SCALE] = "scale",
    NULL,
};
static const char *const bad_rows[] = {[BL_BAD_ROWS_STOP] = "stop", [BL_BAD_ROWS_DROP] = "drop", NULL};
static const char *const residencies[] = {
    [BL_RESIDENCY_MEMORY] = "memory",
    [BL_RESIDENCY_STREAM] = "stream",
    NULL,
};
static const char *const activations[] = {[BL_ACTIVATION_RELU] = "relu", [BL_ACTIVATION_TANH] = "tanh", NULL};
static const char *const inits[] = {
    [BL_INIT_RANDOM] = "random",
    [BL_INIT_PCA] = "pca",
    [BL_INIT_ITQ] = "itq",
    NULL,
};
static const char *const relaxations[] = {
    [BL_RELAXATION_TANH] = "tanh",
    [BL_RELAXATION_STE] = "ste",
    [BL_RELAXATION_TANH_BETA] = "tanh-beta",
    NULL,
};
static const char *const forms[] = {
    [BL_FORM_LIKELIHOOD] = "likelihood", [BL_FORM_LITERAL] = "literal", [BL_FORM_CONTRASTIVE] = "contrastive",
    [BL_FORM_CAUCHY] = "cauchy",         [BL_FORM_MIXED] = "mixed",     NULL,
};
static const char *const similarities[] = {
    [BL_SIMILARITY_LABEL] = "label",   [BL_SIMILARITY_SHARED] = "shared", [BL_SIMILARITY_JACCARD] = "jaccard",
    [BL_SIMILARITY_COSINE] = "cosine", [BL_SIMILARITY_GROUP] = "group",   NULL,
};
static const char *const againsts[] = {[BL_AGAINST_BATCH] = "batch", [BL_AGAINST_MEMORY] = "memory", NULL};
static const char *const balances[] = {
    [BL_BALANCE_NONE] = "none",
    [BL_BALANCE_BALANCED] = "balanced",
    [BL_BALANCE_EXPLICIT] = "explicit",
    NULL,
};
static const char *const quantizations[] = {
    [BL_QUANTIZATION_SQUARED] = "squared", [BL_QUANTIZATION_LOG_COSH] = "log-cosh",
    [BL_QUANTIZATION_CUBIC] = "cubic",     [BL_QUANTIZATION_ABSOLUTE] = "absolute",
    [BL_QUANTIZATION_CAUCHY] = "cauchy",   NULL,
};
static const char *const class_codes[] = {
    [BL_CLASS_CODES_AUTO] = "auto",
    [BL_CLASS_CODES_HADAMARD] = "hadamard",
    [BL_CLASS_CODES_RANDOM] = "random",
    NULL,
};
static const char *const schedules[] = {
    [BL_SCHEDULE_CONSTANT] = "constant",
    [BL_SCHEDULE_STEP] = "step",
    [BL_SCHEDULE_COSINE] = "cosine",
    NULL,
};
static const char *const pair_visits[] = {
    [BL_PAIRS_AUTO] = "auto",
    [BL_PAIRS_TWICE] = "twice",
    [BL_PAIRS_ONCE] = "once",
    NULL,
};
static const char *const sharings[] = {[BL_SHARED_AUTO] = "auto", [BL_SHARED_OFF] = "off", NULL};
static const char *const overlaps[] = {
    [BL_OVERLAP_AUTO] = "auto",         [BL_OVERLAP_NONE] = "none", [BL_OVERLAP_CODES] = "codes",
    [BL_OVERLAP_GRADIENT] = "gradient", [BL_OVERLAP_BOTH] = "both", NULL,
};
static const char *const reductions[] = {[BL_REDUCTION_FAST] = "fast", [BL_REDUCTION_EXACT] = "exact", NULL};

/* Those of the tables of presets and optimisers. */
static const char *const presets[] = {
#define PRESET(name, ...) #name,
#include "config/presets.def"
    NULL};
static const char *const optimizers[] = {
#define OPTIMIZER(name, what) #name,
#include "config/optimizers.def"
    NULL};

/* Behind the first separator: "SGD with momentum, or AdamW." */
static const char optimizer_sentence[] =
#define OPTIMIZER(name, what) ", or " what
#include "config/optimizers.def"
    ".";

#define TEXT(name, field, value, flags, sentence)                                                            \
    {                                                                                                        \
        name, BL_KEY_TEXT, AT(field), value, 0, 0, flags, NULL, NULL, "", sentence                           \
    }
#define INTEGER(name, field, value, min, max, flags, word, unit, sentence)                                   \
    {                                                                                                        \
        name, BL_KEY_INTEGER, AT(field), value, min, max, flags, word, NULL, unit, sentence                  \
    }
#define REAL(name, field, value, min, max, flags, word, unit, sentence)                                      \
    {                                                                                                        \
        name, BL_KEY_REAL, AT(field), value, min, max, flags, word, NULL, unit, sentence                     \
    }
#define BOOLEAN(name, field, value, flags, sentence)                                                         \
    {                                                                                                        \
        name, BL_KEY_BOOLEAN, AT(field), value, 0, 0, flags, NULL, NULL, "", sentence                        \
    }
#define CHOICE_WITH(name, field, value, flags, choices, sentence)                                            \
    {                                                                                                        \
        name, BL_KEY_CHOICE, AT(field), value, 0, 0, flags, NULL, choices, "", sentence                      \
    }
#define CHOICE(name, field, value, choices, sentence) CHOICE_WITH(name, field, value, 0, choices, sentence)

const struct bl_key bl_keys[] = {
    TEXT("data.file", data.file, "", BL_KEY_REQUIRED | BL_KEY_PATH,
         "The data-set file, relative to the configuration's folder."),
    TEXT("data.train", data.train, "train", 0, "The split to train on."),
    REAL("data.validation", data.validation, "0.05", 0, 0.5, 0, NULL, "share",
         "Share of the train split held out to choose the best model; the test split is never touched."),
    INTEGER("data.validation_seed", data.validation_seed, "0", 0, MANY, 0, NULL, "",
            "Which rows are held out."),
    INTEGER("data.shards", data.shards, "16", 1, 1e6, 0, NULL, "shards",
            "Logical shards the train split is cut into: the most ranks a run can ever use."),
    CHOICE("data.residency", data.residency, "memory", residencies,
           "memory: each rank holds its rows; stream: reads them while it trains, in random order within "
           "data.window."),
    INTEGER("data.window", data.window_mib, "16", 1, 1 << 30, 0, NULL, "MiB",
            "residency: stream: features of each shard that a batch draws from; two such windows of each "
            "shard are in memory."),
    CHOICE(
        "data.normalize", data.normalize, "standardize", normalizes,
        "What is done to the columns, by statistics of the training rows; `standardize` divides each by its "
        "own deviation, `scale` divides all by one number, `unit` scales rows to length 1."),
    CHOICE("data.bad_rows", data.bad_rows, "stop", bad_rows, "Rows with NaN or Inf: an error, or left out."),

    {"model.hidden", BL_KEY_LIST, AT(model.hidden), "1024, 512", 1, 1 << 24, 0, NULL, NULL, "units",
     "Widths of the hidden layers, input side first; [] for none, at most 64."},
    CHOICE("model.activation", model.activation, "relu", activations, "The hidden layers' activation."),
    CHOICE(
        "model.init", model.init, "random", inits,
        "The first parameters: random, principal directions and identities, or these with a last layer from "
        "ITQ."),
    REAL("model.dropout", model.dropout, "0", 0, 1, BL_KEY_BELOW_MAX, NULL, "share",
         "Share of hidden units silenced in a training step."),
    INTEGER("model.heads", model.heads, "4", 1, BL_CODE_BITS_MAX, 0, NULL, "heads",
            "Hash tables of model.bits bits each; the code has heads x bits bits, at most 1024."),
    INTEGER("model.bits", model.bits, "16", 1, BL_CODE_BITS_MAX, 0, NULL, "bits", "Bits of one head."),

    CHOICE("objective.preset", objective.preset, "joint", presets,
           "The method: sets the terms below, each of which may be overridden."),
    CHOICE("objective.relaxation", objective.relaxation, "tanh", relaxations,
           "The code that the terms pairwise, classification and cosine see: tanh(z), sign(z) with a "
           "straight-through gradient, or tanh(beta z)."),
    REAL("objective.beta.start", objective.beta_start, "1", 0, MANY, BL_KEY_ABOVE_MIN, NULL, "",
         "tanh-beta: beta(t) = min(max, start (1 + growth t)^power) at step t."),
    REAL("objective.beta.growth", objective.beta_growth, "0.005", 0, MANY, 0, NULL, "per step",
         "See objective.beta.start."),
    REAL("objective.beta.power", objective.beta_power, "0.5", 0, 10, 0, NULL, "",
         "See objective.beta.start."),
    REAL("objective.beta.max", objective.beta_max, "10", 0, MANY, BL_KEY_ABOVE_MIN, NULL, "",
         "See objective.beta.start."),
    REAL("objective.gamma", objective.gamma, "20", 0, MANY, BL_KEY_ABOVE_MIN, NULL, "bits",
         "Width of the Cauchy distribution in the forms `cauchy` of pairwise and quantization."),
    CHOICE(
        "objective.class_codes", objective.class_codes, "auto", class_codes,
        "The fixed codes of the terms centers and cosine: rows of a Hadamard matrix (a power of two bits, at "
        "most twice as many classes), or random ones; auto takes the first where it can."),
#define TERM_WEIGHT(term, flags, sentence)                                                                   \
    REAL("objective.terms." #term ".weight", objective.term##_weight, "0", 0, MANY, flags, NULL, "",         \
         sentence),
#define ROW_TERM(term, sentence)       TERM_WEIGHT(term, BL_KEY_ROW_TERM, sentence)
#define PARAMETER_TERM(term, sentence) TERM_WEIGHT(term, 0, sentence)
#define TERM_REAL(term, key, ...)                                                                            \
    REAL("objective.terms." #term "." #key, objective.term##_##key, __VA_ARGS__),
#define TERM_CHOICE(term, key, ...)                                                                          \
    CHOICE("objective.terms." #term "." #key, objective.term##_##key, __VA_ARGS__),
#include "config/terms.def"

    CHOICE("optimizer.name", optimizer.name, "adamw", optimizers, &optimizer_sentence[sizeof ", or " - 1]),
    REAL("optimizer.lr", optimizer.lr, "1e-3", 0, MANY, BL_KEY_ABOVE_MIN, NULL, "",
         "Learning rate at its height."),
    REAL("optimizer.weight_decay", optimizer.weight_decay, "1e-4", 0, 1, 0, NULL, "",
         "Decay of weight matrices: decoupled in AdamW, added to the gradient in SGD."),
#define OPTIMIZER_REAL(key, ...)    REAL("optimizer." #key, optimizer.key, __VA_ARGS__),
#define OPTIMIZER_BOOLEAN(key, ...) BOOLEAN("optimizer." #key, optimizer.key, __VA_ARGS__),
#include "config/optimizers.def"
    CHOICE("optimizer.schedule", optimizer.schedule, "cosine", schedules, "How the learning rate falls."),
    INTEGER("optimizer.warmup_steps", optimizer.warmup_steps, "50", 0, MANY, 0, NULL, "steps",
            "Linear warm-up; cut to a tenth of a short run."),
    INTEGER("optimizer.step_every_epochs", optimizer.step_every_epochs, "5", 1, MANY_EPOCHS, 0, NULL,
            "epochs", "schedule: step: how often the rate is multiplied by step_factor."),
    REAL("optimizer.step_factor", optimizer.step_factor, "0.1", 0, 1, BL_KEY_ABOVE_MIN, NULL, "",
         "schedule: step: the factor."),
    REAL("optimizer.final_lr", optimizer.final_lr, "0", 0, 1, 0, NULL, "share of lr",
         "schedule: cosine: where it ends."),
    REAL("optimizer.clip_norm", optimizer.clip_norm, "0", 0, MANY, 0, NULL, "",
         "Largest global norm of the gradient; 0 doesn't clip."),

    INTEGER("train.epochs", train.epochs, "15", 1, MANY_EPOCHS, BL_KEY_MAY_CHANGE, NULL, "epochs",
            "Passes over the training rows."),
    INTEGER("train.steps", train.steps, "0", 0, MANY, BL_KEY_MAY_CHANGE, NULL, "steps",
            "Steps in all, in place of train.epochs; 0 counts epochs."),
    REAL(
        "train.settle", train.settle, "0", 0, 1, BL_KEY_MAY_CHANGE, NULL, "share",
        "Stop when the objective, the mean over an epoch, has settled: it changed by less than this share of "
        "itself in each of train.settle_epochs epochs; 0 never."),
    INTEGER("train.settle_epochs", train.settle_epochs, "3", 1, MANY_EPOCHS, BL_KEY_MAY_CHANGE, NULL,
            "epochs", "See train.settle."),
    INTEGER("train.global_batch", train.global_batch, "512", 2, 2147483647, 0, "full", "rows",
            "Rows of a step over all ranks: a multiple of data.shards, or `full` for all training rows."),
    INTEGER("train.seed", train.seed, "1", 0, MANY, 0, NULL, "", "Seed of parameters, batches and dropout."),
    CHOICE("train.reduction", train.reduction, "exact", reductions,
           "exact: the same bits on any number of ranks, threads and kinds of processor; fast: products as "
           "OpenBLAS forms them, sums in the order of ranks."),
    INTEGER("train.exact_groups", train.exact_groups, "0", 0, 4096, 0, NULL, "groups",
            "Groups of shards whose sums reduction: exact keeps apart: a divisor of data.shards and the most "
            "ranks that can share the run; 0 takes data.shards."),
    CHOICE("train.pairs", train.pairs, "auto", pair_visits,
           "How often the term pairwise visits a pair of the batch's rows: once for both rows, where they "
           "are on one node, is less work in large batches; auto does it where it pays. reduction: exact "
           "visits twice."),
    CHOICE_WITH(
        "train.shared", train.shared, "auto", BL_KEY_MAY_CHANGE, sharings,
        "Whether the ranks of a node share one copy of parameters, optimiser states and gathered codes; "
        "auto: wherever MPI has room for windows of shared memory. off: every rank has its own."),
    CHOICE_WITH(
        "train.overlap", train.overlap, "auto", BL_KEY_MAY_CHANGE, overlaps,
        "What travels while its rank computes: codes, while pairs of rows that are there are visited "
        "(reduction: fast alone); the gradient, while the backward pass goes on; or both. auto: what is "
        "possible of that between hosts, and nothing on one host."),
    INTEGER(
        "train.bucket_kib", train.bucket_kib, "256", 1, 1048576, BL_KEY_MAY_CHANGE, NULL, "KiB",
        "How much of the gradient at least a rank sends at a time where it is in flight; a part ends with "
        "whole rows of weights, 64 or more for each thread."),
    INTEGER("train.threads", train.threads, "1", 1, 1024, BL_KEY_MAY_CHANGE, NULL, "threads",
            "Threads of each rank, for rows and tiles of pairs; give each rank as many cores, and a node "
            "fewer ranks."),
    REAL("train.max_hours", train.max_hours, "0", 0, MANY, BL_KEY_MAY_CHANGE, NULL, "hours",
         "Stop with status 75 and a checkpoint in time to be over after so long; 0 sets no limit."),
    REAL("train.stall_minutes", train.stall_minutes, "10", 0, MANY, BL_KEY_MAY_CHANGE, NULL, "minutes",
         "Without progress for so long the run ends with status 6; 0 waits for ever."),

    INTEGER("checkpoint.every_steps", checkpoint.every_steps, "500", 0, MANY, BL_KEY_MAY_CHANGE, NULL,
            "steps", "0 writes none by steps."),
    REAL("checkpoint.every_minutes", checkpoint.every_minutes, "10", 0, MANY, BL_KEY_MAY_CHANGE, NULL,
         "minutes", "0 writes none by time."),
    INTEGER("checkpoint.keep", checkpoint.keep, "3", 1, MANY, BL_KEY_MAY_CHANGE, NULL, "files",
            "The newest so many are kept."),
    BOOLEAN("checkpoint.behind", checkpoint.behind, "true", BL_KEY_MAY_CHANGE,
            "Written while training goes on, from a copy that takes each rank its share of the state's size; "
            "false waits for it instead."),
    {"checkpoint.hints", BL_KEY_MAP, AT(checkpoint.hints), "", 0, 0, BL_KEY_MAY_CHANGE, NULL, NULL, "",
     "Hints for MPI-IO when several ranks write checkpoints and models, e.g. {striping_factor: 8}; it "
     "passes over those that it doesn't know."},
    INTEGER(
        "checkpoint.alignment", checkpoint.alignment_kib, "0", 0, 1048576, BL_KEY_MAY_CHANGE, NULL, "KiB",
        "Tensors of at least so much begin at a multiple of it in the files of checkpoints and models, as "
        "stripes of a file system do; 0 packs them."),

    INTEGER("evaluate.every_epochs", evaluate.every_epochs, "1", 0, MANY_EPOCHS, BL_KEY_MAY_CHANGE, NULL,
            "epochs", "How often the held-out rows are evaluated; 0 never, and the last model is kept."),
    INTEGER("evaluate.early_stop", evaluate.early_stop, "0", 0, MANY, BL_KEY_MAY_CHANGE, NULL, "evaluations",
            "Stop after so many evaluations without a better mAP; 0 never."),
    INTEGER("log.every_steps", log.every_steps, "10", 1, MANY, BL_KEY_MAY_CHANGE, NULL, "steps",
            "How often progress and metrics.jsonl get a line."),
    {0},
};

const struct bl_key *bl_key_find(const char *name)
{
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

int bl_key_is_section(const char *section)
{
    const size_t n = strlen(section);
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strncmp(key->name, section, n) == 0 && key->name[n] == '.')
            return 1;
    return 0;
}

void bl_key_range(const struct bl_key *key, char *text, size_t size)
{
    int n = 0;
    if (key->type == BL_KEY_TEXT)
        n = snprintf(text, size, "text of at most %d bytes",
                     key->offset == AT(data.file) ? BL_PATH_MAX - 1 : BL_NAME_MAX - 1);
    else if (key->type == BL_KEY_MAP)
        n = snprintf(text, size, "a map of names to values without commas, quotes, = and backslashes");
    else if (key->type == BL_KEY_BOOLEAN)
        n = snprintf(text, size, "true or false");
    else if (key->type == BL_KEY_CHOICE)
        for (int i = 0; key->choices[i]; i++)
            n += snprintf(text + n, size - (size_t)n, "%s%s",
                          i == 0                ? ""
                          : key->choices[i + 1] ? ", "
                                                : " or ",
                          key->choices[i]);
    else {
        n = snprintf(text, size, "%s %s %g",
                     key->type == BL_KEY_REAL   ? "a number"
                     : key->type == BL_KEY_LIST ? "a list of whole numbers"
                                                : "a whole number",
                     key->flags & BL_KEY_ABOVE_MIN ? "above" : "from", key->min);
        n += snprintf(text + n, size - (size_t)n, "%s ", key->flags & BL_KEY_BELOW_MAX ? ", below" : " to");
        n += key->max < MANY ? snprintf(text + n, size - (size_t)n, "%.10g", key->max)
                             : snprintf(text + n, size - (size_t)n, "10^15");
    }
    if (key->word)
        snprintf(text + n, size - (size_t)n, ", or %s", key->word);
}

static int not_allowed(const struct bl_key *key, const char *text, struct bl_error *err)
{
    char range[200];
    bl_key_range(key, range, sizeof range);
    return bl_fail(err, BL_USAGE, "%s must be %s, not '%.60s'", key->name, range, text);
}

static int in_range(const struct bl_key *key, double value)
{
    if (!isfinite(value) || value < key->min || value > key->max)
        return 0;
    return !((key->flags & BL_KEY_ABOVE_MIN && value == key->min) ||
             (key->flags & BL_KEY_BELOW_MAX && value == key->max));
}

static int set_number(const struct bl_key *key, void *field, const char *text, struct bl_error *err)
{
    char *end;
    const int zero = key->word && strcmp(text, key->word) == 0;
    errno = 0;
    if (key->type == BL_KEY_INTEGER) {
        int64_t value = zero ? 0 : strtoll(text, &end, 10);
        if (!zero && (errno != 0 || end == text || *end != '\0' || !in_range(key, (double)value)))
            return not_allowed(key, text, err);
        memcpy(field, &value, sizeof value);
    } else {
        double value = zero ? 0.0 : strtod(text, &end);
        if (!zero && (end == text || *end != '\0' || !in_range(key, value)))
            return not_allowed(key, text, err);
        memcpy(field, &value, sizeof value);
    }
    return BL_OK;
}

static int set_choice(const struct bl_key *key, int *field, const char *text, struct bl_error *err)
{
    const char *near = NULL;
    for (int i = 0; key->choices[i]; i++) {
        if (strcmp(key->choices[i], text) == 0) {
            *field = i;
            return BL_OK;
        }
        if (bl_nearest_better(text, key->choices[i], near))
            near = key->choices[i];
    }
    not_allowed(key, text, err);
    if (near) {
        const struct bl_error before = *err;
        return bl_fail(err, BL_USAGE, "%.900s; did you mean %s?", before.what, near);
    }
    return BL_USAGE;
}

/* Line breaks in YAML's sense and control characters: no intended name or path has them, and they wouldn't
 * survive being written out. */
static int has_control(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0) ||
            (at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9)))
            return 1;
    return 0;
}

static int set_list(const struct bl_key *key, struct bl_config *config, const char *text,
                    struct bl_error *err)
{
    int64_t n = 0;
    const char *at = text + strspn(text, " ");
    while (*at) {
        char *end;
        errno = 0;
        int64_t value = strtoll(at, &end, 10);
        end += strspn(end, " ");
        if (errno != 0 || end == at || (*end && *end != ',') || !in_range(key, (double)value) ||
            n == BL_HIDDEN_MAX)
            return not_allowed(key, text, err);
        config->model.hidden[n++] = value;
        at = *end ? end + 1 + strspn(end + 1, " ") : end;
    }
    for (int64_t i = n; i < BL_HIDDEN_MAX; i++)
        config->model.hidden[i] = 0;
    config->model.hidden_count = n;
    return BL_OK;
}

int bl_key_set(const struct bl_key *key, struct bl_config *config, const char *text, struct bl_error *err)
{
    char *field = (char *)config + key->offset;
    const size_t room = key->offset == AT(data.file) ? BL_PATH_MAX : BL_NAME_MAX;
    switch (key->type) {
    case BL_KEY_TEXT:
        if (strlen(text) >= room || (text[0] == '\0' && !(key->flags & BL_KEY_REQUIRED)))
            return not_allowed(key, text, err);
        if (has_control(text))
            return bl_fail(err, BL_USAGE, "%s holds a line break or control character", key->name);
        memset(field, 0, room);
        memcpy(field, text, strlen(text));
        return BL_OK;
    case BL_KEY_BOOLEAN:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return not_allowed(key, text, err);
        *(int *)(void *)field = text[0] == 't';
        return BL_OK;
    case BL_KEY_CHOICE:
        return set_choice(key, (int *)(void *)field, text, err);
    case BL_KEY_LIST:
        return set_list(key, config, text, err);
    case BL_KEY_MAP:
        return bl_map_parse(text, field, BL_HINTS_MAX) ? BL_OK : not_allowed(key, text, err);
    case BL_KEY_INTEGER:
    case BL_KEY_REAL:
        break;
    }
    return set_number(key, field, text, err);
}

void bl_key_text(const struct bl_key *key, const struct bl_config *config, char *text, size_t size)
{
    const char *field = (const char *)config + key->offset;
    int64_t integer;
    int number;
    double real;
    size_t n;
    switch (key->type) {
    case BL_KEY_TEXT:
        bl_value_quote(field, text, size);
        break;
    case BL_KEY_INTEGER:
        memcpy(&integer, field, sizeof integer);
        if (integer == 0 && key->word)
            snprintf(text, size, "%s", key->word);
        else
            snprintf(text, size, "%" PRId64, integer);
        break;
    case BL_KEY_REAL:
        memcpy(&real, field, sizeof real);
        if (real == 0.0 && key->word)
            snprintf(text, size, "%s", key->word);
        else
            bl_value_number(real, text, size);
        break;
    case BL_KEY_BOOLEAN:
        memcpy(&number, field, sizeof number);
        snprintf(text, size, "%s", number ? "true" : "false");
        break;
    case BL_KEY_CHOICE:
        memcpy(&number, field, sizeof number);
        snprintf(text, size, "%s", key->choices[number]);
        break;
    case BL_KEY_LIST:
        n = (size_t)snprintf(text, size, "[");
        for (int64_t i = 0; i < config->model.hidden_count && n + 24 < size; i++)
            n += (size_t)snprintf(text + n, size - n, "%s%" PRId64, i ? ", " : "", config->model.hidden[i]);
        snprintf(text + n, size - n, "]");
        break;
    case BL_KEY_MAP:
        bl_map_text(field, text, size);
        break;
    }
}
