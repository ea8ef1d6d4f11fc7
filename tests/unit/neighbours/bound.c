#include "neighbours/bound.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "math/product.h"

enum { N = 40, DIM = 300 };

static float x[N * DIM], floats[N * DIM], half[N], scores[N * N];
static double length[N], centre[DIM], scratch[DIM];

/* Every score of a product in float lies within the bound of the one by the key; and how much of the bound the
 * worst takes. */
static double worst_share(enum bl_metric metric, const struct bl_product *product)
{
    const struct bl_frame frame = bl_frame_of(metric, BL_FLOAT32, x, N, DIM, centre, scratch);
    double worst = 0.0, a[DIM], b[DIM];
    for (int i = 0; i < N; i++)
        bl_frame_row(&frame, BL_FLOAT32, x + i * DIM, scratch, floats + i * DIM, &length[i], &half[i]);
    bl_product_run(product, 0, BL_PLAIN, BL_TRANSPOSED, N, N, DIM, floats, DIM, floats, DIM, 0, scores, N);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            bl_type_to_double(BL_FLOAT32, x + i * DIM, DIM, a);
            bl_type_to_double(BL_FLOAT32, x + j * DIM, DIM, b);
            const double key = bl_metric_key(metric, DIM, a, bl_metric_square(DIM, a), b);
            const double score = bl_frame_score(&frame, length[i], length[j], key);
            const double off = fabs((double)(scores[i * N + j] - half[j]) - score);
            worst = fmax(worst, off / bl_frame_error(&frame, length[i], length[j]));
        }
    return worst;
}

Test(bound, holds_for_every_metric_and_kernel_and_isnt_wasteful)
{
    struct bl_product product;
    for (int64_t i = 0; i < N * DIM; i++) {
        double normal[4];
        bl_rng_normal(3, BL_STREAM_LSH, (uint64_t)i, 0, 0, normal);
        x[i] = (float)fabs(normal[0]); /* of one sign: products and their errors add up */
    }
    for (int m = 0; m < BL_METRICS; m++)
        for (int level = -1; level < 0 || bl_product_level(level); level++) {
            cr_assert_eq(bl_product_init(&product, level < 0 ? BL_PRODUCT_BLAS : BL_PRODUCT_CHAIN, 1, NULL),
                         BL_OK);
            if (level >= 0)
                product.kernel = bl_product_level(level);
            const double share = worst_share((enum bl_metric)m, &product);
            cr_assert_lt(share, 1.0, "%s: %g", bl_metric_name((enum bl_metric)m), share);
            cr_assert_gt(share, 1e-4, "%s: %g", bl_metric_name((enum bl_metric)m), share);
            bl_product_free(&product);
        }
}

Test(bound, is_infinite_where_nothing_is_known)
{
    struct bl_frame frame = {BL_METRIC_IP, DIM, centre, 1.0};
    cr_assert(isinf(bl_frame_error(&frame, INFINITY, 1.0)));
    cr_assert(isinf(bl_frame_error(&frame, INFINITY, 0.0)));
    cr_assert(isfinite(bl_frame_error(&frame, 1e10, 1.0)));
    frame.dim = INT64_C(1) << 30;
    cr_assert(isinf(bl_frame_error(&frame, 1.0, 1.0)), "more additions than a float has digits for");
}

Test(bound, grows_with_the_additions_of_a_product)
{
    struct bl_frame frame = {BL_METRIC_L2, 100, centre, 1.0};
    const double few = bl_frame_error(&frame, 2.0, 3.0);
    frame.dim = 10000;
    cr_assert_gt(bl_frame_error(&frame, 2.0, 3.0), 90.0 * few);
    cr_assert_gt(few, 100 * 0x1p-24 * 6.0);
}
