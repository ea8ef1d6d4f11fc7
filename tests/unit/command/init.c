#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/text.h"
#include "data/shards.h"
#include "io/config_file.h"
#include "mpi/command/command.h"
#include "mpi/command/init/init_choose.h"
#include "mpi/files/dataset.h"
#include "mpi/rows/batches.h"
#include "mpi/run/train.h"
#include "support/own_run.h"

/* `init --data`: what it writes is trained at once, whatever the data are. */
TestSuite(init, .init = own_run_enter, .fini = own_run_leave);

extern const struct command command_init;

enum { MOST = 600, WIDE = 70 };

/* What a test puts into its file. */
struct data {
    const char *split;
    int64_t rows, dim;
    enum { NO_LABELS, CLASSES, COLUMNS } labels;
    int classes;   /* row i has class i % classes; or one or two of so many columns */
    int from;      /* the first class */
    int groups;    /* row i is in group i % groups; 0: no groups */
    int bad, flat; /* rows that begin with NaN; columns, the last ones, that are constant */
    double large;  /* what column 0 is multiplied by; 0: by 1 */
};

static char path[2 * OWN_RUN_PATH], config_path[2 * OWN_RUN_PATH];

static void fill(const struct data *data, double *features, int32_t *classes, uint8_t *columns,
                 uint32_t *groups)
{
    for (int64_t i = 0; i < data->rows; i++) {
        classes[i] = data->classes ? (int32_t)(i % data->classes) + data->from : 0;
        groups[i] = data->groups ? (uint32_t)(i % data->groups) : 0;
        for (int c = 0; c < data->classes; c++)
            columns[i * data->classes + c] = c == i % data->classes || c == i % 2;
        for (int64_t d = 0; d < data->dim; d++)
            features[i * data->dim + d] =
                d >= data->dim - data->flat ? 1.0 : sin((double)((i + 1) * (2 * d + 3)));
        if (data->large > 0.0)
            features[i * data->dim] *= data->large;
        if (i < data->bad)
            features[i * data->dim] = NAN;
    }
}

static void write_data(const struct data *data)
{
    static double features[MOST * WIDE];
    static int32_t classes[MOST];
    static uint8_t columns[MOST * 8];
    static uint32_t groups[MOST];
    struct split_writer *writer;
    struct bl_error err;
    const struct split_writer_options options = {
        .rows = data->rows,
        .dim = data->dim,
        .type = BL_FLOAT64,
        .labels = data->labels == COLUMNS   ? bl_label_layout(BL_LABELS_MULTI, data->classes)
                  : data->labels == CLASSES ? bl_label_layout(BL_LABELS_SINGLE, 0)
                                            : bl_label_layout(BL_LABELS_NONE, 0),
        .groups = data->groups ? bl_group_layout(1) : bl_label_layout(BL_LABELS_NONE, 0)};
    snprintf(path, sizeof path, "%s/init.h5", own_run_folder);
    fill(data, features, classes, columns, groups);
    cr_assert_eq(split_create(&writer, path, data->split, &options, &err), BL_OK, "%s", err.what);
    if (data->groups)
        cr_assert_eq(split_put_groups(writer, data->rows, groups, &err), BL_OK, "%s", err.what);
    const void *labels = data->labels == COLUMNS ? (const void *)columns
                         : data->labels          ? (const void *)classes
                                                 : NULL;
    cr_assert_eq(split_append(writer, data->rows, features, labels, NULL, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_commit(writer, &err), BL_OK, "%s", err.what);
    split_destroy(writer);
}

static int run_init(struct bl_error *err)
{
    char *arguments[] = {"init", "--data", path, "-o", config_path, NULL};
    snprintf(config_path, sizeof config_path, "%s/init.yaml", own_run_folder);
    unlink(config_path);
    return command_init.run(par_alone(), 5, arguments, err);
}

/* Writes the configuration for the file and trains it for two steps, or as far as `sets` go. */
static void make_and_train(const char *what, struct bl_config *config)
{
    const char *const sets[] = {"train.steps=2", "model.hidden=[4]", "train.stall_minutes=0"};
    char data_path[BL_PATH_MAX], run[2 * OWN_RUN_PATH];
    struct bl_config shorter;
    struct bl_error err;
    snprintf(run, sizeof run, "%s/init", own_run_folder);
    cr_assert_eq(run_init(&err), BL_OK, "%s: %s", what, err.what);
    cr_assert_eq(io_config_read(config_path, NULL, 0, config, &err), BL_OK, "%s: %s", what, err.what);
    cr_assert_eq(io_config_read(config_path, sets, 3, &shorter, &err), BL_OK, "%s: %s", what, err.what);
    cr_assert_eq(io_config_data_path(config_path, config, data_path, sizeof data_path, &err), BL_OK);
    const struct par_train_options options = {
        .config = &shorter, .data_path = data_path, .run_path = run, .fresh = 1};
    own_run_deadline.calls = 0;
    cr_assert_eq(par_train(par_alone(), &options, &err), BL_OK, "%s: %s", what, err.what);
    unlink(path);
}

static struct bl_config trained(const char *what, struct data data)
{
    struct bl_config config;
    if (!data.split)
        data.split = "train";
    if (!data.dim)
        data.dim = 6;
    write_data(&data);
    make_and_train(what, &config);
    return config;
}

static void expect_preset(const struct bl_config *config, const char *name)
{
    cr_expect_str_eq(bl_config_preset_name(config), name);
}

Test(init, any_number_of_rows_from_two_on_is_trained)
{
    static const int rows[] = {2, 3, 5, 9, 10, 17, 40, 100, 285, 599};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct bl_config config =
            trained("few rows", (struct data){.rows = rows[i], .labels = CLASSES, .classes = 2});
        cr_expect_leq(config.train.global_batch, rows[i]);
        cr_expect(config.data.shards == 16 || rows[i] < 128, "%d rows, %d shards", rows[i],
                  (int)config.data.shards);
    }
}

