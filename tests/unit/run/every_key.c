/* Every key of the configuration changes an outcome: of each, two values, in the configuration where it counts. A key
 * without a line here is a failure. */
#include <criterion/criterion.h>
#include <hdf5.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/keys.h"
#include "config/text.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"
#include "mpi/plan/plan.h"
#include "support/own_run.h"

TestSuite(every_key, .init = own_run_enter, .fini = own_run_leave);

enum outcome {
    RUN,     /* what a run leaves: status, events in their order, threads, checkpoints, parameters */
    PLAN,    /* what is planned for 2 ranks on 2 hosts and on one: nodes, groups, messages of a gradient */
    LOG,     /* lines of the log about files */
    OFFSETS, /* where tensors begin in the newest checkpoint */
    SILENCE  /* how a run ends that hangs */
};

/* may_change: whether a run that is continued takes another value. Kept here as well as in the table of keys, so that a
 * flag doesn't change unseen. */
struct row {
    const char *key, *a, *b, *around;
    enum outcome outcome;
    int may_change;
};

enum { MAY = 1 };

#define PAIR      "objective.terms.pairwise."
#define QUANT     "objective.terms.quantization."
#define EPOCHS    "train.steps=0;train.epochs=4"
#define STILL     "optimizer.lr=1e-30;optimizer.weight_decay=0;" EPOCHS
#define EVALUATED EPOCHS ";evaluate.every_epochs=1"

