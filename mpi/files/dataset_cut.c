#include "mpi/files/dataset_cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/digest.h"
#include "base/log.h"
#include "data/label_names.h"
#include "mpi/files/dataset.h"
#include "mpi/files/output.h"

enum { BLOCK_BYTES = 4 << 20, SOURCES = 2 };
static const char *const source_splits[SOURCES] = {"train", "test"};

/* Buffers for a block of rows of a source split; the rows that go into the output split are moved to the
 * front and written from there. All owned. */
struct block {
    int64_t rows; /* the most that fit */
    char *features;
    uint32_t *words;  /* labels as read */
    void *labels;     /* labels as written: int32 [rows] or uint8 [rows, classes] */
    uint32_t *groups; /* as read and as written */
    char *ids_read, *ids;
};

/* The rows of both source splits are numbered through, train first. A first pass over them collects
 * classes and a digest, the protocol then assigns each row its parts, and one pass more for each output
 * split copies its rows. */
struct cut {
    const struct dataset_cut_request *request;
    struct par_dataset *source[SOURCES];
    const struct par_split *split[SOURCES];
    int64_t first[SOURCES + 1]; /* the number of a split's row 0; last: all rows */
    int32_t *classes;           /* [rows]; NULL unless rows have one class each */
    uint8_t *parts;             /* [rows] a set of BL_ROW_ bits */
    uint64_t digest;            /* of all rows, labels and groups */
    int64_t id_bytes;
    struct block block;
    int part; /* the BL_ROW_ bit of the split being written */
    struct split_writer *writer;
};

static int open_sources(struct cut *cut, struct bl_error *err)
{
    int code = BL_OK;
    for (int s = 0; s < SOURCES && code == BL_OK; s++) {
        code = par_dataset_open(&cut->source[s], par_alone(), cut->request->source, source_splits[s], err);
        if (code == BL_OK) {
            cut->split[s] = dataset_split(cut->source[s]);
            cut->first[s + 1] = cut->first[s] + cut->split[s]->rows;
        }
    }
    return code;
}

/* Rows of both splits come into one output split, so they must have the same form. */
static int check_sources(const struct cut *cut, struct bl_error *err)
{
    const struct par_split *a = cut->split[0], *b = cut->split[1];
    const char *path = cut->request->source;
    if (a->dim != b->dim || a->type != b->type)
        return bl_fail(err, BL_INPUT,
                       "%s: train has rows of %" PRId64 " x %s and test of %" PRId64 " x %s; %s%s", path,
                       a->dim, bl_type_name(a->type), b->dim, bl_type_name(b->type),
                       a->dim != b->dim ? "import both with the same dimensions"
                                        : "import test again, with --replace --dtype ",
                       a->dim != b->dim ? "" : bl_type_name(a->type));
    if (a->labels.kind != b->labels.kind || a->labels.words != b->labels.words ||
        (a->labels.kind == BL_LABELS_MULTI && a->labels.classes != b->labels.classes))
        return bl_fail(err, BL_INPUT, "%s: train and test have labels of different kinds; import both alike",
                       path);
    if (a->groups.words != b->groups.words)
        return bl_fail(err, BL_INPUT,
                       "%s: train has %s per row and test %" PRId64
                       "; import both with as many, padded with -1",
                       path, bl_count(a->groups.words, "group").text, b->groups.words);
    const struct bl_label_names train = {"split train", a->class_names, a->n_class_names};
    const struct bl_label_names test = {"split test", b->class_names, b->n_class_names};
    return bl_label_names_check(&train, &test, err) == BL_OK ? BL_OK : bl_fail_prefix(err, "%s", path);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The id of a row that has none: SPLIT:ROW. Returns its length. */
static int64_t print_place(char *text, int64_t size, int source, int64_t row)
{
    return snprintf(text, (size_t)size, "%s:%" PRId64, source_splits[source], row);
}

static int allocate(struct cut *cut, struct bl_error *err)
{
    const struct par_split *split = cut->split[0];
    const struct bl_label_layout labels = split->labels;
    const int64_t rows = cut->first[SOURCES], row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    const int64_t label_bytes = labels.kind == BL_LABELS_MULTI ? labels.classes : (int64_t)sizeof(int32_t);
    struct block *block = &cut->block;
    char place[32];
    int64_t id_read = 1;
    /* Ids of the output are as long as the longest of either split, printed ones among them. */
    for (int s = 0; s < SOURCES; s++) {
        const int64_t bytes = cut->split[s]->id_bytes;
        id_read = larger(id_read, bytes);
        cut->id_bytes = larger(
            cut->id_bytes, bytes > 0 ? bytes : print_place(place, sizeof place, s, cut->split[s]->rows - 1));
    }
    block->rows = larger(1, BLOCK_BYTES / row_bytes);
    int code = bl_alloc(&cut->parts, rows, 1, "the parts of rows", err);
    if (code == BL_OK && labels.kind == BL_LABELS_SINGLE)
        code = bl_alloc(&cut->classes, rows, sizeof *cut->classes, "the classes of rows", err);
    if (code == BL_OK)
        code = bl_alloc(&block->features, block->rows, (size_t)row_bytes, "a block of features", err);
    if (code == BL_OK)
        code = bl_alloc(&block->words, block->rows * labels.words, sizeof *block->words, "a block of labels",
                        err);
    if (code == BL_OK)
        code = bl_alloc(&block->labels, block->rows, (size_t)label_bytes, "a block of labels", err);
    if (code == BL_OK)
        code = bl_alloc(&block->groups, block->rows * split->groups.words, sizeof *block->groups,
                        "a block of groups", err);
    if (code == BL_OK)
        code = bl_alloc(&block->ids_read, block->rows, (size_t)id_read, "a block of ids", err);
    if (code == BL_OK)
        code = bl_alloc(&block->ids, block->rows, (size_t)cut->id_bytes, "a block of ids", err);
    return code;
}

/* Reads both splits block by block and calls `take` for each, with the source, its first row and its rows. */
static int each_block(struct cut *cut, int (*take)(struct cut *, int, int64_t, int64_t, struct bl_error *),
                      struct bl_error *err)
{
    struct block *block = &cut->block;
    int code = BL_OK;
    for (int s = 0; s < SOURCES && code == BL_OK; s++)
        for (int64_t row = 0, n; row < cut->split[s]->rows && code == BL_OK; row += n) {
            n = cut->split[s]->rows - row < block->rows ? cut->split[s]->rows - row : block->rows;
            code = par_dataset_read_local(cut->source[s], row, n, block->features, block->words,
                                          block->ids_read, err);
            if (code == BL_OK)
                code = par_dataset_read_groups_local(cut->source[s], row, n, block->groups, err);
            if (code == BL_OK)
                code = take(cut, s, row, n, err);
        }
    return code;
}

/* First pass. The digest is chained row by row, so it doesn't depend on the size of blocks. */
static int learn_block(struct cut *cut, int source, int64_t row, int64_t n, struct bl_error *err)
{
    const struct par_split *split = cut->split[source];
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type), words = split->labels.words;
    (void)err;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t *labels = cut->block.words + i * words;
        cut->digest = bl_digest(cut->block.features + i * row_bytes, row_bytes, cut->digest);
        cut->digest = bl_digest(labels, words * (int64_t)sizeof *labels, cut->digest);
        if (split->groups.words > 0)
            cut->digest = bl_digest(cut->block.groups + i * split->groups.words,
                                    split->groups.words * (int64_t)sizeof *cut->block.groups, cut->digest);
        if (cut->classes)
            cut->classes[cut->first[source] + row + i] = (int32_t)labels[0];
    }
    return BL_OK;
}

