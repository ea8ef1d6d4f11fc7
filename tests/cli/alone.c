#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/tiny.h"

/* One process started by hand needs no launcher, no daemon, no network and no MPI; one that can't be connected
 * to others says so. */
static struct tiny tiny;
static char model[TINY_PATH_MAX + 16], codes[TINY_PATH_MAX];

static void enter(void)
{
    tiny_init(&tiny);
    snprintf(model, sizeof model, "%s/model.h5", tiny.run);
    tiny_path(&tiny, "codes.h5", codes);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_alone, .init = enter, .fini = leave);

static void succeeds(const char *before, const char *line)
{
    struct cli_result result;
    cli_run_under(&result, before, 0, "%s", line);
    cr_assert_eq(result.status, 0, "%s bitloom %s: status %d, %s", before, line, result.status, result.err);
    cr_assert_not(strstr(result.err, "ORTE"), "%s", result.err);
    cli_free(&result);
}

/* Every command, as a lone process that `before` starts; MPI couldn't start there. */
static void every_command_works(const char *before)
{
    char lines[10][1200];
    int n = 0;
    snprintf(lines[n++], 1200, "train %s --run %s --fresh -q --set train.steps=4 --set model.init=itq",
             tiny.config, tiny.run);
    snprintf(lines[n++], 1200, "check %s", tiny.config);
    snprintf(lines[n++], 1200, "encode %s %s --split test -o %s --force -q", model, tiny.data, codes);
    snprintf(lines[n++], 1200, "evaluate %s %s --queries test --database train -q", model, tiny.data);
    snprintf(lines[n++], 1200, "baseline itq %s --bits 4 -o %s/itq.h5 --force -q", tiny.data, tiny.folder);
    snprintf(lines[n++], 1200, "search %s %s -k 2", codes, codes);
    snprintf(lines[n++], 1200, "check %s", codes);
    snprintf(lines[n++], 1200, "info %s", model);
    snprintf(lines[n++], 1200, "report %s --data", tiny.run);
    snprintf(lines[n++], 1200, "version");
    for (int i = 0; i < n; i++)
        succeeds(before, lines[i]);
}

/* Without any launcher MPI_Init would start a daemon (orted), for which Open MPI wants ssh, a loopback, files.
 * With this variable MPI_Init fails wherever it is called. */
Test(cli_alone, no_command_of_a_lone_process_starts_mpi)
{
    every_command_works("env OMPI_MCA_pml=none");
}

Test(cli_alone, every_command_works_in_an_empty_environment)
{
    every_command_works("env -i OMPI_MCA_pml=none");
}

Test(cli_alone, a_shell_in_a_step_of_slurm_is_no_launcher_and_one_task_is_alone)
{
    static const char *const steps[] = {
        "env SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=4",
        "env SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 PMIX_RANK=0 "
        "PMIX_NAMESPACE=slurm.pmix.7.0",
        "env PMI_RANK=0 PMI_SIZE=1 PMI_FD=9",
        "env OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=3",
    };
    char line[1200], before[400];
    snprintf(line, sizeof line, "check %s", tiny.config);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        snprintf(before, sizeof before, "%s OMPI_MCA_pml=none", steps[i]);
        succeeds(before, line);
    }
}

Test(cli_alone, processes_that_mpi_does_not_connect_are_refused_and_one_of_them_speaks)
{
    static const char others[] = "env -u OMPI_COMM_WORLD_SIZE PMI_SIZE=2";
    char before[100];
    struct cli_result result;
    for (int rank = 0; rank < 2; rank++) {
        snprintf(before, sizeof before, "%s PMI_RANK=%d", others, rank);
        cli_run_under(&result, before, 0, "check %s", tiny.config);
        cr_assert_eq(result.status, 2, "status %d: %s", result.status, result.err);
        cr_assert_eq(result.error_lines, rank == 0, "%s", result.err);
        cli_free(&result);
    }
    cli_run_under(&result, "env SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0", 0, "check %s",
                  tiny.config);
    cli_expect_error(&result, 2, "srun started 2 tasks that MPI didn't connect");
    cli_free(&result);
}

