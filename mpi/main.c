#include <errno.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "math/blas.h"
#include "mpi/command/command.h"
#include "mpi/command/help/page.h"
#include "mpi/command/launcher.h"
#include "mpi/h5/file.h"
#include "mpi/process/signals.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "mpi/ranks/world.h"

/* The command of a line. -V, in its place, is the command version under the name that other programs give it.
 */
static const struct command *find_command(const char *name, struct bl_error *err)
{
    return command_find(strcmp(name, "-V") == 0 ? "version" : name, err);
}

/* Takes the options that every command shares out of argv. */
static int take_common(int argc, char **argv, enum bl_log_level *level, int *help)
{
    int kept = 0, only_positional = 0;
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        only_positional |= strcmp(a, "--") == 0;
        if (only_positional)
            argv[kept++] = argv[i];
        else if (strcmp(a, "-q") == 0 || strcmp(a, "--quiet") == 0)
            *level = BL_LOG_QUIET;
        else if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0)
            *help = 1;
        else
            argv[kept++] = argv[i];
    }
    argv[kept] = NULL;
    return kept;
}

static int fail_line(const struct bl_error *err, struct par par)
{
    if (par.rank == 0) {
        if (par.size > 1 && err->rank > 0)
            fprintf(stderr, "bitloom: error: %s (rank %d)\n", err->what, err->rank);
        else
            fprintf(stderr, "bitloom: error: %s\n", err->what);
        fflush(stderr);
    }
    return err->code;
}

/* What was printed must have got there: into a file on a full disk it may not. */
static int flush_output(struct bl_error *err)
{
    errno = 0;
    const int had_failed = ferror(stdout), failed = fflush(stdout) != 0;
    if (!had_failed && !failed)
        return BL_OK;
    return bl_fail_path(err, "write to", "standard output", failed && errno ? errno : EIO);
}

static int run_command(const struct command *command, struct par par, int argc, char **argv)
{
    struct bl_error err = {0};
    int code = BL_OK;
    if (command->parallel || par.rank == 0)
        code = command->run(par, argc, argv, &err);
    if (code == BL_OK && par.rank == 0)
        code = flush_output(&err);
    code = par_agree(par, code, &err);
    /* A requested stop is not an error; the command has already reported it. */
    return code == BL_OK || code == BL_STOPPED ? code : fail_line(&err, par);
}

/* Processes that a launcher started and MPI didn't connect would all be rank 0: one of them speaks and all
 * leave. */
static void leave_if_apart(const struct command *command, int ranks)
{
    struct bl_error err = {0};
    if (!command || !command->parallel || command_check_launch(ranks, &err) == BL_OK)
        return;
    if (command_launched_rank() == 0)
        fail_line(&err, par_alone());
    exit(err.code);
}

/* MPI_Finalize would have HDF5 close its files, and after a failed write it can't (mpi/h5/file.h). */
static void end_mpi(struct par par, int code)
{
    if (par_max_integer(par, h5_is_stuck())) /* rank 0 has spoken */
        MPI_Abort(par.comm, code);
    par_leave_world(&par);
    MPI_Finalize();
}

static int finish_page(struct par par, int code)
{
    struct bl_error err = {0};
    const int written = par_agree(par, par.rank == 0 ? flush_output(&err) : BL_OK, &err);
    return written == BL_OK ? code : fail_line(&err, par);
}

/* --version stands in a command's place and prints one line. The page of commands is the help when asked for,
 * and what a line without a command gets. */
static int run_line(const struct command *command, struct par par, int help, int argc, char **argv,
                    struct bl_error *err)
{
    const char *const name = argc > 1 ? argv[1] : NULL;
    if (name && strcmp(name, "--version") == 0) {
        if (par.rank == 0)
            printf("bitloom " BITLOOM_VERSION "\n");
        return finish_page(par, BL_OK);
    }
    if (name && !command)
        return fail_line(err, par);
    if (name && !help)
        return run_command(command, par, argc - 1, argv + 1);
    if (name && par.rank == 0)
        command_print_page(command);
    else if (par.rank == 0)
        command_print_all();
    return finish_page(par, name || help ? BL_OK : BL_USAGE);
}

int main(int argc, char **argv)
{
    struct bl_error err = {0};
    enum bl_log_level level = BL_LOG_NORMAL;
    int help = 0;
    argc = take_common(argc, argv, &level, &help);
    const struct command *command = argc > 1 ? find_command(argv[1], &err) : NULL;
    const int runs = command && !help;
    const int uses_mpi = command_is_one_of_several(); /* a lone process never starts MPI */
    struct par par = par_alone();
    signals_install(runs ? command->work : SIGNALS_ANSWER);
    if (uses_mpi) { /* also for a page of help: one rank prints it */
        par_start_mpi(&argc, &argv, command_launched_rank());
        par = par_world();
    }
    leave_if_apart(command, par.size);
    bl_blas_setup();
    bl_log_setup(level, par.rank == 0, command_stderr_is_terminal());
    int code = run_line(command, par, help, argc, argv, &err);
    fflush(stdout);
    if (uses_mpi)
        end_mpi(par, code);
    else if (h5_is_stuck())
        _exit(code);
    return code;
}
