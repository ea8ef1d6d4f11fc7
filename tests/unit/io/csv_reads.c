#include "support/sources.h"

/* CSV is read in pieces of 2^18 bytes. What a cell holds doesn't depend on where a read ends: in a quoted cell, between
 * two quotes, between the two bytes of a line's end, in a number, at the end of the file. */
enum { READ = 1 << 18, ROOM = 2 * READ + 200 };

TestSuite(csv_reads, .init = sources_enter, .fini = sources_leave);

static char text[ROOM];

/* A first line as long as needed, so that byte `at` of `tail` is byte `place` of the file. */
static void write_with_end_at(const char *tail, size_t at, size_t place)
{
    const size_t head = place - at;
    memset(text, 'h', head);
    memcpy(text, "\"a, ", 4);
    memcpy(text + head - 5, "\",b\r\n", 5);
    memcpy(text + head, tail, strlen(tail) + 1);
    write_bytes(text, head + strlen(tail));
}

/* Rows of a number and a label, read wherever a read ends. */
static void expect_cells(const char *tail, size_t place, int64_t rows, const float *numbers,
                         const char *const *names, const int32_t *labels)
{
    const struct io_source_options options = {.label_column = "b"};
    float values[8];
    int32_t classes[8];
    for (size_t at = 0; at <= strlen(tail); at++) {
        write_with_end_at(tail, at, place);
        const struct io_source_info *info = open_fine("csv", &options);
        cr_assert(info->rows == rows && info->dim == 1, "a read ends at byte %zu: %d rows", at,
                  (int)info->rows);
        read_rows(rows, values, classes, NULL);
        for (int64_t i = 0; i < rows; i++) {
            cr_assert_eq(values[i], numbers[i], "a read ends at byte %zu, row %d", at, (int)i);
            cr_assert_str_eq(info->class_names[classes[i]], names[labels[i]], "a read ends at byte %zu", at);
        }
    }
}

Test(csv_reads, a_cell_is_the_same_wherever_a_read_ends)
{
    static const char tail[] = "1.25,\"x\"\"y\"\r\n\"-3\",\"\"\"\"\r\n77,\"p,\r\nq\"\r\n5e1,plain";
    static const float numbers[] = {1.25f, -3.0f, 77.0f, 50.0f};
    static const char *const names[] = {"x\"y", "\"", "p,\r\nq", "plain"};
    static const int32_t labels[] = {0, 1, 2, 3};
    expect_cells(tail, READ, 4, numbers, names, labels);
    expect_cells(tail, 2 * READ, 4, numbers, names, labels);
}

Test(csv_reads, a_line_is_counted_once_wherever_a_read_ends)
{
    static const char tail[] = "1,x\r\n2,y\r\nbad,z\r\n";
    const struct io_source_options options = {.label_column = "b"};
    for (size_t at = 0; at <= strlen(tail); at++) {
        write_with_end_at(tail, at, READ);
        expect_refused("csv", &options, BL_INPUT, "line 4, column 0");
    }
}

Test(csv_reads, lines_within_quotes_are_counted_however_they_end)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    const struct io_source_options options = {.label_column = "b"};
    char rows[100];
    for (int e = 0; e < 3; e++) {
        snprintf(rows, sizeof rows, "a,b\n1,\"x%sy%s%sz\"\nbad,z\n", ends[e], ends[e], ends[e]);
        write_bytes(rows, strlen(rows));
        expect_refused("csv", &options, BL_INPUT, "line 6, column 0");
    }
}
