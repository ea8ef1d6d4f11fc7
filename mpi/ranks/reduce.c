#include "mpi/ranks/reduce.h"

#include "mpi/ranks/collective.h"

void par_sum_floats(struct par par, float *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_FLOAT, MPI_SUM);
}

void par_sum_doubles(struct par par, double *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_DOUBLE, MPI_SUM);
}

void par_sum_integers(struct par par, int64_t *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_INT64_T, MPI_SUM);
}

void par_sum_words(struct par par, uint64_t *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_UINT64_T, MPI_SUM);
}

/* OR rather than a sum: it doesn't depend on the type of what the bytes hold. */
void par_join_bytes(struct par par, void *bytes, int64_t n)
{
    par_allreduce(par, bytes, n, MPI_BYTE, MPI_BOR);
}

void par_min_floats(struct par par, float *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_FLOAT, MPI_MIN);
}

void par_max_floats(struct par par, float *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_FLOAT, MPI_MAX);
}

void par_min_doubles(struct par par, double *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_DOUBLE, MPI_MIN);
}

void par_max_doubles(struct par par, double *values, int64_t n)
{
    par_allreduce(par, values, n, MPI_DOUBLE, MPI_MAX);
}

int64_t par_min_integer(struct par par, int64_t value)
{
    par_allreduce(par, &value, 1, MPI_INT64_T, MPI_MIN);
    return value;
}

int64_t par_max_integer(struct par par, int64_t value)
{
    return -par_min_integer(par, -value); /* max(v) = -min(-v) */
}
