#include "mpi/baseline/table.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "base/share.h"
#include "config/keys.h"
#include "data/shards.h"
#include "hash/bit_tally.h"
#include "hash/code.h"
#include "math/solve.h"
#include "mpi/command/command.h"
#include "mpi/files/count_labels.h"
#include "mpi/files/dataset.h"
#include "mpi/files/model.h"
#include "mpi/files/output.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "mpi/rows/row_sample.h"

enum {
    ANCHORS_MAX = BL_SOLVE_MAX - 1
}; /* the system has one equation for each anchor and one for the constant */

/* The command line; strings are borrowed from argv. */
struct request {
    const struct baseline *method;
    const char *data, *output, *train;
    enum io_replace replace;
    int64_t bits, heads, anchors;
    int rows_told, anchors_told;
    struct baseline_options options;
    int normalize;
};

enum { OWN_MAX = BASELINES * BASELINE_OPTIONS_MAX };

/* The i-th option that methods bring, each name once; 0 behind the last. */
static int own_option(int i, struct command_option *option)
{
    const struct baseline_option *seen[OWN_MAX];
    int n = 0;
    for (const struct baseline *const *method = baseline_table; *method; method++)
        for (int own = 0; own < BASELINE_OPTIONS_MAX && (*method)->option[own].name; own++) {
            int at = 0;
            while (at < n && strcmp(seen[at]->name, (*method)->option[own].name) != 0)
                at++;
            if (at == n)
                seen[n++] = &(*method)->option[own];
        }
    if (i >= n)
        return 0;
    *option = (struct command_option){.name = seen[i]->name, .argument = "N", .text = seen[i]->summary};
    return 1;
}

