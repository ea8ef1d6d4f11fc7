/* Sums and extremes over ranks. Nothing is averaged here: loss terms are already means over the global batch,
 * so a gradient is the plain sum of the ranks' parts. None of these fails or allocates. */
#ifndef PAR_RANKS_REDUCE_H
#define PAR_RANKS_REDUCE_H

#include "mpi/ranks/comm.h"

/* Elementwise sum of values [n] over all ranks, in place; every rank gets the same bits. n is equal on all
 * ranks and may be above 2^31. Collective. */
void par_sum_floats(struct par par, float *values, int64_t n);
void par_sum_doubles(struct par par, double *values, int64_t n);
void par_sum_integers(struct par par, int64_t *values, int64_t n);
void par_sum_words(struct par par, uint64_t *values, int64_t n);

/* Bitwise OR over ranks, in place. It assembles an array of which each rank has set a part and left 0
 * elsewhere; where several ranks set a byte, they must agree. Collective. */
void par_join_bytes(struct par par, void *bytes, int64_t n);

/* Elementwise minimum and maximum over all ranks, in place. Collective. */
void par_min_floats(struct par par, float *values, int64_t n);
void par_max_floats(struct par par, float *values, int64_t n);
void par_min_doubles(struct par par, double *values, int64_t n);
void par_max_doubles(struct par par, double *values, int64_t n);

/* The minimum and the maximum of one number over all ranks. Collective. */
int64_t par_min_integer(struct par par, int64_t value);
int64_t par_max_integer(struct par par, int64_t value);

#endif
