/* Rows that come from another program's file: one interface over all formats (io/format.h), read in blocks so
 * that memory stays bounded whatever the file's size. */
#ifndef BL_IO_SOURCE_H
#define BL_IO_SOURCE_H

#include <stdint.h>

#include "base/error.h"
#include "data/types.h"

struct io_source;  /* owns a file handle */
struct io_remarks; /* io/csv_labels.h */

struct io_source_options {
    const char
        *label_column;     /* CSV: name or 0-based number of the label column; NULL: no labels in the file */
    const char *id_column; /* CSV: likewise for row ids; NULL: none */
    int no_header;         /* CSV: the first line is data even if it doesn't look like numbers */
    int labels_alone;      /* CSV: if there is only one column, it is the label column */
    int wide;              /* text: deliver float64, not float32 */
    int decimal_comma;     /* CSV: numbers are written 1,5 */
    int64_t width;         /* svmlight: values in a row; 0: as many as the largest index says */
    int has_first_index; /* svmlight: the first value has the index first_index, 0 or 1; else 0 if one is 0 */
    int64_t first_index;
    int64_t label_columns; /* svmlight: labels are a matrix of at least so many; 0: if a row has several */
    int without_labels;    /* svmlight: labels are passed over */
    int column;            /* HDF5: one value a row is wanted, which may lie in a row or be text */
    int as_ids;            /* HDF5: such text is ids, not classes */
    const char *const *class_names; /* CSV: [n_class_names] names of the classes 0, 1, ...; borrowed until */
    int64_t n_class_names;          /* the source is closed. Labels that are among them get their classes */
};

/* What a source holds, known as soon as it is open. */
struct io_source_info {
    int64_t rows;
    int64_t dim;       /* values in a row: the product of all dimensions but the first; CSV: may be 0 */
    enum bl_type type; /* as the rows are delivered by io_source_read: host byte order */
    int integers;      /* the file holds integers: io_source_read_integers gives them exactly */
    int is_text;       /* numbers are written in decimal, so the file has no type of its own */
    int are_bytes;     /* CSV: all are whole numbers from 0 to 255 */
    int has_header;    /* CSV: the first line has the columns' names */
    const char *note;  /* text: what was found out about the file, for a person; borrowed; NULL: nothing */
    int has_labels;    /* CSV with label_column; svmlight */
    int64_t label_columns; /* labels are uint8 [rows, label_columns] of 0 and 1; 0: a class a row, int32 */
    int64_t max_label;     /* of classes: the highest, -1 if no row has one */
    int64_t n_classes;     /* labels that are names: how many, otherwise 0 */
    const char *
        *class_names; /* [n_classes] label = index: those of the options, then others bytewise; owned */
    const struct io_remarks *remarks; /* on the labels; NULL: none */
    const char *const *columns;       /* [dim] the names of the values in a row; NULL: no header */
    const int64_t *column_numbers;    /* CSV: [dim] their columns in the file; else NULL */
    int has_ids;                      /* CSV with id_column */
    int64_t id_bytes;                 /* longest id, without a terminator */
};

/* Opens path as `format`, the name of one in io_format_table, gzipped or not, and reads its header.
 * For text this passes once over the file: rows, columns, labels. Local. options may be NULL.
 * Errors: BL_USAGE unknown format or a column that isn't there (the message lists those that are);
 * BL_PATH can't open; BL_INPUT with the byte or line where the file stops being one of its kind. */
int io_source_open(struct io_source **out, const char *format, const char *path,
                   const struct io_source_options *options, struct bl_error *err);

/* The same for a format that may be none of the table's. */
struct io_format;
int io_source_open_as(struct io_source **out, const struct io_format *format, const char *path,
                      const struct io_source_options *options, struct bl_error *err);

/* Borrowed until io_source_close. */
const struct io_source_info *io_source_info(const struct io_source *source);

/* Reads the next up to max_rows rows. features: [max_rows, dim] of info.type, host byte order. labels
 * [max_rows], or [max_rows, info.label_columns], and ids [max_rows, id_bytes] (zero-padded) may be NULL. *n_read is the number of rows delivered;
 * 0 only at the end. A file that ends before its promised rows is BL_INPUT, never a short count. Local. */
int io_source_read(struct io_source *source, int64_t max_rows, void *features, void *labels, char *ids,
                   int64_t *n_read, struct bl_error *err);

/* The same for labels and ids of any format: values [max_rows, dim] as whole numbers, exact also where
 * float64 is not. Errors, besides: BL_INPUT with the row of a value that isn't whole or is beyond int64. */
int io_source_read_integers(struct io_source *source, int64_t max_rows, int64_t *values, int64_t *n_read,
                            struct bl_error *err);

/* Skips n rows without delivering them (seeks where the format allows). */
int io_source_skip(struct io_source *source, int64_t n, struct bl_error *err);

/* Closes and frees; NULL is fine. */
void io_source_close(struct io_source *source);

/* The name of the format for a path's ending ("npy" for rows.npy and rows.npy.gz); NULL: no format has it. */
const char *io_source_format_of(const char *path);

#endif
