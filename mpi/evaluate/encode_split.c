#include "mpi/evaluate/encode_split.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/share.h"
#include "hash/code.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "mpi/rows/row_sample.h"

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

/* Rows on their way from the file to the piece. */
struct block {
    struct bl_encoder encoder;
    const struct par_row_choice *choice; /* NULL: all rows */
    struct bl_row_tally *tally;
    char *features; /* [BLOCK_ROWS, dim] as stored */
    uint8_t *codes;
    uint32_t *labels; /* NULL without labels */
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
    return code;
}

static void block_free(struct block *block)
{
    bl_encoder_free(&block->encoder);
    bl_free(&block->features);
    bl_free(&block->codes);
    bl_free(&block->labels);
}

static int is_chosen(const struct par_row_choice *choice, int64_t row)
{
    return !choice || (choice->parts[row] & choice->part) != 0;
}

static int64_t count_chosen(const struct par_row_choice *choice, int64_t lo, int64_t hi)
{
    int64_t n = 0;
    for (int64_t row = lo; row < hi; row++)
        n += is_chosen(choice, row);
    return n;
}

/* Moves the chosen ones among the n rows from row_lo on to the front of the block; returns how many they
 * are. */
static int64_t keep_chosen(struct block *block, const struct par_split *split, int64_t row_lo, int64_t n)
{
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type), words = split->labels.words;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!is_chosen(block->choice, row_lo + i))
            continue;
        if (kept < i) {
            memcpy(block->features + kept * row_bytes, block->features + i * row_bytes, (size_t)row_bytes);
            if (block->labels)
                memcpy(block->labels + kept * words, block->labels + i * words,
                       (size_t)words * sizeof *block->labels);
        }
        kept++;
    }
    return kept;
}

/* The file row of the chosen row number `index` from row_lo on. */
static int64_t chosen_row(const struct par_row_choice *choice, int64_t row_lo, int64_t index)
{
    int64_t row = row_lo;
    for (;; row++)
        if (is_chosen(choice, row) && index-- == 0)
            return row;
}

/* Reads rows [row_lo, row_lo + n) and encodes the *kept of them that are chosen. */
static int encode_block(struct block *block, struct par_dataset *dataset, int64_t row_lo, int64_t n,
                        int64_t *kept, struct bl_error *err)
{
    const struct par_split *split = dataset_split(dataset);
    int64_t bad_row = 0;
    int code = par_dataset_read_local(dataset, row_lo, n, block->features, block->labels, NULL, err);
    if (code != BL_OK)
        return code;
    *kept = keep_chosen(block, split, row_lo, n);
    bl_row_tally_add(block->tally, split->type, block->features, *kept, split->dim);
    code = bl_encoder_run(&block->encoder, split->type, block->features, *kept, block->codes, &bad_row, err);
    if (code == BL_NUMBERS)
        code = bl_fail(err, BL_NUMBERS,
                       "row %" PRId64 " has features that are not finite, or gives outputs that are not; "
                       "correct or remove the row",
                       chosen_row(block->choice, row_lo, bad_row));
    return code;
}

/* Rows [lo, hi) of the split into the piece. */
static int encode_rows(struct block *block, struct par_dataset *dataset, int64_t lo, int64_t hi,
                       struct par_code_set *piece, struct bl_error *err)
{
    const int64_t bits = piece->set.bits, label_words = piece->set.label_layout.words;
    int64_t filled = 0, kept = 0;
    int code = BL_OK;
    for (int64_t at = lo; at < hi && code == BL_OK; at += BLOCK_ROWS, filled += kept) {
        const int64_t n = hi - at < BLOCK_ROWS ? hi - at : BLOCK_ROWS;
        code = encode_block(block, dataset, at, n, &kept, err);
        if (code != BL_OK)
            break;
        bl_code_to_words(block->codes, kept, bits, piece->words + filled * bl_code_words(bits));
        if (piece->labels)
            memcpy(piece->labels + filled * label_words, block->labels,
                   (size_t)(kept * label_words) * sizeof *block->labels);
    }
    return code;
}

int par_encode_split(struct par par, const struct bl_model *model, struct par_dataset *dataset,
                     const struct par_row_choice *choice, struct par_code_set *piece,
                     struct bl_row_tally *tally, int64_t *n_global, struct bl_error *err)
{
    const struct par_split *split = dataset_split(dataset);
    struct block block = {.choice = choice, .tally = tally};
    /* Each rank an even range of the split, whatever of it is chosen. */
    int64_t lo, hi;
    bl_share(split->rows, par.rank, par.size, &lo, &hi);
    const int64_t n = count_chosen(choice, lo, hi);
    int code = par_code_set_init_local(piece, n, bl_shape_code_bits(&model->shape), split->labels, lo, err);
    if (code == BL_OK)
        code = block_init(&block, model, split, err);
    if (code == BL_OK)
        code = encode_rows(&block, dataset, lo, hi, piece, err);
    block_free(&block);
    code = par_agree(par, code, err);
    if (code != BL_OK) {
        par_code_set_free(piece);
        return code;
    }
    *n_global = n;
    par_sum_integers(par, n_global, 1);
    par_row_tally_merge(par, tally);
    return BL_OK;
}