/* The protocol decides which rows are trained on, query, or database. */
static int draw(struct cut *cut, struct bl_error *err)
{
    const struct dataset_cut_request *request = cut->request;
    const struct bl_protocol_rows rows = {.n_train = cut->split[0]->rows,
                                          .n_test = cut->split[1]->rows,
                                          .classes = cut->classes,
                                          .seed = (uint64_t)request->seed,
                                          .queries_per_class = request->queries_per_class,
                                          .train_per_class = request->train_per_class,
                                          .unseen_classes = request->unseen_classes};
    int code = bl_protocol_cut(request->protocol, &rows, cut->parts, err);
    if (code != BL_OK)
        bl_fail_prefix(err, "%s", request->source);
    return code;
}

/* The id of the block's row `from`, whose first row is `row`, becomes the id of output row `to`. */
static void put_id(struct cut *cut, int source, int64_t row, int64_t from, int64_t to)
{
    char *id = cut->block.ids + to * cut->id_bytes, place[32];
    const int64_t bytes = cut->split[source]->id_bytes;
    memset(id, 0, (size_t)cut->id_bytes);
    if (bytes > 0)
        memcpy(id, cut->block.ids_read + from * bytes, (size_t)bytes);
    else
        memcpy(id, place, (size_t)print_place(place, sizeof place, source, row + from));
}

static void put_labels(struct cut *cut, struct bl_label_layout layout, int64_t from, int64_t to)
{
    const uint32_t *words = cut->block.words + from * layout.words;
    if (layout.kind == BL_LABELS_SINGLE)
        memcpy((uint32_t *)cut->block.labels + to, words, sizeof *words);
    for (int64_t c = 0; layout.kind == BL_LABELS_MULTI && c < layout.classes; c++)
        ((uint8_t *)cut->block.labels)[to * layout.classes + c] = words[c / 32] >> (c % 32) & 1u;
}

/* Copies the rows of the part being written. They move to the front in place: kept <= i. */
static int write_block(struct cut *cut, int source, int64_t row, int64_t n, struct bl_error *err)
{
    const struct par_split *split = cut->split[source];
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    const uint8_t *parts = cut->parts + cut->first[source] + row;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(parts[i] & cut->part))
            continue;
        memmove(cut->block.features + kept * row_bytes, cut->block.features + i * row_bytes,
                (size_t)row_bytes);
        put_labels(cut, split->labels, i, kept);
        put_id(cut, source, row, i, kept);
        memmove(cut->block.groups + kept * split->groups.words, cut->block.groups + i * split->groups.words,
                (size_t)split->groups.words * sizeof *cut->block.groups);
        kept++;
    }
    if (split->groups.words > 0 && split_put_groups(cut->writer, kept, cut->block.groups, err) != BL_OK)
        return err->code;
    return split_append(cut->writer, kept, cut->block.features,
                        split->labels.kind == BL_LABELS_NONE ? NULL : cut->block.labels, cut->block.ids, err);
}

