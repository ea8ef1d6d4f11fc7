/* CSV as RFC 4180 has it, one record at a time in memory that is as large as the longest record. */
#ifndef IO_CSV_RECORD_H
#define IO_CSV_RECORD_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct csv_record {
    FILE *file;       /* borrowed */
    const char *path; /* borrowed; for messages */
    int64_t line;     /* of the record's start, from 1 */
    int64_t n_fields;
    char *text;      /* the fields, each with a terminator, quotes resolved */
    int64_t *starts; /* [n_fields] of each field in text */
    int64_t next_line, text_bytes, text_max, starts_max;
};

/* Prepares for reading from the file's first byte; seeks there, so the file can't be a pipe. */
int csv_record_begin(struct csv_record *record, FILE *file, const char *path, struct bl_error *err);

/* Reads the next record. *got = 0 at the end. Lines end with LF, CRLF or CR; a byte order mark is passed
 * over; empty lines may stand at the end only. Errors: BL_INPUT with the line: a quote that is never closed,
 * text beside a quoted field, a quote within a field, an empty line, a zero byte, a record above 64 MiB. */
int csv_record_next(struct csv_record *record, int *got, struct bl_error *err);

static inline const char *csv_record_field(const struct csv_record *record, int64_t column)
{
    return record->text + record->starts[column];
}

/* Frees the memory; safe twice. */
void csv_record_free(struct csv_record *record);

#endif
