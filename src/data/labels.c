#include "data/labels.h"

#include <string.h>

struct bl_label_layout bl_label_layout(enum bl_label_kind kind, int64_t classes)
{
    struct bl_label_layout layout = {.kind = kind, .classes = classes};
    if (kind == BL_LABELS_SINGLE || kind == BL_LABELS_GROUPS)
        layout.words = 1;
    else if (kind == BL_LABELS_MULTI)
        layout.words = (classes + BL_LABELS_PER_WORD - 1) / BL_LABELS_PER_WORD;
    return layout;
}

struct bl_label_layout bl_group_layout(int64_t words)
{
    return (struct bl_label_layout){.kind = BL_LABELS_GROUPS, .words = words};
}

int bl_label_is_one(struct bl_label_layout layout)
{
    return layout.kind == BL_LABELS_SINGLE || (layout.kind == BL_LABELS_GROUPS && layout.words == 1);
}

void bl_label_pack(struct bl_label_layout layout, const uint8_t *row, uint32_t *words)
{
    memset(words, 0, (size_t)layout.words * sizeof *words);
    for (int64_t c = 0; c < layout.classes; c++)
        if (row[c])
            words[c / BL_LABELS_PER_WORD] |= 1u << (c % BL_LABELS_PER_WORD);
}

/* Insertion sort: lists are short and often sorted already. As unsigned, so that BL_UNLABELLED comes last. */
static void sort(uint32_t *words, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const uint32_t word = words[i];
        int64_t at = i;
        for (; at > 0 && words[at - 1] > word; at--)
            words[at] = words[at - 1];
        words[at] = word;
    }
}

void bl_group_pack(struct bl_label_layout layout, uint32_t *words)
{
    int64_t kept = 0;
    sort(words, layout.words);
    for (int64_t w = 0; w < layout.words; w++)
        if (kept == 0 || words[w] != words[kept - 1])
            words[kept++] = words[w];
    for (; kept < layout.words; kept++)
        words[kept] = (uint32_t)BL_UNLABELLED;
}

int bl_label_any(struct bl_label_layout layout, const uint32_t *words)
{
    if (layout.kind == BL_LABELS_SINGLE || layout.kind == BL_LABELS_GROUPS)
        return (int32_t)words[0] != BL_UNLABELLED;
    for (int64_t w = 0; w < layout.words; w++)
        if (words[w])
            return 1;
    return 0;
}

/* Both lists ascend, so one merge pass finds a common element. */
static int share_a_group(const uint32_t *a, const uint32_t *b, int64_t words)
{
    for (int64_t i = 0, j = 0; i < words && j < words && (int32_t)a[i] != BL_UNLABELLED;) {
        if (a[i] == b[j])
            return 1;
        if (a[i] < b[j])
            i++;
        else
            j++;
    }
    return 0;
}

int bl_label_relevant(struct bl_label_layout layout, const uint32_t *a, const uint32_t *b)
{
    if (bl_label_is_one(layout))
        return a[0] == b[0] && (int32_t)a[0] != BL_UNLABELLED;
    if (layout.kind == BL_LABELS_GROUPS)
        return share_a_group(a, b, layout.words);
    for (int64_t w = 0; w < layout.words; w++)
        if (a[w] & b[w])
            return 1;
    return 0;
}

const char *bl_label_relevance(enum bl_label_kind kind)
{
    static const char *const words[] = {[BL_LABELS_NONE] = "nothing",
                                        [BL_LABELS_SINGLE] = "same class",
                                        [BL_LABELS_MULTI] = "any shared label",
                                        [BL_LABELS_GROUPS] = "any shared group"};
    return words[kind];
}
