/* Spectral hashing: rows are taken as uniform in a box along the principal directions; bits are the signs of
 * the smoothest eigenfunctions of its Laplacian. Source: Weiss, Torralba, Fergus, "Spectral hashing", NIPS
 * 2008, section 3.1 (equations 6 and 7). */
#ifndef BL_FIT_SPECTRAL_H
#define BL_FIT_SPECTRAL_H

#include <stdint.h>

/* The eigenfunction cos(mode pi (x_d - lo_d)/(hi_d - lo_d)); the paper's sin(pi/2 + ...). */
struct bl_spectral_mode {
    int64_t direction, mode;
};

/* modes [bits] = the modes of smallest eigenvalue, that is of smallest mode/(hi - lo), ascending, without the
 * constant one; of equals, the lower direction comes first. lo, hi [directions] are the box; a direction with
 * lo = hi has no modes, but not all may be such. next [directions] is work space. */
void bl_spectral_modes(int64_t directions, const float *lo, const float *hi, int64_t bits, int64_t *next,
                       struct bl_spectral_mode *modes);

/* The angular frequency of a mode, mode pi/(hi - lo). */
double bl_spectral_frequency(struct bl_spectral_mode mode, const float *lo, const float *hi);

/* Widens the box lo, hi [k] to contain n points [n, k]. */
void bl_spectral_widen(int64_t n, int64_t k, const float *points, float *lo, float *hi);

#endif
