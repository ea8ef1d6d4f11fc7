/* Binary codes: how a network's output becomes a bit, and how bits are packed. */
#ifndef BL_HASH_CODE_H
#define BL_HASH_CODE_H

#include <stdint.h>

/* The bit of an output z: 1 for z >= 0 (and -0.0), else 0. NaN must have been refused before. */
static inline int bl_code_bit(float z)
{
    return z >= 0.0f;
}

/* The same as sign(z) in {-1, +1}. */
static inline float bl_code_sign(float z)
{
    return bl_code_bit(z) ? 1.0f : -1.0f;
}

/* Bytes of a packed code, in files and messages; and its 64-bit words, in memory. */
static inline int64_t bl_code_bytes(int64_t bits)
{
    return (bits + 7) / 8;
}
static inline int64_t bl_code_words(int64_t bits)
{
    return (bits + 63) / 64;
}

/* Packs z [rows, bits] into codes [rows, bl_code_bytes(bits)]: bit j of byte i is code bit 8i+j, padding 0.
 * Returns 1, or 0 if any z is NaN (then codes are undefined). */
int bl_code_pack(const float *z, int64_t rows, int64_t bits, uint8_t *codes);

/* Converts codes [rows, bl_code_bytes(bits)] to words [rows, bl_code_words(bits)]: bit j of word w is code
 * bit 64w+j. Padding becomes 0, whatever it was. */
void bl_code_to_words(const uint8_t *codes, int64_t rows, int64_t bits, uint64_t *words);

/* Hamming distance of two codes of n_words words. */
static inline int bl_code_hamming(const uint64_t *a, const uint64_t *b, int64_t n_words)
{
    int distance = 0;
    for (int64_t w = 0; w < n_words; w++)
        distance += __builtin_popcountll(a[w] ^ b[w]);
    return distance;
}

/* Hamming distances [rows] of one query [n_words] to words [rows, n_words]. */
void bl_code_distances(const uint64_t *query, const uint64_t *words, int64_t rows, int64_t n_words,
                       uint16_t *distances);

#endif
