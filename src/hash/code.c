#include "hash/code.h"

#include <string.h>

#include "base/isa.h"
#include "base/minmax.h"

int bl_code_pack(const float *z, int64_t rows, int64_t bits, uint8_t *codes)
{
    const int64_t n_bytes = bl_code_bytes(bits);
    int numbers = 1;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t b = 0; b < n_bytes; b++) {
            const float *from = z + i * bits + 8 * b;
            const int64_t n = bl_min(bits - 8 * b, 8);
            unsigned byte = 0;
            for (int64_t j = 0; j < n; j++) {
                numbers &= from[j] == from[j]; /* false for NaN */
                byte |= (unsigned)bl_code_bit(from[j]) << j;
            }
            codes[i * n_bytes + b] = (uint8_t)byte;
        }
    return numbers;
}

void bl_code_to_words(const uint8_t *codes, int64_t rows, int64_t bits, uint64_t *words)
{
    const int64_t n_bytes = bl_code_bytes(bits), n_words = bl_code_words(bits);
    const uint64_t last = bits % 64 == 0 ? UINT64_MAX : (UINT64_C(1) << (bits % 64)) - 1;
    for (int64_t i = 0; i < rows; i++) {
        uint64_t *to = words + i * n_words;
        memset(to, 0, (size_t)n_words * sizeof *to);
        for (int64_t b = 0; b < n_bytes; b++)
            to[b / 8] |= (uint64_t)codes[i * n_bytes + b] << (8 * (b % 8));
        to[n_words - 1] &= last; /* other programs' files may have any bits in the padding */
    }
}

/* distance = popcount(query xor code) */
BL_INLINE void bl_code_distances_body(const uint64_t *query, const uint64_t *words, int64_t rows,
                                      int64_t n_words, uint16_t *distances)
{
    if (n_words == 1) {
        for (int64_t i = 0; i < rows; i++)
            distances[i] = (uint16_t)__builtin_popcountll(query[0] ^ words[i]);
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        unsigned distance = 0;
        for (int64_t w = 0; w < n_words; w++)
            distance += (unsigned)__builtin_popcountll(query[w] ^ words[i * n_words + w]);
        distances[i] = (uint16_t)distance;
    }
}

BL_INTEGER_VERSIONS(, bl_code_distances,
                    (const uint64_t *query, const uint64_t *words, int64_t rows, int64_t n_words,
                     uint16_t *distances),
                    (query, words, rows, n_words, distances))
