#include "hash/health.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"
#include "hash/code.h"

static int compare_words(const void *a, const void *b, int64_t n_words)
{
    const uint64_t *x = a, *y = b;
    for (int64_t w = 0; w < n_words; w++)
        if (x[w] != y[w])
            return x[w] < y[w] ? -1 : 1;
    return 0;
}

static int compare_sized(const void *a, const void *b, void *n_words)
{
    return compare_words(a, b, *(const int64_t *)n_words);
}

/* Sorts codes [rows, n_words]. Returns how many are distinct; top: how often the two commonest occur. */
static int64_t count_distinct(uint64_t *codes, int64_t rows, int64_t n_words, int64_t top[2])
{
    qsort_r(codes, (size_t)rows, (size_t)n_words * sizeof *codes, compare_sized, &n_words);
    int64_t distinct = 0;
    top[0] = top[1] = 0;
    for (int64_t lo = 0, hi; lo < rows; lo = hi) {
        for (hi = lo + 1; hi < rows; hi++)
            if (compare_words(codes + lo * n_words, codes + hi * n_words, n_words) != 0)
                break;
        const int64_t n = hi - lo;
        distinct++;
        if (n > top[0]) {
            top[1] = top[0];
            top[0] = n;
        } else if (n > top[1]) {
            top[1] = n;
        }
    }
    return distinct;
}

static void add_bits(const uint64_t *code, int64_t bits, int64_t *ones)
{
    for (int64_t j = 0; j < bits; j++)
        ones[j] += (int64_t)(code[j / 64] >> (j % 64) & 1u);
}

static void bit_balance(const uint64_t *words, int64_t rows, int64_t bits, struct bl_code_health *health)
{
    int64_t ones[BL_CODE_BITS_MAX] = {0};
    for (int64_t i = 0; i < rows; i++)
        add_bits(words + i * bl_code_words(bits), bits, ones);
    for (int64_t j = 0; j < bits; j++) {
        double share = (double)ones[j] / (double)rows;
        double off = share < 0.5 ? 0.5 - share : share - 0.5;
        if (off > health->bit_balance_worst)
            health->bit_balance_worst = off;
        health->bit_balance_mean += off / (double)bits;
    }
}

/* Transposes bits: bit j of row i becomes bit i of columns [bits, n_words], row j. */
static void transpose(const uint64_t *words, int64_t rows, int64_t bits, uint64_t *columns, int64_t n_words)
{
    memset(columns, 0, (size_t)(bits * n_words) * sizeof *columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < bits; j++)
            columns[j * n_words + i / 64] |= (words[i * bl_code_words(bits) + j / 64] >> (j % 64) & 1u)
                                             << (i % 64);
}

static double count_both(const uint64_t *a, const uint64_t *b, int64_t n_words)
{
    int64_t n = 0;
    for (int64_t w = 0; w < n_words; w++)
        n += __builtin_popcountll(a[w] & b[w]);
    return (double)n;
}

/* Pearson's correlation of each two bits, from n rows of which a have the first bit, b the second and c both:
 * |n c - a b| / sqrt(a (n - a) b (n - b)). */
static int bit_correlation(const uint64_t *words, int64_t rows, int64_t bits, struct bl_code_health *health,
                           struct bl_error *err)
{
    const int64_t n_words = (rows + 63) / 64;
    const double n = (double)rows, pairs = 0.5 * (double)bits * (double)(bits - 1);
    int any = 0;
    uint64_t *columns = NULL;
    int code = bl_alloc(&columns, bits * n_words, sizeof *columns, "columns of bits", err);
    if (code != BL_OK)
        return code;
    transpose(words, rows, bits, columns, n_words);
    for (int64_t j = 1; j < bits; j++) {
        const uint64_t *column = columns + j * n_words;
        const double ones = count_both(column, column, n_words);
        for (int64_t i = 0; i < j; i++) {
            const uint64_t *other = columns + i * n_words;
            const double others = count_both(other, other, n_words);
            const double spread = ones * (n - ones) * others * (n - others);
            any |= spread > 0.0;
            const double together = n * count_both(column, other, n_words) - ones * others;
            const double correlation = spread > 0.0 ? fabs(together) / sqrt(spread) : 0.0;
            health->bit_correlation_mean += correlation / pairs;
            if (correlation > health->bit_correlation_worst)
                health->bit_correlation_worst = correlation;
        }
    }
    if (!any)
        health->bit_correlation_worst = health->bit_correlation_mean = (double)NAN;
    bl_free(&columns);
    return BL_OK;
}

/* A row with its class: sorting these groups the rows by class, however many classes there are. */
struct member {
    int32_t class;
    int64_t row;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return (x->class > y->class) - (x->class < y->class);
}

static int64_t list_members(const uint32_t *labels, int64_t rows, struct member *members)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++)
        if ((int32_t)labels[i] != BL_UNLABELLED)
            members[n++] = (struct member){(int32_t)labels[i], i};
    qsort(members, (size_t)n, sizeof *members, compare_members);
    return n;
}

/* Writes the majority code of each class to codes (room for one per row); returns the number of classes. */
static int64_t majority_codes(const uint64_t *words, int64_t bits, const struct member *members, int64_t n,
                              uint64_t *codes)
{
    const int64_t n_words = bl_code_words(bits);
    int64_t classes = 0;
    for (int64_t lo = 0, hi; lo < n; lo = hi) {
        int64_t ones[BL_CODE_BITS_MAX] = {0};
        for (hi = lo; hi < n && members[hi].class == members[lo].class; hi++)
            add_bits(words + members[hi].row * n_words, bits, ones);
        uint64_t *code = codes + classes++ * n_words;
        memset(code, 0, (size_t)n_words * sizeof *code);
        for (int64_t j = 0; j < bits; j++)
            if (2 * ones[j] >= hi - lo)
                code[j / 64] |= UINT64_C(1) << (j % 64);
    }
    return classes;
}

int bl_code_health(const uint64_t *words, int64_t rows, int64_t bits, struct bl_label_layout layout,
                   const uint32_t *labels, struct bl_code_health *health, struct bl_error *err)
{
    const int64_t n_words = bl_code_words(bits);
    const int has_classes = layout.kind == BL_LABELS_SINGLE && labels;
    uint64_t *codes = NULL;
    struct member *members = NULL;
    int64_t top[2];
    *health = (struct bl_code_health){.rows = rows, .class_codes = -1, .classes = -1};
    int code = bl_alloc(&codes, rows * n_words, sizeof *codes, "a copy of the codes", err);
    if (code == BL_OK && has_classes)
        code = bl_alloc(&members, rows, sizeof *members, "the rows of each class", err);
    if (code != BL_OK)
        goto done;
    if (has_classes) {
        const int64_t n = list_members(labels, rows, members);
        health->classes = majority_codes(words, bits, members, n, codes);
        health->class_codes = count_distinct(codes, health->classes, n_words, top);
    }
    if (rows > 0) {
        memcpy(codes, words, (size_t)(rows * n_words) * sizeof *codes);
        health->distinct = count_distinct(codes, rows, n_words, top);
        health->top_two = (double)(top[0] + top[1]) / (double)rows;
        bit_balance(words, rows, bits, health);
        code = bit_correlation(words, rows, bits, health, err);
    }
done:
    bl_free(&members);
    bl_free(&codes);
    return code;
}
