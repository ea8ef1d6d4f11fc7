/* The exact nearest rows of queries beside the matrix products that they need, on one core: QUERIES x ROWS x DIM
 * (10000 60000 784), K (100), rows around a curved sheet of 12 dimensions. In turn, in slices of queries; medians. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "base/rng.h"
#include "bench.h"
#include "math/blas.h"
#include "neighbours/nearest.h"

enum { LATENT = 12, SLICES = 5, PRODUCT_ROWS = 1024 };

/* Of this process, so that other work on the machine counts less. */
static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static float *rows_of(uint64_t seed, int64_t n, int64_t dim)
{
    float *rows = NULL, *map = NULL;
    bench_must(bl_alloc(&rows, n * dim, sizeof *rows, "rows", &bench_error));
    bench_must(bl_alloc(&map, dim * LATENT, sizeof *map, "a map", &bench_error));
    for (int64_t i = 0; i < dim * LATENT; i += 4) {
        double normal[4];
        bl_rng_normal(1, BL_STREAM_INIT, (uint64_t)i, 0, 0, normal);
        for (int64_t j = 0; j < 4 && i + j < dim * LATENT; j++)
            map[i + j] = (float)normal[j];
    }
    for (int64_t i = 0; i < n; i++) {
        double latent[LATENT];
        for (int l = 0; l < LATENT; l += 4)
            bl_rng_normal(seed, BL_STREAM_LSH, (uint64_t)i, (uint64_t)l, 0, latent + l);
        for (int64_t d = 0; d < dim; d++) {
            double sum = 0.0;
            for (int l = 0; l < LATENT; l++)
                sum += (double)map[d * LATENT + l] * latent[l];
            rows[i * dim + d] = (float)tanh(sum);
        }
    }
    bl_free(&map);
    return rows;
}

/* The products alone, as large as they may be: all rows in one call, so many queries at a time. */
static double time_products(const struct bl_product *product, const float *queries, int64_t n,
                            const float *rows, int64_t n_rows, int64_t dim, float *scores)
{
    const double begun = cpu_seconds();
    for (int64_t lo = 0; lo < n_rows; lo += PRODUCT_ROWS) {
        const int64_t width = bl_min(n_rows - lo, PRODUCT_ROWS);
        bl_product_run(product, 0, BL_PLAIN, BL_TRANSPOSED, n, width, dim, queries, dim, rows + lo * dim, dim,
                       0, scores, width);
    }
    return cpu_seconds() - begun;
}

static double time_nearest(struct bl_nearest *nearest, const float *queries, int64_t n, const float *rows,
                           int64_t n_rows, int64_t *found, float *distances)
{
    const int64_t k = nearest->shape.k;
    const double begun = cpu_seconds();
    bl_nearest_begin(nearest, queries, n, -1);
    bl_nearest_rows(nearest, rows, n_rows, 0, NULL, NULL);
    for (int64_t i = 0; i < n; i++)
        bl_nearest_take(nearest, i, found + i * k, distances + i * k);
    return cpu_seconds() - begun;
}

static int64_t argument(int argc, char **argv, int i, int64_t otherwise)
{
    return argc > i ? atoll(argv[i]) : otherwise;
}

int main(int argc, char **argv)
{
    const int64_t n = argument(argc, argv, 1, 10000), n_rows = argument(argc, argv, 2, 60000);
    const int64_t dim = argument(argc, argv, 3, 784), k = argument(argc, argv, 4, 100);
    const int64_t slice = (n + SLICES - 1) / SLICES;
    struct bl_product product;
    struct bl_nearest nearest;
    static double centre[8192], scratch[8192];
    double ratio[SLICES], whole = 0.0, products = 0.0;
    float *scores = NULL, *distances = NULL;
    int64_t *found = NULL;
    bl_blas_setup();
    if (dim > 8192)
        return 2;
    float *rows = rows_of(1, n_rows, dim), *queries = rows_of(2, n, dim);
    bench_must(bl_product_init(&product, BL_PRODUCT_BLAS, 1, &bench_error));
    const struct bl_frame frame =
        bl_frame_of(BL_METRIC_L2, BL_FLOAT32, rows, bl_min(n_rows, 1024), dim, centre, scratch);
    const struct bl_nearest_shape shape = {
        .queries = slice, .k = k, .query_type = BL_FLOAT32, .row_type = BL_FLOAT32};
    bench_must(bl_nearest_init(&nearest, &shape, &frame, &product, &bench_error));
    bench_must(bl_alloc(&scores, slice * PRODUCT_ROWS, sizeof *scores, "scores", &bench_error));
    bench_must(bl_alloc(&found, slice * k, sizeof *found, "neighbours", &bench_error));
    bench_must(bl_alloc(&distances, slice * k, sizeof *distances, "neighbours", &bench_error));
    time_products(&product, queries, bl_min(slice, n), rows, bl_min(n_rows, 4 * PRODUCT_ROWS), dim, scores);
    for (int s = 0; s < SLICES; s++) {
        const int64_t lo = s * slice, count = bl_min(slice, n - lo);
        if (count <= 0)
            break;
        const double alone = time_products(&product, queries + lo * dim, count, rows, n_rows, dim, scores);
        const double taken =
            time_nearest(&nearest, queries + lo * dim, count, rows, n_rows, found, distances);
        ratio[s] = taken / alone;
        whole += taken;
        products += alone;
    }
    printf(
        "%lld x %lld x %lld, k %lld: %.2f s, products alone %.2f s (%.0f GFLOP/s); ratio %.3f (%s); %.1f keys a query\n",
        (long long)n, (long long)n_rows, (long long)dim, (long long)k, whole, products,
        2e-9 * (double)n * (double)n_rows * (double)dim / products, bench_median(ratio, SLICES), product.name,
        (double)nearest.computed / (double)n);
    bench_record("neighbours: truth / its products", bench_median(ratio, SLICES), "at most", 1.4);
    bl_nearest_free(&nearest);
    bl_product_free(&product);
    bl_free(&rows);
    bl_free(&queries);
    bl_free(&scores);
    bl_free(&found);
    bl_free(&distances);
    return 0;
}
