#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "data/labels.h"
#include "data/protocol.h"

/* As in CIFAR-10 and MNIST: ten classes, 50,000 rows to train and 10,000 to test. */
enum { TRAIN = 50000, TEST = 10000, ALL = TRAIN + TEST, CLASSES = 10 };

static int32_t classes[ALL];
static uint8_t parts[ALL], others[ALL];
static struct bl_error err;

static void enter(void)
{
    for (int i = 0; i < ALL; i++)
        classes[i] = (int32_t)((i < TRAIN ? i : i - TRAIN) % CLASSES);
}

static void leave(void)
{
    cr_assert_eq(bl_alloc_live(), 0);
}

TestSuite(protocol, .init = enter, .fini = leave);

static struct bl_protocol_rows rows_of(const char *name, uint64_t seed)
{
    const struct bl_protocol *protocol = bl_protocol_find(name, &err);
    cr_assert(protocol, "%s", err.what);
    return (struct bl_protocol_rows){.n_train = TRAIN,
                                     .n_test = TEST,
                                     .classes = classes,
                                     .seed = seed,
                                     .queries_per_class = protocol->queries_per_class,
                                     .train_per_class = protocol->train_per_class};
}

static void cut_rows(const char *name, const struct bl_protocol_rows *rows, uint8_t *to)
{
    memset(to, 0xff, ALL);
    cr_assert_eq(bl_protocol_cut(bl_protocol_find(name, &err), rows, to, &err), BL_OK, "%s", err.what);
}

static void cut(const char *name, uint64_t seed, uint8_t *to)
{
    const struct bl_protocol_rows rows = rows_of(name, seed);
    cut_rows(name, &rows, to);
}

static int refused(const char *name, const struct bl_protocol_rows *rows, const char *text)
{
    memset(&err, 0, sizeof err);
    const int code = bl_protocol_cut(bl_protocol_find(name, NULL), rows, parts, &err);
    cr_assert_eq(code, BL_USAGE, "%s: %d %s", name, code, err.what);
    cr_assert(strstr(err.what, text), "%s", err.what);
    return code;
}

static int64_t of_class(int32_t class, int part)
{
    int64_t count = 0;
    for (int i = 0; i < ALL; i++)
        count += classes[i] == class && (parts[i] & part) == part;
    return count;
}

/* Rows trained on, asking, searched, and trained on and searched; a query is never anything else. */
static void expect_sizes(const char *name, int64_t train, int64_t query, int64_t database, int64_t both)
{
    cut(name, 0, parts);
    cr_assert_eq(bl_protocol_count(parts, ALL, BL_ROW_TRAIN), train, "%s", name);
    cr_assert_eq(bl_protocol_count(parts, ALL, BL_ROW_QUERY), query, "%s", name);
    cr_assert_eq(bl_protocol_count(parts, ALL, BL_ROW_DATABASE), database, "%s", name);
    cr_assert_eq(bl_protocol_count(parts, ALL, BL_ROW_TRAIN | BL_ROW_DATABASE), both, "%s", name);
    for (int i = 0; i < ALL; i++)
        cr_assert(parts[i] <= 7 && (!(parts[i] & BL_ROW_QUERY) || parts[i] == BL_ROW_QUERY),
                  "%s: row %d is %d", name, i, parts[i]);
}

Test(protocol, sizes_are_those_of_the_papers)
{
    expect_sizes("cvpr15", 59000, 1000, 59000, 59000);
    expect_sizes("59k", 5000, 1000, 59000, 5000);
    expect_sizes("54k", 5000, 1000, 54000, 0);
    expect_sizes("50k", 50000, 10000, 50000, 50000);
    expect_sizes("50k-5k", 5000, 10000, 50000, 5000);
    expect_sizes("test-train", 50000, 10000, 50000, 50000);
    expect_sizes("held-out", 50000, 5000, 5000, 0);
    expect_sizes("unseen", 35000, 3000, 15000, 0);
}

Test(protocol, all_but_unseen_use_every_row)
{
    for (const struct bl_protocol *p = bl_protocol_table; p->name; p++) {
        cut(p->name, 0, parts);
        int64_t unused = 0;
        for (int i = 0; i < ALL; i++)
            unused += parts[i] == 0;
        cr_assert_eq(unused, strcmp(p->name, "unseen") == 0 ? 7000 : 0, "%s", p->name);
    }
}

Test(protocol, each_class_gives_its_number)
{
    static const char *const names[] = {"cvpr15", "59k", "54k", "50k-5k"};
    for (int n = 0; n < 4; n++) {
        cut(names[n], 3, parts);
        for (int32_t c = 0; c < CLASSES; c++) {
            cr_assert_eq(of_class(c, BL_ROW_QUERY), n < 3 ? 100 : 1000);
            cr_assert_eq(of_class(c, BL_ROW_TRAIN), n == 0 ? 5900 : 500);
        }
    }
}

Test(protocol, queries_and_training_rows_are_shared_where_the_rule_is)
{
    static uint8_t a[ALL], b[ALL], c[ALL];
    cut("cvpr15", 7, a);
    cut("59k", 7, b);
    cut("54k", 7, c);
    for (int i = 0; i < ALL; i++) {
        cr_assert_eq(a[i] & BL_ROW_QUERY, b[i] & BL_ROW_QUERY);
        cr_assert_eq(b[i] & BL_ROW_QUERY, c[i] & BL_ROW_QUERY);
        cr_assert_eq(b[i] & BL_ROW_TRAIN, c[i] & BL_ROW_TRAIN);
    }
}

