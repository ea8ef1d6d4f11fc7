#include "mpi/reduce.h"

/* Elements of one call to MPI; a multiple of anything a lane is wide. */
enum { PIECE = 1 << 28 };

static void reduce(struct par par, void *values, int64_t n, int64_t element_bytes, MPI_Datatype type,
                   MPI_Op op)
{
    for (int64_t at = 0; at < n && par.size > 1; at += PIECE) {
        int64_t count = n - at < PIECE ? n - at : PIECE;
        MPI_Allreduce(MPI_IN_PLACE, (char *)values + at * element_bytes, (int)count, type, op, par.comm);
    }
}

void par_sum_floats(struct par par, float *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_FLOAT, MPI_SUM);
}

void par_sum_doubles(struct par par, double *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_DOUBLE, MPI_SUM);
}

void par_sum_integers(struct par par, int64_t *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_INT64_T, MPI_SUM);
}

void par_sum_words(struct par par, uint64_t *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_UINT64_T, MPI_SUM);
}

void par_join_bytes(struct par par, void *bytes, int64_t n)
{
    reduce(par, bytes, n, 1, MPI_BYTE, MPI_BOR);
}

void par_min_floats(struct par par, float *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_FLOAT, MPI_MIN);
}

void par_max_floats(struct par par, float *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_FLOAT, MPI_MAX);
}

void par_min_doubles(struct par par, double *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_DOUBLE, MPI_MIN);
}

void par_max_doubles(struct par par, double *values, int64_t n)
{
    reduce(par, values, n, sizeof *values, MPI_DOUBLE, MPI_MAX);
}

int64_t par_min_integer(struct par par, int64_t value)
{
    if (par.size > 1)
        MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MIN, par.comm);
    return value;
}

int64_t par_max_integer(struct par par, int64_t value)
{
    return -par_min_integer(par, -value);
}
