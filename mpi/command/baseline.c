#include "mpi/baseline/table.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "base/share.h"
#include "config/keys.h"
#include "data/shards.h"
#include "math/solve.h"
#include "mpi/command/command.h"
#include "mpi/files/dataset.h"
#include "mpi/files/model.h"
#include "mpi/ranks/agree.h"
#include "mpi/rows/row_sample.h"

enum { ANCHORS_MAX = BL_SOLVE_MAX - 1 }; /* a row of equations each, and one for the constant */

struct request {
    const struct baseline *method;
    const char *data, *output, *train;
    int64_t bits, heads, anchors;
    int rows_told, anchors_told;
    struct baseline_options options;
    int normalize;
};

/* Options that methods bring, each name once, and what was said of them. */
struct own_option {
    const char *name, *text;
};
enum { OWN_MAX = BASELINES * BASELINE_OPTIONS_MAX };

static int list_own(struct own_option own[OWN_MAX])
{
    int n = 0;
    for (const struct baseline *const *method = baseline_table; *method; method++)
        for (int i = 0; i < BASELINE_OPTIONS_MAX && (*method)->option[i].name; i++) {
            int at = 0;
            while (at < n && strcmp(own[at].name, (*method)->option[i].name) != 0)
                at++;
            if (at == n)
                own[n++] = (struct own_option){.name = (*method)->option[i].name};
        }
    return n;
}