/* Class names are taken from the source split that has more of them; check_sources saw that they agree. */
static int write_split(struct cut *cut, const char *name, int part, struct bl_error *err)
{
    const struct par_split *split = cut->split[cut->split[0]->n_class_names < cut->split[1]->n_class_names];
    const struct split_writer_options options = {.is_whole = 1,
                                                 .replace_file = cut->request->replace,
                                                 .rows =
                                                     bl_protocol_count(cut->parts, cut->first[SOURCES], part),
                                                 .dim = split->dim,
                                                 .type = split->type,
                                                 .labels = split->labels,
                                                 .groups = split->groups,
                                                 .id_bytes = cut->id_bytes,
                                                 .n_class_names = split->n_class_names,
                                                 .class_names = split->class_names};
    cut->part = part;
    int code = cut->writer ? split_next(cut->writer, name, &options, err)
                           : split_create(&cut->writer, cut->request->output, name, &options, err);
    bl_log_progress("writing %s to split %s", bl_count(options.rows, "row").text, name);
    return code == BL_OK ? each_block(cut, write_block, err) : code;
}

/* A pass over the source for each split; the file gets its name when all splits are complete. */
static int write_output(struct cut *cut, const struct par_protocol_note *note, struct bl_error *err)
{
    int code = write_split(cut, note->train, BL_ROW_TRAIN, err);
    if (code == BL_OK)
        code = write_split(cut, note->query, BL_ROW_QUERY, err);
    if (code == BL_OK && strcmp(note->database, note->train) != 0)
        code = write_split(cut, note->database, BL_ROW_DATABASE, err);
    if (code == BL_OK)
        code = protocol_note_put(split_file(cut->writer), cut->request->output, note, err);
    return code == BL_OK ? split_commit(cut->writer, err) : code;
}

static void describe(const struct cut *cut, struct dataset_cut_result *result)
{
    const struct dataset_cut_request *request = cut->request;
    const char *slash = strrchr(request->source, '/');
    const int64_t rows = cut->first[SOURCES];
    *result = (struct dataset_cut_result){
        .train = bl_protocol_count(cut->parts, rows, BL_ROW_TRAIN),
        .query = bl_protocol_count(cut->parts, rows, BL_ROW_QUERY),
        .database = bl_protocol_count(cut->parts, rows, BL_ROW_DATABASE),
        .both = bl_protocol_count(cut->parts, rows, BL_ROW_TRAIN | BL_ROW_DATABASE)};
    /* Rows in train and database are subtracted twice. */
    result->unused = rows - result->train - result->query - result->database + result->both;
    struct par_protocol_note *note = &result->note;
    *note = (struct par_protocol_note){.seed = request->protocol->draws ? request->seed : -1,
                                       .queries_per_class = request->queries_per_class,
                                       .train_per_class = request->train_per_class,
                                       .unseen_classes = request->unseen_classes,
                                       .train = "train",
                                       .query = "query"};
    /* Then one split serves as both. */
    const int same = result->train == result->both && result->database == result->both;
    snprintf(note->name, sizeof note->name, "%s", request->protocol->name);
    snprintf(note->database, sizeof note->database, "%s", same ? "train" : "database");
    snprintf(note->source, sizeof note->source, "%.200s", slash ? slash + 1 : request->source);
    snprintf(note->source_digest, sizeof note->source_digest, "%016" PRIx64, cut->digest);
}

static void release(struct cut *cut)
{
    split_destroy(cut->writer);
    for (int s = 0; s < SOURCES; s++)
        par_dataset_close(cut->source[s]);
    bl_free(&cut->classes);
    bl_free(&cut->parts);
    bl_free(&cut->block.features);
    bl_free(&cut->block.words);
    bl_free(&cut->block.labels);
    bl_free(&cut->block.groups);
    bl_free(&cut->block.ids_read);
    bl_free(&cut->block.ids);
}

int dataset_cut(const struct dataset_cut_request *request, struct dataset_cut_result *result,
                struct bl_error *err)
{
    struct cut cut = {.request = request};
    int code = output_check(request->output, FILE_DATASET, request->replace, err);
    /* The sizes of all splits are known before the first is written. */
    if (code == BL_OK)
        code = open_sources(&cut, err);
    if (code == BL_OK)
        code = check_sources(&cut, err);
    if (code == BL_OK)
        code = allocate(&cut, err);
    if (code == BL_OK)
        code = each_block(&cut, learn_block, err);
    if (code == BL_OK)
        code = draw(&cut, err);
    if (code == BL_OK) {
        describe(&cut, result);
        code = write_output(&cut, &result->note, err);
    }
    release(&cut);
    return code;
}
