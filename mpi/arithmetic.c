#include "mpi/arithmetic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/count.h"
#include "math/blas.h"
#include "mpi/collective.h"
#include "mpi/groups.h"
#include "mpi/reduce.h"

enum { NAME_BYTES = 64 };

/* The name of rank 0's kernel, or that they differ. */
static void name_kernel(struct par par, char name[NAME_BYTES])
{
    char first[NAME_BYTES] = "";
    snprintf(name, NAME_BYTES, "%s", bl_blas_kernel());
    snprintf(first, sizeof first, "%s", name);
    par_broadcast(par, first, sizeof first);
    if (par_max_integer(par, strcmp(first, name) != 0))
        snprintf(name, NAME_BYTES, "of different kernels");
}

/* "Open MPI v4.1.4" out of the library's long description. */
static void name_mpi(struct par par, char name[NAME_BYTES])
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "one process";
    int length = 0;
    if (par.comm != MPI_COMM_NULL)
        MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    snprintf(name, NAME_BYTES, "%.*s", NAME_BYTES - 1, text);
}

void par_arithmetic(struct par par, const struct bl_config *config, const struct par_overlap *overlap,
                    char text[BL_ARITHMETIC_MAX])
{
    if (config->train.reduction == BL_REDUCTION_EXACT) {
        snprintf(text, BL_ARITHMETIC_MAX,
                 "bitloom " BITLOOM_VERSION ", exact, %" PRId64 " shards in %" PRId64 " groups",
                 config->data.shards, par_groups_total_local(config, par.size));
        return;
    }
    char kernel[NAME_BYTES], mpi[NAME_BYTES], in_flight[NAME_BYTES] = "";
    if (overlap->bucket_floats > 0)
        snprintf(in_flight, sizeof in_flight, ", %s in flight by %" PRId64 " KiB", par_overlap_name(overlap),
                 config->train.bucket_kib);
    else if (overlap->codes)
        snprintf(in_flight, sizeof in_flight, ", codes in flight");
    name_kernel(par, kernel);
    name_mpi(par, mpi);
    snprintf(text, BL_ARITHMETIC_MAX,
             "bitloom " BITLOOM_VERSION ", fast, %" PRId64 " shards on %d ranks x %s%s", config->data.shards,
             par.size, bl_count(config->train.threads, "thread").text, in_flight);
    const size_t n = strlen(text);
    snprintf(text + n, BL_ARITHMETIC_MAX - n, ", OpenBLAS %s, %s", kernel, mpi);
}

void par_arithmetic_add_lapack(struct par par, char text[BL_ARITHMETIC_MAX])
{
    char first[NAME_BYTES] = "";
    const size_t n = strlen(text);
    snprintf(first, sizeof first, "%s", bl_blas_kernel());
    par_broadcast(par, first, sizeof first);
    snprintf(text + n, BL_ARITHMETIC_MAX - n, PAR_ARITHMETIC_LAPACK "%s", first);
}

void par_arithmetic_add_blas(struct par par, char text[BL_ARITHMETIC_MAX])
{
    char kernel[NAME_BYTES];
    const size_t n = strlen(text);
    name_kernel(par, kernel);
    snprintf(text + n, BL_ARITHMETIC_MAX - n, ", sums by OpenBLAS %s", kernel);
}
