#include "data/protocol.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "data/labels.h"

/* What is drawn; each has its own random numbers. */
enum { DRAW_TRAIN_ROWS, DRAW_TEST_ROWS, DRAW_CLASSES };

/* A row or a class with its random key: the smallest keys are drawn. */
struct lot {
    int32_t class;
    uint64_t key;
    int64_t row; /* -1: the class itself */
};

static int by_class_and_key(const void *left, const void *right)
{
    const struct lot *a = left, *b = right;
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static int by_key(const void *left, const void *right)
{
    const struct lot *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->class > b->class) - (a->class < b->class);
}

static uint64_t key_of(uint64_t seed, int what, int64_t which)
{
    uint64_t words[4];
    bl_rng_words(seed, BL_STREAM_PROTOCOL, (uint64_t)what, (uint64_t)which, 0, words);
    return words[0];
}

/* By the row's index in its own split: a longer train split doesn't change what is drawn from test. */
static uint64_t row_key(const struct bl_protocol_rows *rows, int64_t row)
{
    return row < rows->n_train ? key_of(rows->seed, DRAW_TRAIN_ROWS, row)
                               : key_of(rows->seed, DRAW_TEST_ROWS, row - rows->n_train);
}

/* Lists rows [lo, hi) with their keys, unsorted. With classes, rows without a class are skipped; without, all
 * are of class 0. */
static int list_rows(const struct bl_protocol_rows *rows, int64_t lo, int64_t hi, const int32_t *classes,
                     struct lot **lots, int64_t *n, struct bl_error *err)
{
    *n = 0;
    int code = bl_alloc(lots, hi - lo, sizeof **lots, "drawing rows", err);
    for (int64_t row = lo; row < hi && code == BL_OK; row++)
        if (!classes || classes[row] != BL_UNLABELLED)
            (*lots)[(*n)++] = (struct lot){classes ? classes[row] : 0, row_key(rows, row), row};
    return code;
}

/* The length of the run of one class that begins at lots[at]. */
static int64_t class_rows(const struct lot *lots, int64_t n, int64_t at)
{
    int64_t end = at;
    while (end < n && lots[end].class == lots[at].class)
        end++;
    return end - at;
}

/* In each class among rows [lo, hi): the first n_query rows by key become queries and the next n_train get
 * the part `train`. At least `spare` rows of the class must be left over. */
static int draw_by_class(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, int64_t lo,
                         int64_t hi, int64_t n_query, int64_t n_train, int train, int64_t spare,
                         uint8_t *parts, struct bl_error *err)
{
    struct lot *lots = NULL;
    int64_t n, of_class;
    int code = list_rows(rows, lo, hi, rows->classes, &lots, &n, err);
    if (code == BL_OK && n == 0)
        code = bl_fail(err, BL_USAGE, "%s draws rows by their class and no row has one", protocol->name);
    if (code == BL_OK)
        qsort(lots, (size_t)n, sizeof *lots, by_class_and_key);
    for (int64_t at = 0; at < n && code == BL_OK; at += of_class) {
        of_class = class_rows(lots, n, at);
        if (of_class < n_query + n_train + spare) {
            code = bl_fail(err, BL_USAGE,
                           "%s takes %s and %s for training of each class%s, and class %" PRId32
                           " has %s; give smaller numbers or more data",
                           protocol->name, bl_count(n_query, "query").text, bl_count(n_train, "row").text,
                           spare > 0 ? ", and needs one more" : "", lots[at].class,
                           bl_count(of_class, "row").text);
            break;
        }
        for (int64_t i = 0; i < n_query + n_train; i++)
            parts[lots[at + i].row] = (uint8_t)(i < n_query ? BL_ROW_QUERY : train);
    }
    bl_free(&lots);
    return code;
}

/* Draws queries, and training rows if their number is given, from all rows of both splits; the rest is the
 * database (and trained on, if training rows aren't drawn). */
