#include "fit/sdh_shen.h"

#include <cblas.h>
#include <string.h>

#include "base/buffer.h"
#include "base/isa.h"
#include "base/rng.h"
#include "math/solve.h"

static int64_t width_of(const struct bl_sdh *sdh)
{
    return sdh->anchors + 1;
}

static int init_sums(struct bl_sdh *sdh, struct bl_error *err)
{
    const int64_t m = width_of(sdh), bits = sdh->bits;
    sdh->n_sums = (m + bits + sdh->classes) * bits;
    int code = bl_alloc_zero(&sdh->sums, sdh->n_sums, sizeof *sdh->sums, "sums over codes", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&sdh->phi_phi, m * m, sizeof *sdh->phi_phi, "sums over basis functions", err);
    if (code != BL_OK)
        return code;
    sdh->phi_code = sdh->sums;
    sdh->code_code = sdh->phi_code + m * bits;
    sdh->class_code = sdh->code_code + bits * bits;
    return BL_OK;
}

int bl_sdh_init(struct bl_sdh *sdh, int64_t anchors, int64_t bits, int64_t classes,
                struct bl_label_layout labels, int64_t n_total, int64_t max_rows, struct bl_error *err)
{
    const int64_t m = anchors + 1;
    *sdh = (struct bl_sdh){
        .anchors = anchors, .bits = bits, .classes = classes, .max_rows = max_rows, .labels = labels};
    sdh->fixed = bl_fixed_of_bound((double)n_total); /* phi is in [0, 1] and codes are +-1 */
    const struct {
        double **at;
        int64_t count;
    } arrays[] = {{&sdh->factor, m * m},
                  {&sdh->projection, m * bits},
                  {&sdh->classifier, classes * bits},
                  {&sdh->gram, bits * bits},
                  {&sdh->phi, max_rows * m},
                  {&sdh->code, max_rows * bits},
                  {&sdh->target, max_rows * bits},
                  {&sdh->product, m * m + bits * (m + bits + classes)}};
    int code = init_sums(sdh, err);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays && code == BL_OK; i++)
        code = bl_alloc(arrays[i].at, arrays[i].count, sizeof(double), "supervised discrete hashing", err);
    if (code != BL_OK)
        bl_sdh_free(sdh);
    return code;
}

void bl_sdh_free(struct bl_sdh *sdh)
{
    bl_free(&sdh->sums);
    bl_free(&sdh->phi_phi);
    bl_free(&sdh->factor);
    bl_free(&sdh->projection);
    bl_free(&sdh->classifier);
    bl_free(&sdh->gram);
    bl_free(&sdh->phi);
    bl_free(&sdh->code);
    bl_free(&sdh->target);
    bl_free(&sdh->product);
}

void bl_sdh_begin(struct bl_sdh *sdh)
{
    memset(sdh->sums, 0, (size_t)sdh->n_sums * sizeof *sdh->sums);
}

/* sdh->phi = phi in double, with a constant 1 at the end of each row. */
static void take_phi(struct bl_sdh *sdh, int64_t n, const float *phi)
{
    const int64_t m = width_of(sdh);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j + 1 < m; j++)
            sdh->phi[i * m + j] = (double)phi[i * sdh->anchors + j];
        sdh->phi[i * m + m - 1] = 1.0;
    }
}

BL_KERNEL static void add_fixed(struct bl_fixed fixed, int64_t n, const double *restrict x,
                                int64_t *restrict sums)
{
    for (int64_t i = 0; i < n; i++)
        sums[i] += bl_fixed_from(fixed, x[i]);
}

/* sums [k, n] += A'B, A [rows, k] and B [rows, n]. */
static void add_product(struct bl_sdh *sdh, int64_t rows, int64_t k, int64_t n, const double *a,
                        const double *b, struct bl_fixed fixed, int64_t *sums)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)k, (blasint)n, (blasint)rows, 1.0, a,
                (blasint)k, b, (blasint)n, 0.0, sdh->product, (blasint)n);
    add_fixed(fixed, k * n, sdh->product, sums);
}

