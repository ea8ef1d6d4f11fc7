#include "base/buffer.h"
#include "base/share.h"
#include "hash/code.h"
#include "mpi/evaluate/retrieve.h"
#include "mpi/ranks/agree.h"

int par_code_set_read(struct par par, struct par_codes *codes, struct par_code_set *piece,
                      struct bl_error *err)
{
    const struct par_codes_info *info = par_codes_info(codes);
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
