#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "cost/rate.h"
#include "math/blas.h"
#include "mpi/command/command.h"

struct given {
    const char *rate;
};

static const struct command_option options[] = {
    {.name = "--rate", .text = "time a matrix product, too", .at = offsetof(struct given, rate)},
    COMMAND_OPTIONS_END,
};

/* "Open MPI v4.1.4" out of the library's long description; this may be asked before MPI_Init. */
static void print_mpi(void)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    for (char *tab; (tab = strchr(text, '\t'));)
        *tab = ' ';
    printf("  MPI       %s\n", text);
}

static void print_libraries(void)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    printf("  compiler  " BITLOOM_COMPILER "\n");
    print_mpi();
    printf("  HDF5      %u.%u.%u\n", major, minor, release);
    printf("  BLAS      %s\n", bl_blas_description());
    printf("  licence   BSD-3-Clause\n");
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    double gflops = 0.0;
    int code = command_parse(argc, argv, options, &given, NULL, 0, 0, NULL, err);
    if (code == BL_OK && given.rate)
        code = bl_rate_sgemm(&gflops, err);
    if (code != BL_OK || par.rank != 0)
        return code;
    printf("bitloom %s, OpenBLAS kernel %s", BITLOOM_VERSION, bl_blas_kernel());
    if (given.rate)
        printf(", %.1f GFLOP/s of sgemm on one core", gflops);
    printf("\n");
    print_libraries();
    return code;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version, the libraries and the BLAS kernel in use",
    .usage = "[--rate]\n",
    .text = "`bitloom --version` prints the version alone.\n",
    .options = options,
    .examples = "OPENBLAS_CORETYPE=Haswell bitloom version --rate\n",
    .run = run,
};