Test(protocol, queries_come_from_both_splits_in_proportion)
{
    cut("cvpr15", 0, parts);
    const int64_t from_test = bl_protocol_count(parts + TRAIN, TEST, BL_ROW_QUERY);
    cr_assert(from_test > 120 && from_test < 215, "%d",
              (int)from_test); /* 167 expected, 4 deviations of 12 */
}

Test(protocol, unseen_classes_are_never_trained_on_and_the_seen_never_asked_for)
{
    cut("unseen", 0, parts);
    int n_unseen = 0;
    for (int32_t c = 0; c < CLASSES; c++) {
        const int64_t train = of_class(c, BL_ROW_TRAIN), query = of_class(c, BL_ROW_QUERY),
                      database = of_class(c, BL_ROW_DATABASE);
        n_unseen += query > 0;
        cr_assert(query > 0 ? (train == 0 && query == 1000 && database == 5000)
                            : (train == 5000 && database == 0));
    }
    cr_assert_eq(n_unseen, 3);
}

Test(protocol, another_number_of_unseen_classes_may_be_asked_for)
{
    struct bl_protocol_rows rows = rows_of("unseen", 0);
    for (rows.unseen_classes = 2; rows.unseen_classes <= 8; rows.unseen_classes++) {
        cut_rows("unseen", &rows, parts);
        cr_assert_eq(bl_protocol_count(parts, ALL, BL_ROW_QUERY), 1000 * rows.unseen_classes);
    }
    refused("unseen", &rows, "trains on at least 2");
}

Test(protocol, the_seed_decides_and_nothing_else)
{
    for (const struct bl_protocol *p = bl_protocol_table; p->name; p++) {
        cut(p->name, 1, parts);
        cut(p->name, 1, others);
        cr_assert_arr_eq(parts, others, ALL, "%s", p->name);
        cut(p->name, 2, others);
        cr_assert_eq(memcmp(parts, others, ALL) != 0, p->draws, "%s", p->name);
    }
}

/* A figure measured under a protocol stays comparable only while the protocol draws the same rows. */
Test(protocol, the_rows_drawn_with_seed_0_are_these_for_ever)
{
    static const struct {
        const char *name;
        uint64_t digest;
    } expected[] = {
        {"test-train", 0x1936a45c4123559c}, {"held-out", 0x006c5596183fed46}, {"cvpr15", 0xe9fd7594825b11f2},
        {"59k", 0x007400e25652dbbc},        {"54k", 0xa34d9f3b7cd470bf},      {"50k", 0x1936a45c4123559c},
        {"50k-5k", 0x7760744123f74fdb},     {"unseen", 0xf32749450d19c5c2},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        cut(expected[i].name, 0, parts);
        cr_expect_eq(bl_digest(parts, ALL, 0), expected[i].digest, "%s draws other rows: 0x%016llx",
                     expected[i].name, (unsigned long long)bl_digest(parts, ALL, 0));
    }
}

Test(protocol, rows_without_a_class_are_searched_but_never_drawn)
{
    for (int i = 0; i < ALL; i += 3)
        classes[i] = BL_UNLABELLED;
    cut("59k", 0, parts);
    for (int i = 0; i < ALL; i += 3)
        cr_assert_eq(parts[i], BL_ROW_DATABASE);
    cut("unseen", 0, parts);
    for (int i = 0; i < ALL; i += 3)
        cr_assert_eq(parts[i], 0);
}

Test(protocol, a_class_with_too_few_rows_is_named)
{
    struct bl_protocol_rows rows = rows_of("54k", 0);
    int kept = 0;
    for (int i = 0; i < ALL; i++)
        if (classes[i] == 4 && ++kept > 600)
            classes[i] = 5;
    refused("54k", &rows, "class 4 has 600 rows");
    rows = rows_of("59k", 0); /* needs none beside them */
    cut_rows("59k", &rows, parts);
    rows.queries_per_class = 101;
    refused("59k", &rows, "class 4 has 600 rows");
}

Test(protocol, rows_without_single_classes_are_refused_where_they_are_needed)
{
    for (const struct bl_protocol *p = bl_protocol_table; p->name; p++) {
        struct bl_protocol_rows rows = rows_of(p->name, 0);
        rows.classes = NULL;
        if (p->needs_classes)
            refused(p->name, &rows, "one class");
        else
            cut_rows(p->name, &rows, parts);
    }
    for (int i = 0; i < ALL; i++)
        classes[i] = BL_UNLABELLED;
    struct bl_protocol_rows rows = rows_of("59k", 0);
    refused("59k", &rows, "no row has one");
}

Test(protocol, both_splits_must_have_rows)
{
    struct bl_protocol_rows rows = rows_of("held-out", 0);
    rows.n_test = 1;
    refused("held-out", &rows, "it needs 2");
    rows.n_test = 0;
    refused("test-train", &rows, "needs rows");
}

Test(protocol, an_unknown_name_is_answered_by_the_nearest)
{
    cr_assert_null(bl_protocol_find("cvpr16", &err));
    cr_assert(err.code == BL_USAGE && strstr(err.what, "did you mean 'cvpr15'"), "%s", err.what);
    cr_assert_null(bl_protocol_find("something else", &err));
    cr_assert(strstr(err.what, "there are: test-train, held-out"), "%s", err.what);
}
