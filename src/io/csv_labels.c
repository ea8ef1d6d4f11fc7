#include "io/csv_labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "data/labels.h"

enum { N_SLOTS = 4 * CSV_LABELS_NAMES_MAX };

static int is_number(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && end[strspn(end, " \t")] == '\0';
}

static int is_class(double value)
{
    return value >= BL_UNLABELLED && value <= INT32_MAX && value == (double)(int32_t)value;
}

/* The slot that holds text, or the empty one where it belongs (FNV-1a, linear probing). */
static char **find_slot(const struct csv_labels *labels, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *at = text; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    int64_t slot = (int64_t)(hash % N_SLOTS);
    while (labels->slots[slot] && strcmp(labels->slots[slot], text) != 0)
        slot = (slot + 1) % N_SLOTS;
    return &labels->slots[slot];
}

static int remember(struct csv_labels *labels, const char *text, struct bl_error *err)
{
    int code = BL_OK;
    if (!labels->slots)
        code = bl_alloc_zero(&labels->slots, N_SLOTS, sizeof *labels->slots, "class names", err);
    if (code != BL_OK)
        return code;
    char **slot = find_slot(labels, text);
    if (*slot)
        return BL_OK;
    if (labels->n_names == CSV_LABELS_NAMES_MAX) {
        labels->too_many = 1;
        return BL_OK;
    }
    const int64_t n_bytes = (int64_t)strlen(text) + 1;
    code = bl_alloc(slot, n_bytes, 1, "a class name", err);
    if (code != BL_OK)
        return code;
    memcpy(*slot, text, (size_t)n_bytes);
    labels->n_names++;
    return BL_OK;
}

int csv_labels_add(struct csv_labels *labels, const char *text, int64_t line, struct bl_error *err)
{
    double value;
    if (*text == '\0')
        return BL_OK;
    if (!is_number(text, &value)) {
        labels->has_text = 1;
    } else if (!is_class(value) && labels->bad_line == 0) {
        labels->bad_line = line;
        snprintf(labels->bad_number, sizeof labels->bad_number, "%s", text);
    }
    /* Numbers too: a later name makes names of them all. */
    int code = remember(labels, text, err);
    if (code == BL_OK && labels->has_text && labels->too_many)
        code = bl_fail(err, BL_INPUT,
                       "line %" PRId64 ": more than %d distinct labels; is this the label column?", line,
                       CSV_LABELS_NAMES_MAX);
    return code;
}

static int bytewise(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void forget(struct csv_labels *labels)
{
    for (int64_t i = 0; labels->slots && i < N_SLOTS; i++)
        bl_free(&labels->slots[i]);
    bl_free(&labels->slots);
}

int csv_labels_finish(struct csv_labels *labels, const char *path, struct bl_error *err)
{
    if (!labels->has_text) {
        forget(labels);
        labels->n_names = 0;
        return labels->bad_line == 0
                   ? BL_OK
                   : bl_fail(err, BL_INPUT,
                             "%s: line %" PRId64
                             ": the label %s is no class; classes are whole numbers from 0, or -1 for none",
                             path, labels->bad_line, labels->bad_number);
    }
    int code = bl_alloc_zero(&labels->names, labels->n_names, sizeof *labels->names, "class names", err);
    if (code != BL_OK)
        return code;
    for (int64_t i = 0, n = 0; i < N_SLOTS; i++)
        if (labels->slots[i]) {
            labels->names[n++] = labels->slots[i];
            labels->slots[i] = NULL;
        }
    bl_free(&labels->slots);
    qsort(labels->names, (size_t)labels->n_names, sizeof *labels->names, bytewise);
    return BL_OK;
}

int csv_labels_class(const struct csv_labels *labels, const char *text, int32_t *class)
{
    double value;
    *class = BL_UNLABELLED;
    if (*text == '\0')
        return 1;
    if (labels->n_names > 0) {
        char *const *at =
            bsearch(&text, labels->names, (size_t)labels->n_names, sizeof *labels->names, bytewise);
        *class = at ? (int32_t)(at - labels->names) : BL_UNLABELLED;
        return at != NULL;
    }
    if (!is_number(text, &value) || !is_class(value))
        return 0;
    *class = (int32_t)value;
    return 1;
}

void csv_labels_free(struct csv_labels *labels)
{
    forget(labels);
    for (int64_t i = 0; labels->names && i < labels->n_names; i++)
        bl_free(&labels->names[i]);
    bl_free(&labels->names);
}
