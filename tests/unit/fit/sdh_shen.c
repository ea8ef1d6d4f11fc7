#include "fit/sdh_shen.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "support/sizes.h"

enum { N = 60, M = 7, BITS = 9, CLASSES = 4, BLOCK = 25 };

static float phi[N * M];
static uint32_t single[N], multi[N];
static struct bl_sdh sdh;

static double unit(uint64_t a, uint64_t b)
{
    uint64_t words[4];
    bl_rng_words(5, BL_STREAM_LSH, a, b, 0, words);
    return bl_rng_unit(words[0]);
}

static void enter(void)
{
    for (uint64_t i = 0; i < N; i++) {
        single[i] = (uint32_t)(unit(i, 99) * CLASSES);
        multi[i] = (uint32_t)(1 + unit(i, 98) * 15);
        for (uint64_t j = 0; j < M; j++)
            phi[i * M + j] = (float)unit(i, j);
    }
}

static void leave(void)
{
    bl_sdh_free(&sdh);
    bl_sdh_free(&sdh);
    cr_assert_eq(bl_alloc_live(), 0);
}

TestSuite(sdh_shen, .init = enter, .fini = leave);

static void start(enum bl_label_kind kind)
{
    cr_assert_eq(bl_sdh_init(&sdh, M, BITS, CLASSES, bl_label_layout(kind, CLASSES), N, BLOCK, NULL), BL_OK);
    bl_sdh_begin(&sdh);
}

/* Blocks in ascending or in descending order: phi and labels of rows [at, at + n). */
static void add_all(const uint32_t *labels, int is_first, int backwards)
{
    for (int block = 0; block * BLOCK < N; block++) {
        const int at = (backwards ? (N - 1) / BLOCK - block : block) * BLOCK;
        const int n = N - at < BLOCK ? N - at : BLOCK;
        if (is_first)
            bl_sdh_add_first(&sdh, 1, at, n, phi + at * M, labels + at);
        else
            bl_sdh_add(&sdh, n, phi + at * M, labels + at);
    }
}

static void first_codes(double *codes)
{
    for (uint64_t i = 0; i < N; i++) {
        uint64_t words[4];
        bl_rng_words(1, BL_STREAM_SIGNS, i, 0, 0, words);
        for (int k = 0; k < BITS; k++)
            codes[i * BITS + (uint64_t)k] = words[0] >> k & 1 ? 1.0 : -1.0;
    }
}

static double phi_at(int i, int j)
{
    return j < M ? (double)phi[i * M + j] : 1.0;
}

static double y_at(const uint32_t *labels, int i, int c)
{
    return labels == single ? labels[i] == (uint32_t)c : labels[i] >> c & 1;
}

static void expect_sums(const uint32_t *labels, const double *codes)
{
    for (int k = 0; k < BITS; k++) {
        double by_phi[M + 1] = {0}, by_code[BITS] = {0}, by_class[CLASSES] = {0};
        for (int i = 0; i < N; i++) {
            const double b = codes[i * BITS + k];
            for (int j = 0; j <= M; j++)
                by_phi[j] += b * phi_at(i, j);
            for (int l = 0; l < BITS; l++)
                by_code[l] += b * codes[i * BITS + l];
            for (int c = 0; c < CLASSES; c++)
                by_class[c] += b * y_at(labels, i, c);
        }
        for (int j = 0; j <= M; j++)
            cr_assert_float_eq(bl_fixed_to(sdh.fixed, sdh.phi_code[j * BITS + k]), by_phi[j], 1e-12);
        for (int l = 0; l < BITS; l++)
            cr_assert_eq(sdh.code_code[l * BITS + k], (int64_t)by_code[l]);
        for (int c = 0; c < CLASSES; c++)
            cr_assert_eq(sdh.class_code[c * BITS + k], (int64_t)by_class[c]);
    }
}

