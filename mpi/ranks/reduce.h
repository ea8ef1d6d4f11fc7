/* Sums over ranks. Nothing is ever averaged: terms are already means over the global batch. */
#ifndef PAR_RANKS_REDUCE_H
#define PAR_RANKS_REDUCE_H

#include "mpi/ranks/comm.h"

/* Elementwise sums over all ranks, in place, the same on every rank; n may be above 2^31. Collective. */
void par_sum_floats(struct par par, float *values, int64_t n);
void par_sum_doubles(struct par par, double *values, int64_t n);
void par_sum_integers(struct par par, int64_t *values, int64_t n);
void par_sum_words(struct par par, uint64_t *values, int64_t n);

/* Joins bytes of which each is 0 on all ranks but one (or equal where it isn't). Collective. */
void par_join_bytes(struct par par, void *bytes, int64_t n);

/* Elementwise smallest and largest over all ranks, in place. Collective. */
void par_min_floats(struct par par, float *values, int64_t n);
void par_max_floats(struct par par, float *values, int64_t n);
void par_min_doubles(struct par par, double *values, int64_t n);
void par_max_doubles(struct par par, double *values, int64_t n);

/* The smallest and the largest of one number. Collective. */
int64_t par_min_integer(struct par par, int64_t value);
int64_t par_max_integer(struct par par, int64_t value);

#endif
