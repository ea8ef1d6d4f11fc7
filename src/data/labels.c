#include "data/labels.h"

#include <string.h>

struct bl_label_layout bl_label_layout(enum bl_label_kind kind, int64_t classes)
{
    struct bl_label_layout layout = {.kind = kind, .classes = classes};
    if (kind == BL_LABELS_SINGLE)
        layout.words = 1;
    else if (kind == BL_LABELS_MULTI)
        layout.words = (classes + 31) / 32;
    return layout;
}

void bl_label_pack(struct bl_label_layout layout, const uint8_t *row, uint32_t *words)
{
    memset(words, 0, (size_t)layout.words * sizeof *words);
    for (int64_t c = 0; c < layout.classes; c++)
        if (row[c])
            words[c / 32] |= 1u << (c % 32);
}

int bl_label_any(struct bl_label_layout layout, const uint32_t *words)
{
    if (layout.kind == BL_LABELS_SINGLE)
        return (int32_t)words[0] != BL_UNLABELLED;
    for (int64_t w = 0; w < layout.words; w++)
        if (words[w])
            return 1;
    return 0;
}

int bl_label_relevant(struct bl_label_layout layout, const uint32_t *a, const uint32_t *b)
{
    if (layout.kind == BL_LABELS_SINGLE)
        return a[0] == b[0] && (int32_t)a[0] != BL_UNLABELLED;
    for (int64_t w = 0; w < layout.words; w++)
        if (a[w] & b[w])
            return 1;
    return 0;
}
