#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "loss/class_codes.h"

static float *make(int how, int64_t seed, int64_t bits, int64_t classes)
{
    float *codes;
    struct bl_error err = {0};
    bl_alloc(&codes, bl_class_codes_floats(classes, bits), sizeof *codes, "codes", NULL);
    const struct bl_config_objective config = {.class_codes = how, .seed = seed};
    const struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, classes);
    cr_assert_eq(bl_class_codes_make(&config, bits, layout, codes, &err), 0, "%s", err.what);
    return codes;
}

static int64_t distance(const float *a, const float *b, int64_t bits)
{
    int64_t n = 0;
    for (int64_t k = 0; k < bits; k++)
        n += a[k] != b[k];
    return n;
}

static int64_t least_distance(const float *codes, int64_t classes, int64_t bits)
{
    int64_t least = bits;
    for (int64_t a = 0; a < classes; a++)
        for (int64_t b = 0; b < a; b++) {
            const int64_t d = distance(codes + a * bits, codes + b * bits, bits);
            least = d < least ? d : least;
        }
    return least;
}

Test(class_codes, of_a_hadamard_matrix_differ_in_half_of_the_bits_or_in_all)
{
    enum { BITS = 32, CLASSES = 2 * BITS };
    float *codes = make(BL_CLASS_CODES_HADAMARD, 1, BITS, CLASSES);
    int opposite = 0;
    for (int64_t a = 0; a < CLASSES; a++)
        for (int64_t b = 0; b < a; b++) {
            const int64_t d = distance(codes + a * BITS, codes + b * BITS, BITS);
            cr_assert(d == BITS / 2 || d == BITS);
            opposite += d == BITS;
        }
    cr_assert_eq(opposite, BITS);
    bl_free(&codes);
}

Test(class_codes, waste_no_bit_on_what_all_classes_share_and_few_on_repetitions)
{
    enum { BITS = 64, CLASSES = 10 };
    float *codes = make(BL_CLASS_CODES_AUTO, 1, BITS, CLASSES);
    int constant = 0, pairs = 0;
    for (int a = 0; a < BITS; a++) {
        int n = 0;
        for (int c = 0; c < CLASSES; c++)
            n += codes[c * BITS + a] > 0.0f;
        constant += n == 0 || n == CLASSES;
        for (int b = 0; b < a; b++) {
            int equal = 0;
            for (int c = 0; c < CLASSES; c++)
                equal += codes[c * BITS + a] == codes[c * BITS + b];
            pairs += equal == CLASSES;
        }
    }
    cr_assert_eq(constant, 0);
    cr_assert_lt(pairs, 32); /* rows in order have 96: sixteen bits, four times each */
    bl_free(&codes);
}

Test(class_codes, that_are_random_are_balanced_and_far_from_each_other)
{
    static const struct {
        int64_t bits, classes, least;
    } cases[] = {{48, 10, 22}, {48, 100, 14}, {64, 1000, 16}, {33, 10, 14}, {1, 2, 1}, {5, 4, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t bits = cases[i].bits, classes = cases[i].classes;
        float *codes = make(BL_CLASS_CODES_RANDOM, 1, bits, classes);
        for (int64_t c = 0; c < classes; c++) {
            double sum = 0.0;
            for (int64_t k = 0; k < bits; k++) {
                cr_assert_eq(fabsf(codes[c * bits + k]), 1.0f);
                sum += (double)codes[c * bits + k];
            }
            cr_assert_eq(fabs(sum), (double)(bits % 2));
        }
        cr_assert_geq(least_distance(codes, classes, bits), cases[i].least, "%d bits, %d classes: %d",
                      (int)bits, (int)classes, (int)least_distance(codes, classes, bits));
        bl_free(&codes);
    }
}

Test(class_codes, depend_on_seed_class_and_bits_alone)
{
    for (int how = BL_CLASS_CODES_HADAMARD; how <= BL_CLASS_CODES_RANDOM; how++) {
        float *few = make(how, 1, 64, 7), *many = make(how, 1, 64, 90), *again = make(how, 1, 64, 90),
              *other = make(how, 2, 64, 90);
        cr_assert_eq(memcmp(few, many, 7 * 64 * sizeof *few), 0);
        cr_assert_eq(memcmp(few + 7 * 64, many + 90 * 64, 64 * sizeof *few), 0);
        cr_assert_eq(memcmp(many, again, 91 * 64 * sizeof *many), 0);
        cr_assert_neq(memcmp(many, other, 90 * 64 * sizeof *many), 0);
        bl_free(&few);
        bl_free(&many);
        bl_free(&again);
        bl_free(&other);
    }
}

Test(class_codes, of_several_labels_are_their_majority_and_in_a_tie_a_lot)
{
    const struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, 3);
    const float codes[] = {1.0f, 1.0f,  1.0f,  -1.0f, 1.0f,  1.0f, -1.0f, -1.0f,
                           1.0f, -1.0f, -1.0f, -1.0f, -1.0f, 1.0f, -1.0f, 1.0f};
    const uint32_t all = 7, two = 3, one = 4, none = 0;
    float room[4];
    cr_assert_eq(memcmp(bl_class_codes_row(layout, &all, codes, 4, room),
                        (const float[]){1.0f, 1.0f, -1.0f, -1.0f}, sizeof room),
                 0);
    cr_assert_eq(memcmp(bl_class_codes_row(layout, &two, codes, 4, room),
                        (const float[]){1.0f, 1.0f, -1.0f, -1.0f}, sizeof room),
                 0);
    cr_assert_eq(memcmp(bl_class_codes_row(layout, &one, codes, 4, room), codes + 8, sizeof room), 0);
    cr_assert_null(bl_class_codes_row(layout, &none, codes, 4, room));
}

Test(class_codes, of_one_label_are_its_own)
{
    const struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, 3);
    const float codes[] = {1.0f, 1.0f, -1.0f, 1.0f, 1.0f, -1.0f, 1.0f, 1.0f};
    const uint32_t two = 2, none = (uint32_t)BL_UNLABELLED;
    cr_assert_eq(bl_class_codes_row(layout, &two, codes, 2, NULL), codes + 4);
    cr_assert_null(bl_class_codes_row(layout, &none, codes, 2, NULL));
}

static void check_refusal(int how, int64_t bits, int64_t classes, const char *text)
{
    float codes[2000];
    struct bl_error err = {0};
    const struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, classes);
    const struct bl_config_objective config = {.class_codes = how, .seed = 1};
    cr_assert_eq(bl_class_codes_make(&config, bits, layout, codes, &err), BL_USAGE);
    cr_assert(strstr(err.what, text), "%s", err.what);
}

Test(class_codes, refuse_a_hadamard_matrix_that_is_not_there_and_fewer_codes_than_classes)
{
    check_refusal(BL_CLASS_CODES_HADAMARD, 48, 10, "objective.class_codes: hadamard needs a power of two");
    check_refusal(BL_CLASS_CODES_HADAMARD, 16, 33, "with 33 classes and 16 bits use auto or random");
    check_refusal(BL_CLASS_CODES_AUTO, 3, 9, "9 classes can't have different codes of 3 bits");
}
