/* Locality-sensitive hashing by random hyperplanes: codes without learning, bit k = (w_k x >= 0). */
#ifndef BL_FIT_LSH_H
#define BL_FIT_LSH_H

#include <stdint.h>

/* weight [bits, dim] = w: standard normal numbers, a function of seed, bit and column alone.
 * Source: Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002. */
void bl_lsh_planes(uint64_t seed, int64_t bits, int64_t dim, float *weight);

#endif
