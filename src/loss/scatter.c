#include <math.h>

#include "loss/term.h"
#include "loss/tile.h"

/* Between-class less within-class scatter, made large: -(1/2K) (T_B - T_W), where T_W is the mean of |h_i -
 * h_j|^2 over similar pairs and T_B over the others, with the similarity of two rows the inner product of
 * their label rows y (one-hot, or divided by its length). Liong et al., "Deep hashing for compact binary
 * codes learning", CVPR 2015, the supervised term of SDH, there with sums over pairs. No pair is visited:
 * with t = sum y, M = sum y h', q_c = sum y_c |h|^2 over rows
 *
 *     A = sum over pairs of s_ij |h_i - h_j|^2 = 2 (t.q - |M|^2),   S1 = |t|^2 - sum |y|^2,   T_W = A / S1
 *     T = sum over pairs of      |h_i - h_j|^2 = 2 (N sum |h|^2 - |sum h|^2),  S0 = N (N - 1) - S1,
 *     T_B = (T - A) / S0
 *
 * A part whose S is 0 is 0. A row without labels is similar to nothing. */

/* The sums one after another: M [C,K], q [C], t [C], sum h [K], sum |h|^2, sum |y|^2. */
struct parts {
    int64_t m, q, t, h, square, labelled, count;
};

static struct parts parts_of(int64_t classes, int64_t bits)
{
    struct parts at = {.m = 0, .q = classes * bits};
    at.t = at.q + classes;
    at.h = at.t + classes;
    at.square = at.h + bits;
    at.labelled = at.square + 1;
    at.count = at.labelled + 1;
    return at;
}

static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)config;
    (void)network;
    return (struct bl_term_size){.sums = parts_of(labels.classes, bits).count};
}

/* One row's labels: y is `value` at each class that next_class finds and 0 elsewhere. */
struct row_labels {
    const uint32_t *words;
    double value;
};

static struct row_labels labels_of(const struct bl_batch *batch, int64_t row)
{
    const struct bl_label_layout layout = batch->label_layout;
    struct row_labels labels = {.words = batch->labels + (batch->first + row) * layout.words, .value = 1.0};
    if (layout.kind == BL_LABELS_MULTI) {
        int n = 0;
        for (int64_t w = 0; w < layout.words; w++)
            n += __builtin_popcount(labels.words[w]);
        labels.value = n > 0 ? 1.0 / sqrt((double)n) : 0.0;
    }
    return labels;
}

/* The row's first class from `from` on; the number of classes: none. */
static int64_t next_class(struct bl_label_layout layout, const uint32_t *words, int64_t from)
{
    if (layout.kind == BL_LABELS_SINGLE)
        return (int32_t)*words >= from ? (int32_t)*words : layout.classes;
    while (from < layout.classes && !(words[from / 32] >> (from % 32) & 1u))
        from = words[from / 32] >> (from % 32) ? from + 1 : (from / 32 + 1) * 32;
    return from < layout.classes ? from : layout.classes;
}

static double square_of(const float *h, int64_t bits)
{
    double sum = 0.0;
    for (int64_t k = 0; k < bits; k++)
        sum += (double)h[k] * (double)h[k];
    return sum;
}

static void sums(const struct bl_term_in *in, double *sum)
{
    const struct bl_batch *batch = in->batch;
    const int64_t classes = batch->label_layout.classes, bits = batch->bits;
    const struct parts at = parts_of(classes, bits);
    for (int64_t i = 0; i < batch->n_local; i++) {
        const float *h = batch->h + i * bits;
        const struct row_labels y = labels_of(batch, i);
        const double square = square_of(h, bits);
        for (int64_t k = 0; k < bits; k++)
            sum[at.h + k] += (double)h[k];
        sum[at.square] += square;
        sum[at.labelled] += bl_label_any(batch->label_layout, y.words) ? 1.0 : 0.0;
        for (int64_t c = next_class(batch->label_layout, y.words, 0); c < classes;
             c = next_class(batch->label_layout, y.words, c + 1)) {
            for (int64_t k = 0; k < bits; k++)
                sum[at.m + c * bits + k] += y.value * (double)h[k];
            sum[at.q + c] += y.value * square;
            sum[at.t + c] += y.value;
        }
    }
}

