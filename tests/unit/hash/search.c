#include <criterion/criterion.h>

#include "base/rng.h"
#include "hash/code.h"
#include "hash/search.h"

enum { ROWS = 101, K_MAX = 120 };

static void random_words(uint64_t seed, int64_t bits, uint64_t *words)
{
    const int64_t n_words = bl_code_words(bits);
    for (int64_t i = 0; i < ROWS * n_words; i++) {
        uint64_t random[4];
        bl_rng_words(seed, BL_STREAM_LSH, (uint64_t)i, 0, 0, random);
        words[i] = random[0];
        if (i % n_words == n_words - 1 && bits % 64 != 0)
            words[i] &= (UINT64_C(1) << bits % 64) - 1;
    }
}

/* Takes the nearest row not yet taken, k times. */
static int64_t plain_search(const struct bl_code_set *set, const uint64_t *query, const int64_t *skip,
                            int64_t n_skip, int64_t k, int64_t radius, int64_t *rows, int32_t *distances)
{
    const int64_t n_words = bl_code_words(set->bits);
    int taken[ROWS] = {0};
    int64_t found = 0;
    for (int64_t i = 0; i < n_skip; i++)
        taken[skip[i]] = 1;
    for (; found < k; found++) {
        int64_t best = -1, best_distance = radius + 1;
        for (int64_t i = 0; i < set->rows; i++) {
            int64_t d = bl_code_hamming(query, set->words + i * n_words, n_words);
            if (!taken[i] && d < best_distance) {
                best = i;
                best_distance = d;
            }
        }
        if (best < 0)
            break;
        taken[best] = 1;
        rows[found] = best;
        distances[found] = (int32_t)best_distance;
    }
    return found;
}

static void check_without(const int64_t *skip, int64_t n_skip, int64_t bits, int64_t k, int64_t radius)
{
    uint64_t words[ROWS * 16];
    uint16_t scratch[ROWS];
    int64_t rows[K_MAX + 1], plain_rows[K_MAX];
    int32_t distances[K_MAX + 1], plain_distances[K_MAX];
    random_words((uint64_t)bits, bits, words);
    rows[k] = 77; /* one place more than there is room for */
    struct bl_code_set set = {.rows = ROWS, .bits = bits, .words = words};
    struct bl_search search = {.database = &set, .distances = scratch};
    for (int64_t q = 0; q < 10; q++) {
        const uint64_t *query = words + q * bl_code_words(bits);
        bl_search_measure(&search, query, skip, n_skip);
        int64_t found = bl_search_take(&search, k, radius, rows, distances);
        int64_t expected = plain_search(&set, query, skip, n_skip, k, radius, plain_rows, plain_distances);
        cr_assert_eq(found, expected);
        cr_assert(k < ROWS || bl_search_within(&search, radius) == found);
        cr_assert_geq(bl_search_within(&search, radius), found);
        cr_assert_eq(rows[k], 77);
        for (int64_t i = 0; i < k; i++) {
            cr_assert_eq(rows[i], i < found ? plain_rows[i] : -1);
            cr_assert_eq(distances[i], i < found ? plain_distances[i] : -1);
        }
    }
}

static void check(int64_t bits, int64_t k, int64_t radius)
{
    check_without(NULL, 0, bits, k, radius);
}

Test(search, finds_what_a_plain_loop_finds_with_ties_by_row)
{
    const int64_t widths[] = {1, 3, 8, 63, 64, 65, 200, 1024};
    const int64_t counts[] = {1, 2, 10, 50, 101, 120};
    for (size_t w = 0; w < 8; w++)
        for (size_t c = 0; c < 6; c++)
            check(widths[w], counts[c], widths[w]);
}

Test(search, nothing_beyond_the_radius_is_returned)
{
    check(8, 101, 2);
    check(8, 5, 0);
    check(64, 101, 30);
    check(64, 101, 1000000);
}

Test(search, skipped_rows_are_neither_found_nor_counted)
{
    const int64_t first = 0, some[] = {1, 4, 7, 99, 100};
    for (int64_t radius = 0; radius <= 9; radius += 3) {
        check_without(&first, 1, 9, 101, radius);
        check_without(some, 5, 9, 101, radius);
        check_without(some, 5, 1024, 3, 1024);
    }
}

Test(search, an_empty_database_has_no_neighbours)
{
    struct bl_code_set set = {.rows = 0, .bits = 64};
    uint64_t query = 1;
    uint16_t scratch[1];
    int64_t rows[2] = {7, 7};
    int32_t distances[2] = {7, 7};
    struct bl_search search = {.database = &set, .distances = scratch};
    bl_search_measure(&search, &query, NULL, 0);
    cr_assert_eq(bl_search_within(&search, 64), 0);
    cr_assert_eq(bl_search_take(&search, 2, 64, rows, distances), 0);
    cr_assert(rows[0] == -1 && rows[1] == -1 && distances[0] == -1 && distances[1] == -1);
}
