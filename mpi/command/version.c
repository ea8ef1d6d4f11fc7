#include <stdio.h>

#include "math/blas.h"
#include "mpi/command/command.h"

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    int code = command_parse(argc, argv, NULL, 0, NULL, 0, 0, NULL, err);
    if (code == BL_OK && par.rank == 0)
        printf("bitloom %s, OpenBLAS kernel %s\n", BITLOOM_VERSION, bl_blas_kernel());
    return code;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version and the BLAS kernel in use",
    .help = "usage: bitloom version\n\nexample:\n  bitloom version\n",
    .run = run,
};