Test(cli_alone, a_start_of_mpi_that_fails_ends_with_a_line_and_a_status_of_its_own)
{
    struct cli_result result;
    cli_run_under(&result, "env BITLOOM_MPI=1 OMPI_MCA_pml=none", 0, "check %s", tiny.config);
    cli_expect_error(&result, 8, "MPI can't start");
    cli_free(&result);
}

/* 0: this test can't run here. */
static int can(const char *command)
{
    char line[300];
    snprintf(line, sizeof line, "%s true 2>/dev/null", command);
    if (geteuid() == 0 && system(line) == 0)
        return 1;
    cr_skip_test("needs root and %s", command);
    return 0;
}

Test(cli_alone, no_network_is_needed_not_even_a_loopback)
{
    if (can("unshare -n"))
        every_command_works("unshare -n");
}

Test(cli_alone, neither_ssh_nor_the_daemon_of_open_mpi_is_needed)
{
    static const char hide[] =
        "unshare -m sh -c 'for p in ssh rsh orted; do p=$(command -v $p) && mount --bind "
        "/dev/null \"$(readlink -f \"$p\")\"; done; exec \"$@\"' -";
    if (can("unshare -m"))
        every_command_works(hide);
}

Test(cli_alone, ranks_of_this_machine_need_no_ssh)
{
    static const char hide[] =
        "unshare -m sh -c 'for p in ssh rsh; do p=$(command -v $p) && mount --bind /dev/null "
        "\"$(readlink -f \"$p\")\"; done; exec \"$@\"' -";
    struct cli_result result;
    if (!can("unshare -m"))
        return;
    cli_run_under(&result, hide, 2, "check %s", tiny.config);
    cli_expect_success(&result);
    cli_free(&result);
}

Test(cli_alone, what_open_mpi_says_when_its_start_fails_is_not_lost)
{
    /* Who reads Open MPI's words may end a moment after the launcher; a pipe ends with the last who writes. What a rank
     * says that dies at its start may be lost in Open MPI, what the launcher itself says isn't. */
    static const char to_the_end[] =
        "env 'BITLOOM_MPIEXEC_FLAGS=--nooversubscribe --host localhost:1' OMPI_MCA_rmaps_base_oversubscribe=0 "
        "bash -o pipefail -c '{ \"$@\" 2>&1 >&3 | cat >&2; } 3>&1' -";
    struct cli_result result;
    cli_run_under(&result, to_the_end, 2, "check %s", tiny.config);
    cr_assert_neq(result.status, 0);
    cr_assert(strstr(result.err, "scripts/mpirun: Open MPI says:"), "%s", result.err);
    cli_free(&result);
}

/* Whoever puts the folder of scripts/mpirun first in PATH would have it start itself, for ever. */
Test(cli_alone, a_launcher_of_the_same_name_that_comes_first_in_path_is_passed_over)
{
    struct cli_result result;
    char before[4 * TINY_PATH_MAX], command[2 * TINY_PATH_MAX];
    const char *launcher = getenv("BITLOOM_MPIEXEC");
    if (!launcher || launcher[0] != '/')
        cr_skip_test("BITLOOM_MPIEXEC is no path");
    const char *name = strrchr(launcher, '/') + 1;
    snprintf(command, sizeof command, "ln -s '%s' '%s/%s'", TEST_LAUNCHER, tiny.folder, name);
    cr_assert_eq(system(command), 0);
    snprintf(before, sizeof before, "env BITLOOM_MPIEXEC=%s PATH=%s:%.*s:$PATH", name, tiny.folder,
             (int)(name - launcher - 1), launcher);
    cli_run_under(&result, before, 2, "--version");
    cli_expect_success(&result);
    cr_expect_str_eq(result.out, "bitloom " BITLOOM_VERSION "\n");
    cli_free(&result);
    snprintf(before, sizeof before,
             "env BITLOOM_MPIEXEC=%s-alone PATH=%s:$PATH sh -c 'mv %s/%s %s/%s-alone && exec \"$@\"' -", name,
             tiny.folder, tiny.folder, name, tiny.folder, name);
    cli_run_under(&result, before, 2, "--version");
    cr_expect_eq(result.status, 2);
    cr_expect(strstr(result.err, "there is no other"), "%s", result.err);
    cli_free(&result);
}