Test(init, one_row_is_refused)
{
    struct bl_error err;
    write_data(&(struct data){.split = "train", .rows = 1, .dim = 3});
    cr_assert_eq(run_init(&err), BL_INPUT);
    cr_assert(strstr(err.what, "training needs at least 2"), "%s", err.what);
}

Test(init, classes_several_labels_groups_and_nothing_get_their_presets)
{
    struct bl_config config = trained("classes", (struct data){.rows = 60, .labels = CLASSES, .classes = 3});
    expect_preset(&config, "joint");
    config = trained("columns", (struct data){.rows = 60, .labels = COLUMNS, .classes = 5});
    expect_preset(&config, "joint");
    config = trained("groups", (struct data){.rows = 60, .groups = 7});
    expect_preset(&config, "likelihood");
    cr_expect_eq(config.objective.pairwise_similarity, BL_SIMILARITY_GROUP);
    config = trained("both", (struct data){.rows = 60, .labels = CLASSES, .classes = 3, .groups = 7});
    expect_preset(&config, "joint");
    config = trained("nothing", (struct data){.rows = 60});
    expect_preset(&config, "dh");
}

Test(init, labels_that_tell_nothing_apart_are_passed_over)
{
    static const struct data useless[] = {
        {.rows = 60, .labels = CLASSES, .classes = 1},             /* all the same */
        {.rows = 60, .labels = CLASSES, .classes = 60},            /* all different */
        {.rows = 60, .labels = CLASSES, .classes = 1, .from = -1}, /* none */
        {.rows = 60, .labels = CLASSES, .classes = 2, .from = -1}, /* one class, or none */
        {.rows = 60, .groups = 60},
        {.rows = 60, .groups = 1},
    };
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        const struct bl_config config = trained("useless labels", useless[i]);
        expect_preset(&config, "dh");
    }
    /* But groups beside them are not. */
    const struct bl_config config =
        trained("groups", (struct data){.rows = 60, .labels = CLASSES, .classes = 1, .groups = 7});
    expect_preset(&config, "likelihood");
}

Test(init, the_only_split_is_trained_on_whatever_its_name)
{
    const struct bl_config config =
        trained("split all", (struct data){.split = "all", .rows = 60, .labels = CLASSES, .classes = 3});
    cr_expect_str_eq(config.data.train, "all");
    /* Of several the largest, unless one is called train. */
    struct bl_config of_two;
    write_data(&(struct data){.split = "a", .rows = 30, .dim = 3});
    write_data(&(struct data){.split = "b", .rows = 40, .dim = 3});
    make_and_train("largest split", &of_two);
    cr_expect_str_eq(of_two.data.train, "b");
    write_data(&(struct data){.split = "a", .rows = 30, .dim = 3});
    write_data(&(struct data){.split = "train", .rows = 20, .dim = 3});
    make_and_train("split train", &of_two);
    cr_expect_str_eq(of_two.data.train, "train");
}