static const struct row rows[] = {
    {"data.file", "data.h5", "other.h5", "", RUN, 0},
    {"data.train", "train", "test", "", RUN, 0},
    {"data.validation", "0.05", "0.2", "", RUN, 0},
    {"data.validation_seed", "0", "1", "", RUN, 0},
    {"data.shards", "4", "8", "", RUN, 0},
    {"data.residency", "memory", "stream", "data.file=wide.h5;data.shards=1;data.window=1", RUN, 0},
    {"data.window", "1", "3", "data.file=wide.h5;data.shards=1;data.residency=stream", RUN, 0},
    {"data.normalize", "standardize", "none", "", RUN, 0},
    {"data.bad_rows", "stop", "drop", "data.file=bad.h5", RUN, 0},
    {"model.hidden", "[16]", "[16, 12]", "", RUN, 0},
    {"model.activation", "relu", "tanh", "", RUN, 0},
    {"model.init", "random", "pca", "", RUN, 0},
    {"model.dropout", "0", "0.3", "", RUN, 0},
    {"model.heads", "2", "1", "", RUN, 0},
    {"model.bits", "8", "4", "", RUN, 0},
    {"objective.preset", "likelihood", "csq", "", RUN, 0},
    {"objective.relaxation", "tanh", "ste", "", RUN, 0},
    {"objective.beta.start", "1", "2", "objective.relaxation=tanh-beta", RUN, 0},
    {"objective.beta.growth", "0.005", "0.5", "objective.relaxation=tanh-beta", RUN, 0},
    {"objective.beta.power", "0.5", "1", "objective.relaxation=tanh-beta", RUN, 0},
    {"objective.beta.max", "10", "1.5", "objective.relaxation=tanh-beta;objective.beta.growth=1", RUN, 0},
    {"objective.gamma", "20", "5", PAIR "form=cauchy", RUN, 0},
    {"objective.class_codes", "hadamard", "random", "objective.terms.centers.weight=1", RUN, 0},
    {PAIR "weight", "1", "2", "", RUN, 0},
    {PAIR "form", "likelihood", "contrastive", "", RUN, 0},
    {PAIR "similarity", "label", "group", "", RUN, 0},
    {PAIR "balance", "none", "balanced", "", RUN, 0},
    {PAIR "alpha", "auto", "0.1", "", RUN, 0},
    {PAIR "similar_weight", "1", "3", PAIR "balance=explicit", RUN, 0},
    {PAIR "dissimilar_weight", "1", "3", PAIR "balance=explicit", RUN, 0},
    {PAIR "margin", "auto", "60", PAIR "form=contrastive", RUN, 0},
    {PAIR "soft_weight", "0.1", "0.5", "data.file=multi.h5;objective.preset=idhn", RUN, 0},
    {PAIR "against", "batch", "memory", "", RUN, 0},
    {QUANT "weight", "0.1", "0.2", "", RUN, 0},
    {QUANT "form", "squared", "cubic", "", RUN, 0},
    {"objective.terms.classification.weight", "0", "1", "", RUN, 0},
    {"objective.terms.balance.weight", "0", "1", "", RUN, 0},
    {"objective.terms.decorrelation.weight", "0", "1", "", RUN, 0},
    {"objective.terms.scatter.weight", "0", "1", "", RUN, 0},
    {"objective.terms.independence.weight", "0", "1", "", RUN, 0},
    {"objective.terms.centers.weight", "0", "1", "", RUN, 0},
    {"objective.terms.cosine.weight", "0", "1", "", RUN, 0},
    {"objective.terms.cosine.scale", "8", "4", "objective.terms.cosine.weight=1", RUN, 0},
    {"objective.terms.cosine.margin", "0.2", "0", "objective.terms.cosine.weight=1", RUN, 0},
    {"objective.terms.weight_decay.weight", "0", "0.1", "optimizer.weight_decay=0", RUN, 0},
    {"optimizer.name", "sgd", "adamw", "", RUN, 0},
    {"optimizer.lr", "0.01", "0.02", "", RUN, 0},
    {"optimizer.weight_decay", "0", "0.01", "", RUN, 0},
    {"optimizer.momentum", "0.9", "0.5", "optimizer.name=sgd", RUN, 0},
    {"optimizer.nesterov", "false", "true", "optimizer.name=sgd", RUN, 0},
    {"optimizer.beta1", "0.9", "0.8", "", RUN, 0},
    {"optimizer.beta2", "0.999", "0.9", "", RUN, 0},
    {"optimizer.epsilon", "1e-8", "1e-3", "", RUN, 0},
    {"optimizer.schedule", "constant", "cosine", "", RUN, 0},
    {"optimizer.warmup_steps", "0", "2", "train.steps=20", RUN, 0},
    {"optimizer.step_every_epochs", "1", "5", "train.global_batch=full;optimizer.schedule=step", RUN, 0},
    {"optimizer.step_factor", "0.1", "0.5",
     "train.global_batch=full;optimizer.schedule=step;optimizer.step_every_epochs=1", RUN, 0},
    {"optimizer.final_lr", "0", "0.5", "optimizer.schedule=cosine", RUN, 0},
    {"optimizer.clip_norm", "0", "0.01", "", RUN, 0},
    {"train.epochs", "1", "2", "train.steps=0", RUN, MAY},
    {"train.steps", "6", "7", "", RUN, MAY},
    {"train.settle", "0", "1", STILL ";train.settle_epochs=1", RUN, MAY},
    {"train.settle_epochs", "1", "2", STILL ";train.settle=1", RUN, MAY},
    {"train.global_batch", "32", "64", "", RUN, 0},
    {"train.seed", "1", "2", "", RUN, 0},
    {"train.reduction", "fast", "exact", "", RUN, 0},
    {"train.exact_groups", "0", "2", "", PLAN, 0},
    {"train.pairs", "twice", "once", "train.reduction=fast;train.global_batch=full", RUN, 0},
    {"train.shared", "auto", "off", "", PLAN, MAY},
    {"train.overlap", "none", "gradient", "train.bucket_kib=1;model.hidden=[256]", PLAN, MAY},
    {"train.bucket_kib", "1", "256", "train.overlap=gradient;model.hidden=[256]", PLAN, MAY},
    {"train.threads", "1", "2", "", RUN, MAY},
    {"train.max_hours", "0", "1e-9", "", RUN, MAY},
    {"train.stall_minutes", "0", "0.005", "", SILENCE, MAY},
    {"checkpoint.every_steps", "0", "2", "", RUN, MAY},
    {"checkpoint.every_minutes", "0", "1e-9", "", RUN, MAY},
    {"checkpoint.keep", "3", "1", "checkpoint.every_steps=1;checkpoint.behind=false", RUN, MAY},
    {"checkpoint.behind", "true", "false", "checkpoint.every_steps=3", RUN, MAY},
    {"checkpoint.hints", "{}", "{striping_factor: 8}", "", LOG, MAY},
    {"checkpoint.alignment", "0", "4", "model.hidden=[256]", OFFSETS, MAY},
    {"evaluate.every_epochs", "1", "2", EPOCHS, RUN, MAY},
    {"evaluate.early_stop", "0", "1", STILL ";evaluate.every_epochs=1", RUN, MAY},
    {"log.every_steps", "1", "2", "", RUN, MAY},
};

enum { ROWS = sizeof rows / sizeof *rows, TEXT = 4000 };

static const struct row *row_of(const char *key)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

Test(every_key, has_a_line_of_this_table_and_no_line_is_of_another)
{
    for (const struct bl_key *key = bl_keys; key->name; key++)
        cr_expect(row_of(key->name), "%s has no test in which its value changes an outcome", key->name);
    for (int i = 0; i < ROWS; i++)
        cr_expect(bl_key_find(rows[i].key), "%s is no key", rows[i].key);
}

