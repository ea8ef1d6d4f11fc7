/* Spherical hashing: bit k says whether a row lies in ball k. Balls are moved until each holds half of a
 * sample and each two share a quarter, as independent balanced bits would. Source: Heo, Lee, He, Chang, Yoon,
 * "Spherical hashing", CVPR 2012, section 3.2 and algorithm 1. */
#ifndef BL_FIT_SPHERICAL_H
#define BL_FIT_SPHERICAL_H

#include <stdint.h>

/* Squared radii that hold half of the sample, searched by halving an interval of floats (which are ordered as
 * their bits are, from 0 upwards), so that ranks need only add counts. */
struct bl_spherical_search {
    uint32_t lo, hi;
};

/* Starts with the interval of all floats from 0 to infinity; BL_SPHERICAL_HALVINGS of them leave one. */
enum { BL_SPHERICAL_HALVINGS = 31 };
void bl_spherical_search_start(int64_t bits, struct bl_spherical_search *search);

/* counts [bits] += the rows of squared [n, bits] (squared distances) at or below each interval's middle. */
void bl_spherical_count(int64_t n, int64_t bits, const float *squared,
                        const struct bl_spherical_search *search, int64_t *counts);

/* Halves the intervals, given the counts of the whole sample. In the end lo is the smallest distance that
 * holds `half` rows. */
void bl_spherical_halve(int64_t bits, const int64_t *counts, int64_t half,
                        struct bl_spherical_search *search);

/* radius [bits], squared, of a finished search. */
void bl_spherical_radii(int64_t bits, const struct bl_spherical_search *search, float *radius);

/* overlap [bits, bits] += the rows inside both balls k and l. bits <= BL_CODE_BITS_MAX. */
void bl_spherical_overlap(int64_t n, int64_t bits, const float *squared, const float *radius,
                          int64_t *overlap);

/* 1 if the mean of |overlap - n/4| over pairs is at most 0.10 n/4 and the standard deviation of overlap at
 * most 0.15 n/4 (the paper's tolerances), n rows being the whole sample. */
int bl_spherical_is_settled(int64_t bits, int64_t n, const int64_t *overlap);

/* Moves every pivot by the mean of its forces, f = 1/2 (overlap - n/4)/(n/4) (p_k - p_l): apart where two
 * balls share too much, together where too little. pivot [bits, dim]; work [bits, dim]. */
void bl_spherical_move(int64_t bits, int64_t dim, int64_t n, const int64_t *overlap, double *pivot,
                       double *work);

#endif
