#include <stdio.h>
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

/* The part of a key's name below `section` (of n bytes, 0: none), up to the next dot: a key or a section there. Its
 * length; 0 if the key is elsewhere. */
static size_t part_in_section(const char *key, const char *section, size_t n)
{
    if (n > 0 && (strncmp(key, section, n) != 0 || key[n] != '.'))
        return 0;
    return strcspn(key + n + (n > 0), ".");
}

/* Names of one section, keys and sections alike, are compared by their last part alone. */
static int nearest_in_section(const char *name, char *near, size_t size)
{
    const size_t section = section_length(name), from = section + (section > 0);
    char part[BL_NAME_MAX], best[BL_NAME_MAX] = "";
    for (const struct bl_key *key = bl_keys; key->name; key++) {
        const size_t n = part_in_section(key->name, name, section);
        if (n == 0)
            continue;
        snprintf(part, sizeof part, "%.*s", (int)n, key->name + from);
        if (bl_nearest_better(last_part(name), part, best[0] ? best : NULL))
            snprintf(best, sizeof best, "%s", part);
    }
    if (!best[0])
        return 0;
    snprintf(near, size, "%.*s%s", (int)from, name, best);
    return 1;
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

int bl_key_nearest(const char *name, char *near, size_t size)
{
    const char *const last = last_part(name);
    /* Outside all sections a key's own name says more than one that is like a section's. */
    const char *best = by_other_name(last);
    if (!best && section_length(name) == 0)
        best = same_last_part(last);
    if (!best && nearest_in_section(name, near, size))
        return 1;
    if (!best)
        best = same_last_part(last);
    if (!best)
        best = nearest_of_all(name);
    if (best)
        snprintf(near, size, "%s", best);
    return best != NULL;
}