/* A few steps without evaluations, where nothing else is said. */
static void sets_of(const struct row *row, const char *value, char sets[600])
{
    snprintf(sets, 600, "train.steps=6;%s%s%s;%s=%s",
             strstr(row->key, "evaluate.") || strstr(row->around, "evaluate.") ? ""
                                                                               : "evaluate.every_epochs=0;",
             row->around, *row->around ? "" : "log.every_steps=1", row->key, value);
}

static void add(char text[TEXT], const char *more)
{
    strncat(text, more, TEXT - strlen(text) - 1);
}

static void add_events(char text[TEXT], const char *run)
{
    const int n = own_run_events(run, NULL);
    for (int i = 0; i < n; i++) {
        char line[100];
        json_t *event = own_run_event(run, NULL, i);
        const json_t *step = json_object_get(event, "step"), *threads = json_object_get(event, "threads");
        snprintf(line, sizeof line, "%s %d%s\n", json_string_value(json_object_get(event, "event")),
                 (int)json_integer_value(step),
                 strcmp(json_string_value(json_object_get(event, "event")), "start") == 0 &&
                         json_integer_value(threads) > 1
                     ? " with threads"
                     : "");
        add(text, line);
        json_decref(event);
    }
}

static void add_log(char text[TEXT], const char *run, const char *mark)
{
    char *log = own_run_log(run);
    for (const char *at = log; (at = strstr(at, mark)); at += strlen(mark)) {
        char line[100];
        snprintf(line, sizeof line, "%.*s\n",
                 at[0] == 'd' ? (int)strlen("digest 0123456789abcdef") : (int)strcspn(at, "\n"), at);
        add(text, line);
    }
    free(log);
}

static void add_checkpoints(char text[TEXT], const char *run)
{
    for (int step = 1; step <= 60; step++) {
        char file[64], path[2 * OWN_RUN_PATH];
        snprintf(file, sizeof file, "checkpoints/step-%08d.h5", step);
        own_run_path(run, file, path);
        if (access(path, F_OK) == 0) {
            add(text, file);
            add(text, "\n");
        }
    }
}

static void run_outcome(const char *name, const char *sets, char text[TEXT])
{
    const int code = own_run_train(name, sets);
    snprintf(text, TEXT, "status %d\n", code);
    if (code != BL_OK && code != BL_STOPPED)
        return;
    add_events(text, name);
    add_checkpoints(text, name);
    add_log(text, name, "digest ");
}

static void plan_outcome(const char *sets, char text[TEXT])
{
    struct bl_config config;
    struct plan plan;
    struct bl_error err = {0};
    const struct par_split split = {
        .rows = 384, .dim = 8, .type = BL_FLOAT32, .labels = bl_label_layout(BL_LABELS_SINGLE, 4)};
    own_run_config(&config, sets);
    cr_assert_eq(plan_make(&plan, &config, &split, 2, 2, &err), BL_OK, "%s", err.what);
    const struct par_traffic_count sent = plan.traffic.of[PAR_TRAFFIC_GRADIENT];
    const int64_t nodes = plan.nodes;
    cr_assert_eq(plan_make(&plan, &config, &split, 2, 1, &err), BL_OK, "%s", err.what);
    snprintf(text, TEXT,
             "%" PRId64 " %" PRId64 " nodes, %" PRId64 " groups, %" PRId64 " collectives of %" PRId64, nodes,
             plan.nodes, plan.groups, sent.collectives, sent.sent_bytes);
}

static void log_outcome(const char *name, const char *sets, char text[TEXT])
{
    *text = '\0';
    cr_assert_eq(own_run_train(name, sets), BL_OK);
    add_log(text, name, "hints for MPI-IO");
}

static void offsets_outcome(const char *name, const char *sets, char text[TEXT])
{
    char path[2 * OWN_RUN_PATH];
    *text = '\0';
    cr_assert_eq(own_run_train(name, sets), BL_OK);
    own_run_path(name, "checkpoints/step-00000006.h5", path);
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t set = H5Dopen2(file, "state/params/layer0/weight", H5P_DEFAULT);
    cr_assert_geq(set, 0);
    snprintf(text, TEXT, "%d", (int)(H5Dget_offset(set) % 4096));
    H5Dclose(set);
    H5Fclose(file);
}

/* A step that never ends. */
static void silence_outcome(const char *name, const char *sets, char text[TEXT])
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        own_run_deadline.hangs = 1;
        _exit(own_run_train(name, sets));
    }
    pid_t ended = 0;
    for (int i = 0; i < 15 && ended == 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
        ended = waitpid(child, &status, WNOHANG);
    }
    if (ended == 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    snprintf(text, TEXT, ended == 0 ? "waits" : "ends with %d", WEXITSTATUS(status));
}

