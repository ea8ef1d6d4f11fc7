/* The elementwise pass over a tile of pairs, which comes between its two matrix products, on one core:
 * bench_pairs
 *
 * Nanoseconds per pair for each form of the pairwise term, with values as in training, beside the same in
 * double with libm. Row by row of a tile [128, 1024], as in a training step. */
#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bench.h"
#include "config/config.h"
#include "loss/pair_form.h"
#include "loss/tile.h"

enum { ROUNDS = 21, TIMES = 20 };

static const char *const names[] = {
    [BL_FORM_LIKELIHOOD] = "likelihood", [BL_FORM_LITERAL] = "literal", [BL_FORM_CONTRASTIVE] = "contrastive",
    [BL_FORM_CAUCHY] = "cauchy",         [BL_FORM_MIXED] = "mixed",
};

/* alpha * product from -16 to 16; a tenth of the pairs is similar. */
static void fill(float *tile, float *s, float *lengths)
{
    for (int64_t i = 0; i < BL_TILE_ROWS * BL_TILE_STRIDE; i++)
        tile[i] = (float)((i * 7919) % 2000 - 1000) * 0.1f;
    for (int64_t j = 0; j < BL_TILE_COLUMNS; j++) {
        s[j] = j * 31 % 10 == 0 ? 1.0f : 0.0f;
        lengths[j] = 0.125f;
    }
}

static double kernel_ns(const struct bl_pair_form *form, const struct bl_pair_factors *factors, float *tile,
                        const float *s, const float *lengths, float *own)
{
    double ns[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double sum = 0.0;
        const double begun = bl_clock_seconds();
        for (int t = 0; t < TIMES; t++)
            for (int64_t i = 0; i < BL_TILE_ROWS; i++)
                sum += form->kernel(factors, &(struct bl_pair_row){.n = BL_TILE_COLUMNS,
                                                                   .length = 0.125f,
                                                                   .lengths = lengths,
                                                                   .product = tile + i * BL_TILE_STRIDE,
                                                                   .s = s,
                                                                   .own = own});
        ns[r] = 1e9 * (bl_clock_seconds() - begun) / (TIMES * BL_TILE_ROWS * BL_TILE_COLUMNS);
        own[0] = (float)sum; /* so that the compiler can't drop it */
    }
    return bench_median(ns, ROUNDS);
}

static double naive_ns(const struct bl_pair_form *form, const float *s, float *own)
{
    double ns[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double sum = 0.0, a, b;
        const double begun = bl_clock_seconds();
        for (int64_t j = 0; j < BL_TILE_COLUMNS; j++) {
            const struct bl_pair pair = {.product = 0.1 * (double)(j * 7919 % 2000 - 1000),
                                         .square_i = 64.0,
                                         .square_j = 64.0,
                                         .s = (double)s[j],
                                         .bits = 64.0,
                                         .alpha = 0.16,
                                         .margin = 128.0,
                                         .gamma = 16.0,
                                         .soft = 0.25};
            sum += form->naive(&pair, &a, &b) + a + b;
        }
        ns[r] = 1e9 * (bl_clock_seconds() - begun) / BL_TILE_COLUMNS;
        own[0] = (float)sum;
    }
    return bench_median(ns, ROUNDS);
}

int main(void)
{
    float *tile, *s, *lengths, *own;
    bench_must(bl_alloc(&tile, BL_TILE_ROWS * BL_TILE_STRIDE, sizeof *tile, "tile", &bench_error));
    bench_must(bl_alloc(&s, BL_TILE_COLUMNS, sizeof *s, "similarities", &bench_error));
    bench_must(bl_alloc(&lengths, BL_TILE_COLUMNS, sizeof *lengths, "lengths", &bench_error));
    bench_must(bl_alloc(&own, BL_TILE_COLUMNS, sizeof *own, "factors", &bench_error));
    printf("ns per pair   similarity 0 or 1   between   libm, double\n");
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++) {
        const struct bl_pair_form *of = bl_pair_form(form);
        struct bl_pair_factors factors = {.similar = 2.0f,
                                          .dissimilar = 0.5f,
                                          .alpha = 0.16f,
                                          .slope = 1.0f,
                                          .bits = 64.0f,
                                          .margin = 128.0f,
                                          .gamma = 16.0f,
                                          .soft = 0.25f,
                                          .certain = 1};
        fill(tile, s, lengths);
        const double certain = kernel_ns(of, &factors, tile, s, lengths, own);
        factors.certain = 0;
        fill(tile, s, lengths);
        const double between = kernel_ns(of, &factors, tile, s, lengths, own);
        printf("%-12s  %17.2f  %8.2f  %13.1f\n", names[form], certain, between, naive_ns(of, s, own));
    }
    bl_free(&tile);
    bl_free(&s);
    bl_free(&lengths);
    bl_free(&own);
    return 0;
}
