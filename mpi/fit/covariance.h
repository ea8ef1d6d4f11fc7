/* Means, covariance and principal directions of points that are spread over the ranks. */
#ifndef PAR_FIT_COVARIANCE_H
#define PAR_FIT_COVARIANCE_H

#include "mpi/fit/points.h"

/* Of all kept points of all ranks; every array is owned, and the same bits on every rank. */
struct par_means {
    int64_t n, dim;
    double *mean;    /* [dim] */
    double *largest; /* [dim] largest absolute values */
};

/* One pass. rows->groups must take sums of dim numbers; they decide the bits, the number of ranks doesn't.
 * Travels: groups * dim doubles. Collective. Errors, agreed: BL_MEMORY; BL_INPUT no points; BL_NUMBERS a
 * column that isn't finite; those of reading. par_means_free is safe twice. */
int par_means_fit(struct par_means *means, struct par par, struct par_points *points, struct bl_error *err);
void par_means_free(struct par_means *means);

/* matrix [dim, dim] = the covariance (1/N) around means->mean, on every rank. One pass of n dim^2
 * multiply-adds over all ranks; 8 dim^2 bytes of work space and on the wire. Collective; errors as above. */
int par_covariance_fit(double *matrix, struct par par, struct par_points *points,
                       const struct par_means *means, struct bl_error *err);

/* The directions of largest variance. */
struct par_principal {
    int64_t k, varying; /* directions here; those in which the points vary at all, of all dim */
    struct par_means means;
    double *variance; /* [k] falling; owned */
    double *vectors;  /* [k, dim] orthonormal rows, signs fixed as bl_eigen_top says; owned */
};

/* The k <= dim first ones, and how many have variance above rounding, which may be fewer: then the last of
 * the k are arbitrary. Two passes; rank 0 computes the eigenvectors and the others receive them, so they
 * are equal everywhere, but their last bits depend on rank 0's LAPACK and OpenBLAS. Memory: 16 dim^2 bytes on
 * each rank meanwhile. Collective. Errors, agreed: those above, BL_USAGE dim above BL_EIGEN_MAX, BL_INPUT
 * all points are equal. par_principal_free is safe twice. */
int par_principal_fit(struct par_principal *principal, struct par par, struct par_points *points, int64_t k,
                      struct bl_error *err);
void par_principal_free(struct par_principal *principal);

/* The sum of the k variances. Local. */
double par_principal_variance_local(const struct par_principal *principal);

#endif
