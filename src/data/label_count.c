#include "data/label_count.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"

/* With fewer rows, one row of each class is nothing unusual. */
enum { FIRST_ROOM = 256, MANY_ROWS = 100 };

static int make_table(struct bl_label_counter *counter, int64_t room, struct bl_error *err)
{
    int code = bl_alloc(&counter->key, room, sizeof *counter->key, "counting labels", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&counter->of, room, sizeof *counter->of, "counting labels", err);
    if (code != BL_OK)
        return code;
    memset(counter->key, 0xff, (size_t)room * sizeof *counter->key); /* BL_UNLABELLED */
    counter->room = room;
    counter->used = 0;
    return BL_OK;
}

int bl_label_counter_init(struct bl_label_counter *counter, struct bl_label_layout layout,
                          struct bl_error *err)
{
    *counter = (struct bl_label_counter){.layout = layout};
    return make_table(counter, FIRST_ROOM, err);
}

void bl_label_counter_free(struct bl_label_counter *counter)
{
    bl_free(&counter->key);
    bl_free(&counter->of);
}

/* Where the value is or belongs. The room is a power of two and at most half full. */
static int64_t find(const struct bl_label_counter *counter, int32_t value)
{
    const uint64_t mask = (uint64_t)counter->room - 1;
    uint64_t at = ((uint32_t)value * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & mask;
    while (counter->key[at] != BL_UNLABELLED && counter->key[at] != value)
        at = (at + 1) & mask;
    return (int64_t)at;
}

static int widen(struct bl_label_counter *counter, struct bl_error *err)
{
    struct bl_label_counter old = *counter;
    counter->key = NULL;
    counter->of = NULL;
    int code = make_table(counter, 2 * old.room, err);
    for (int64_t i = 0; i < old.room && code == BL_OK; i++)
        if (old.key[i] != BL_UNLABELLED)
            code = bl_label_counter_put(counter, old.key[i], old.of[i], err);
    bl_label_counter_free(&old);
    return code;
}

int bl_label_counter_put(struct bl_label_counter *counter, int32_t value, int64_t rows, struct bl_error *err)
{
    int64_t at = find(counter, value);
    if (counter->key[at] == BL_UNLABELLED) {
        if (2 * (counter->used + 1) > counter->room) {
            int code = widen(counter, err);
            if (code != BL_OK)
                return code;
            at = find(counter, value);
        }
        counter->key[at] = value;
        counter->used++;
    }
    counter->of[at] += rows;
    return BL_OK;
}

static int add_row(struct bl_label_counter *counter, const uint32_t *words, struct bl_error *err)
{
    const struct bl_label_layout layout = counter->layout;
    int code = BL_OK;
    counter->rows++;
    counter->none += !bl_label_any(layout, words);
    if (layout.kind == BL_LABELS_MULTI) {
        for (int64_t c = 0; c < layout.classes && code == BL_OK; c++)
            if (words[c / BL_LABELS_PER_WORD] >> (c % BL_LABELS_PER_WORD) & 1u)
                code = bl_label_counter_put(counter, (int32_t)c, 1, err);
    } else {
        for (int64_t w = 0; w < layout.words && code == BL_OK; w++)
            if ((int32_t)words[w] != BL_UNLABELLED)
                code = bl_label_counter_put(counter, (int32_t)words[w], 1, err);
    }
    return code;
}

int bl_label_counter_add(struct bl_label_counter *counter, const uint32_t *words, int64_t n,
                         struct bl_error *err)
{
    int code = BL_OK;
    if (counter->layout.kind == BL_LABELS_NONE) {
        counter->rows += n;
        counter->none += n;
        return BL_OK;
    }
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        code = add_row(counter, words + i * counter->layout.words, err);
    return code;
}

int bl_label_counter_add_matrix(struct bl_label_counter *counter, const uint8_t *matrix, int64_t n,
                                struct bl_error *err)
{
    const int64_t classes = counter->layout.classes;
    int code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        const uint8_t *row = matrix + i * classes;
        counter->rows++;
        counter->none += !memchr(row, 1, (size_t)classes);
        for (int64_t c = 0; c < classes && code == BL_OK; c++)
            if (row[c])
                code = bl_label_counter_put(counter, (int32_t)c, 1, err);
    }
    return code;
}