static int cut_pool(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
                    struct bl_error *err)
{
    const int64_t n = rows->n_train + rows->n_test, n_train = rows->train_per_class;
    const int rest = n_train > 0 ? BL_ROW_DATABASE : BL_ROW_DATABASE | BL_ROW_TRAIN;
    const int train = protocol->database_has_train ? BL_ROW_DATABASE | BL_ROW_TRAIN : BL_ROW_TRAIN;
    const int64_t spare = n_train > 0 && protocol->database_has_train ? 0 : 1;
    memset(parts, rest, (size_t)n);
    return draw_by_class(protocol, rows, 0, n, rows->queries_per_class, n_train, train, spare, parts, err);
}

/* Test rows are the queries, train rows the database; all or some of each class are trained on. */
static int cut_test_train(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows,
                          uint8_t *parts, struct bl_error *err)
{
    const int both = BL_ROW_DATABASE | BL_ROW_TRAIN;
    memset(parts, rows->train_per_class > 0 ? BL_ROW_DATABASE : both, (size_t)rows->n_train);
    memset(parts + rows->n_train, BL_ROW_QUERY, (size_t)rows->n_test);
    if (rows->train_per_class == 0)
        return BL_OK;
    return draw_by_class(protocol, rows, 0, rows->n_train, 0, rows->train_per_class, both, 0, parts, err);
}

/* One half of the test rows is the queries, the other the database. */
static int cut_held_out(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows,
                        uint8_t *parts, struct bl_error *err)
{
    struct lot *lots = NULL;
    int64_t n;
    if (rows->n_test < 2)
        return bl_fail(err, BL_USAGE, "%s halves the test split, which has %s; it needs 2", protocol->name,
                       bl_count(rows->n_test, "row").text);
    int code = list_rows(rows, rows->n_train, rows->n_train + rows->n_test, NULL, &lots, &n, err);
    if (code == BL_OK) {
        qsort(lots, (size_t)n, sizeof *lots, by_key);
        memset(parts, BL_ROW_TRAIN, (size_t)rows->n_train);
        for (int64_t i = 0; i < n; i++)
            parts[lots[i].row] = i < n / 2 ? BL_ROW_QUERY : BL_ROW_DATABASE;
    }
    bl_free(&lots);
    return code;
}

/* The classes that occur, ascending, each with its own key. */
static int list_classes(const struct bl_protocol_rows *rows, struct lot **classes, int64_t *n_classes,
                        struct bl_error *err)
{
    int64_t n;
    *n_classes = 0;
    int code = list_rows(rows, 0, rows->n_train + rows->n_test, rows->classes, classes, &n, err);
    if (code != BL_OK)
        return code;
    struct lot *lots = *classes;
    qsort(lots, (size_t)n, sizeof *lots, by_class_and_key);
    for (int64_t at = 0, of_class; at < n; at += of_class) {
        const int32_t class = lots[at].class;
        of_class = class_rows(lots, n, at);
        lots[(*n_classes)++] = (struct lot){class, key_of(rows->seed, DRAW_CLASSES, class), -1};
    }
    return BL_OK;
}

/* Unseen classes: test rows are the queries, train rows the database; other train rows are trained on. */
static int mark_unseen(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows,
                       const struct lot *classes, int64_t n_classes, int64_t n_unseen, uint8_t *parts,
                       struct bl_error *err)
{
    int64_t found[2] = {0, 0}; /* unseen rows of train and test */
    for (int64_t row = 0; row < rows->n_train + rows->n_test; row++) {
        const int test = row >= rows->n_train;
        int unseen = 0;
        if (rows->classes[row] == BL_UNLABELLED) {
            parts[row] = 0;
            continue;
        }
        for (int64_t c = 0; c < n_unseen; c++)
            unseen |= classes[c].class == rows->classes[row];
        found[test] += unseen;
        parts[row] = unseen ? (test ? BL_ROW_QUERY : BL_ROW_DATABASE) : (test ? 0 : BL_ROW_TRAIN);
    }
    if (found[0] == 0 || found[1] == 0)
        return bl_fail(err, BL_USAGE,
                       "%s drew %" PRId64 " of %s, and the %s split has no row of them; give another seed",
                       protocol->name, n_unseen, bl_count(n_classes, "class").text,
                       found[0] == 0 ? "train" : "test");
    return BL_OK;
}