Test(sdh_shen, sums_are_those_of_all_rows)
{
    static double codes[N * BITS];
    first_codes(codes);
    start(BL_LABELS_SINGLE);
    add_all(single, 1, 0);
    expect_sums(single, codes);
    for (int j = 0; j <= M; j++)
        for (int l = 0; l <= j; l++) {
            double sum = 0.0;
            for (int i = 0; i < N; i++)
                sum += phi_at(i, j) * phi_at(i, l);
            cr_assert_float_eq(bl_fixed_to(sdh.fixed, sdh.phi_phi[j * (M + 1) + l]), sum, 1e-12);
        }
    bl_sdh_free(&sdh);
    start(BL_LABELS_MULTI);
    add_all(multi, 1, 0);
    expect_sums(multi, codes);
}

/* One block of rows, each with two classes, the last one among them in each third row. */
Test(sdh_shen, classes_of_a_matrix_count_wherever_its_words_end)
{
    static double codes[N * BITS];
    first_codes(codes);
    for (int i = 0; i < SIZES_TWO; i++) {
        const int64_t classes = size_around(BL_LABELS_PER_WORD, i);
        const struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, classes);
        uint32_t labels[BLOCK * 3];
        double sums[2 * BL_LABELS_PER_WORD + 1][BITS] = {{0}};
        for (int64_t row = 0; row < BLOCK; row++) {
            uint8_t has[2 * BL_LABELS_PER_WORD + 1] = {0};
            has[row * 7 % classes] = 1;
            has[row % 3 == 0 ? classes - 1 : row * 5 % classes] = 1;
            bl_label_pack(layout, has, labels + row * layout.words);
            for (int64_t c = 0; c < classes; c++)
                for (int k = 0; k < BITS && has[c]; k++)
                    sums[c][k] += codes[row * BITS + k];
        }
        cr_assert_eq(bl_sdh_init(&sdh, M, BITS, classes, layout, BLOCK, BLOCK, NULL), BL_OK);
        bl_sdh_add_first(&sdh, 1, 0, BLOCK, phi, labels);
        for (int64_t at = 0; at < classes * BITS; at++)
            cr_assert_eq(sdh.class_code[at], (int64_t)sums[at / BITS][at % BITS], "class %d of %d",
                         (int)(at / BITS), (int)classes);
        bl_sdh_free(&sdh);
    }
}

Test(sdh_shen, the_order_of_blocks_changes_no_bit)
{
    static int64_t sums[(M + 1 + BITS + CLASSES) * BITS], square[(M + 1) * (M + 1)];
    start(BL_LABELS_SINGLE);
    add_all(single, 1, 0);
    memcpy(sums, sdh.sums, sizeof sums);
    memcpy(square, sdh.phi_phi, sizeof square);
    bl_sdh_begin(&sdh);
    memset(sdh.phi_phi, 0, sizeof square);
    add_all(single, 1, 1);
    cr_assert_arr_eq(sdh.sums, sums, sizeof sums);
    cr_assert_arr_eq(sdh.phi_phi, square, sizeof square);
}

/* |Y - B W|^2 + lambda |W|^2 + nu |B - Phi P|^2 of one row with this code, but for what doesn't depend on it.
 */
static double row_value(const uint32_t *labels, int i, const double *code)
{
    double value = 0.0;
    for (int c = 0; c < CLASSES; c++) {
        double rest = y_at(labels, i, c);
        for (int k = 0; k < BITS; k++)
            rest -= code[k] * sdh.classifier[c * BITS + k];
        value += rest * rest;
    }
    for (int k = 0; k < BITS; k++) {
        double rest = code[k];
        for (int j = 0; j <= M; j++)
            rest -= phi_at(i, j) * sdh.projection[j * BITS + k];
        value += BL_SDH_NU * rest * rest;
    }
    return value;
}