static void outcome_of(const struct row *row, const char *value, const char *name, char text[TEXT])
{
    char sets[600];
    sets_of(row, value, sets);
    switch (row->outcome) {
    case RUN:
        run_outcome(name, sets, text);
        break;
    case PLAN:
        plan_outcome(sets, text);
        break;
    case LOG:
        log_outcome(name, sets, text);
        break;
    case OFFSETS:
        offsets_outcome(name, sets, text);
        break;
    case SILENCE:
        silence_outcome(name, sets, text);
        break;
    }
}

/* Most lines begin with the same configuration, whose run is made once. */
static void first_outcome(const struct row *row, const char *name, char text[TEXT])
{
    static char usual[TEXT];
    char sets[600], *own = NULL, *shared = NULL;
    struct bl_config config;
    struct bl_error err = {0};
    sets_of(row, row->a, sets);
    own_run_config(&config, sets);
    cr_assert_eq(bl_config_text(&config, &own, &err), BL_OK);
    own_run_config(&config, "train.steps=6;evaluate.every_epochs=0");
    cr_assert_eq(bl_config_text(&config, &shared, &err), BL_OK);
    const int is_usual = row->outcome == RUN && strcmp(own, shared) == 0;
    if (is_usual && !*usual)
        run_outcome("usual", sets, usual);
    if (is_usual)
        memcpy(text, usual, TEXT);
    else
        outcome_of(row, row->a, name, text);
    bl_free(&own);
    bl_free(&shared);
}

Test(every_key, changes_an_outcome)
{
    static char a[TEXT], b[TEXT];
    for (int i = 0; i < ROWS; i++) {
        char name[2][16];
        snprintf(name[0], sizeof name[0], "a%d", i);
        snprintf(name[1], sizeof name[1], "b%d", i);
        first_outcome(&rows[i], name[0], a);
        outcome_of(&rows[i], rows[i].b, name[1], b);
        cr_expect_str_neq(a, b, "%s: %s or %s, both times\n%s", rows[i].key, rows[i].a, rows[i].b, a);
    }
}

Test(every_key, the_same_values_give_the_same_outcome)
{
    static char a[TEXT], b[TEXT];
    for (int twice = 0; twice < 2; twice++)
        run_outcome(
            twice ? "again" : "once",
            EVALUATED
            ";objective.preset=joint;checkpoint.every_steps=7;checkpoint.behind=false;model.dropout=0.1",
            twice ? b : a);
    cr_assert_str_eq(a, b);
}

/* When a run continues */

Test(every_key, is_compared_when_a_run_continues_unless_it_may_change)
{
    for (int i = 0; i < ROWS; i++) {
        char sets[2][600], text[600] = "";
        struct bl_config config[2];
        sets_of(&rows[i], rows[i].a, sets[0]);
        sets_of(&rows[i], rows[i].b, sets[1]);
        own_run_config(&config[0], sets[0]);
        own_run_config(&config[1], sets[1]);
        const int by_data = strcmp(rows[i].key, "data.file") == 0; /* compared by its contents */
        const int n = bl_config_difference(&config[0], &config[1], text, sizeof text);
        cr_expect_eq(n > 0, !rows[i].may_change && !by_data, "%s: %s", rows[i].key, text);
        cr_expect(n == 0 || strstr(text, rows[i].key), "%s: %s", rows[i].key, text);
        cr_expect_eq((bl_key_find(rows[i].key)->flags & BL_KEY_MAY_CHANGE) != 0, rows[i].may_change, "%s",
                     rows[i].key);
    }
}

static void expect_refused(const char *sets, const char *text)
{
    cr_assert_eq(own_run_train("run", sets), BL_USAGE, "%s: %s", sets, own_run_err.what);
    cr_assert(strstr(own_run_err.what, text), "%s", own_run_err.what);
    cr_assert(strstr(own_run_err.what, "--fresh"), "%s", own_run_err.what);
}

Test(every_key, a_run_that_continues_refuses_another_seed_label_and_shape)
{
    cr_assert_eq(own_run_train("run", "train.steps=6"), BL_OK);
    expect_refused("train.steps=8;train.seed=2", "train.seed: 1 -> 2");
    expect_refused("train.steps=8;data.validation_seed=2", "data.validation_seed");
    expect_refused("train.steps=8;optimizer.warmup_steps=1", "optimizer.warmup_steps");
    expect_refused("train.steps=8;data.file=other.h5", "other data");
    cr_assert_eq(own_run_train("run", "train.steps=8;checkpoint.keep=7"), BL_OK, "%s", own_run_err.what);
}
