#include "mpi/command/import/import_groups.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "mpi/command/import/import_source.h"

/* CSV is read as float32, which holds every whole number only up to 2^24. */
enum { FLOAT32_EXACT = 1 << 24 };

int import_groups_open(struct import_groups *groups, const char *format, const char *path, int no_header,
                       struct bl_error *err)
{
    const struct io_source_options options = {.no_header = no_header, .column = 1};
    io_source_close(groups->source);
    groups->path = path;
    int code = import_source_open(&groups->source, format, path, &options, err);
    if (code == BL_OK)
        groups->layout = bl_group_layout(io_source_info(groups->source)->dim);
    return code;
}

int import_groups_allocate(struct import_groups *groups, int64_t block_rows, struct bl_error *err)
{
    const int64_t n = block_rows * groups->layout.words;
    int code = bl_alloc(&groups->numbers, n, sizeof *groups->numbers, "a block of groups", err);
    return code == BL_OK ? bl_alloc(&groups->words, n, sizeof *groups->words, "a block of groups", err)
                         : code;
}

/* A number that float32 may have rounded would join rows of two groups. */
static int check(const struct import_groups *groups, int64_t group, int64_t row, struct bl_error *err)
{
    const struct io_source_info *info = io_source_info(groups->source);
    if (group < BL_UNLABELLED || group > INT32_MAX)
        return bl_fail(err, BL_INPUT,
                       "%s, row %" PRId64 " (counted from 0): %" PRId64
                       " can't be a group; they are 0 to 2147483647, -1 means none",
                       groups->path, row, group);
    if (!info->integers && info->type == BL_FLOAT32 && group >= FLOAT32_EXACT)
        return bl_fail(err, BL_INPUT,
                       "%s, row %" PRId64
                       " (counted from 0): CSV and float32 hold group numbers exactly only up "
                       "to %d; save the groups as integers in NPY, or renumber them",
                       groups->path, row, (int)FLOAT32_EXACT - 1);
    return BL_OK;
}

int import_groups_read(struct import_groups *groups, int64_t row, int64_t n, struct split_writer *writer,
                       struct bl_error *err)
{
    const int64_t words = groups->layout.words;
    int64_t got;
    int code = io_source_read_integers(groups->source, n, groups->numbers, &got, err);
    for (int64_t i = 0; i < n * words && code == BL_OK; i++) {
        code = check(groups, groups->numbers[i], row + i / words, err);
        groups->words[i] = (uint32_t)(int32_t)groups->numbers[i];
    }
    return code == BL_OK && writer ? split_put_groups(writer, n, groups->words, err) : code;
}

void import_groups_free(struct import_groups *groups)
{
    io_source_close(groups->source);
    groups->source = NULL;
    bl_free(&groups->numbers);
    bl_free(&groups->words);
}