/* phi_phi += Phi'Phi, lower triangle. */
static void add_square(struct bl_sdh *sdh, int64_t rows)
{
    const int64_t m = width_of(sdh);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)m, (blasint)rows, 1.0, sdh->phi, (blasint)m,
                0.0, sdh->product, (blasint)m);
    for (int64_t i = 0; i < m; i++)
        add_fixed(sdh->fixed, i + 1, sdh->product + i * m, sdh->phi_phi + i * m);
}

/* Whether a row has class c, given that c is in its class_range. */
static int has_class(const struct bl_sdh *sdh, const uint32_t *label, int64_t c)
{
    return sdh->labels.kind == BL_LABELS_SINGLE || label[c / 32] >> (c % 32) & 1;
}

/* The classes that a row may have, [*lo, *hi): with one label per row only that one. */
static void class_range(const struct bl_sdh *sdh, const uint32_t *label, int64_t *lo, int64_t *hi)
{
    const int single = sdh->labels.kind == BL_LABELS_SINGLE;
    *lo = single ? (int64_t)label[0] : 0;
    *hi = single ? *lo + 1 : sdh->classes;
}

/* sums += Phi'B, B'B and Y'B for the block's codes in sdh->code. */
static void add_codes(struct bl_sdh *sdh, int64_t n, const uint32_t *labels)
{
    const struct bl_fixed whole = {.scale = 1.0};
    const int64_t bits = sdh->bits;
    add_product(sdh, n, width_of(sdh), bits, sdh->phi, sdh->code, sdh->fixed, sdh->phi_code);
    add_product(sdh, n, bits, bits, sdh->code, sdh->code, whole, sdh->code_code);
    for (int64_t i = 0; i < n; i++) {
        const uint32_t *label = labels + i * sdh->labels.words;
        int64_t lo, hi;
        class_range(sdh, label, &lo, &hi);
        for (int64_t c = lo; c < hi; c++)
            for (int64_t k = 0; k < bits && has_class(sdh, label, c); k++)
                sdh->class_code[c * bits + k] += (int64_t)sdh->code[i * bits + k];
    }
}

void bl_sdh_add_first(struct bl_sdh *sdh, uint64_t seed, int64_t first, int64_t n, const float *phi,
                      const uint32_t *labels)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < sdh->bits; k += 256) {
            uint64_t words[4];
            bl_rng_words(seed, BL_STREAM_SIGNS, (uint64_t)(first + i), (uint64_t)(k / 256), 0, words);
            for (int64_t b = 0; b < 256 && k + b < sdh->bits; b++)
                sdh->code[i * sdh->bits + k + b] = words[b / 64] >> (b % 64) & 1 ? 1.0 : -1.0;
        }
    take_phi(sdh, n, phi);
    add_square(sdh, n);
    add_codes(sdh, n, labels);
}

BL_KERNEL static void add_scaled(int64_t n, double factor, const double *restrict x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

/* One round of coordinate descent over the bits of a row, with rest [bits] = q - gram b:
 *   b_k = sgn(q_k - sum over l != k of gram_kl b_l). Returns whether a bit changed. */
static int descend_round(int64_t bits, const double *gram, double *rest, double *code)
{
    int changed = 0;
    for (int64_t k = 0; k < bits; k++) {
        const double sign = rest[k] + gram[k * bits + k] * code[k] >= 0.0 ? 1.0 : -1.0;
        if (sign == code[k])
            continue;
        add_scaled(bits, code[k] - sign, gram + k * bits, rest);
        code[k] = sign;
        changed = 1;
    }
    return changed;
}

void bl_sdh_descend(int64_t n, int64_t bits, const double *gram, double *target, double *code)
{
    memset(code, 0, (size_t)(n * bits) * sizeof *code);
    for (int64_t i = 0; i < n; i++)
        for (int round = 0; round < BL_SDH_ROUNDS; round++)
            if (!descend_round(bits, gram, target + i * bits, code + i * bits))
                break;
}

/* q = nu Phi P + Y W', a row of it for each row of the block. */
static void find_targets(struct bl_sdh *sdh, int64_t n, const uint32_t *labels)
{
    const int64_t m = width_of(sdh), bits = sdh->bits;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)n, (blasint)bits, (blasint)m, BL_SDH_NU,
                sdh->phi, (blasint)m, sdh->projection, (blasint)bits, 0.0, sdh->target, (blasint)bits);
    for (int64_t i = 0; i < n; i++) {
        const uint32_t *label = labels + i * sdh->labels.words;
        int64_t lo, hi;
        class_range(sdh, label, &lo, &hi);
        for (int64_t c = lo; c < hi; c++)
            if (has_class(sdh, label, c))
                add_scaled(bits, 1.0, sdh->classifier + c * bits, sdh->target + i * bits);
    }
}

