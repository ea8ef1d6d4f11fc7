#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(rng, zero_key_and_counter_give_the_published_words_of_philox)
{
    static const uint64_t published[4] = {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b,
                                          0x7e68b68aec7ba23b};
    uint64_t words[4];
    bl_rng_words(0, 0, 0, 0, 0, words);
    cr_assert_eq(memcmp(words, published, sizeof words), 0);
}

Test(rng, every_part_of_the_address_changes_the_words)
{
    uint64_t seen[6][4];
    bl_rng_words(1, 1, 1, 1, 1, seen[0]);
    bl_rng_words(2, 1, 1, 1, 1, seen[1]);
    bl_rng_words(1, 2, 1, 1, 1, seen[2]);
    bl_rng_words(1, 1, 2, 1, 1, seen[3]);
    bl_rng_words(1, 1, 1, 2, 1, seen[4]);
    bl_rng_words(1, 1, 1, 1, 2, seen[5]);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++)
            for (int word = 0; word < 4; word++)
                cr_assert_neq(seen[i][word], seen[j][word]);
}

Test(rng, the_same_address_always_gives_the_same_words)
{
    uint64_t a[4], b[4];
    bl_rng_words(7, BL_STREAM_BATCH, 1, 2, 3, a);
    bl_rng_words(8, BL_STREAM_BATCH, 1, 2, 3, b);
    bl_rng_words(7, BL_STREAM_BATCH, 1, 2, 3, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
}

Test(rng, a_number_below_n_stays_below_n)
{
    static const uint64_t limits[] = {1, 2, 3, 10, 1000003, (uint64_t)1 << 63, UINT64_MAX};
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++)
        for (uint64_t i = 0; i < 2000; i++)
            cr_assert_lt(bl_rng_below(3, BL_STREAM_BATCH, 0, 0, i, limits[l]), limits[l]);
}

Test(rng, numbers_below_ten_are_equally_frequent)
{
    enum { N = 100000, BINS = 10 };
    double count[BINS] = {0}, chi2 = 0;
    for (uint64_t i = 0; i < N; i++)
        count[bl_rng_below(11, BL_STREAM_BATCH, 0, 0, i, BINS)]++;
    for (int b = 0; b < BINS; b++)
        chi2 += (count[b] - (double)N / BINS) * (count[b] - (double)N / BINS) / ((double)N / BINS);
    cr_assert_lt(chi2, 27.9, "chi2 of 9 degrees of freedom is %g", chi2); /* 99.9 % quantile */
}

/* Three quarters of 2^64: a modulo would give the lower third twice as often as the others. */
Test(rng, a_large_range_has_no_bias_towards_its_low_end)
{
    enum { N = 30000 };
    const uint64_t third = (uint64_t)1 << 62, n = 3 * third;
    double count[3] = {0}, chi2 = 0;
    for (uint64_t i = 0; i < N; i++)
        count[bl_rng_below(5, BL_STREAM_BATCH, 0, 0, i, n) / third]++;
    for (int b = 0; b < 3; b++)
        chi2 += (count[b] - N / 3.0) * (count[b] - N / 3.0) / (N / 3.0);
    cr_assert_lt(chi2, 13.9, "chi2 of 2 degrees of freedom is %g", chi2);
}

/* Four words go to three numbers: without a rejection each third number would be drawn twice as often. */
Test(rng, a_large_range_has_no_bias_between_neighbours)
{
    enum { N = 30000 };
    const uint64_t n = UINT64_C(3) << 62;
    double count[3] = {0}, chi2 = 0;
    for (uint64_t i = 0; i < N; i++)
        count[bl_rng_below(5, BL_STREAM_BATCH, 0, 0, i, n) % 3]++;
    for (int b = 0; b < 3; b++)
        chi2 += (count[b] - N / 3.0) * (count[b] - N / 3.0) / (N / 3.0);
    cr_assert_lt(chi2, 13.9, "chi2 of 2 degrees of freedom is %g", chi2);
}

/* Just above 2^63 nearly half of all words are rejected: one number in 16 is drawn by a second attempt. */
Test(rng, numbers_that_are_drawn_again_are_not_those_of_another_seed)
{
    enum { N = 4000, SEEDS = 8 };
    const uint64_t n = (UINT64_C(1) << 63) + 1;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t drawn[SEEDS];
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            drawn[seed] = bl_rng_below(seed, BL_STREAM_BATCH, 0, 0, i, n);
            for (uint64_t other = 0; other < seed; other++)
                cr_assert_neq(drawn[seed], drawn[other], "seeds %d and %d", (int)seed, (int)other);
        }
    }
}

Test(rng, unit_numbers_reach_0_and_never_1)
{
    cr_assert_eq(bl_rng_unit(0), 0.0);
    cr_assert_lt(bl_rng_unit(UINT64_MAX), 1.0);
    cr_assert_eq(bl_rng_unit((uint64_t)1 << 63), 0.5);
}

Test(rng, normal_numbers_have_the_moments_of_a_normal)
{
    enum { N = 50000 };
    double sum = 0, squares = 0, fourth = 0;
    for (uint64_t i = 0; i < N; i++) {
        double normal[4];
        bl_rng_normal(1, BL_STREAM_LSH, 0, i, 0, normal);
        for (int k = 0; k < 4; k++) {
            cr_assert(isfinite(normal[k]));
            sum += normal[k];
            squares += normal[k] * normal[k];
            fourth += pow(normal[k], 4);
        }
    }
    cr_assert_lt(fabs(sum / (4 * N)), 0.01);
    cr_assert_lt(fabs(squares / (4 * N) - 1), 0.015);
    cr_assert_lt(fabs(fourth / (4 * N) - 3), 0.1);
}

Test(rng, the_four_normal_numbers_of_a_block_are_uncorrelated)
{
    enum { N = 50000 };
    double product[4][4] = {{0}};
    for (uint64_t i = 0; i < N; i++) {
        double normal[4];
        bl_rng_normal(2, BL_STREAM_LSH, i, 0, 0, normal);
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < a; b++)
                product[a][b] += normal[a] * normal[b];
    }
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++)
            cr_assert_lt(fabs(product[a][b] / N), 0.025);
}