static double bound(const struct bl_batch *batch)
{
    return (double)batch->n_global * (double)batch->bits;
}

static double product_of(const double *a, const double *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* 1/S1 and 1/S0, 0 where there are no such pairs: label matrices leave rounding in their place. */
static void pair_shares(const struct bl_term_in *in, const struct parts *at, double *similar,
                        double *dissimilar)
{
    const double *t = in->sums + at->t, n = (double)in->batch->n_global;
    const double s1 = product_of(t, t, at->h - at->t) - in->sums[at->labelled], s0 = n * (n - 1.0) - s1;
    const double rounding = 1e-12 * n * (n - 1.0);
    *similar = s1 > rounding ? 1.0 / s1 : 0.0;
    *dissimilar = s0 > rounding ? 1.0 / s0 : 0.0;
}

static double whole(const struct bl_term_in *in)
{
    const int64_t bits = in->batch->bits;
    const struct parts at = parts_of(in->batch->label_layout.classes, bits);
    const double *sum = in->sums;
    double similar, dissimilar;
    pair_shares(in, &at, &similar, &dissimilar);
    const double a = 2.0 * (product_of(sum + at.t, sum + at.q, at.h - at.t) - product_of(sum, sum, at.q));
    const double all =
        2.0 * ((double)in->batch->n_global * sum[at.square] - product_of(sum + at.h, sum + at.h, bits));
    return -0.5 / (double)bits * ((all - a) * dissimilar - a * similar);
}

/* -(1/2K) times dT/dh = 4 (N h - sum h) and dA/dh = 4 ((y.t) h - M'y), each in its share. */
static void row_gradient(const struct bl_term_in *in, const struct parts *at, double similar,
                         double dissimilar, int64_t row, float *dh)
{
    const struct bl_batch *batch = in->batch;
    const int64_t classes = batch->label_layout.classes, bits = batch->bits;
    const struct row_labels y = labels_of(batch, row);
    const double scale = -2.0 * in->weight / (double)bits, n = (double)batch->n_global;
    for (int64_t lo = 0; lo < bits; lo += BL_SCATTER_BITS) {
        const int64_t count = lo + BL_SCATTER_BITS < bits ? BL_SCATTER_BITS : bits - lo;
        const float *h = batch->h + row * bits + lo;
        double within[BL_SCATTER_BITS] = {0};
        for (int64_t c = next_class(batch->label_layout, y.words, 0); c < classes;
             c = next_class(batch->label_layout, y.words, c + 1))
            for (int64_t k = 0; k < count; k++)
                within[k] +=
                    y.value * (in->sums[at->t + c] * (double)h[k] - in->sums[at->m + c * bits + lo + k]);
        for (int64_t k = 0; k < count; k++) {
            const double all = n * (double)h[k] - in->sums[at->h + lo + k];
            dh[lo + k] += (float)(scale * (dissimilar * (all - within[k]) - similar * within[k]));
        }
    }
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const struct parts at = parts_of(batch->label_layout.classes, batch->bits);
    double similar, dissimilar;
    pair_shares(in, &at, &similar, &dissimilar);
#pragma omp parallel for schedule(static) num_threads(in->scratch->product->threads)
    for (int64_t i = 0; i < batch->n_local; i++)
        row_gradient(in, &at, similar, dissimilar, i, out->dh + i * batch->bits);
}

const struct bl_term bl_term_scatter = {
    .needs_classes = 1, .size = size, .sums = sums, .bound = bound, .whole = whole, .rows = rows};
