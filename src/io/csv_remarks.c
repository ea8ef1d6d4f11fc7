#include "io/csv_remarks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blank.h"
#include "base/count.h"

enum { SHOWN = 60 }; /* bytes of a name in a sentence */

int io_csv_label_is_whole(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    const size_t n = strspn(digits, "0123456789");
    const char *rest = digits + n;
    if (rest[0] == '.' && rest[1] == '0')
        rest += 1 + strspn(rest + 1, "0");
    return n > 0 && *rest == '\0';
}

int io_csv_label_is_missing(const char *text)
{
    static const char *const words[] = {"na", "n/a", "nan", "null", "none", "?"};
    char folded[8];
    bl_blank_fold(text, folded, sizeof folded);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(folded, words[i]) == 0)
            return 1;
    return 0;
}

/* A number with a fraction or an exponent. */
static int is_fraction(const char *text)
{
    char *end;
    if (!strpbrk(text, "0123456789") || strspn(text, "+-0123456789.eE") != strlen(text))
        return 0;
    (void)strtod(text, &end);
    return *end == '\0' && !io_csv_label_is_whole(text);
}

void io_remark(struct io_remarks *remarks, const char *format, ...)
{
    va_list list;
    if (remarks->n == IO_REMARKS_MAX)
        return;
    va_start(list, format);
    vsnprintf(remarks->text[remarks->n++], IO_REMARK_BYTES, format, list);
    va_end(list);
}

/* How a name looks to a person, and which it is. */
struct look {
    char folded[IO_CSV_NAME_MAX_BYTES + 1];
    const char *name;
};

static int by_look(const void *a, const void *b)
{
    return strcmp(((const struct look *)a)->folded, ((const struct look *)b)->folded);
}

/* Sorted by how they look, names that differ only in blanks or case are neighbours. */
static void remark_alike(struct io_csv_labels *labels)
{
    int64_t pairs = 0, first = 0;
    struct look *looks = malloc((size_t)labels->n_names * sizeof *looks);
    if (!looks)
        return; /* a remark isn't worth a failure */
    for (int64_t i = 0; i < labels->n_names; i++) {
        looks[i].name = labels->names[i];
        bl_blank_fold(labels->names[i], looks[i].folded, sizeof looks[i].folded);
    }
    qsort(looks, (size_t)labels->n_names, sizeof *looks, by_look);
    for (int64_t i = 1; i < labels->n_names; i++)
        if (by_look(&looks[i - 1], &looks[i]) == 0 && pairs++ == 0)
            first = i;
    if (pairs > 0)
        io_remark(&labels->remarks,
                  "the class names '%.*s' and '%.*s' differ only in blanks or case and are two classes "
                  "(%s); make them alike if they mean the same",
                  SHOWN, looks[first - 1].name, SHOWN, looks[first].name, bl_count(pairs, "such pair").text);
    free(looks);
}

/* The first in the file of the labels that `is` takes; *kinds and *rows: how many such labels, and rows. */
static const struct io_csv_label *first_of(const struct io_csv_labels *labels, int (*is)(const char *),
                                           int64_t *kinds, int64_t *rows)
{
    const struct io_csv_label *first = NULL;
    *kinds = *rows = 0;
    for (int64_t i = 0; i < labels->n; i++) {
        const struct io_csv_label *label = &labels->seen[i];
        if (!is(label->text))
            continue;
        ++*kinds;
        *rows += label->rows;
        if (!first || label->line < first->line)
            first = label;
    }
    return first;
}

static int is_real_name(const char *text)
{
    return !io_csv_label_is_whole(text) && !io_csv_label_is_missing(text) && !is_fraction(text);
}

/* One word among numbers makes names of all of them. */
static void remark_numbers(struct io_csv_labels *labels)
{
    int64_t whole, fractions, names, rows;
    const char *unit = io_csv_labels_unit(labels);
    const struct io_csv_label *number = first_of(labels, io_csv_label_is_whole, &whole, &rows);
    const struct io_csv_label *fraction = first_of(labels, is_fraction, &fractions, &rows);
    const struct io_csv_label *name = first_of(labels, is_real_name, &names, &rows);
    if (fraction)
        io_remark(&labels->remarks,
                  "the label '%.*s' (%s %" PRId64 ") is a number with a fraction, and each such number is "
                  "taken as the name of a class; classes are whole numbers or names",
                  SHOWN, fraction->text, unit, fraction->line);
    if (number && name && strcmp(number->text, "-1") != 0)
        io_remark(&labels->remarks,
                  "'%.*s' (%s %" PRId64 ") is no number, so all labels are taken as names: '%.*s' is the "
                  "name of a class and not its number",
                  SHOWN, name->text, unit, name->line, SHOWN, number->text);
}

static void remark_missing(struct io_csv_labels *labels)
{
    int64_t kinds, rows;
    const char *unit = io_csv_labels_unit(labels);
    const struct io_csv_label *missing = first_of(labels, io_csv_label_is_missing, &kinds, &rows);
    if (missing && labels->are_names)
        io_remark(&labels->remarks,
                  "'%.*s' (%s, first in %s %" PRId64
                  ") is taken as the name of a class; write -1 for rows without one",
                  SHOWN, missing->text, bl_count(rows, "row").text, unit, missing->line);
    else if (missing)
        io_remark(&labels->remarks,
                  "'%.*s' among numbers (%s, first in %s %" PRId64 ") is taken as no class, like -1", SHOWN,
                  missing->text, bl_count(rows, "row").text, unit, missing->line);
    for (int64_t i = 0; i < labels->n && labels->are_names; i++)
        if (labels->seen[i].class < 0)
            io_remark(&labels->remarks,
                      "'%.*s' among names (%s, first in %s %" PRId64 ") is taken as no class", SHOWN,
                      labels->seen[i].text, bl_count(labels->seen[i].rows, "row").text, unit,
                      labels->seen[i].line);
}

/* Names that the file's other splits don't have: often the same ones, written otherwise. */
static void remark_new(struct io_csv_labels *labels)
{
    const int64_t n = labels->n_names - labels->n_known;
    if (labels->n_known == 0 || n == 0 || !labels->are_names)
        return;
    io_remark(&labels->remarks,
              "%s of this split %s in no other split of the file: '%.*s'%s; it comes behind the %" PRId64
              " that are there",
              bl_count(n, "class name").text, n == 1 ? "is" : "are", SHOWN, labels->names[labels->n_known],
              n > 1 ? ", ..." : "", labels->n_known);
}

/* Line ends in quoted cells are part of a name, but hardly meant. */
static void remark_control(struct io_csv_labels *labels)
{
    int64_t kinds, rows;
    const struct io_csv_label *label = first_of(labels, bl_blank_has_control, &kinds, &rows);
    if (label)
        io_remark(&labels->remarks,
                  "the label in %s %" PRId64 " has a line end or another control character in it",
                  io_csv_labels_unit(labels), label->line);
}

void io_csv_remarks_make(struct io_csv_labels *labels)
{
    if (labels->are_names) {
        remark_alike(labels);
        remark_numbers(labels);
        remark_control(labels);
        remark_new(labels);
    }
    remark_missing(labels);
}
