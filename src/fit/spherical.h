/* Spherical hashing: bit k is 1 if a row lies in ball k. Balls are moved until each contains half of a sample
 * and each two share a quarter, as independent balanced bits do. Source: Heo, Lee, He, Chang, Yoon,
 * "Spherical hashing", CVPR 2012, section 3.2 and algorithm 1. */
#ifndef BL_FIT_SPHERICAL_H
#define BL_FIT_SPHERICAL_H

#include <stdint.h>

/* Bisection for the squared radius of a ball that contains half of the sample: an interval of floats, by
 * their bits. Only counts are needed, which ranks can add up. */
struct bl_spherical_search {
    uint32_t lo, hi;
};

/* Starts with all floats from 0 to infinity; after BL_SPHERICAL_HALVINGS halvings one is left. */
enum { BL_SPHERICAL_HALVINGS = 31 };
void bl_spherical_search_start(int64_t bits, struct bl_spherical_search *search);

/* counts [bits] += the number of rows of squared [n, bits], squared distances to the pivots, that are at most
 * the middle of each interval. */
void bl_spherical_count(int64_t n, int64_t bits, const float *squared,
                        const struct bl_spherical_search *search, int64_t *counts);

/* Halves the intervals, given the counts of the whole sample. In the end lo is the smallest squared distance
 * within which `half` rows lie. */
void bl_spherical_halve(int64_t bits, const int64_t *counts, int64_t half,
                        struct bl_spherical_search *search);

/* radius [bits] = the squared radii, once the search is finished. */
void bl_spherical_radii(int64_t bits, const struct bl_spherical_search *search, float *radius);

/* overlap [bits, bits] += the rows in both ball k and ball l. radius is squared. bits <= BL_CODE_BITS_MAX. */
void bl_spherical_overlap(int64_t n, int64_t bits, const float *squared, const float *radius,
                          int64_t *overlap);

/* 1 if over pairs of balls the mean of |overlap - n/4| is at most 0.10 n/4 and the standard deviation of
 * overlap at most 0.15 n/4 (the paper's tolerances); n is the size of the sample. */
int bl_spherical_is_settled(int64_t bits, int64_t n, const int64_t *overlap);

/* Moves every pivot p_k by the mean over l of the forces (overlap_kl - n/4)/(2 n/4) (p_k - p_l): away from
 * balls that it overlaps too much, towards those that it overlaps too little. pivot, work [bits, dim]. */
void bl_spherical_move(int64_t bits, int64_t dim, int64_t n, const int64_t *overlap, double *pivot,
                       double *work);

#endif
