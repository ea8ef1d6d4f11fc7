/* What another kernel of OpenBLAS would make of this machine. OpenBLAS takes one when a process starts, so a
 * second process measures the other. */
#ifndef PAR_COMMAND_CHECK_BLAS_KERNEL_H
#define PAR_COMMAND_CHECK_BLAS_KERNEL_H

/* GFLOP/s of sgemm on one core with OPENBLAS_CORETYPE=kernel, from `bitloom version --rate` in a process of
 * its own; 0 where that can't be had. Takes a tenth of a second. Local. */
double command_rate_with_kernel(const char *kernel);

#endif
