#include "data/scales.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { DIM = 3, N = BL_SCALES_ROWS };

/* A column of -1.5 to 1.5, one that is 0 in nine of ten rows and 255 or less in others, a constant one. */
static double sample[N * DIM], mean[DIM], variance[DIM] = {1.0, 300.0, 0.0};
static double lo[DIM] = {-1.5, 0.0, 7.0}, hi[DIM] = {1.5, 255.0, 7.0};
static struct bl_spread spread = {
    .dim = DIM, .n_sample = N, .mean = mean, .variance = variance, .lo = lo, .hi = hi, .sample = sample};
static char text[BL_SCALES_TEXT];

static void enter(void)
{
    for (int i = 0; i < N; i++) {
        sample[i * DIM] = 3.0 * (i * 7 % N) / N - 1.5;
        sample[i * DIM + 1] = i % 10 == 0 ? 1 + i * 31 % 255 : 0.0;
        sample[i * DIM + 2] = 7.0;
    }
}

TestSuite(scales, .init = enter);

static int has_text(const struct bl_scales *scales, int kind)
{
    for (int i = 0; i < BL_SCALES_WORDS; i++)
        if (bl_scales_text(scales, kind, "--normalize standardize", i, text))
            return 1;
    return 0;
}

Test(scales, pixels_and_constants_are_no_reason_for_a_word)
{
    variance[1] = 90.0;
    struct bl_scales scales = bl_scales_find(&spread);
    cr_assert(scales.ruling == -1 && scales.far == -1);
    cr_assert_not(has_text(&scales, BL_NORMALIZE_CENTER));
}

Test(scales, a_column_with_nearly_all_of_the_variance_is_named_unless_columns_are_scaled)
{
    struct bl_scales scales = bl_scales_find(&spread);
    cr_assert_eq(scales.ruling, 1);
    cr_assert_not(has_text(&scales, BL_NORMALIZE_STANDARDIZE));
    cr_assert(has_text(&scales, BL_NORMALIZE_CENTER));
    cr_assert(strstr(text, "feature column 1 has more than 99 %") && strstr(text, "--normalize standardize"));
}

Test(scales, a_column_that_varies_alone_hides_nothing)
{
    variance[0] = 0.0;
    cr_assert_eq(bl_scales_find(&spread).ruling, -1);
}

Test(scales, a_value_beyond_a_thousand_robust_deviations_is_named_under_any_normalisation)
{
    lo[0] = -1e5;
    struct bl_scales scales = bl_scales_find(&spread);
    cr_assert(scales.far == 0 && scales.far_value == -1e5);
    cr_assert(has_text(&scales, BL_NORMALIZE_STANDARDIZE));
    cr_assert(strstr(text, "feature column 0 holds -100000,"), "%s", text);
}

Test(scales, values_of_a_column_that_is_mostly_0_are_compared_with_its_other_values)
{
    variance[1] = 90.0;
    hi[1] = 1e6;
    cr_assert_eq(bl_scales_find(&spread).far, 1);
    hi[1] = 1e4; /* the sample's usual value is about 128 */
    cr_assert_eq(bl_scales_find(&spread).far, -1);
}

Test(scales, without_a_sample_nothing_is_far)
{
    lo[0] = -1e5;
    spread.n_sample = 0;
    cr_assert_eq(bl_scales_find(&spread).far, -1);
}
