/* Sums in sixteen lanes: the order of additions is fixed, whatever the width of a vector register. */
#ifndef BL_MATH_LANES_H
#define BL_MATH_LANES_H

#include "base/isa.h"

enum { BL_LANES = 16 };

/* The sum of the lanes: lane l + lane l+8, then 4 apart, 2, 1. Overwrites the lanes. */
BL_INLINE double bl_lanes_fold(double *lane)
{
    for (int width = BL_LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

#endif
