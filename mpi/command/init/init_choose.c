#include "mpi/command/init/init_choose.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/count.h"
#include "base/minmax.h"
#include "base/quantity.h"
#include "data/shards.h"
#include "math/eigen.h"

/* The defaults of data.shards, train.global_batch, train.epochs and data.validation. Below LITTLE rows a batch isn't
 * made smaller than they are; an epoch has at least STEPS steps where there are more; a shard has at least SHARD_ROWS
 * rows. A run has at least RUN_STEPS steps. A column with RULES of all variance rules the others. */
enum { SHARDS = 16, BATCH = 512, EPOCHS = 15, LITTLE = 32, STEPS = 4, SHARD_ROWS = 8, RUN_STEPS = 200 };
/* More rows than HELD_OUT tell no better which model is best, and an evaluation takes the longer. */
enum { HELD_OUT = 5000 };
static const double validation = 0.05, rules = 0.99;

void init_add(struct init_choices *choices, const char *key, const char *value, const char *why_format, ...)
{
    const int64_t i = choices->n++;
    va_list arguments;
    va_start(arguments, why_format);
    snprintf(choices->value[i], INIT_VALUE_BYTES, "%s", value);
    vsnprintf(choices->why[i], INIT_WHY_BYTES, why_format, arguments);
    va_end(arguments);
    choices->choice[i] =
        (struct bl_choice){key, choices->value[i], choices->why[i][0] ? choices->why[i] : NULL};
}

static void add_integer(struct init_choices *choices, const char *key, int64_t value, const char *why)
{
    char text[INIT_VALUE_BYTES];
    snprintf(text, sizeof text, "%" PRId64, value);
    init_add(choices, key, text, "%s", why);
}

/* Whether there is anything to tell apart, and anything alike. */
static int tells(const struct init_kinds *kinds)
{
    return kinds->largest > 1 && (kinds->n > 1 || kinds->without > 0 || kinds->kind == BL_LABELS_MULTI);
}

static int is_usable(const struct init_kinds *kinds)
{
    /* One class and rows without any: as labels there is nothing to tell apart, as a group there is. */
    return kinds->kind != BL_LABELS_NONE && tells(kinds) && (kinds->kind != BL_LABELS_SINGLE || kinds->n > 1);
}

static void warn(struct init_choices *choices, const char *split, const char *what,
                 const struct init_kinds *kinds)
{
    const char *const useless = kinds->n == 0        ? "are given for no row"
                                : kinds->largest < 2 ? "are different for every row"
                                                     : "are all the same";
    const char *const signs = kinds->kind == BL_LABELS_SINGLE && kinds->n == 1 && kinds->without > 0
                                  ? " (-1 means no class: number classes from 0)"
                                  : "";
    snprintf(
        choices->warning, sizeof choices->warning,
        "the %s of split %s %s%s, so nothing can be learned from them; preset dh goes by the features alone",
        what, split, useless, signs);
}

static int choose_method(const struct init_found *found, struct init_choices *choices)
{
    if (is_usable(&found->labels)) {
        init_add(choices, "objective.preset", "joint", "%s",
                 found->labels.kind == BL_LABELS_MULTI ? "rows have labels; rows that share one are similar"
                                                       : "rows have classes");
        return 0;
    }
    if (is_usable(&found->groups)) {
        init_add(choices, "objective.preset", "likelihood", "rows have groups and no classes");
        init_add(choices, "objective.terms.pairwise.similarity", "group",
                 "rows that share a group are similar");
        return 0;
    }
    if (found->labels.kind != BL_LABELS_NONE)
        warn(choices, found->split, "labels", &found->labels);
    else if (found->groups.kind != BL_LABELS_NONE)
        warn(choices, found->split, "groups", &found->groups);
    init_add(choices, "objective.preset", "dh",
             "no labels to learn from: codes that keep what the features have");
    return 1;
}

/* The share that is held out: as the configuration says it, so that both round alike. */
static double held_out_share(const struct init_found *found)
{
    const double share = (double)HELD_OUT / (double)found->rows;
    const double unit = pow(10.0, floor(log10(share)) - 1.0);
    return share >= validation ? validation : round(share / unit) * unit;
}

/* Training rows of the smallest shard, if all rows that are dropped were in it. */
static int64_t least_rows(const struct init_found *found, int64_t shards)
{
    int64_t least = INT64_MAX;
    for (int64_t s = 0; s < shards; s++) {
        const int64_t rows =
            bl_shard_begin(found->rows, shards, s + 1) - bl_shard_begin(found->rows, shards, s);
        least = bl_min(least, rows - bl_validation_rows_of(found->rows, held_out_share(found), shards, s));
    }
    return least - found->bad_rows;
}

static int64_t power_below(int64_t n)
{
    int64_t power = 1;
    while (2 * power <= n)
        power *= 2;
    return power;
}

/* As many shards as there are by default, and the batch; fewer and a smaller one for few rows. */
static void choose_batch(const struct init_found *found, struct init_choices *choices)
{
    const int64_t n = found->rows - bl_validation_rows(found->rows, held_out_share(found)) - found->bad_rows;
    int64_t batch = bl_min(BATCH, power_below(bl_max(n / STEPS, bl_min(n, LITTLE))));
    int64_t shards = bl_min(bl_min(SHARDS, batch), power_below(bl_max(1, found->rows / SHARD_ROWS)));
    while (shards > 1 && least_rows(found, shards) < batch / shards)
        shards /= 2;
    /* Rows that are dropped may all be those of one shard, and each gives the same number. */
    while (batch > 2 && least_rows(found, shards) < batch / shards)
        batch /= 2;
    if (shards != SHARDS)
        add_integer(choices, "data.shards", shards, "few rows; at most so many ranks can train");
    if (batch != BATCH)
        add_integer(choices, "train.global_batch", batch,
                    "few rows; an epoch of several steps where they suffice");
    const int64_t steps = bl_max(1, least_rows(found, shards) / (batch / shards));
    if (steps * EPOCHS < RUN_STEPS) {
        const int64_t epochs = (RUN_STEPS + steps - 1) / steps;
        char why[INIT_WHY_BYTES];
        snprintf(why, sizeof why, "an epoch is %s", bl_count(steps, "step").text);
        add_integer(choices, "train.epochs", epochs, why);
        add_integer(choices, "evaluate.every_epochs", epochs / EPOCHS, "as often in the run as by default");
    }
}

