/* The loop of a form's kernel over a row: the form computes one pair, bl_pair_run is the loop, and
 * BL_PAIR_KERNEL compiles it for AVX-512, AVX2 and any processor and calls the widest version that this
 * processor runs. All give the same bits. */
#ifndef BL_LOSS_PAIR_KERNEL_H
#define BL_LOSS_PAIR_KERNEL_H

#include <string.h>

#include "base/isa.h"
#include "loss/pair_form.h"
#include "math/lanes.h"

/* One pair, as a form gets it: product p, similarity s, and the lengths of the row's and the column's
 * code. */
struct bl_pair_at {
    float p, s, length, others;
};

/* A form's result for one pair: the loss and the derivatives a and b, without the weight w. */
struct bl_pair_answer {
    float loss, a, b;
};

typedef struct bl_pair_answer (*bl_pair_one)(const struct bl_pair_factors *factors, struct bl_pair_at at);

/* The first n of 16 pairs; the rest is computed and not added. */
BL_INLINE void bl_pair_block(bl_pair_one one, int lengths, struct bl_pair_factors factors, int64_t n,
                             float length, const float *restrict others, const float *restrict s,
                             float *restrict product, float *restrict own, double *restrict lane)
{
    float loss[BL_LANES];
    for (int l = 0; l < BL_LANES; l++) {
        const struct bl_pair_answer of =
            one(&factors, (struct bl_pair_at){product[l], s[l], length, lengths ? others[l] : 0.0f});
        const float w = BL_FMA(s[l], factors.similar - factors.dissimilar, factors.dissimilar);
        product[l] = w * of.a;
        if (lengths)
            own[l] = w * of.b;
        loss[l] = w * of.loss;
    }
    for (int l = 0; l < BL_LANES; l++)
        lane[l] += l < n ? (double)loss[l] : 0.0;
}

BL_INLINE double bl_pair_run(bl_pair_one one, int lengths, const struct bl_pair_factors *factors,
                             const struct bl_pair_row *row)
{
    const struct bl_pair_factors kept = *factors;
    double lane[BL_LANES] = {0};
    int64_t i = 0;
    for (; i + BL_LANES <= row->n; i += BL_LANES)
        bl_pair_block(one, lengths, kept, BL_LANES, row->length, lengths ? row->lengths + i : NULL,
                      row->s + i, row->product + i, lengths ? row->own + i : NULL, lane);
    if (i < row->n) {
        float product[BL_LANES] = {0}, s[BL_LANES] = {0}, others[BL_LANES] = {0}, own[BL_LANES];
        const size_t bytes = (size_t)(row->n - i) * sizeof(float);
        memcpy(product, row->product + i, bytes);
        memcpy(s, row->s + i, bytes);
        if (lengths)
            memcpy(others, row->lengths + i, bytes);
        bl_pair_block(one, lengths, kept, row->n - i, row->length, others, s, product, own, lane);
        memcpy(row->product + i, product, bytes);
        if (lengths)
            memcpy(row->own + i, own, bytes);
    }
    return bl_lanes_fold(lane);
}

/* Defines the kernel `name` (factors, row) that returns `sum`, an expression of those two in which every
 * function is BL_INLINE. */
#if defined(__x86_64__) && defined(__GNUC__)
#define BL_PAIR_KERNEL(name, sum)                                                                            \
    BL_PAIR_VERSION(name##_v4, sum, "arch=x86-64-v4")                                                        \
    BL_PAIR_VERSION(name##_v3, sum, "arch=x86-64-v3")                                                        \
    static double name(const struct bl_pair_factors *factors, const struct bl_pair_row *row)                 \
    {                                                                                                        \
        return bl_cpu_is_v4() ? name##_v4(factors, row) : bl_cpu_is_v3() ? name##_v3(factors, row) : (sum);  \
    }
#define BL_PAIR_VERSION(name, sum, level)                                                                    \
    __attribute__((target(level))) static double name(const struct bl_pair_factors *factors,                 \
                                                      const struct bl_pair_row *row)                         \
    {                                                                                                        \
        return (sum);                                                                                        \
    }
#else
#define BL_PAIR_KERNEL(name, sum)                                                                            \
    static double name(const struct bl_pair_factors *factors, const struct bl_pair_row *row)                 \
    {                                                                                                        \
        return (sum);                                                                                        \
    }
#endif

#endif
