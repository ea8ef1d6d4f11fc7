#include "hash/bit_tally.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ROWS = 40, BITS = 70, BYTES = 9 };

static uint8_t codes[ROWS][BYTES];
static char text[BL_BIT_TALLY_TEXT];

static int doubt(int64_t rows, int64_t bits)
{
    struct bl_bit_tally tally = {0};
    bl_bit_tally_bytes(&tally, codes[0], rows, bits);
    return bl_bit_tally_doubt(&tally, bits, "c.h5", text);
}

static void fill(void)
{
    for (int i = 0; i < ROWS; i++)
        memset(codes[i], 0x25, BYTES - 1);
}

Test(bit_tally, codes_that_are_all_the_same_are_doubted)
{
    fill();
    cr_assert(doubt(ROWS, BITS));
    cr_assert(strstr(text, "c.h5: 1 distinct code for 40 rows"), "%s", text);
}

Test(bit_tally, bits_that_hardly_vary_are_doubted)
{
    fill();
    for (int i = 0; i < ROWS; i++)
        codes[i][0] ^= (uint8_t)(i % 2);
    cr_assert(doubt(ROWS, BITS));
    cr_assert(strstr(text, "the average bit is the same in 99 % of 40 rows"), "%s", text);
}

Test(bit_tally, codes_that_vary_are_not_doubted_nor_are_a_few)
{
    fill();
    cr_assert_not(doubt(31, BITS));
    for (int i = 0; i < ROWS; i++)
        for (int b = 0; b < BYTES - 1; b++)
            codes[i][b] = (uint8_t)(i * 37 + b * 101);
    cr_assert_not(doubt(ROWS, BITS));
}

Test(bit_tally, bytes_and_words_are_counted_alike)
{
    const uint64_t words[4] = {UINT64_C(0x8000000000000001), 0x21, 1, 0};
    const uint8_t bytes[2][BYTES] = {{1, 0, 0, 0, 0, 0, 0, 0x80, 0x21}, {1}};
    struct bl_bit_tally a = {0}, b = {0};
    bl_bit_tally_words(&a, words, 2, BITS);
    bl_bit_tally_bytes(&b, bytes[0], 2, BITS);
    cr_assert_eq(memcmp(&a, &b, sizeof a), 0);
    cr_assert_eq(a.ones[0], 2);
    cr_assert_eq(a.ones[63], 1);
    cr_assert_eq(a.ones[69], 1);
}