struct bl_label_count bl_label_counter_result(const struct bl_label_counter *counter)
{
    const struct bl_label_layout layout = counter->layout;
    struct bl_label_count count = {.kind = layout.kind,
                                   .rows = counter->rows,
                                   .none = counter->none,
                                   .columns = layout.kind == BL_LABELS_MULTI ? layout.classes : layout.words,
                                   .distinct = counter->used,
                                   .lowest = -1,
                                   .highest = -1};
    for (int64_t i = 0; i < counter->room; i++) {
        if (counter->key[i] == BL_UNLABELLED)
            continue;
        if (count.lowest < 0 || counter->key[i] < count.lowest)
            count.lowest = counter->key[i];
        if (counter->key[i] > count.highest)
            count.highest = counter->key[i];
        if (counter->of[i] > count.most)
            count.most = counter->of[i];
    }
    return count;
}

static void say_classes(const struct bl_label_count *count, int64_t n_names, char *text, size_t size)
{
    if (n_names > 0 && n_names == count->distinct)
        snprintf(text, size, "%s", bl_count(n_names, "named class").text);
    else if (n_names > 0)
        snprintf(text, size, "%" PRId64 " of %s", count->distinct, bl_count(n_names, "named class").text);
    else if (count->distinct > 1)
        snprintf(text, size, "%s between %" PRId64 " and %" PRId64, bl_count(count->distinct, "class").text,
                 count->lowest, count->highest);
    else
        snprintf(text, size, "%s", bl_count(count->distinct, "class").text);
}

const char *bl_label_count_say(const struct bl_label_count *count, int64_t n_names, char text[BL_LABEL_TEXT])
{
    static const char *const without[] = {[BL_LABELS_NONE] = "",
                                          [BL_LABELS_SINGLE] = "without one (-1)",
                                          [BL_LABELS_MULTI] = "without any",
                                          [BL_LABELS_GROUPS] = "in none (-1)"};
    const size_t size = BL_LABEL_TEXT;
    if (count->kind == BL_LABELS_NONE) {
        snprintf(text, size, "no labels");
        return text;
    }
    if (count->kind == BL_LABELS_SINGLE) {
        say_classes(count, n_names, text, size);
    } else if (count->kind == BL_LABELS_GROUPS) {
        snprintf(text, size, "%s", bl_count(count->distinct, "group").text);
        if (count->columns > 1)
            snprintf(text + strlen(text), size - strlen(text), ", up to %" PRId64 " per row", count->columns);
    } else {
        snprintf(text, size, "a matrix of %s", bl_count(count->columns, "label").text);
        if (count->distinct < count->columns)
            snprintf(text + strlen(text), size - strlen(text), ", %" PRId64 " of which occur",
                     count->distinct);
    }
    if (count->none > 0)
        snprintf(text + strlen(text), size - strlen(text), ", %s %s", bl_count(count->none, "row").text,
                 without[count->kind]);
    return text;
}

int bl_label_count_is_alike(const struct bl_label_count *count)
{
    if (count->kind == BL_LABELS_SINGLE)
        return count->distinct < 2;
    return count->kind != BL_LABELS_NONE &&
           (count->distinct == 0 || (count->kind == BL_LABELS_GROUPS && count->most == count->rows));
}

const char *bl_label_count_doubt(const struct bl_label_count *count)
{
    const int64_t labelled = count->rows - count->none;
    if (count->kind == BL_LABELS_NONE || count->rows == 0)
        return NULL;
    if (count->distinct == 0)
        return "no row has a label, so nothing can be learned or judged by them";
    if (count->kind != BL_LABELS_MULTI && count->none > 0 && count->distinct == 1 && count->lowest == 1)
        return "the only values are -1 and 1, and -1 means none: number two classes 0 and 1";
    if (count->kind == BL_LABELS_SINGLE && count->distinct == 1)
        return "there is only one class, so there is nothing to tell apart and any mAP says nothing";
    if (count->most == count->rows)
        return count->kind == BL_LABELS_MULTI
                   ? "one label is on every row, so all rows are relevant to each other and any mAP is 1"
                   : "all rows are in one group, so there is nothing to tell apart and any mAP is 1";
    if (count->kind == BL_LABELS_SINGLE && labelled > MANY_ROWS && count->distinct == labelled)
        return "each row has a class of its own, so no two are alike: are these ids and not classes?";
    return NULL;
}
