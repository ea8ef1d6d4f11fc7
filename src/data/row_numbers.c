#include "data/row_numbers.h"

#include <math.h>
#include <string.h>

#include "base/blank.h"
#include "base/buffer.h"

/* Names under which other programs write row numbers. */
static int is_index_name(const char *name)
{
    static const char *const words[] = {"index", "id", "row", "rowid", "row_id", "rownames", "level_0"};
    char folded[16];
    bl_blank_fold(name, folded, sizeof folded);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(folded, words[i]) == 0)
            return 1;
    return 0;
}

/* pandas writes its index under no name, and reads that as `Unnamed: 0`. */
static int is_unnamed(const char *name)
{
    char folded[9];
    bl_blank_fold(name, folded, sizeof folded);
    return folded[0] == '\0' || strcmp(folded, "unnamed:") == 0;
}

int bl_row_numbers_init(struct bl_row_numbers *numbers, int64_t dim, const char *const *names,
                        struct bl_error *err)
{
    *numbers = (struct bl_row_numbers){.dim = dim, .names = names};
    int code = bl_alloc(&numbers->can, dim, sizeof *numbers->can, "looking for row numbers", err);
    return code == BL_OK ? bl_alloc(&numbers->row, dim, sizeof(double), "looking for row numbers", err)
                         : code;
}

void bl_row_numbers_free(struct bl_row_numbers *numbers)
{
    bl_free(&numbers->can);
    bl_free(&numbers->row);
    numbers->n = 0;
}

static int is_whole(double value)
{
    return value >= 0.0 && value == floor(value) && isfinite(value);
}

static void take_first(struct bl_row_numbers *numbers)
{
    for (int64_t d = 0; d < numbers->dim; d++)
        if (is_whole(numbers->row[d]))
            numbers->can[numbers->n++] =
                (struct bl_row_number){.feature = d,
                                       .first = numbers->row[d],
                                       .counts = 1,
                                       .indexes = numbers->names && is_unnamed(numbers->names[d])};
}

static void take_next(struct bl_row_numbers *numbers)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < numbers->n; i++) {
        struct bl_row_number can = numbers->can[i];
        const double value = numbers->row[can.feature];
        can.counts &= value == can.first + (double)numbers->rows;
        can.indexes &= is_whole(value);
        if (can.counts || can.indexes)
            numbers->can[kept++] = can;
    }
    numbers->n = kept;
}

void bl_row_numbers_add(struct bl_row_numbers *numbers, enum bl_type type, const void *rows, int64_t n)
{
    const int64_t row_bytes = numbers->dim * (int64_t)bl_type_bytes(type);
    for (int64_t i = 0; i < n && (numbers->rows == 0 || numbers->n > 0); i++, numbers->rows++) {
        bl_type_to_double(type, (const char *)rows + i * row_bytes, numbers->dim, numbers->row);
        if (numbers->rows == 0)
            take_first(numbers);
        else
            take_next(numbers);
    }
}

int64_t bl_row_numbers_find(const struct bl_row_numbers *numbers)
{
    for (int64_t i = 0; i < numbers->n; i++) {
        const struct bl_row_number *can = &numbers->can[i];
        const int named = numbers->names && is_index_name(numbers->names[can->feature]);
        if (can->indexes || (can->counts && numbers->rows >= (named ? 2 : BL_ROW_NUMBERS_MIN)))
            return can->feature;
    }
    return -1;
}
