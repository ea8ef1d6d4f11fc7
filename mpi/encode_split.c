#include "mpi/encode_split.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "hash/code.h"
#include "mpi/agree.h"

enum { BLOCK_ROWS = 1024 };

int par_encode_check_local(const struct bl_model *model, const char *model_name,
                           const struct par_split *split, const char *split_name, struct bl_error *err)
{
    const int64_t dim = bl_shape_dim(&model->shape);
    if (dim != split->dim)
        return bl_fail(err, BL_INPUT,
                       "%s takes rows of %s but those of %s have %" PRId64
                       "; use the data the model was trained for",
                       model_name, bl_count(dim, "feature").text, split_name, split->dim);
    return BL_OK;
}

/* One block of rows on its way from the file to the sink. */
struct block {
    struct bl_encoder encoder;
    void *features;
    uint8_t *codes;
    uint32_t *labels;
    char *ids;
};

static int block_init(struct block *block, const struct bl_model *model, const struct par_split *split,
                      struct bl_error *err)
{
    const int64_t bits = bl_shape_code_bits(&model->shape);
    int code = bl_encoder_init(&block->encoder, model, BLOCK_ROWS, err);
    if (code == BL_OK)
        code = bl_alloc(&block->features, BLOCK_ROWS * split->dim, bl_type_bytes(split->type),
                        "a block of features", err);
    if (code == BL_OK)
        code = bl_alloc(&block->codes, BLOCK_ROWS * bl_code_bytes(bits), 1, "a block of codes", err);
    if (code == BL_OK && split->labels.words > 0)
        code = bl_alloc(&block->labels, BLOCK_ROWS * split->labels.words, sizeof *block->labels,
                        "a block of labels", err);
    if (code == BL_OK && split->id_bytes > 0)
        code = bl_alloc(&block->ids, BLOCK_ROWS * split->id_bytes, 1, "a block of ids", err);
    return code;
}

static void block_free(struct block *block)
{
    bl_encoder_free(&block->encoder);
    bl_free(&block->features);
    bl_free(&block->codes);
    bl_free(&block->labels);
    bl_free(&block->ids);
}

static int encode_block(struct block *block, struct par_dataset *dataset, int64_t row_lo, int64_t n,
                        struct bl_error *err)
{
    int64_t bad_row = 0;
    int code = par_dataset_read_local(dataset, row_lo, n, block->features, block->labels, block->ids, err);
    if (code != BL_OK)
        return code;
    code = bl_encoder_run(&block->encoder, par_dataset_split(dataset)->type, block->features, n, block->codes,
                          &bad_row, err);
    if (code == BL_NUMBERS)
        code = bl_fail(err, BL_NUMBERS,
                       "row %" PRId64 " has features that are not finite, or gives outputs that are not; "
                       "correct or remove the row",
                       row_lo + bad_row);
    return code;
}

int par_encode_rows_local(const struct bl_model *model, struct par_dataset *dataset, int64_t row_lo,
                          int64_t row_hi, par_encode_sink *sink, void *context, struct bl_error *err)
{
    struct block block = {0};
    int code = block_init(&block, model, par_dataset_split(dataset), err);
    for (int64_t at = row_lo; at < row_hi && code == BL_OK; at += BLOCK_ROWS) {
        const int64_t n = row_hi - at < BLOCK_ROWS ? row_hi - at : BLOCK_ROWS;
        code = encode_block(&block, dataset, at, n, err);
        if (code == BL_OK)
            code = sink(context, at, n, block.codes, block.labels, block.ids, err);
    }
    block_free(&block);
    return code;
}

static int keep_codes(void *context, int64_t row_lo, int64_t n, const uint8_t *codes, const uint32_t *labels,
                      const char *ids, struct bl_error *err)
{
    struct par_code_set *piece = context;
    const int64_t at = row_lo - piece->set.first, label_words = piece->set.label_layout.words;
    (void)ids;
    (void)err;
    bl_code_to_words(codes, n, piece->set.bits, piece->words + at * bl_code_words(piece->set.bits));
    if (piece->labels)
        memcpy(piece->labels + at * label_words, labels, (size_t)(n * label_words) * sizeof *labels);
    return BL_OK;
}

int par_encode_split(struct par par, const struct bl_model *model, struct par_dataset *dataset,
                     struct par_code_set *piece, struct bl_error *err)
{
    const struct par_split *split = par_dataset_split(dataset);
    int64_t lo, hi;
    par_range_local(split->rows, par.rank, par.size, &lo, &hi);
    int code =
        par_code_set_init_local(piece, hi - lo, bl_shape_code_bits(&model->shape), split->labels, lo, err);
    if (code == BL_OK)
        code = par_encode_rows_local(model, dataset, lo, hi, keep_codes, piece, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_code_set_free(piece);
    return code;
}
