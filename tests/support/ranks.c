#include "support/ranks.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "math/blas.h"
#include "mpi/ranks/world.h"
#include "support/folder.h"

static struct {
    int failed;
    char what[500];
} verdict;

void ranks_check_local(int holds, const char *file, int line, const char *expression)
{
    if (holds || verdict.failed)
        return;
    const char *slash = strrchr(file, '/');
    verdict.failed = 1;
    snprintf(verdict.what, sizeof verdict.what, "%s:%d %s", slash ? slash + 1 : file, line, expression);
}

/* Returns 1 if the case passed on all ranks. */
static int run_case(struct par par, const struct ranks_case *one)
{
    memset(&verdict, 0, sizeof verdict);
    int64_t live = bl_alloc_live();
    one->run(par);
    ranks_check_local(bl_alloc_live() == live, one->name, 0, "every buffer is freed");

    int first = verdict.failed ? par.rank : par.size;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, par.comm);
    if (first < par.size)
        MPI_Bcast(verdict.what, (int)sizeof verdict.what, MPI_CHAR, first, par.comm);
    if (par.rank == 0 && first < par.size)
        printf("FAILED %s: %s (rank %d)\n", one->name, verdict.what, first);
    else if (par.rank == 0)
        printf("ok %s\n", one->name);
    fflush(stdout);
    return first == par.size;
}

int ranks_main(int argc, char **argv, const struct ranks_case *cases, size_t n_cases)
{
    int passed = 0, failed = 0;
    par_start_mpi(&argc, &argv, 0);
    struct par par = par_world();
    bl_blas_setup();
    bl_log_setup(BL_LOG_QUIET, par.rank == 0, 0);
    for (size_t i = 0; i < n_cases; i++) {
        if (argc > 1 && !strstr(cases[i].name, argv[1]))
            continue;
        if (run_case(par, &cases[i]))
            passed++;
        else
            failed++;
    }
    if (par.rank == 0)
        printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    par_leave_world(&par);
    MPI_Finalize();
    return failed > 0 || passed == 0;
}

void ranks_temp_folder(struct par par, char path[RANKS_PATH_MAX])
{
    int made = 1;
    memset(path, 0, RANKS_PATH_MAX);
    if (par.rank == 0)
        made = folder_make(path, RANKS_PATH_MAX);
    ranks_check_local(made, __FILE__, __LINE__, "a temporary folder can be made");
    MPI_Bcast(path, RANKS_PATH_MAX, MPI_CHAR, 0, par.comm);
}

void ranks_remove_folder(struct par par, const char *path)
{
    MPI_Barrier(par.comm);
    if (par.rank == 0)
        folder_remove(path);
}
