#include "cost/rate.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/isa.h"
#include "math/blas.h"

enum { ROWS = 256, COLUMNS = 512, DEPTH = 784 };

static double best_product_s(const float *a, const float *b, float *c)
{
    double best = 0.0, spent = 0.0;
    for (int i = 0; i < 3 || spent < 0.05; i++) {
        const double begun = bl_clock_seconds();
        bl_matmul(BL_PLAIN, BL_TRANSPOSED, ROWS, COLUMNS, DEPTH, a, DEPTH, b, DEPTH, 0, c, COLUMNS);
        const double taken = bl_clock_seconds() - begun;
        best = i == 0 || taken < best ? taken : best;
        spent += taken;
    }
    return best;
}

int bl_rate_sgemm(double *gflops, struct bl_error *err)
{
    float *a = NULL, *b = NULL, *c = NULL;
    int code = bl_alloc(&a, ROWS * DEPTH, sizeof *a, "matrices to time a product", err);
    if (code == BL_OK)
        code = bl_alloc(&b, COLUMNS * DEPTH, sizeof *b, "matrices to time a product", err);
    if (code == BL_OK)
        code = bl_alloc(&c, ROWS * COLUMNS, sizeof *c, "matrices to time a product", err);
    if (code == BL_OK) {
        for (int64_t i = 0; i < ROWS * DEPTH; i++)
            a[i] = (float)(i % 7) - 3.0f;
        for (int64_t i = 0; i < COLUMNS * DEPTH; i++)
            b[i] = (float)(i % 5) - 2.0f;
        *gflops = 2e-9 * ROWS * COLUMNS * DEPTH / best_product_s(a, b, c);
    }
    bl_free(&a);
    bl_free(&b);
    bl_free(&c);
    return code;
}

static int is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

const char *bl_rate_better_kernel(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    /* OpenBLAS may not know a new processor, or choose a narrower kernel than it has instructions for. */
    static const char *const of_avx512[] = {"SkylakeX", "Cooperlake", "Sapphirerapids", "SapphireRapids",
                                            NULL};
    static const char *const of_avx2[] = {"Haswell", "Zen", "Excavator", NULL};
    const char *name = bl_blas_kernel();
    if (is_one_of(name, of_avx512))
        return NULL;
    if (bl_cpu_is_v4())
        return "SkylakeX";
    if (bl_cpu_is_v3() && !is_one_of(name, of_avx2))
        return "Haswell";
#endif
    return NULL;
}
