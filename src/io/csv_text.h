/* The records of a CSV file, one at a time in bounded memory: RFC 4180, lines ending in \n, \r\n or \r, a
 * byte order mark, and , ; or tab between cells. */
#ifndef BL_IO_CSV_TEXT_H
#define BL_IO_CSV_TEXT_H

#include <stdint.h>

#include "io/stream.h"

struct io_csv_text {
    struct io_stream stream;
    char *buffer; /* [at, end) was read and not yet parsed */
    int64_t at, end;
    char delimiter;
    int64_t line; /* on which the current record begins, counted from 1 */

    char *record; /* the current record's cells, each ended by a zero byte */
    int64_t record_bytes, record_room;
    int64_t *cells; /* [n_cells] where each begins in record */
    int64_t n_cells, cells_room;

    int64_t next_line;  /* the line that `at` is on */
    int64_t blank_line; /* a blank line that was skipped; 0: none */
};

/* Finds the delimiter: the commonest of the three in the first line outside quotes; on a tie tab before ;
 * before comma. io_csv_text_close is safe whatever the result, on a zeroed struct and twice. */
int io_csv_text_open(struct io_csv_text *text, const char *path, struct bl_error *err);

/* The next record; *got is 0 at the end. Blank lines are fine at the end only. Errors: BL_INPUT with the line
 * of an open quote, of text behind a quoted cell, of a zero byte, of a blank line or of an endless record. */
int io_csv_text_next(struct io_csv_text *text, int *got, struct bl_error *err);

/* A cell of the current record, valid until the next. */
const char *io_csv_text_cell(const struct io_csv_text *text, int64_t column);

/* Goes back to the first record. */
int io_csv_text_rewind(struct io_csv_text *text, struct bl_error *err);

void io_csv_text_close(struct io_csv_text *text);

#endif
