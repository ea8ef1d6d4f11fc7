#include "mpi/files/count_labels.h"

#include "base/buffer.h"

enum { BLOCK_WORDS = 1 << 18 };

typedef int read_words(void *from, int64_t row_lo, int64_t n, uint32_t *words, struct bl_error *err);

static int count_all(struct bl_label_layout layout, int64_t rows, read_words *read, void *from,
                     struct bl_label_count *count, struct bl_error *err)
{
    struct bl_label_counter counter = {0};
    uint32_t *words = NULL;
    const int64_t block = layout.words < BLOCK_WORDS && layout.words > 0 ? BLOCK_WORDS / layout.words : 1;
    int code = bl_label_counter_init(&counter, layout, err);
    if (code == BL_OK)
        code = bl_alloc(&words, block * layout.words, sizeof *words, "a block of labels", err);
    if (code == BL_OK && layout.words == 0)
        code = bl_label_counter_add(&counter, NULL, rows, err);
    for (int64_t row = 0, n; layout.words > 0 && row < rows && code == BL_OK; row += n) {
        n = rows - row < block ? rows - row : block;
        code = read(from, row, n, words, err);
        if (code == BL_OK)
            code = bl_label_counter_add(&counter, words, n, err);
    }
    if (code == BL_OK)
        *count = bl_label_counter_result(&counter);
    bl_label_counter_free(&counter);
    bl_free(&words);
    return code;
}

static int read_labels(void *from, int64_t row_lo, int64_t n, uint32_t *words, struct bl_error *err)
{
    return par_dataset_read_local(from, row_lo, n, NULL, words, NULL, err);
}

static int read_groups(void *from, int64_t row_lo, int64_t n, uint32_t *words, struct bl_error *err)
{
    return par_dataset_read_groups_local(from, row_lo, n, words, err);
}

static int read_codes(void *from, int64_t row_lo, int64_t n, uint32_t *words, struct bl_error *err)
{
    return par_codes_read_local(from, row_lo, n, NULL, words, NULL, err);
}

int par_dataset_count_labels_local(struct par_dataset *dataset, struct bl_label_count *count,
                                   struct bl_error *err)
{
    const struct par_split *split = dataset_split(dataset);
    return count_all(split->labels, split->rows, read_labels, dataset, count, err);
}

int par_dataset_count_groups_local(struct par_dataset *dataset, struct bl_label_count *count,
                                   struct bl_error *err)
{
    const struct par_split *split = dataset_split(dataset);
    return count_all(split->groups, split->rows, read_groups, dataset, count, err);
}

int par_codes_count_labels_local(struct par_codes *codes, struct bl_label_count *count, struct bl_error *err)
{
    const struct par_codes_info *info = codes_info(codes);
    return count_all(info->labels, info->rows, read_codes, codes, count, err);
}
