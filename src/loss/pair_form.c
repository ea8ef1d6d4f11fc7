#include "loss/pair_form.h"

#include <math.h>

#include "base/isa.h"
#include "config/config.h"

const struct bl_pair_form *bl_pair_form(int form)
{
    static const struct bl_pair_form *const forms[] = {
        [BL_FORM_LIKELIHOOD] = &bl_pair_likelihood,
        [BL_FORM_LITERAL] = &bl_pair_literal,
        [BL_FORM_CONTRASTIVE] = &bl_pair_contrastive,
        [BL_FORM_CAUCHY] = &bl_pair_cauchy,
        [BL_FORM_MIXED] = &bl_pair_mixed,
    };
    return forms[form];
}

/* Sixteen lanes, so that the order of additions is the same whatever the width of a register. */
BL_KERNEL static double sum_in_lanes(int64_t n, const float *x)
{
    enum { LANES = 16 };
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += (double)x[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += (double)x[i];
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

double bl_pair_sum(int64_t n, const float *x)
{
    return sum_in_lanes(n, x);
}

float bl_pair_length(enum bl_pair_length length, int64_t bits, const float *code)
{
    if (length == BL_LENGTH_NONE)
        return 0.0f;
    double square = 0.0;
    for (int64_t k = 0; k < bits; k++)
        square += (double)code[k] * (double)code[k];
    if (length == BL_LENGTH_SQUARE)
        return (float)square;
    return square == 0.0 ? 0.0f : (float)(1.0 / sqrt(square));
}
