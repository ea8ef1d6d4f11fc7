#include "mpi/files/row_groups.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "mpi/files/whole_numbers.h"

enum { SCRATCH_VALUES = 1 << 17 };

void row_groups_init(struct row_groups *groups)
{
    *groups = (struct row_groups){.column.set = H5I_INVALID_HID};
    groups->layout = bl_label_layout(BL_LABELS_NONE, 0);
}

int row_groups_open(struct row_groups *groups, hid_t group, const char *where, struct bl_error *err)
{
    struct h5_column *column = &groups->column;
    row_groups_init(groups);
    if (!h5_column_exists(group, "groups"))
        return BL_OK;
    int code = h5_column_open(column, group, "groups", where, err);
    if (code != BL_OK)
        return code;
    const int is_real = column->class == H5T_FLOAT;
    if (column->class != H5T_INTEGER && !is_real)
        return bl_fail(
            err, BL_INPUT,
            "%s: 'groups' must be whole numbers: [N] the group of each row, or [N,M] several groups, "
            "padded with -1",
            where);
    groups->layout = bl_group_layout(column->cols > 0 ? column->cols : 1);
    const int64_t words = groups->layout.words;
    code = h5_checked_open(&groups->checked, column, "groups", is_real ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64,
                           where, err);
    if (code != BL_OK)
        return code;
    groups->scratch_rows = words < SCRATCH_VALUES ? SCRATCH_VALUES / words : 1; /* 1 MiB, or one row */
    return bl_alloc(&groups->scratch, groups->scratch_rows * words, sizeof *groups->scratch, "reading groups",
                    err);
}

void row_groups_close(struct row_groups *groups)
{
    h5_checked_close(&groups->checked);
    h5_column_close(&groups->column);
    bl_free(&groups->scratch);
}

/* Checks n rows of scratch and packs each, so that rows can be compared quickly. */
static int take(const struct row_groups *groups, int64_t row_lo, int64_t n, uint32_t *words,
                const char *where, struct bl_error *err)
{
    const int64_t width = groups->layout.words;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t w = 0; w < width; w++) {
            const int64_t group = groups->scratch[i * width + w];
            if (group < BL_UNLABELLED || group > INT32_MAX)
                return bl_fail(err, BL_INPUT,
                               "%s: row %" PRId64 " is in the group %" PRId64
                               "; groups are 0 to 2147483647, or -1 for a row in none",
                               where, row_lo + i, group);
            words[i * width + w] = (uint32_t)(int32_t)group;
        }
        bl_group_pack(groups->layout, words + i * width);
    }
    return BL_OK;
}

/* Numbers are read as int64 into scratch, whatever integers the file has, and checked before they become
 * int32. */
int row_groups_read(struct row_groups *groups, int64_t row_lo, int64_t n, uint32_t *words, const char *where,
                    struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t at = 0, piece; at < n && code == BL_OK; at += piece) {
        piece = n - at < groups->scratch_rows ? n - at : groups->scratch_rows;
        code = h5_checked_read(&groups->checked, row_lo + at, piece, groups->scratch, where, err);
        if (code == BL_OK && groups->column.class == H5T_FLOAT)
            code = whole_numbers_take(groups->scratch, piece, groups->layout.words, row_lo + at, "groups",
                                      where, err);
        if (code == BL_OK)
            code = take(groups, row_lo + at, piece, words + at * groups->layout.words, where, err);
    }
    return code;
}
