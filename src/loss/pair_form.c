#include "loss/pair_form.h"

#include <math.h>

#include "base/isa.h"
#include "config/config.h"
#include "math/lanes.h"

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

BL_KERNEL static double sum_in_lanes(int64_t n, const float *x)
{
    double lane[BL_LANES] = {0};
    int64_t i = 0;
    for (; i + BL_LANES <= n; i += BL_LANES)
        for (int l = 0; l < BL_LANES; l++)
            lane[l] += (double)x[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += (double)x[i];
    return bl_lanes_fold(lane);
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
