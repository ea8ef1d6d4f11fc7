#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "hash/code.h"

Test(code, zero_and_minus_zero_are_ones)
{
    const float z[] = {0.0f, -0.0f, 1e-30f, -1e-30f, INFINITY, -INFINITY};
    uint8_t code = 0xff;
    cr_assert(bl_code_pack(z, 1, 6, &code));
    cr_assert_eq(code, 0x17);
}

Test(code, a_nan_anywhere_is_reported)
{
    for (int at = 0; at < 22; at++) {
        float z[22] = {0};
        uint8_t codes[6];
        z[at] = NAN;
        cr_assert_not(bl_code_pack(z, 2, 11, codes), "position %d", at);
    }
}

Test(code, bit_j_of_byte_i_is_code_bit_8i_plus_j)
{
    for (int bit = 0; bit < 20; bit++) {
        float z[20];
        uint8_t code[3];
        for (int j = 0; j < 20; j++)
            z[j] = j == bit ? 0.5f : -0.5f;
        cr_assert(bl_code_pack(z, 1, 20, code));
        for (int byte = 0; byte < 3; byte++)
            cr_assert_eq(code[byte], byte == bit / 8 ? 1 << bit % 8 : 0);
    }
}

Test(code, padding_bits_are_zero_in_every_row)
{
    float z[3 * 13];
    uint8_t codes[3 * 2];
    memset(codes, 0xff, sizeof codes);
    for (int i = 0; i < 39; i++)
        z[i] = 1.0f;
    cr_assert(bl_code_pack(z, 3, 13, codes));
    for (int i = 0; i < 3; i++)
        cr_assert(codes[2 * i] == 0xff && codes[2 * i + 1] == 0x1f);
}

Test(code, word_w_bit_j_is_code_bit_64w_plus_j)
{
    for (int bit = 0; bit < 130; bit++) {
        uint8_t codes[2 * 17] = {0};
        uint64_t words[2 * 3];
        codes[17 + bit / 8] = (uint8_t)(1 << bit % 8);
        bl_code_to_words(codes, 2, 130, words);
        for (int w = 0; w < 6; w++)
            cr_assert_eq(words[w], w == 3 + bit / 64 ? UINT64_C(1) << bit % 64 : 0);
    }
}

Test(code, rubbish_in_the_padding_of_a_file_is_ignored)
{
    const uint8_t codes[2] = {0xff, 0xff};
    uint64_t word;
    bl_code_to_words(codes, 1, 9, &word);
    cr_assert_eq(word, 0x1ff);
}

Test(code, distances_in_bulk_are_those_of_pairs)
{
    enum { ROWS = 37, WORDS_MAX = 16 };
    uint64_t words[ROWS * WORDS_MAX], random[4];
    uint16_t distances[ROWS];
    for (uint64_t i = 0; i < ROWS * WORDS_MAX; i++) {
        bl_rng_words(3, BL_STREAM_LSH, i, 0, 0, random);
        words[i] = random[0];
    }
    for (int64_t n_words = 1; n_words <= WORDS_MAX; n_words++) {
        bl_code_distances(words, words, ROWS, n_words, distances);
        for (int64_t i = 0; i < ROWS; i++)
            cr_assert_eq(distances[i], bl_code_hamming(words, words + i * n_words, n_words));
    }
}
