#include "mpi/command/check/check_columns.h"

#include "base/buffer.h"
#include "base/minmax.h"
#include "mpi/fit/normalizer.h"

enum { LOOK_BYTES = 256 << 20, BLOCK_BYTES = 4 << 20 };

/* Blocks of `block` rows, which begin `stride` rows apart in the file; where all are read these are the same. */
struct look {
    struct par_dataset *dataset;
    int64_t block, stride;
    void *features;
};

static int read_rows(void *context, int64_t lo, int64_t n, const void **rows, const uint32_t **labels,
                     struct bl_error *err)
{
    struct look *look = context;
    (void)labels;
    *rows = look->features;
    return par_dataset_read_local(look->dataset, lo / look->block * look->stride + lo % look->block, n,
                                  look->features, NULL, NULL, err);
}

static int take_spread(struct bl_spread *spread, struct par_dataset *dataset, struct bl_error *err)
{
    const struct par_split *split = dataset_split(dataset);
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    struct look look = {.dataset = dataset, .block = bl_max(BLOCK_BYTES / row_bytes, 1)};
    struct par_sum_groups groups = {0};
    const int is_part = split->rows > bl_max(LOOK_BYTES / row_bytes, 1);
    const int64_t blocks = bl_max(LOOK_BYTES / (look.block * row_bytes), 1);
    const int64_t n = is_part ? blocks * look.block : split->rows;
    look.stride = is_part ? split->rows / blocks : look.block;
    int code = bl_alloc(&look.features, look.block, (size_t)row_bytes, "rows being read", err);
    if (code == BL_OK)
        code = par_sum_groups_init(&groups, par_alone(), 1, &n, 1, split->dim, err);
    const struct rows rows = {.dim = split->dim,
                              .type = split->type,
                              .n_local = n,
                              .block_rows = look.block,
                              .groups = &groups,
                              .labels = split->labels,
                              .read = read_rows,
                              .context = &look};
    if (code == BL_OK)
        code = par_spread_fit(spread, par_alone(), &rows, err);
    par_sum_groups_free(&groups);
    bl_free(&look.features);
    return code;
}

int check_columns(json_t *report, struct par_dataset *dataset, const struct bl_config *config,
                  struct bl_error *err)
{
    struct bl_spread spread = {0};
    char text[BL_SCALES_TEXT];
    json_t *warnings = json_array();
    int code = take_spread(&spread, dataset, err);
    if (code == BL_OK) {
        const struct bl_scales scales = bl_scales_find(&spread);
        for (int i = 0; i < BL_SCALES_WORDS; i++)
            if (bl_scales_text(&scales, config->data.normalize, "data.normalize: standardize", i, text))
                json_array_append_new(warnings, json_string_nocheck(text));
    }
    json_object_set_new(report, "warnings", warnings);
    bl_spread_free(&spread);
    return code == BL_NUMBERS ? BL_OK : code;
}