/* The method's own options from what was said, or as usual. */
static int parse_own(const struct own_option *own, int n_own, struct request *request, struct bl_error *err)
{
    const struct baseline *method = request->method;
    for (int i = 0; i < BASELINE_OPTIONS_MAX && method->option[i].name; i++)
        request->options.own[i] = method->option[i].usual;
    for (int o = 0; o < n_own; o++) {
        if (!own[o].text)
            continue;
        int i = 0;
        while (i < BASELINE_OPTIONS_MAX && method->option[i].name &&
               strcmp(method->option[i].name, own[o].name) != 0)
            i++;
        if (i == BASELINE_OPTIONS_MAX || !method->option[i].name)
            return bl_fail(err, BL_USAGE, "%s has no use for %s: leave it out", method->name, own[o].name);
        int code = command_integer(own[o].name, own[o].text, method->option[i].min, method->option[i].max,
                                   &request->options.own[i], err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

static int normalize_of(const char *text, int *kind, struct bl_error *err)
{
    const char *const *names = bl_key_find("data.normalize")->choices; /* enum bl_normalize */
    for (int i = 0; names[i]; i++)
        if (strcmp(text, names[i]) == 0) {
            *kind = i;
            return BL_OK;
        }
    return bl_fail(err, BL_USAGE, "--normalize is none, center, standardize, unit or scale, not '%s'", text);
}

/* --rows and --anchors, where the method has a use for them. */
static int parse_sizes(const char *rows, const char *anchors, struct request *request, struct bl_error *err)
{
    const struct baseline *method = request->method;
    int code = BL_OK;
    request->options.rows = method->rows;
    request->anchors = method->anchors;
    request->rows_told = rows != NULL;
    request->anchors_told = anchors != NULL;
    if (rows && !method->takes_rows)
        return bl_fail(err, BL_USAGE, "%s is fitted to all rows: leave --rows out", method->name);
    if (anchors && method->anchors == 0)
        return bl_fail(err, BL_USAGE, "%s has no anchors: leave --anchors out", method->name);
    if (rows)
        code = command_integer("--rows", rows, 0, INT64_MAX, &request->options.rows, err);
    if (code == BL_OK && anchors)
        code = command_integer("--anchors", anchors, 2, ANCHORS_MAX, &request->anchors, err);
    return code;
}

static int parse(int argc, char **argv, struct request *request, struct bl_error *err)
{
    const char *bits = NULL, *heads = "1", *seed = "1", *normalize = "center", *rows = NULL, *anchors = NULL,
               *positional[2];
    int64_t seed_number = 1;
    struct own_option own[OWN_MAX];
    const int n_own = list_own(own);
    request->train = "train";
    enum { SHARED = 8 };
    struct command_option options[SHARED + OWN_MAX] = {
        {.name = "--bits", .takes_value = 1, .value = &bits},
        {.name = "--heads", .takes_value = 1, .value = &heads},
        {.name = "--normalize", .takes_value = 1, .value = &normalize},
        {.name = "--train", .takes_value = 1, .value = &request->train},
        {.name = "--rows", .takes_value = 1, .value = &rows},
        {.name = "--anchors", .takes_value = 1, .value = &anchors},
        {.name = "--seed", .takes_value = 1, .value = &seed},
        {.name = "--output|-o", .takes_value = 1, .value = &request->output},
    };
    for (int o = 0; o < n_own; o++)
        options[SHARED + o] =
            (struct command_option){.name = own[o].name, .takes_value = 1, .value = &own[o].text};
    int code = command_parse(argc, argv, options, SHARED + n_own, positional, 2, 2, NULL, err);
    if (code != BL_OK)
        return code;
    request->data = positional[1];
    request->method = baseline_find(positional[0], err);
    if (!request->method)
        return BL_USAGE;
    if (!bits || !request->output)
        return bl_fail(err, BL_USAGE, "baseline needs --bits K and -o MODEL; see bitloom baseline --help");
    if ((code = command_integer("--bits", bits, 1, BL_CODE_BITS_MAX, &request->bits, err)) ||
        (code = command_integer("--heads", heads, 1, request->bits, &request->heads, err)) ||
        (code = command_integer("--seed", seed, 0, INT64_MAX, &seed_number, err)))
        return code;
    request->options = (struct baseline_options){.seed = (uint64_t)seed_number};
    if ((code = parse_sizes(rows, anchors, request, err)) || (code = parse_own(own, n_own, request, err)))
        return code;
    if (request->bits % request->heads != 0)
        return bl_fail(err, BL_USAGE, "--bits %s can't be shared evenly by --heads %s", bits, heads);
    return normalize_of(normalize, &request->normalize, err);
}

/* This rank's rows of the split, read into one buffer a block at a time. */
struct reader {
    struct par_dataset *dataset;
    struct par_sum_groups groups;
    int64_t row_lo;
    void *features;
    uint32_t *labels;
};

static int read_rows(void *context, int64_t lo, int64_t n, const void **rows, const uint32_t **labels,
                     struct bl_error *err)
{
    struct reader *reader = context;
    if (rows)
        *rows = reader->features;
    if (labels)
        *labels = reader->labels;
    return par_dataset_read_local(reader->dataset, reader->row_lo + lo, n, rows ? reader->features : NULL,
                                  labels ? reader->labels : NULL, NULL, err);
}

/* Statistics are formed by this many runs of rows, whatever the number of ranks. */
enum { GROUPS = 64 };

static int group_rows(struct reader *reader, struct par par, const struct par_split *split, int64_t *row_hi,
                      struct bl_error *err)
{
    int64_t lo, hi, rows[GROUPS];
    bl_share(GROUPS, par.rank, par.size, &lo, &hi);
    reader->row_lo = bl_shard_begin(split->rows, GROUPS, lo);
    *row_hi = bl_shard_begin(split->rows, GROUPS, hi);
    for (int64_t g = lo; g < hi; g++)
        rows[g - lo] = bl_shard_begin(split->rows, GROUPS, g + 1) - bl_shard_begin(split->rows, GROUPS, g);
    return par_sum_groups_init(&reader->groups, par, GROUPS, rows, hi - lo, split->dim, err);
}

static int open_rows(struct par par, const struct request *request, struct reader *reader, struct rows *rows,
                     struct bl_error *err)
{
    const int64_t block_bytes = 4 << 20;
    int code = par_dataset_open(&reader->dataset, par, request->data, request->train, err);
    if (code != BL_OK)
        return code;
    const struct par_split *split = par_dataset_split(reader->dataset);
    int64_t row_hi, row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    code = group_rows(reader, par, split, &row_hi, err);
    if (code != BL_OK)
        return code;
    *rows = (struct rows){.dim = split->dim,
                          .type = split->type,
                          .n_local = row_hi - reader->row_lo,
                          .block_rows = row_bytes < block_bytes ? block_bytes / row_bytes : 1,
                          .groups = &reader->groups,
                          .labels = split->labels,
                          .read = read_rows,
                          .context = reader};
    code = bl_alloc(&reader->features, rows->block_rows, (size_t)row_bytes, "rows being read", err);
    if (code == BL_OK)
        code = bl_alloc(&reader->labels, rows->block_rows * split->labels.words, sizeof *reader->labels,
                        "labels being read", err);
    return par_agree(par, code, err);
}

/* What the split must have for the method. A default that is more than the data has is cut to it. */
static int check_split(struct request *request, const struct par_split *split, struct bl_error *err)
{
    const struct baseline *method = request->method;
    if (method->needs_labels && split->labels.kind == BL_LABELS_NONE)
        return bl_fail(err, BL_USAGE,
                       "%s learns from labels, and split %s of %s has none; import labels, or take a method "
                       "without them (itq)",
                       method->name, request->train, request->data);
    if (request->anchors_told && request->anchors > split->rows)
        return bl_fail(err, BL_USAGE, "--anchors %lld: split %s of %s has only %s",
                       (long long)request->anchors, request->train, request->data,
                       bl_count(split->rows, "row").text);
    if (request->rows_told && request->options.rows > split->rows)
        return bl_fail(err, BL_USAGE, "--rows %lld: split %s of %s has only %s",
                       (long long)request->options.rows, request->train, request->data,
                       bl_count(split->rows, "row").text);
    if (request->anchors > split->rows)
        request->anchors = split->rows;
    return BL_OK;
}

static struct bl_shape shape_of(const struct request *request, int64_t dim)
{
    const struct baseline *method = request->method;
    struct bl_config_model config = {
        .activation = BL_ACTIVATION_TANH, .heads = request->heads, .bits = request->bits / request->heads};
    if (method->anchors > 0) {
        config.hidden_count = 1;
        config.hidden[0] = request->anchors;
    }
    struct bl_shape shape = bl_shape_of(&config, dim);
    shape.input = method->input;
    shape.output = method->output;
    return shape;
}

static int init_model(struct par par, const struct request *request, int64_t dim, struct bl_model *model,
                      struct bl_error *err)
{
    const struct bl_shape shape = shape_of(request, dim);
    int code = par_agree(par, bl_model_init(model, &shape, request->normalize, err), err);
    if (code == BL_OK)
        strncpy(model->method, request->method->name, sizeof model->method - 1);
    return code;
}

/* Which rows the model is fitted to, so that an evaluation can tell whether it searches them. */
static int sample_rows(struct par par, const struct rows *rows, struct bl_row_sample *sample,
                       struct bl_error *err)
{
    const int64_t row_bytes = rows->dim * (int64_t)bl_type_bytes(rows->type);
    const void *block;
    int code = BL_OK;
    for (int64_t at = 0; at < rows->n_local && code == BL_OK; at += rows->block_rows) {
        const int64_t n = rows->n_local - at < rows->block_rows ? rows->n_local - at : rows->block_rows;
        code = rows_read(rows, at, n, &block, err);
        for (int64_t i = 0; i < n && code == BL_OK; i++)
            bl_row_sample_add(sample,
                              bl_row_hash(rows->type, (const char *)block + i * row_bytes, rows->dim));
    }
    code = par_agree(par, code, err);
    return code == BL_OK ? par_row_sample_merge(par, sample, err) : code;
}

/* What is wrong with the rows is said with where they stand. */
static int fit(struct par par, const struct request *request, const struct rows *rows, struct bl_model *model,
               struct bl_error *err)
{
    int code = request->method->fit(par, rows, &request->options, model, err);
    if (code == BL_NUMBERS || code == BL_INPUT)
        bl_fail_prefix(err, "%s, split %s", request->data, request->train);
    return code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct request request = {0};
    struct reader reader = {0};
    struct rows rows = {0};
    struct bl_model model = {0};
    int64_t constant = 0;
    int code = parse(argc, argv, &request, err);
    if (code == BL_OK)
        code = command_check_output(request.output, &request.data, 1, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        return code;
    code = open_rows(par, &request, &reader, &rows, err);
    if (code == BL_OK)
        code = check_split(&request, par_dataset_split(reader.dataset), err);
    if (code == BL_OK)
        code = init_model(par, &request, rows.dim, &model, err);
    if (code == BL_OK) {
        code = par_normalizer_fit(par, &rows, &model.normalizer, &constant, err);
        if (code != BL_OK)
            bl_fail_prefix(err, "%s, split %s", request.data, request.train);
    }
    if (code == BL_OK && constant > 0)
        bl_log_say("note: constant columns, which become 0: %lld", (long long)constant);
    if (code == BL_OK)
        code = fit(par, &request, &rows, &model, err);
    if (code == BL_OK)
        code = sample_rows(par, &rows, &model.trained, err);
    if (code == BL_OK)
        code = par_model_write(par, request.output, &model, (struct h5_tuning){0}, err);
    if (code == BL_OK)
        bl_log_say("%s: %s, %s from %s", request.output, request.method->name,
                   bl_count(request.bits, "bit").text, bl_count(rows.dim, "feature").text);
    bl_model_free(&model);
    bl_free(&reader.features);
    bl_free(&reader.labels);
    par_sum_groups_free(&reader.groups);
    par_dataset_close(reader.dataset);
    return code;
}

/* Each method with the options that not all take, and their usual values. */
static void list_methods(void)
{
    enum { COLUMN = 22 };
    for (const struct baseline *const *at = baseline_table; *at; at++) {
        const struct baseline *method = *at;
        printf("  %-*s%s%s\n", COLUMN - 2, method->name, method->summary,
               method->needs_labels ? "; needs labels" : "");
        if (method->takes_rows)
            printf("%*s--rows N (%lld)\n", COLUMN, "", (long long)method->rows);
        if (method->anchors > 0)
            printf("%*s--anchors N (%lld)\n", COLUMN, "", (long long)method->anchors);
        for (int i = 0; i < BASELINE_OPTIONS_MAX && method->option[i].name; i++)
            printf("%*s%s N (%lld): %s\n", COLUMN, "", method->option[i].name,
                   (long long)method->option[i].usual, method->option[i].summary);
    }
}

const struct command command_baseline = {
    .name = "baseline",
    .summary = "fit a method that needs no training run into a model file",
    .help = "usage: bitloom baseline METHOD DATA --bits K -o MODEL [OPTION]...\n\n"
            "methods:\n" COMMAND_LIST "\noptions:\n"
            "  --bits K            length of the code\n"
            "  --heads M           hash tables that share the K bits evenly (1)\n"
            "  --normalize N       none, center, standardize, unit or scale (center)\n"
            "  --train S           the split that statistics come from (train)\n"
            "  --rows N            fit to N of the rows, drawn by the seed; 0: all\n"
            "  --anchors N         rows that others are compared with\n"
            "  --seed N            another seed gives other random numbers (1)\n"
            "  -o, --output MODEL  the model file to write\n\n"
            "example:\n"
            "  bitloom baseline itq fashion-mnist.h5 --bits 64 -o itq.h5\n"
            "  bitloom baseline sdh-shen fashion-mnist.h5 --bits 64 --rows 5000 -o sdh.h5\n",
    .parallel = 1,
    .list = list_methods,
    .run = run,
};
