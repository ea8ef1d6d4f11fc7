#include "io/csv_record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"

enum { RECORD_BYTES_MAX = 64 << 20, FIRST_ROOM = 1024 };

/* Makes room for one more element; keeps what is there. */
static int grow(void *buffer, int64_t used, int64_t *max, size_t size, struct bl_error *err)
{
    char *old, *larger = NULL;
    if (used < *max)
        return BL_OK;
    const int64_t n = *max > 0 ? 2 * *max : FIRST_ROOM;
    int code = bl_alloc(&larger, n, size, "a line of CSV", err);
    if (code != BL_OK)
        return code;
    memcpy(&old, buffer, sizeof old);
    if (used > 0)
        memcpy(larger, old, (size_t)used * size);
    bl_free(&old);
    memcpy(buffer, &larger, sizeof larger);
    *max = n;
    return BL_OK;
}

static int malformed(const struct csv_record *record, const char *why, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s: line %" PRId64 ": %s", record->path, record->next_line, why);
}

static int put(struct csv_record *record, int byte, struct bl_error *err)
{
    if (record->text_bytes == RECORD_BYTES_MAX)
        return bl_fail(err, BL_INPUT,
                       "%s: the record that begins on line %" PRId64 " has more than 64 MiB; a quote may "
                       "be open",
                       record->path, record->line);
    int code = grow(&record->text, record->text_bytes, &record->text_max, 1, err);
    if (code == BL_OK)
        record->text[record->text_bytes++] = (char)byte;
    return code;
}

static int begin_field(struct csv_record *record, struct bl_error *err)
{
    int code = grow(&record->starts, record->n_fields, &record->starts_max, sizeof *record->starts, err);
    if (code == BL_OK)
        record->starts[record->n_fields++] = record->text_bytes;
    return code;
}

/* The next byte with every line end as '\n'; EOF at the end. */
static int next_byte(struct csv_record *record)
{
    int byte = getc_unlocked(record->file);
    if (byte != '\r')
        return byte;
    byte = getc_unlocked(record->file);
    if (byte != '\n' && byte != EOF)
        ungetc(byte, record->file);
    return '\n';
}

/* Within quotes: up to the closing one. Line ends belong to the field. */
static int read_quoted(struct csv_record *record, int *after, struct bl_error *err)
{
    const int64_t opened = record->next_line;
    for (;;) {
        int byte = getc_unlocked(record->file);
        if (byte == EOF)
            return bl_fail(err, BL_INPUT, "%s: line %" PRId64 " opens a quote that is never closed",
                           record->path, opened);
        if (byte == 0)
            return malformed(record, "a zero byte; this is no text", err);
        if (byte == '"') {
            byte = next_byte(record);
            if (byte != '"') {
                *after = byte;
                return byte == ',' || byte == '\n' || byte == EOF
                           ? BL_OK
                           : malformed(record, "text after a closing quote; double the quotes within a field",
                                       err);
            }
        }
        record->next_line += byte == '\n';
        int code = put(record, byte, err);
        if (code != BL_OK)
            return code;
    }
}

static int read_plain(struct csv_record *record, int byte, int *after, struct bl_error *err)
{
    for (; byte != ',' && byte != '\n' && byte != EOF; byte = next_byte(record)) {
        if (byte == '"')
            return malformed(record, "a quote within a field without quotes; quote the whole field", err);
        if (byte == 0)
            return malformed(record, "a zero byte; this is no text", err);
        int code = put(record, byte, err);
        if (code != BL_OK)
            return code;
    }
    *after = byte;
    return BL_OK;
}

/* Passes over empty lines, which may be followed by the end only. *byte is the record's first one. */
static int find_start(struct csv_record *record, int *byte, struct bl_error *err)
{
    const int64_t first = record->next_line;
    while ((*byte = next_byte(record)) == '\n')
        record->next_line++;
    if (*byte != EOF && record->next_line != first)
        return bl_fail(err, BL_INPUT, "%s: line %" PRId64 " is empty; take it out, or write \"\" for a field",
                       record->path, first);
    return BL_OK;
}

int csv_record_begin(struct csv_record *record, FILE *file, const char *path, struct bl_error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    char start[3] = {0};
    record->file = file;
    record->path = path;
    record->next_line = 1;
    if (fseeko(file, 0, SEEK_SET) != 0)
        return bl_fail_path(err, "read twice", path, errno);
    if (fread(start, 1, sizeof start, file) == sizeof start && memcmp(start, mark, sizeof start) == 0)
        return BL_OK;
    if (ferror(file))
        return bl_fail_path(err, "read", path, errno);
    return fseeko(file, 0, SEEK_SET) == 0 ? BL_OK : bl_fail_path(err, "read twice", path, errno);
}

int csv_record_next(struct csv_record *record, int *got, struct bl_error *err)
{
    int byte;
    record->n_fields = record->text_bytes = 0;
    *got = 0;
    int code = find_start(record, &byte, err);
    if (code != BL_OK || byte == EOF)
        return code == BL_OK && ferror(record->file) ? bl_fail_path(err, "read", record->path, errno) : code;
    record->line = record->next_line;
    for (;;) {
        int after;
        code = begin_field(record, err);
        if (code == BL_OK)
            code = byte == '"' ? read_quoted(record, &after, err) : read_plain(record, byte, &after, err);
        if (code == BL_OK)
            code = put(record, '\0', err);
        if (code != BL_OK)
            return code;
        if (after != ',')
            break;
        byte = next_byte(record);
    }
    record->next_line++;
    if (ferror(record->file))
        return bl_fail_path(err, "read", record->path, errno);
    *got = 1;
    return BL_OK;
}

void csv_record_free(struct csv_record *record)
{
    bl_free(&record->text);
    bl_free(&record->starts);
}
