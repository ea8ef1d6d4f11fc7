/* What is known about each row's classes or groups, and when two rows count as relevant to each other. */
#ifndef BL_DATA_LABELS_H
#define BL_DATA_LABELS_H

#include <stdint.h>

enum bl_label_kind { BL_LABELS_NONE, BL_LABELS_SINGLE, BL_LABELS_MULTI, BL_LABELS_GROUPS };

/* The label of a row that has none, the group of one that is in none: relevant and similar to nothing. */
enum { BL_UNLABELLED = -1 };

/* Labels of consecutive rows in the form that travels between ranks and is compared: `words` 32-bit words a
 * row. SINGLE: one word, the class as int32 (BL_UNLABELLED: none). MULTI: ceil(classes/32) words, class c is
 * bit c%32 of word c/32; a row without any bit has no labels. GROUPS: the row's groups as int32, each once,
 * ascending, filled up with BL_UNLABELLED. NONE: words = 0. Plain description: owns nothing. */
struct bl_label_layout {
    enum bl_label_kind kind;
    int64_t classes; /* MULTI: columns; SINGLE, GROUPS: number of named classes, of groups, 0 if not known */
    int64_t words;
};

/* GROUPS are bl_group_layout(1) then. */
struct bl_label_layout bl_label_layout(enum bl_label_kind kind, int64_t classes);

/* GROUPS of at most `words` for each row. */
struct bl_label_layout bl_group_layout(int64_t words);

/* 1 if a row is one word to compare, a class or group of its own; else 0. */
int bl_label_is_one(struct bl_label_layout layout);

/* Packs a row of C bytes (0 or 1) into layout.words words. */
void bl_label_pack(struct bl_label_layout layout, const uint8_t *row, uint32_t *words);

/* Brings the groups [words] of a row, in any order and with repetitions, into their form. */
void bl_group_pack(struct bl_label_layout layout, uint32_t *words);

/* 1 if the row has a class or group, else 0. */
int bl_label_any(struct bl_label_layout layout, const uint32_t *words);

/* 1 if the two rows share a class or group, else 0. */
int bl_label_relevant(struct bl_label_layout layout, const uint32_t *a, const uint32_t *b);

/* What makes two rows relevant to each other, in words: "same class", "any shared label", "any shared group".
 */
const char *bl_label_relevance(enum bl_label_kind kind);

#endif
