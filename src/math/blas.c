#include "math/blas.h"

#include <cblas.h>
#include <limits.h>
#include <stdlib.h>

#include "base/minmax.h"

void bl_blas_setup(void)
{
    openblas_set_num_threads(1);
}

const char *bl_blas_kernel(void)
{
    return openblas_get_corename();
}

const char *bl_blas_description(void)
{
    return openblas_get_config();
}

/* The one place where a size becomes BLAS's int. bl_matmul splits m and k; a matrix with longer rows than
 * that is a defect. */
static blasint narrow(int64_t size)
{
    if (size < 0 || size > INT_MAX)
        abort();
    return (blasint)size;
}

void bl_matmul(enum bl_transpose ta, enum bl_transpose tb, int64_t m, int64_t n, int64_t k, const float *a,
               int64_t lda, const float *b, int64_t ldb, int add, float *c, int64_t ldc)
{
    const int64_t piece = 1 << 30;
    if (m == 0 || n == 0)
        return;
    /* Only m and k may be numbers of data rows, hence above 2^31; n is the width of a layer or of a tile. */
    for (int64_t row = 0; row < m; row += piece) {
        int64_t rows = bl_min(m - row, piece);
        int64_t at = 0;
        do {
            int64_t depth = bl_min(k - at, piece);
            const float *a_part = ta == BL_PLAIN ? a + row * lda + at : a + at * lda + row;
            const float *b_part = tb == BL_PLAIN ? b + at * ldb : b + at;
            cblas_sgemm(CblasRowMajor, ta == BL_PLAIN ? CblasNoTrans : CblasTrans,
                        tb == BL_PLAIN ? CblasNoTrans : CblasTrans, narrow(rows), narrow(n), narrow(depth),
                        1.0f, a_part, narrow(lda), b_part, narrow(ldb), add || at > 0 ? 1.0f : 0.0f,
                        c + row * ldc, narrow(ldc));
            at += depth;
        } while (at < k);
    }
}
