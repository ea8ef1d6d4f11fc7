#include "mpi/fit/arithmetic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/count.h"
#include "math/blas.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"
#include "mpi/rows/sum_groups.h"

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
static void name_mpi(char name[NAME_BYTES])
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length); /* may be asked before MPI_Init */
    text[strcspn(text, ",\n")] = '\0';
    snprintf(name, NAME_BYTES, "%.*s", NAME_BYTES - 1, text);
}

/* "2 nodes", and where they are uneven their ranks: "3 nodes of 2 x 64 + 1 x 10". */
static void name_nodes(const struct par_nodes *nodes, char name[NAME_BYTES])
{
    size_t n = (size_t)snprintf(name, NAME_BYTES, "%s", bl_count(nodes->n_nodes, "node").text);
    for (int k = 0, same; k < nodes->n_nodes && !nodes->is_even && n < NAME_BYTES; k += same) {
        const int ranks = nodes->first[k + 1] - nodes->first[k];
        for (same = 1; k + same < nodes->n_nodes; same++)
            if (nodes->first[k + same + 1] - nodes->first[k + same] != ranks)
                break;
        n += (size_t)snprintf(name + n, NAME_BYTES - n, "%s%d x %d", k == 0 ? " of " : " + ", same, ranks);
    }
}

void par_arithmetic(const struct par_nodes *nodes, const struct bl_config *config, const char *in_flight,
                    char text[BL_ARITHMETIC_MAX])
{
    const struct par par = nodes->all;
    if (config->train.reduction == BL_REDUCTION_EXACT) {
        snprintf(text, BL_ARITHMETIC_MAX,
                 "bitloom " BITLOOM_VERSION ", exact, %" PRId64 " shards in %" PRId64 " groups",
                 config->data.shards, sum_groups_total(config, par.size));
        return;
    }
    char kernel[NAME_BYTES], mpi[NAME_BYTES], where[NAME_BYTES];
    name_kernel(par, kernel);
    name_mpi(mpi);
    name_nodes(nodes, where);
    snprintf(text, BL_ARITHMETIC_MAX,
             "bitloom " BITLOOM_VERSION ", fast, %" PRId64 " shards on %d ranks in %s x %s%s",
             config->data.shards, par.size, where, bl_count(config->train.threads, "thread").text, in_flight);
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
