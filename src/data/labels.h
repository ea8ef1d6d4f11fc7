/* The classes or groups of each row, and when two rows are relevant to each other. */
#ifndef BL_DATA_LABELS_H
#define BL_DATA_LABELS_H

#include <stdint.h>

enum bl_label_kind { BL_LABELS_NONE, BL_LABELS_SINGLE, BL_LABELS_MULTI, BL_LABELS_GROUPS };

/* Marks a row without a class or group: it is relevant and similar to no row. */
enum { BL_UNLABELLED = -1 };

/* Classes of a label matrix in one word. */
enum { BL_LABELS_PER_WORD = 32 };

/* How labels are packed for sending and comparing: `words` 32-bit words per row.
 *   NONE    no words
 *   SINGLE  one word: the class as int32, or BL_UNLABELLED
 *   MULTI   ceil(classes/32) words: class c is bit c%32 of word c/32; a row without a set bit has no labels
 *   GROUPS  the row's groups as int32, each once, ascending, filled up with BL_UNLABELLED
 * A plain value that owns nothing. */
struct bl_label_layout {
    enum bl_label_kind kind;
    int64_t classes; /* MULTI: columns; SINGLE, GROUPS: number of classes or groups, 0 if unknown */
    int64_t words;
};

/* The layout of a kind. For GROUPS it is bl_group_layout(1) with `classes`. */
struct bl_label_layout bl_label_layout(enum bl_label_kind kind, int64_t classes);

/* GROUPS, at most `words` of them per row. */
struct bl_label_layout bl_group_layout(int64_t words);

/* 1 if a row's labels are one word, its only class or group; else 0. */
int bl_label_is_one(struct bl_label_layout layout);

/* MULTI: packs a row of layout.classes bytes (0 or 1) into words [layout.words]. */
void bl_label_pack(struct bl_label_layout layout, const uint8_t *row, uint32_t *words);

/* GROUPS: brings a row's groups [layout.words], unsorted and with repetitions, into the packed form. */
void bl_group_pack(struct bl_label_layout layout, uint32_t *words);

/* 1 if the row has a class or group, else 0. */
int bl_label_any(struct bl_label_layout layout, const uint32_t *words);

/* 1 if the two rows share a class or group, else 0. */
int bl_label_relevant(struct bl_label_layout layout, const uint32_t *a, const uint32_t *b);

/* The rule of relevance in words: "same class", "any shared label", "any shared group". */
const char *bl_label_relevance(enum bl_label_kind kind);

#endif
