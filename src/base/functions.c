#include "base/functions.h"

#include <sleef.h>

/* SLEEF's names: "cinz" is the deterministic variant without fused multiply-add, "purec" is scalar C, "u10"
 * an error of at most 1.0 units in the last place. */
double bl_log(double x)
{
    return Sleef_cinz_logd1_u10purec(x);
}

double bl_log1p(double x)
{
    return Sleef_cinz_log1pd1_u10purec(x);
}

double bl_exp(double x)
{
    return Sleef_cinz_expd1_u10purec(x);
}

double bl_pow(double x, double y)
{
    return Sleef_cinz_powd1_u10purec(x, y);
}

double bl_sin(double x)
{
    return Sleef_cinz_sind1_u10purec(x);
}

double bl_cos(double x)
{
    return Sleef_cinz_cosd1_u10purec(x);
}