static void expect_coordinate_optimum(enum bl_label_kind kind, const uint32_t *labels)
{
    start(kind);
    add_all(labels, 1, 0);
    cr_assert_eq(bl_sdh_factor(&sdh, NULL), BL_OK);
    cr_assert_eq(bl_sdh_solve(&sdh, NULL), BL_OK);
    for (int i = 0; i < N; i++) {
        bl_sdh_add(&sdh, 1, phi + i * M, labels + i); /* its code stands in sdh.code */
        double code[BITS], best;
        memcpy(code, sdh.code, sizeof code);
        best = row_value(labels, i, code);
        for (int k = 0; k < BITS; k++) {
            cr_assert(code[k] == 1.0 || code[k] == -1.0);
            code[k] = -code[k];
            cr_assert_geq(row_value(labels, i, code), best - 1e-12, "row %d, bit %d", i, k);
            code[k] = -code[k];
        }
    }
    bl_sdh_free(&sdh);
}

Test(sdh_shen, no_bit_of_a_code_can_be_turned_to_advantage)
{
    expect_coordinate_optimum(BL_LABELS_SINGLE, single);
    expect_coordinate_optimum(BL_LABELS_MULTI, multi);
}

/* Their gradients vanish: B'(B W - Y) + lambda W = 0 and Phi'(Phi P - B) + ridge P = 0. */
Test(sdh_shen, classifier_and_projection_are_ridge_regressions)
{
    static double codes[N * BITS];
    first_codes(codes);
    start(BL_LABELS_MULTI);
    add_all(multi, 1, 0);
    cr_assert_eq(bl_sdh_factor(&sdh, NULL), BL_OK);
    cr_assert_eq(bl_sdh_solve(&sdh, NULL), BL_OK);
    for (int k = 0; k < BITS; k++)
        for (int c = 0; c < CLASSES; c++) {
            double gradient = BL_SDH_LAMBDA * sdh.classifier[c * BITS + k];
            for (int i = 0; i < N; i++) {
                double rest = -y_at(multi, i, c);
                for (int l = 0; l < BITS; l++)
                    rest += codes[i * BITS + l] * sdh.classifier[c * BITS + l];
                gradient += codes[i * BITS + k] * rest;
            }
            cr_assert_float_eq(gradient, 0.0, 1e-10);
        }
    for (int j = 0; j <= M; j++)
        for (int k = 0; k < BITS; k++) {
            double gradient = BL_SDH_RIDGE * sdh.projection[j * BITS + k];
            for (int i = 0; i < N; i++) {
                double rest = -codes[i * BITS + k];
                for (int l = 0; l <= M; l++)
                    rest += phi_at(i, l) * sdh.projection[l * BITS + k];
                gradient += phi_at(i, j) * rest;
            }
            cr_assert_float_eq(gradient, 0.0, 1e-9);
        }
    for (int k = 0; k < BITS; k++)
        for (int l = 0; l < BITS; l++) {
            double sum = 0.0;
            for (int c = 0; c < CLASSES; c++)
                sum += sdh.classifier[c * BITS + k] * sdh.classifier[c * BITS + l];
            cr_assert_float_eq(sdh.gram[k * BITS + l], sum, 1e-13);
        }
}

Test(sdh_shen, more_classes_than_anchors_and_bits_fit)
{
    const uint32_t labels[3] = {0, 500, 999};
    cr_assert_eq(bl_sdh_classes(3, labels), 1000);
    cr_assert_eq(bl_sdh_init(&sdh, 1, 2, 1000, bl_label_layout(BL_LABELS_SINGLE, 0), 3, 3, NULL), BL_OK);
    bl_sdh_add_first(&sdh, 1, 0, 3, phi, labels);
    cr_assert_eq(bl_sdh_factor(&sdh, NULL), BL_OK);
    cr_assert_eq(bl_sdh_solve(&sdh, NULL), BL_OK);
    bl_sdh_begin(&sdh);
    bl_sdh_add(&sdh, 3, phi, labels);
    cr_assert_eq(sdh.code_code[0], 3);
}
