#include <string.h>

#include "base/nearest.h"
#include "config/keys.h"

/* What other programs call our keys; compared with the last part of a name, in any section. */
static const struct {
    const char *word;
    const char *key;
} elsewhere[] = {
    {"batch", "train.global_batch"},
    {"batch_size", "train.global_batch"},
    {"code_length", "model.bits"},
    {"n_bits", "model.bits"},
    {"dropout_rate", "model.dropout"},
    {"hidden_layers", "model.hidden"},
    {"hidden_sizes", "model.hidden"},
    {"layers", "model.hidden"},
    {"iterations", "train.steps"},
    {"max_steps", "train.steps"},
    {"num_steps", "train.steps"},
    {"max_epochs", "train.epochs"},
    {"n_epochs", "train.epochs"},
    {"num_epochs", "train.epochs"},
    {"random_seed", "train.seed"},
    {"num_threads", "train.threads"},
    {"early_stopping", "evaluate.early_stop"},
    {"patience", "evaluate.early_stop"},
    {"tolerance", "train.settle"},
    {"tol", "train.settle"},
    {"val_split", "data.validation"},
    {"validation_split", "data.validation"},
    {"dataset", "data.file"},
    {"normalization", "data.normalize"},
    {"learning_rate", "optimizer.lr"},
    {"lr_schedule", "optimizer.schedule"},
    {"lr_scheduler", "optimizer.schedule"},
    {"scheduler", "optimizer.schedule"},
    {"warmup", "optimizer.warmup_steps"},
    {"l2", "optimizer.weight_decay"},
    {"eps", "optimizer.epsilon"},
    {"clip_grad", "optimizer.clip_norm"},
    {"grad_clip", "optimizer.clip_norm"},
    {"loss", "objective.preset"},
    {"method", "objective.preset"},
};

/* Length of "a.b" in "a.b.c". */
static size_t section_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

static const char *by_other_name(const char *last)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i].word, last) == 0)
            return elsewhere[i].key;
    return NULL;
}

/* Names of one section are compared by their last part alone. */
static const char *nearest_in_section(const char *name)
{
    const size_t section = section_length(name);
    const char *best = NULL;
    for (const struct bl_key *key = bl_keys; key->name && section > 0; key++)
        if (section_length(key->name) == section && strncmp(key->name, name, section) == 0 &&
            bl_nearest_better(last_part(name), last_part(key->name), best ? last_part(best) : NULL))
            best = key->name;
    return best;
}

/* For a key put into the wrong section. */
static const char *same_last_part(const char *last)
{
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strcmp(last_part(key->name), last) == 0)
            return key->name;
    return NULL;
}

static const char *nearest_of_all(const char *name)
{
    const char *best = NULL;
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (bl_nearest_better(name, key->name, best))
            best = key->name;
    return best;
}

const char *bl_key_nearest(const char *name)
{
    const char *best = nearest_in_section(name);
    if (!best)
        best = by_other_name(last_part(name));
    if (!best)
        best = same_last_part(last_part(name));
    return best ? best : nearest_of_all(name);
}
