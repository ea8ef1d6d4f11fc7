/* Measures another OpenBLAS kernel. OpenBLAS chooses its kernel when a process starts, so this takes a second
 * process. */
#ifndef PAR_COMMAND_CHECK_BLAS_KERNEL_H
#define PAR_COMMAND_CHECK_BLAS_KERNEL_H

/* GFLOP/s of sgemm on one core with OPENBLAS_CORETYPE=kernel, as `bitloom version --rate` prints it; 0 if
 * it can't be measured. Takes a tenth of a second. Local. */
double command_rate_with_kernel(const char *kernel);

#endif
