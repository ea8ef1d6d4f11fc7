/* Spectral hashing: bits are the signs of the smoothest eigenfunctions of the Laplacian of a uniform
 * distribution on a box along the principal directions.
 * Source: Weiss, Torralba, Fergus, "Spectral hashing", NIPS 2008, section 3.1 (equations 6 and 7). */
#ifndef BL_FIT_SPECTRAL_H
#define BL_FIT_SPECTRAL_H

#include <stdint.h>

/* cos(mode pi (x_d - lo_d)/(hi_d - lo_d)) along direction d: the paper's sin(pi/2 + ...). */
struct bl_spectral_mode {
    int64_t direction, mode;
};

/* modes [bits] = those of smallest eigenvalue, that is of smallest mode/(hi - lo), ascending, the constant
 * left out; of equals the lower direction first. lo, hi [directions]; a direction without extent has no
 * modes; at least one must have some. next [directions] is work space. */
void bl_spectral_modes(int64_t directions, const float *lo, const float *hi, int64_t bits, int64_t *next,
                       struct bl_spectral_mode *modes);

/* Its angular frequency, mode pi/(hi - lo). */
double bl_spectral_frequency(struct bl_spectral_mode mode, const float *lo, const float *hi);

/* lo, hi [k] widened to hold n points [n, k]. */
void bl_spectral_widen(int64_t n, int64_t k, const float *points, float *lo, float *hi);

#endif