static int cut_unseen(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
                      struct bl_error *err)
{
    struct lot *classes = NULL;
    int64_t n;
    int code = list_classes(rows, &classes, &n, err);
    int64_t n_unseen = rows->unseen_classes;
    if (n_unseen == 0) /* a quarter, rounded, at least 2 */
        n_unseen = (n + 2) / 4 > 2 ? (n + 2) / 4 : 2;
    if (code == BL_OK && n < n_unseen + 2)
        code = bl_fail(err, BL_USAGE,
                       "%s holds %" PRId64
                       " classes back and trains on at least 2, and the rows have %s; give a smaller number",
                       protocol->name, n_unseen, bl_count(n, "class").text);
    if (code == BL_OK) {
        qsort(classes, (size_t)n, sizeof *classes, by_key);
        code = mark_unseen(protocol, rows, classes, n, n_unseen, parts, err);
    }
    bl_free(&classes);
    return code;
}

const struct bl_protocol bl_protocol_table[] = {
    {.name = "test-train",
     .summary = "test rows are the queries, train rows are the database and the training set",
     .database_has_train = 1,
     .whole = 1,
     .cut = cut_test_train},
    {.name = "held-out",
     .summary = "half of the test rows are the queries, the other half, never trained on, is the database",
     .draws = 1,
     .whole = 1,
     .cut = cut_held_out},
    {.name = "cvpr15",
     .summary = "100 queries of each class, all other rows are the database and the training set",
     .queries_per_class = 100,
     .database_has_train = 1,
     .needs_classes = 1,
     .draws = 1,
     .cut = cut_pool},
    {.name = "59k",
     .summary = "100 queries and 500 training rows of each class, all but the queries are the database",
     .queries_per_class = 100,
     .train_per_class = 500,
     .database_has_train = 1,
     .needs_classes = 1,
     .draws = 1,
     .cut = cut_pool},
    {.name = "54k",
     .summary = "100 queries and 500 training rows of each class, all other rows are the database",
     .queries_per_class = 100,
     .train_per_class = 500,
     .needs_classes = 1,
     .draws = 1,
     .cut = cut_pool},
    {.name = "50k",
     .summary = "test-train under the name of its database in CIFAR-10",
     .database_has_train = 1,
     .whole = 1,
     .cut = cut_test_train},
    {.name = "50k-5k",
     .summary = "test rows are the queries, train rows are the database, 500 of each class are trained on",
     .train_per_class = 500,
     .database_has_train = 1,
     .needs_classes = 1,
     .draws = 1,
     .cut = cut_test_train},
    {.name = "unseen",
     .summary = "a quarter of the classes is held back: their test rows are queries, train rows the database",
     .needs_classes = 1,
     .holds_classes_back = 1,
     .draws = 1,
     .cut = cut_unseen},
    {0},
};

const struct bl_protocol *bl_protocol_find(const char *name, struct bl_error *err)
{
    const char *near = NULL;
    char all[256] = "";
    for (const struct bl_protocol *p = bl_protocol_table; p->name; p++) {
        if (strcmp(p->name, name) == 0)
            return p;
        if (bl_nearest_better(name, p->name, near))
            near = p->name;
        strncat(all, *all ? ", " : "", sizeof all - strlen(all) - 1);
        strncat(all, p->name, sizeof all - strlen(all) - 1);
    }
    if (near)
        bl_fail(err, BL_USAGE, "unknown protocol '%s'; did you mean '%s'? There are: %s", name, near, all);
    else
        bl_fail(err, BL_USAGE, "unknown protocol '%s'; there are: %s", name, all);
    return NULL;
}

int bl_protocol_cut(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
                    struct bl_error *err)
{
    if (rows->n_train < 1 || rows->n_test < 1)
        return bl_fail(err, BL_USAGE, "%s needs rows of a train and of a test split", protocol->name);
    if (protocol->needs_classes && !rows->classes)
        return bl_fail(err, BL_USAGE,
                       "%s draws rows by their class, so each row needs one class; held-out and test-train "
                       "don't",
                       protocol->name);
    return protocol->cut(protocol, rows, parts, err);
}

int64_t bl_protocol_count(const uint8_t *parts, int64_t n, int part)
{
    int64_t count = 0;
    for (int64_t row = 0; row < n; row++)
        count += (parts[row] & part) == part;
    return count;
}
