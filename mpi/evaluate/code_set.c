#include "mpi/evaluate/code_set.h"

#include <string.h>

#include "base/buffer.h"
#include "base/share.h"
#include "hash/code.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

int par_code_set_init_local(struct par_code_set *owned, int64_t rows, int64_t bits,
                            struct bl_label_layout layout, int64_t first, struct bl_error *err)
{
    *owned = (struct par_code_set){0};
    int code = bl_alloc(&owned->words, rows * bl_code_words(bits), sizeof *owned->words, "codes", err);
    if (code == BL_OK && layout.words > 0)
        code = bl_alloc(&owned->labels, rows * layout.words, sizeof *owned->labels, "labels", err);
    if (code != BL_OK)
        par_code_set_free(owned);
    else
        owned->set = (struct bl_code_set){rows, bits, owned->words, layout, owned->labels, first};
    return code;
}

void par_code_set_free(struct par_code_set *owned)
{
    bl_free(&owned->words);
    bl_free(&owned->labels);
    owned->set = (struct bl_code_set){0};
}

int par_code_set_gather(struct par par, const struct par_code_set *piece, struct par_code_set *whole,
                        struct bl_error *err)
{
    const struct bl_code_set *mine = &piece->set;
    const int64_t n_words = bl_code_words(mine->bits), n_labels = mine->label_layout.words;
    const int64_t code_bytes = n_words * (int64_t)sizeof *piece->words;
    const int64_t label_bytes = n_labels * (int64_t)sizeof *piece->labels;
    struct par_blocks rows;
    *whole = (struct par_code_set){0};
    int code = par_agree(par, blocks_init(&rows, par.size, err), err);
    if (code != BL_OK)
        goto done;
    par_blocks_gather(&rows, par, mine->rows);
    const int64_t first = rows.begin[par.rank];
    code = par_code_set_init_local(whole, rows.begin[par.size], mine->bits, mine->label_layout, 0, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    /* Own rows first to their place, then every rank gets the others' into theirs. */
    memcpy(whole->words + first * n_words, piece->words, (size_t)(mine->rows * code_bytes));
    par_allgather(par, &rows, whole->words, code_bytes);
    if (label_bytes > 0) {
        memcpy(whole->labels + first * n_labels, piece->labels, (size_t)(mine->rows * label_bytes));
        par_allgather(par, &rows, whole->labels, label_bytes);
    }
done:
    if (code != BL_OK)
        par_code_set_free(whole);
    blocks_free(&rows);
    return code;
}

int par_code_set_read(struct par par, struct par_codes *codes, struct par_code_set *piece,
                      struct bl_error *err)
{
    const struct par_codes_info *info = codes_info(codes);
    const int64_t n_bytes = bl_code_bytes(info->bits), n_words = bl_code_words(info->bits);
    const int64_t block = 1 + (1 << 20) / n_bytes;
    uint8_t *bytes = NULL;
    int64_t lo, hi;
    bl_share(info->rows, par.rank, par.size, &lo, &hi);
    int code = par_code_set_init_local(piece, hi - lo, info->bits, info->labels, lo, err);
    if (code == BL_OK)
        code = bl_alloc(&bytes, block * n_bytes, 1, "a block of codes", err);
    for (int64_t at = lo; at < hi && code == BL_OK; at += block) {
        const int64_t n = hi - at < block ? hi - at : block;
        uint32_t *labels = piece->labels ? piece->labels + (at - lo) * info->labels.words : NULL;
        code = par_codes_read_local(codes, at, n, bytes, labels, NULL, err);
        if (code == BL_OK)
            bl_code_to_words(bytes, n, info->bits, piece->words + (at - lo) * n_words);
    }
    bl_free(&bytes);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_code_set_free(piece);
    return code;
}