void bl_sdh_add(struct bl_sdh *sdh, int64_t n, const float *phi, const uint32_t *labels)
{
    take_phi(sdh, n, phi);
    find_targets(sdh, n, labels);
    bl_sdh_descend(n, sdh->bits, sdh->gram, sdh->target, sdh->code);
    add_codes(sdh, n, labels);
}

/* L L' = Phi'Phi + ridge */
int bl_sdh_factor(struct bl_sdh *sdh, struct bl_error *err)
{
    const int64_t m = width_of(sdh);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j <= i; j++)
            sdh->factor[i * m + j] = bl_fixed_to(sdh->fixed, sdh->phi_phi[i * m + j]);
        sdh->factor[i * m + i] += BL_SDH_RIDGE;
    }
    return bl_cholesky(m, sdh->factor, err);
}

/* P = (Phi'Phi + ridge)^-1 Phi'B */
static void solve_projection(struct bl_sdh *sdh)
{
    const int64_t count = width_of(sdh) * sdh->bits;
    for (int64_t i = 0; i < count; i++)
        sdh->projection[i] = bl_fixed_to(sdh->fixed, sdh->phi_code[i]);
    bl_cholesky_solve(width_of(sdh), sdh->bits, sdh->factor, sdh->projection);
}

/* W = (B'B + lambda)^-1 B'Y, stored as W'. gram serves as work space for the factor of B'B + lambda. */
static int solve_classifier(struct bl_sdh *sdh, struct bl_error *err)
{
    const int64_t bits = sdh->bits, classes = sdh->classes;
    double *right = sdh->product; /* [bits, classes] */
    for (int64_t i = 0; i < bits * bits; i++)
        sdh->gram[i] = (double)sdh->code_code[i] + (i % (bits + 1) == 0 ? BL_SDH_LAMBDA : 0.0);
    for (int64_t k = 0; k < bits; k++)
        for (int64_t c = 0; c < classes; c++)
            right[k * classes + c] = (double)sdh->class_code[c * bits + k];
    int code = bl_cholesky(bits, sdh->gram, err);
    if (code != BL_OK)
        return code;
    bl_cholesky_solve(bits, classes, sdh->gram, right);
    for (int64_t k = 0; k < bits; k++)
        for (int64_t c = 0; c < classes; c++)
            sdh->classifier[c * bits + k] = right[k * classes + c];
    return BL_OK;
}

int bl_sdh_solve(struct bl_sdh *sdh, struct bl_error *err)
{
    const blasint bits = (blasint)sdh->bits, classes = (blasint)sdh->classes;
    solve_projection(sdh);
    int code = solve_classifier(sdh, err);
    if (code == BL_OK) /* gram = W W' */
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, bits, bits, classes, 1.0, sdh->classifier, bits,
                    sdh->classifier, bits, 0.0, sdh->gram, bits);
    return code;
}

int64_t bl_sdh_classes(int64_t n, const uint32_t *labels)
{
    int64_t classes = 0;
    for (int64_t i = 0; i < n; i++)
        if ((int64_t)labels[i] >= classes)
            classes = (int64_t)labels[i] + 1;
    return classes;
}