Test(init, rows_that_are_all_equal_are_refused)
{
    struct bl_error err;
    write_data(&(struct data){.split = "train", .rows = 60, .dim = 3, .flat = 3});
    cr_assert_eq(run_init(&err), BL_INPUT);
    cr_assert(strstr(err.what, "all rows are equal"), "%s", err.what);
}

Test(init, rows_that_are_not_finite_are_dropped)
{
    struct bl_config config =
        trained("bad rows", (struct data){.rows = 60, .bad = 3, .labels = CLASSES, .classes = 3});
    cr_expect_eq(config.data.bad_rows, BL_BAD_ROWS_DROP);
    struct bl_error err;
    write_data(&(struct data){.split = "train", .rows = 5, .dim = 3, .bad = 4});
    cr_assert_eq(run_init(&err), BL_INPUT);
    cr_assert(strstr(err.what, "1 row that can be trained on"), "%s", err.what);
}

Test(init, few_or_constant_features_and_a_column_that_rules_are_trained_without_labels)
{
    struct bl_config config = trained("1 feature", (struct data){.rows = 60, .dim = 1});
    cr_expect_eq(config.model.init, BL_INIT_RANDOM);
    config = trained("constant columns", (struct data){.rows = 200, .dim = 70, .flat = 10});
    cr_expect_eq(config.model.init, BL_INIT_RANDOM);
    config = trained("enough", (struct data){.rows = 200, .dim = 70, .flat = 2});
    cr_expect_eq(config.model.init, BL_INIT_ITQ);
    cr_expect_eq(config.data.normalize, BL_NORMALIZE_SCALE);
    config = trained("a large column", (struct data){.rows = 200, .dim = 70, .large = 1e6});
    cr_expect_eq(config.data.normalize, BL_NORMALIZE_STANDARDIZE);
}

static const char *value_of(const struct init_choices *choices, const char *key)
{
    for (int64_t i = 0; i < choices->n; i++)
        if (strcmp(choices->choice[i].key, key) == 0)
            return choices->choice[i].value;
    return NULL;
}

static int64_t number_of(const struct init_choices *choices, const char *key, int64_t usual)
{
    const char *value = value_of(choices, key);
    int64_t number = usual;
    return value && sscanf(value, "%" SCNd64, &number) == 1 ? number : usual;
}

/* That training accepts them is asked of what training asks. */
Test(init, shards_and_batch_fit_every_number_of_rows)
{
    for (int64_t rows = 2; rows < 20000; rows += 1 + rows / 300) {
        const struct init_found found = {
            .split = "train", .rows = rows, .dim = 4, .seen_rows = rows, .varying = 4};
        struct init_choices choices = {.n = 0};
        struct bl_error err;
        struct batches batches;
        cr_assert_eq(init_choose("x.h5", &found, 64, 0, &choices, &err), BL_OK, "%s", err.what);
        const int64_t shards = number_of(&choices, "data.shards", 16);
        int64_t least = INT64_MAX;
        for (int64_t s = 0; s < shards; s++) {
            const int64_t n = bl_shard_begin(rows, shards, s + 1) - bl_shard_begin(rows, shards, s) -
                              bl_validation_rows_of(rows, 0.05, shards, s);
            least = n < least ? n : least;
        }
        cr_assert_eq(
            batches_plan(&batches, shards, rows, least, number_of(&choices, "train.global_batch", 512), &err),
            BL_OK, "%d rows: %s", (int)rows, err.what);
    }
}

Test(init, a_million_rows_hold_out_few_and_what_memory_does_not_hold_is_streamed)
{
    struct init_found found = {
        .split = "train", .rows = 1000000, .dim = 128, .type = BL_FLOAT32, .can_stream = 1};
    struct init_choices choices = {.n = 0}, more = {.n = 0}, other = {.n = 0};
    struct bl_error err;
    cr_assert_eq(init_choose("x.h5", &found, 64, INT64_C(8) << 30, &choices, &err), BL_OK);
    cr_assert_str_eq(value_of(&choices, "data.validation"), "0.005");
    cr_assert_null(value_of(&choices, "data.residency"));
    cr_assert_eq(init_choose("x.h5", &found, 64, INT64_C(900) << 20, &more, &err), BL_OK);
    cr_assert_str_eq(value_of(&more, "data.residency"), "stream");
    found.can_stream = 0;
    cr_assert_eq(init_choose("x.h5", &found, 64, INT64_C(900) << 20, &other, &err), BL_OK);
    cr_assert_null(value_of(&other, "data.residency"));
}