/* What dh begins with needs directions; what it normalises by keeps the largest columns. */
static void choose_unlabelled(const struct init_found *found, int64_t bits, struct init_choices *choices)
{
    const int64_t directions = bl_min(found->varying, found->rows - found->bad_rows - 1);
    if (found->dim > BL_EIGEN_MAX)
        init_add(choices, "model.init", "random", "ITQ takes at most %d features", (int)BL_EIGEN_MAX);
    else if (bits > directions)
        init_add(choices, "model.init", "random", "%s are more than the %s that the rows vary in",
                 bl_count(bits, "bit").text, bl_count(directions, "direction").text);
    if (found->ruling_share > rules && found->varying > 1)
        init_add(choices, "data.normalize", "standardize",
                 "column %" PRId64 " has %.4g %% of all variance and would decide every bit", found->ruling,
                 100.0 * found->ruling_share);
}

static void choose_reading(const struct init_found *found, int64_t host_bytes, struct init_choices *choices)
{
    const int64_t bytes = found->rows * found->dim * (int64_t)bl_type_bytes(found->type);
    if (found->bad_rows > 0)
        init_add(choices, "data.bad_rows", "drop", "%s %s a NaN or Inf",
                 bl_count(found->bad_rows, "row").text, found->bad_rows == 1 ? "has" : "have");
    if (host_bytes > 0 && bytes > host_bytes / 2 && found->can_stream)
        init_add(choices, "data.residency", "stream", "the rows take %s and this host has %s of memory",
                 bl_bytes(bytes).text, bl_bytes(host_bytes).text);
}

/* "7 classes (of 12 to 60 rows), 3 rows without". */
static size_t describe_kinds(const struct init_kinds *kinds, char *text, size_t size)
{
    static const char *const nouns[] = {[BL_LABELS_NONE] = "label",
                                        [BL_LABELS_SINGLE] = "class",
                                        [BL_LABELS_MULTI] = "label",
                                        [BL_LABELS_GROUPS] = "group"};
    if (kinds->kind == BL_LABELS_NONE)
        return 0;
    size_t n = (size_t)snprintf(text, size, ", %s", bl_count(kinds->n, nouns[kinds->kind]).text);
    if (kinds->n > 0 && kinds->smallest == kinds->largest)
        n += (size_t)snprintf(text + n, size - n, " (of %s)", bl_count(kinds->largest, "row").text);
    else if (kinds->n > 0)
        n += (size_t)snprintf(text + n, size - n, " (of %" PRId64 " to %s)", kinds->smallest,
                              bl_count(kinds->largest, "row").text);
    if (kinds->without > 0)
        n += (size_t)snprintf(text + n, size - n, ", %s without", bl_count(kinds->without, "row").text);
    return n;
}

static void describe(const char *path, const struct init_found *found, struct init_choices *choices)
{
    const char *slash = strrchr(path, '/');
    char *text = choices->about;
    const size_t size = sizeof choices->about;
    size_t n = (size_t)snprintf(text, size, "%.200s, split %s: %s of %" PRId64 " x %s",
                                slash ? slash + 1 : path, found->split, bl_count(found->rows, "row").text,
                                found->dim, bl_type_name(found->type));
    n += describe_kinds(&found->labels, text + n, size - n);
    n += describe_kinds(&found->groups, text + n, size - n);
    if (found->labels.kind == BL_LABELS_NONE && found->groups.kind == BL_LABELS_NONE)
        n += (size_t)snprintf(text + n, size - n, ", no labels");
    if (found->seen_rows < found->rows)
        snprintf(text + n, size - n, " (%" PRId64 " rows were looked at)", found->seen_rows);
}

int init_choose(const char *path, const struct init_found *found, int64_t bits, int64_t host_bytes,
                struct init_choices *choices, struct bl_error *err)
{
    choices->warning[0] = '\0';
    if (found->rows - found->bad_rows < 2)
        return bl_fail(err, BL_INPUT,
                       "%s, split '%s': %s that can be trained on, and training needs at least 2", path,
                       found->split, bl_count(found->rows - found->bad_rows, "row").text);
    if (found->varying == 0 && found->seen_rows == found->rows)
        return bl_fail(err, BL_INPUT, "%s, split '%s': all rows are equal; nothing can be learnt from them",
                       path, found->split);
    describe(path, found, choices);
    if (strcmp(found->split, "train") != 0)
        init_add(choices, "data.train", found->split, "%s",
                 found->only_split ? "the file has no other split"
                                   : "the largest split; there is none called train");
    if (held_out_share(found) < validation) {
        char share[INIT_VALUE_BYTES];
        snprintf(share, sizeof share, "%.2g", held_out_share(found));
        init_add(choices, "data.validation", share,
                 "about %d rows suffice to choose the best model, and are quickly evaluated", (int)HELD_OUT);
    }
    choose_reading(found, host_bytes, choices);
    choose_batch(found, choices);
    if (choose_method(found, choices))
        choose_unlabelled(found, bits, choices);
    return BL_OK;
}
