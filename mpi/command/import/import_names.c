#include "mpi/command/import/import_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "io/file.h"

enum { FILE_MAX_BYTES = 16 << 20, NAME_MAX_BYTES = 255 };

/* Loads the text, which import_names_read then cuts into names, without the last line end of a file. */
static int load(struct import_names *names, const char *given, struct bl_error *err)
{
    int64_t n;
    if (*given == '@') {
        int code = io_file_read(given + 1, FILE_MAX_BYTES, &names->text, &n, err);
        if (code == BL_OK && n != (int64_t)strlen(names->text))
            code = bl_fail(err, BL_INPUT, "%s has a zero byte; save it as plain text in UTF-8", given + 1);
        if (code == BL_OK && n > 0 && names->text[n - 1] == '\n')
            names->text[n - 1] = '\0';
        return code;
    }
    n = (int64_t)strlen(given) + 1;
    int code = bl_alloc(&names->text, n, 1, "class names", err);
    if (code == BL_OK)
        memcpy(names->text, given, (size_t)n);
    return code;
}

static int check_name(const char *name, int64_t number, struct bl_error *err)
{
    size_t n = strlen(name);
    if (n > 0 && n <= NAME_MAX_BYTES)
        return BL_OK;
    return bl_fail(err, BL_USAGE, "the name of class %" PRId64 " is %s; give each class a name", number,
                   n == 0 ? "empty" : "longer than 255 bytes");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two classes of one name couldn't be told apart. */
static int check_repeats(const struct import_names *names, struct bl_error *err)
{
    const char **sorted = NULL;
    int code = bl_alloc(&sorted, names->n, sizeof *sorted, "class names", err);
    for (int64_t i = 0; i < names->n && code == BL_OK; i++)
        sorted[i] = names->names[i];
    if (code == BL_OK)
        qsort(sorted, (size_t)names->n, sizeof *sorted, by_text);
    for (int64_t i = 1; i < names->n && code == BL_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            code = bl_fail(err, BL_USAGE, "--class-names has '%.255s' twice; give each class its own name",
                           sorted[i]);
    bl_free(&sorted);
    return code;
}

int import_names_read(struct import_names *names, const char *given, struct bl_error *err)
{
    int code = load(names, given, err);
    if (code != BL_OK)
        return code;
    const char separator = *given == '@' ? '\n' : ',';
    int64_t n = 1; /* names = separators + 1 */
    for (const char *at = names->text; *at; at++)
        n += *at == separator;
    code = bl_alloc_zero(&names->names, n, sizeof *names->names, "class names", err);
    for (char *at = names->text, *next; at && code == BL_OK; at = next) {
        next = strchr(at, separator);
        if (next)
            *next++ = '\0';
        if (separator == '\n')
            at[strcspn(at, "\r")] = '\0';
        names->names[names->n] = at;
        code = check_name(at, names->n++, err);
    }
    return code == BL_OK ? check_repeats(names, err) : code;
}

int import_names_borrow(struct import_names *names, const char *const *from, int64_t n, struct bl_error *err)
{
    int code = bl_alloc_zero(&names->names, n, sizeof *names->names, "class names", err);
    if (code != BL_OK)
        return code;
    for (int64_t i = 0; i < n; i++)
        names->names[i] = from[i];
    names->n = n;
    return BL_OK;
}

void import_names_free(struct import_names *names)
{
    bl_free(&names->names);
    bl_free(&names->text);
    names->n = 0;
}