/* What the method makes of its own options, said [OWN_MAX] in the order of own_option; NULL: as usual. */
static int parse_own(const char *const *said, struct request *request, struct bl_error *err)
{
    const struct baseline *method = request->method;
    struct command_option option;
    for (int i = 0; i < BASELINE_OPTIONS_MAX && method->option[i].name; i++)
        request->options.own[i] = method->option[i].usual;
    for (int o = 0; own_option(o, &option); o++) {
        if (!said[o])
            continue;
        int i = 0;
        while (i < BASELINE_OPTIONS_MAX && method->option[i].name &&
               strcmp(method->option[i].name, option.name) != 0)
            i++;
        if (i == BASELINE_OPTIONS_MAX || !method->option[i].name)
            return bl_fail(err, BL_USAGE, "%s has no use for %s: leave it out", method->name, option.name);
        int code = command_integer(option.name, said[o], method->option[i].min, method->option[i].max,
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
    return bl_fail(err, BL_USAGE, "--normalize must be none, center, standardize, unit or scale, not '%s'",
                   text);
}

/* --rows and --anchors, which only some methods take. */
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

struct given {
    const char *bits, *heads, *normalize, *train, *rows, *anchors, *seed, *output, *force;
    const char *own[OWN_MAX]; /* as parse_own takes them */
};

static const struct command_option options[] = {
    {.name = "--bits", .argument = "K", .text = "length of the code", .at = offsetof(struct given, bits)},
    {.name = "--heads",
     .argument = "M",
     .text = "hash tables that share the K bits evenly (1)",
     .at = offsetof(struct given, heads)},
    {.name = "--normalize",
     .argument = "N",
     .values = "none center standardize unit scale",
     .text = "none, center, standardize, unit or scale (center)",
     .at = offsetof(struct given, normalize)},
    {.name = "--train",
     .argument = "S",
     .values = "train test",
     .text = "the split that statistics come from (train)",
     .at = offsetof(struct given, train)},
    {.name = "--rows",
     .argument = "N",
     .text = "fit to N of the rows, drawn by the seed; 0: all",
     .at = offsetof(struct given, rows)},
    {.name = "--anchors",
     .argument = "N",
     .text = "rows that others are compared with",
     .at = offsetof(struct given, anchors)},
    {.name = "--seed",
     .argument = "N",
     .text = "another seed gives other random numbers (1)",
     .at = offsetof(struct given, seed)},
    {.name = "--output|-o",
     .argument = "MODEL",
     .values = COMMAND_FILES,
     .text = "the model file to write",
     .at = offsetof(struct given, output)},
    COMMAND_FORCE(struct given),
    COMMAND_OPTIONS_END,
};

enum { SHARED = sizeof options / sizeof *options - 1 };

static int parse(int argc, char **argv, struct request *request, struct bl_error *err)
{
    struct given given = {.heads = "1", .normalize = "center", .train = "train", .seed = "1"};
    const char *positional[2];
    int64_t seed_number = 1;
    struct command_option all[SHARED + OWN_MAX + 1] = {0};
    int n = SHARED;
    memcpy(all, options, SHARED * sizeof *all);
    for (int o = 0; own_option(o, &all[n]); o++)
        all[n++].at = offsetof(struct given, own) + (size_t)o * sizeof given.own[0];
    int code = command_parse(argc, argv, all, &given, positional, 2, 2, NULL, err);
    if (code != BL_OK)
        return code;
    request->data = positional[1];
    request->train = given.train;
    request->output = given.output;
    request->replace = command_replace(given.force);
    request->method = baseline_find(positional[0], err);
    if (!request->method)
        return BL_USAGE;
    if (!given.bits || !request->output)
        return bl_fail(err, BL_USAGE, "baseline needs --bits K and -o MODEL; see bitloom baseline --help");
    if ((code = command_integer("--bits", given.bits, 1, BL_CODE_BITS_MAX, &request->bits, err)) ||
        (code = command_integer("--heads", given.heads, 1, request->bits, &request->heads, err)) ||
        (code = command_integer("--seed", given.seed, 0, INT64_MAX, &seed_number, err)))
        return code;
    request->options = (struct baseline_options){.seed = (uint64_t)seed_number};
    if ((code = parse_sizes(given.rows, given.anchors, request, err)) ||
        (code = parse_own(given.own, request, err)))
        return code;
    if (request->bits % request->heads != 0)
        return bl_fail(err, BL_USAGE, "--bits %s is not a multiple of --heads %s", given.bits, given.heads);
    return normalize_of(given.normalize, &request->normalize, err);
}

/* Reads this rank's rows of the split, a block at a time into one buffer. Owns everything. */
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

/* Sums are formed over this many groups of rows, whatever the number of ranks: so the same bits. */
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
    const struct par_split *split = dataset_split(reader->dataset);
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

/* Checks that the split has what the method needs. A default above the number of rows is lowered to it.
 * The same on all ranks. */
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

/* Labels are read by every rank alone, since they are few. */
static int check_labels(const struct request *request, struct par_dataset *dataset, struct bl_error *err)
{
    struct bl_label_count count;
    char text[BL_LABEL_TEXT];
    if (!request->method->needs_labels)
        return BL_OK;
    int code = par_dataset_count_labels_local(dataset, &count, err);
    /* Rows without any label at all are told by the methods themselves. */
    if (code == BL_OK && count.distinct > 0 && bl_label_count_is_alike(&count))
        code = bl_fail(err, BL_USAGE,
                       "%s needs rows that differ in their labels, and split %s of %s has %s; take a method "
                       "without labels (itq)",
                       request->method->name, request->train, request->data,
                       bl_label_count_say(&count, dataset_split(dataset)->n_class_names, text));
    return code;
}

/* One layer of the kind that the method has; with anchors, a hidden layer of these before it. */
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

/* A sample of the rows that the model is fitted to, so that an evaluation can tell whether they are
 * searched. */
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

/* Encodes each rank's first rows, to see whether the codes tell rows apart. */
static int look_at_codes(struct par par, const struct request *request, const struct rows *rows,
                         const struct bl_model *model, struct bl_error *err)
{
    enum { LOOKED_AT = 1024 };
    struct bl_bit_tally tally = {0};
    struct bl_encoder encoder = {0};
    uint8_t *codes = NULL;
    char text[BL_BIT_TALLY_TEXT];
    const void *block;
    int64_t n = rows->n_local < LOOKED_AT ? rows->n_local : LOOKED_AT, bad;
    n = n < rows->block_rows ? n : rows->block_rows;
    int code = bl_encoder_init(&encoder, model, n, err);
    if (code == BL_OK)
        code = bl_alloc(&codes, n * bl_code_bytes(request->bits), 1, "codes", err);
    if (code == BL_OK && n > 0)
        code = rows_read(rows, 0, n, &block, err);
    if (code == BL_OK && n > 0)
        code = bl_encoder_run(&encoder, rows->type, block, n, codes, &bad, err);
    if (code == BL_OK)
        bl_bit_tally_bytes(&tally, codes, n, request->bits);
    bl_encoder_free(&encoder);
    bl_free(&codes);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        return code;
    par_sum_integers(par, &tally.rows, 1);
    par_sum_integers(par, tally.ones, request->bits);
    if (bl_bit_tally_doubt(&tally, request->bits, request->output, text))
        bl_log_warn("%s", text);
    return BL_OK;
}

/* Errors about rows get the name of file and split. */
static int fit(struct par par, const struct request *request, const struct rows *rows, struct bl_model *model,
               struct bl_error *err)
{
    struct par_normalizer_found found;
    int code = par_normalizer_fit(par, rows, &model->normalizer, &found, err);
    if (code == BL_OK) {
        if (found.constant > 0)
            bl_log_say("note: constant columns, which become 0: %lld", (long long)found.constant);
        par_normalizer_warn_local(&found, request->normalize, "--normalize standardize");
        code = request->method->fit(par, rows, &request->options, model, err);
    }
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
    int code = parse(argc, argv, &request, err);
    if (code == BL_OK)
        code = command_check_output(request.output, &request.data, 1, err);
    if (code == BL_OK && par.rank == 0)
        code = output_check(request.output, FILE_MODEL, request.replace, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        return code;
    code = open_rows(par, &request, &reader, &rows, err);
    if (code == BL_OK)
        code = check_split(&request, dataset_split(reader.dataset), err);
    if (code == BL_OK)
        code = par_agree(par, check_labels(&request, reader.dataset, err), err);
    if (code == BL_OK)
        code = init_model(par, &request, rows.dim, &model, err);
    if (code == BL_OK)
        code = fit(par, &request, &rows, &model, err);
    if (code == BL_OK)
        code = sample_rows(par, &rows, &model.trained, err);
    if (code == BL_OK)
        code =
            par_model_write(par, request.output, &model, (struct h5_tuning){.replace = request.replace}, err);
    if (code == BL_OK)
        bl_log_say("%s: %s, %s from %s", request.output, request.method->name,
                   bl_count(request.bits, "bit").text, bl_count(rows.dim, "feature").text);
    if (code == BL_OK)
        code = look_at_codes(par, &request, &rows, &model, err);
    bl_model_free(&model);
    bl_free(&reader.features);
    bl_free(&reader.labels);
    par_sum_groups_free(&reader.groups);
    par_dataset_close(reader.dataset);
    return code;
}

/* A method with the options that not all take, and their usual values. */
static const char *method_word(int i, char text[COMMAND_TEXT])
{
    const struct baseline *method = baseline_table[i];
    if (!method)
        return NULL;
    size_t n = (size_t)snprintf(text, COMMAND_TEXT, "%s%s", method->summary,
                                method->needs_labels ? "; needs labels" : "");
    if (method->takes_rows && method->rows > 0)
        n += (size_t)snprintf(text + n, COMMAND_TEXT - n, "; --rows %lld", (long long)method->rows);
    else if (method->takes_rows)
        n += (size_t)snprintf(text + n, COMMAND_TEXT - n, "; --rows 0 (all)");
    if (method->anchors > 0)
        n += (size_t)snprintf(text + n, COMMAND_TEXT - n, "; --anchors %lld", (long long)method->anchors);
    for (int own = 0; own < BASELINE_OPTIONS_MAX && method->option[own].name; own++)
        n += (size_t)snprintf(text + n, COMMAND_TEXT - n, "; %s %lld", method->option[own].name,
                              (long long)method->option[own].usual);
    return method->name;
}

const struct command command_baseline = {
    .name = "baseline",
    .summary = "fit a method that needs no training run into a model file",
    .usage = "METHOD DATA --bits K -o MODEL [OPTION]...\n",
    .text = "Fits a classical method into a model file like that of `bitloom train`.\n",
    .operands = COMMAND_FILES,
    .word = method_word,
    .words = "methods",
    .word_first = 1,
    .more_options = own_option,
    .options = options,
    .examples = "bitloom baseline itq fashion-mnist.h5 --bits 64 -o itq.h5\n"
                "bitloom baseline sdh-shen fashion-mnist.h5 --bits 64 --rows 5000 -o sdh.h5\n",
    .parallel = 1,
    .work = SIGNALS_FILE,
    .run = run,
};
