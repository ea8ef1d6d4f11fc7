#include <criterion/criterion.h>
#include <string.h>

#include "model/network.h"

Test(dropout, a_row_has_the_same_mask_at_any_place_of_the_batch)
{
    const int64_t here[] = {4, 77, 5}, there[] = {77};
    struct bl_dropout a = {.p = 0.5, .seed = 3, .step = 9, .rows = here};
    struct bl_dropout b = {.p = 0.5, .seed = 3, .step = 9, .rows = there};
    float x[3 * 21], y[21];
    for (int i = 0; i < 3 * 21; i++)
        x[i] = y[i % 21] = 1.0f;
    bl_dropout_apply(&a, 1, 0, 3, 21, x);
    bl_dropout_apply(&b, 1, 0, 1, 21, y);
    cr_assert_eq(memcmp(x + 21, y, sizeof y), 0);
    cr_assert_neq(memcmp(x, y, sizeof y), 0);
}

Test(dropout, step_layer_and_seed_each_change_the_mask)
{
    const int64_t row = 5;
    float masks[4][64];
    for (int i = 0; i < 4; i++) {
        struct bl_dropout dropout = {.p = 0.5, .seed = 3 + (i == 1), .step = 9 + (i == 2), .rows = &row};
        for (int j = 0; j < 64; j++)
            masks[i][j] = 1.0f;
        bl_dropout_apply(&dropout, i == 3, 0, 1, 64, masks[i]);
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            cr_assert_neq(memcmp(masks[i], masks[j], sizeof masks[i]), 0);
}

/* Also for layer + 1 against step + 1. */
Test(dropout, every_step_and_layer_has_a_mask_of_its_own)
{
    enum { STEPS = 5, LAYERS = 5, W = 64 };
    static float masks[STEPS * LAYERS][W];
    const int64_t row = 5;
    for (int i = 0; i < STEPS * LAYERS; i++) {
        const struct bl_dropout dropout = {.p = 0.5, .seed = 3, .step = i / LAYERS, .rows = &row};
        for (int j = 0; j < W; j++)
            masks[i][j] = 1.0f;
        bl_dropout_apply(&dropout, i % LAYERS, 0, 1, W, masks[i]);
        for (int other = 0; other < i; other++)
            cr_assert_neq(memcmp(masks[i], masks[other], sizeof masks[i]), 0,
                          "step %d, layer %d and step %d, layer %d", i / LAYERS, i % LAYERS, other / LAYERS,
                          other % LAYERS);
    }
}

/* Units and rows in turn: no two rows of 64 units agree, nor two units over 64 rows. */
Test(dropout, every_unit_and_row_is_masked_by_itself)
{
    enum { ROWS_OF = 64, W = 64 };
    static float x[ROWS_OF * W];
    static int64_t rows[ROWS_OF];
    for (int i = 0; i < ROWS_OF * W; i++) {
        rows[i / W] = 1000 * (i / W);
        x[i] = 1.0f;
    }
    const struct bl_dropout dropout = {.p = 0.5, .seed = 3, .step = 9, .rows = rows};
    bl_dropout_apply(&dropout, 1, 0, ROWS_OF, W, x);
    for (int a = 0; a < W; a++)
        for (int b = 0; b < a; b++) {
            int units = 0, of_rows = 0;
            for (int i = 0; i < W; i++) {
                units += x[i * W + a] == x[i * W + b];
                of_rows += x[a * W + i] == x[b * W + i];
            }
            cr_assert(units < 56 && of_rows < 56, "%d and %d", a,
                      b); /* 32 are expected, 24 is six deviations */
        }
}

Test(dropout, silences_the_asked_share_and_keeps_the_mean)
{
    enum { N = 400, W = 50 };
    static float x[N * W];
    static int64_t rows[N];
    int silent = 0;
    double sum = 0.0;
    for (int i = 0; i < N * W; i++) {
        x[i] = 1.0f;
        rows[i / W] = i / W;
    }
    struct bl_dropout dropout = {.p = 0.3, .seed = 1, .step = 0, .rows = rows};
    bl_dropout_apply(&dropout, 0, 0, N, W, x);
    for (int i = 0; i < N * W; i++) {
        silent += x[i] == 0.0f;
        sum += (double)x[i];
    }
    cr_assert_float_eq((double)silent / (N * W), 0.3, 0.015);
    cr_assert_float_eq(sum / (N * W), 1.0, 0.02);
}
