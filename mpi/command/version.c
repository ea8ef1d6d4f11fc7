#include <stdio.h>

#include "cost/rate.h"
#include "math/blas.h"
#include "mpi/command/command.h"

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    const char *rate = NULL;
    const struct command_option options[] = {{"--rate", 0, &rate, NULL, NULL}};
    double gflops = 0.0;
    int code = command_parse(argc, argv, options, 1, NULL, 0, 0, NULL, err);
    if (code == BL_OK && rate)
        code = bl_rate_sgemm(&gflops, err);
    if (code != BL_OK || par.rank != 0)
        return code;
    printf("bitloom %s, OpenBLAS kernel %s", BITLOOM_VERSION, bl_blas_kernel());
    if (rate)
        printf(", %.1f GFLOP/s of sgemm on one core", gflops);
    printf("\n");
    return code;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version and the BLAS kernel in use",
    .help = "usage: bitloom version [--rate]\n"
            "\n"
            "  --rate           time a matrix product, too\n"
            "\n"
            "example:\n"
            "  OPENBLAS_CORETYPE=Haswell bitloom version --rate\n",
    .run = run,
};
