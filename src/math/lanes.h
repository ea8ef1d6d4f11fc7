/* Sums in sixteen lanes, so that the order of additions is the same whatever the width of a register. */
#ifndef BL_MATH_LANES_H
#define BL_MATH_LANES_H

#include "base/isa.h"

enum { BL_LANES = 16 };

/* The lanes' sum, halves first. Uses them up. */
BL_INLINE double bl_lanes_fold(double *lane)
{
    for (int width = BL_LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

#endif
