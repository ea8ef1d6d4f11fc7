/* Elementary functions of double that give the same bits on every processor and under every C library. libm's
 * differ in the last bit between versions, and between processors with and without fused multiply-add;
 * learning rates, random numbers and retrieval measures must not. They are SLEEF's deterministic variants,
 * with an error of at most 1 unit in the last place. sqrt needs none: IEEE 754 rounds it correctly. */
#ifndef BL_BASE_FUNCTIONS_H
#define BL_BASE_FUNCTIONS_H

double bl_log(double x);
double bl_log1p(double x);
double bl_exp(double x);
double bl_pow(double x, double y);
double bl_sin(double x);
double bl_cos(double x);

#endif
