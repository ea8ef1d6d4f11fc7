/* Matrix products on one core: bitloom's own with each instruction set beside OpenBLAS, at the shapes of a
 * training step (layers 784-1024-512-64, 256 rows); and what groups of rows cost in a weight gradient. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/rng.h"
#include "bench.h"
#include "math/product.h"

enum { ROUNDS = 60, FLOATS = 4 << 20, WAYS_MAX = 4, GROUP_ROWS = 512 };

static float *random_floats(uint64_t stream)
{
    float *x;
    bench_must(bl_alloc(&x, FLOATS, sizeof *x, "matrices", &bench_error));
    for (int64_t i = 0; i < FLOATS; i++) {
        uint64_t words[4];
        bl_rng_words(1, stream, (uint64_t)i, 0, 0, words);
        x[i] = (float)(bl_rng_unit(words[0]) - 0.5);
    }
    return x;
}

/* OpenBLAS, then bitloom's kernels that run here. */
static int make_ways(struct bl_product ways[WAYS_MAX])
{
    int n = 1;
    bench_must(bl_product_init(&ways[0], BL_PRODUCT_BLAS, 1, &bench_error));
    for (; n < WAYS_MAX && bl_product_level(n - 1); n++) {
        bench_must(bl_product_init(&ways[n], BL_PRODUCT_CHAIN, 1, &bench_error));
        ways[n].kernel = bl_product_level(n - 1);
    }
    return n;
}

static void time_shapes(const struct bl_product *ways, int n_ways, const float *a, const float *b, float *c)
{
    static const struct {
        const char *name;
        enum bl_transpose ta, tb;
        int64_t m, n, k;
    } shapes[] = {
        {"forward 0", BL_PLAIN, BL_TRANSPOSED, 256, 1024, 784},
        {"forward 1", BL_PLAIN, BL_TRANSPOSED, 256, 512, 1024},
        {"forward 2", BL_PLAIN, BL_TRANSPOSED, 256, 64, 512},
        {"backward 1", BL_PLAIN, BL_PLAIN, 256, 1024, 512},
        {"backward 2", BL_PLAIN, BL_PLAIN, 256, 512, 64},
        {"pairs", BL_PLAIN, BL_TRANSPOSED, 128, 1024, 64},
        {"pairs back", BL_PLAIN, BL_PLAIN, 128, 64, 1024},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        double best[WAYS_MAX] = {0};
        for (int r = 0; r < ROUNDS * n_ways; r++) {
            const struct bl_product *way = &ways[r % n_ways];
            const double begun = bl_clock_seconds();
            bl_product_run(way, 0, shapes[s].ta, shapes[s].tb, shapes[s].m, shapes[s].n, shapes[s].k, a,
                           shapes[s].k, b, shapes[s].tb == BL_PLAIN ? shapes[s].n : shapes[s].k, 0, c,
                           shapes[s].n);
            const double rate =
                2e-9 * (double)(shapes[s].m * shapes[s].n * shapes[s].k) / (bl_clock_seconds() - begun);
            best[r % n_ways] = rate > best[r % n_ways] ? rate : best[r % n_ways];
        }
        printf("%-11s", shapes[s].name);
        for (int w = 0; w < n_ways; w++)
            printf("  %8.1f", best[w]);
        printf("\n");
    }
}

/* Weight gradients over groups of rows, beside the same product without groups (count 0). */
static void time_groups(const struct bl_product *product, const float *a, const float *b, float *c,
                        int32_t *sums)
{
    static const int64_t counts[] = {0, 1, 4, 8, 16, 32, 64};
    double best[sizeof counts / sizeof *counts];
    uint32_t largest = 0;
    const struct bl_grid_sums to = {.integers = sums, .scale = 0x1p20f, .largest = &largest};
    for (int r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            int64_t end[GROUP_ROWS];
            for (int64_t g = 0; g < counts[i]; g++)
                end[g] = GROUP_ROWS / counts[i] * (g + 1);
            const struct bl_groups groups = {.n = counts[i], .end = end};
            const double begun = bl_clock_seconds();
            if (counts[i] == 0)
                bl_product_run(product, 0, BL_TRANSPOSED, BL_PLAIN, 1024, 784, GROUP_ROWS, a, 1024, b, 784, 0,
                               c, 784);
            else
                bl_product_groups(product, 0, 1024, 784, a, 1024, b, 784, &groups, &to, 784);
            const double taken = bl_clock_seconds() - begun;
            best[i] = r == 0 || taken < best[i] ? taken : best[i];
        }
    printf("     without groups  %6.2f ms\n", 1e3 * best[0]);
    for (size_t i = 1; i < sizeof counts / sizeof *counts; i++)
        printf("%4lld rows per group  %6.2f ms  %.2f\n", (long long)(GROUP_ROWS / counts[i]), 1e3 * best[i],
               best[i] / best[0]);
}

int main(void)
{
    bl_blas_setup();
    struct bl_product ways[WAYS_MAX];
    const int n_ways = make_ways(ways);
    float *a = random_floats(1), *b = random_floats(2), *c = random_floats(3);
    int32_t *sums;
    bench_must(bl_alloc(&sums, FLOATS, sizeof *sums, "sums", &bench_error));
    printf("GFLOP/s, best of %d\n           ", ROUNDS);
    for (int w = 0; w < n_ways; w++)
        printf("  %8s", w == 0 ? bl_blas_kernel() : bl_product_level_name(ways[w].kernel));
    printf("\n");
    time_shapes(ways, n_ways, a, b, c);
    printf("\nweight gradient 1024 x 784 of %d rows, best of %d, and ratio to that without groups\n",
           GROUP_ROWS, ROUNDS);
    for (int w = 1; w < n_ways - 1; w++) { /* without the portable kernel, which is slow */
        printf("%s\n", bl_product_level_name(ways[w].kernel));
        time_groups(&ways[w], a, b, c, sums);
    }
    for (int w = 0; w < n_ways; w++)
        bl_product_free(&ways[w]);
    bl_free(&a);
    bl_free(&b);
    bl_free(&c);
    bl_free(&sums);
    return 0;
}
