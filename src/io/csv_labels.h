/* The label column of a CSV file: seen once to learn what it holds, then turned into classes. */
#ifndef IO_CSV_LABELS_H
#define IO_CSV_LABELS_H

#include <stdint.h>

#include "base/error.h"

enum { CSV_LABELS_NAMES_MAX = 65536 };

/* Zeroed before use. After csv_labels_finish, names [n_names] are sorted bytewise if the column holds names,
 * and n_names = 0 if it holds numbers. */
struct csv_labels {
    char **names;
    int64_t n_names;
    char **slots;        /* hash table of the distinct texts, while they are collected */
    int has_text;        /* some label is no number */
    int too_many;        /* distinct texts left out of the table */
    int64_t bad_line;    /* the first number that is no class; 0: none */
    char bad_number[32]; /* as it stands there, perhaps cut */
};

/* Takes note of a label. An empty one is no label. Errors: BL_MEMORY; BL_INPUT for names without end. */
int csv_labels_add(struct csv_labels *labels, const char *text, int64_t line, struct bl_error *err);

/* After the last label. Errors: BL_INPUT if all are numbers and one of them isn't -1 or a class that fits
 * 32 bits. */
int csv_labels_finish(struct csv_labels *labels, const char *path, struct bl_error *err);

/* The class of a label: its place among the names, or its number; empty is BL_UNLABELLED. Returns 0 if it is
 * neither. */
int csv_labels_class(const struct csv_labels *labels, const char *text, int32_t *class);

/* Frees; safe twice. */
void csv_labels_free(struct csv_labels *labels);

#endif
