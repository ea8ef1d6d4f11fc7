#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/tiny.h"

static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_slurm, .init = enter, .fini = leave);

static void refuses(const char *options, int status, const char *text)
{
    struct cli_result result;
    cli_run(&result, 0, "slurm %s %s", tiny.config, options);
    cli_expect_error(&result, status, text);
    cli_free(&result);
}

/* The file is what the command prints that it names. */
static void expect_made(const char *path)
{
    static const char mark[] = "# made by: bitloom ";
    struct cli_result result;
    char *text = tiny_read(path, NULL), *line = strstr(text, mark);
    cr_assert(line, "%s doesn't say how it was made", path);
    line += sizeof mark - 1;
    cli_run(&result, 0, "%.*s", (int)strcspn(line, "\n"), line);
    cli_expect_success(&result);
    cr_assert_str_eq(result.out, text, "%s is not what the command in it makes", path);
    cli_free(&result);
    free(text);
}

Test(cli_slurm, the_scripts_of_the_repository_are_made_by_the_command)
{
    int n = 0;
    cr_assert_eq(chdir(BITLOOM_SOURCE_DIR), 0);
    DIR *dir = opendir("slurm");
    cr_assert(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[300];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "slurm/%s", entry->d_name);
        expect_made(path);
        n++;
    }
    closedir(dir);
    cr_assert_eq(n, 3);
}

Test(cli_slurm, a_script_holds_what_was_asked_for)
{
    static const char *const lines[] = {"\n#SBATCH --nodes=2\n",       "\n#SBATCH --ntasks=4\n",
                                        "\n#SBATCH --time=1-12\n",     "\n#SBATCH --partition=long\n",
                                        "\n#SBATCH --array=0-5\n",     "\n#SBATCH --signal=B:USR2@120\n",
                                        "\nall_bits=(4 8)\n",          "\nall_seeds=(7 8 9)\n",
                                        "mpirun -n \"$SLURM_NTASKS\"", ""};
    struct cli_result result;
    cli_run(&result, 0,
            "slurm %s --nodes 2 --ranks 4 --time 1-12 --partition long --launcher mpirun --bits 4,8 "
            "--seeds 7,8,9",
            tiny.config);
    cli_expect_success(&result);
    for (int i = 0; lines[i][0]; i++)
        cr_assert(strstr(result.out, lines[i]), "'%s' is not in %s", lines[i], result.out);
    cr_assert_not(strstr(result.out, "srun --"), "%s", result.out);
    cli_free(&result);
}

/* Runs the script for mpirun as Slurm would, with two ranks of this program; its status and what it said are in text. Open
 * MPI mustn't believe that there is a Slurm. */
static void run_a_job(const char *program, char *text, size_t size)
{
    char command[4 * TINY_PATH_MAX];
    snprintf(command, sizeof command,
             "cd %s && printf '#!/bin/sh\\n%s\\n' >rank && chmod +x rank && "
             "SLURM_JOB_ID=7 SLURM_JOB_END_TIME=9 SLURM_SUBMIT_DIR=. SLURM_NTASKS=2 SLURM_JOB_NODELIST=here "
             "OMPI_MCA_ras=^slurm OMPI_MCA_plm=^slurm OMPI_MCA_plm_rsh_agent= OMPI_MCA_ess=^slurm "
             "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 "
             "OMPI_MCA_hwloc_base_binding_policy=none BITLOOM=./rank "
             "timeout -k 2 60 bash %s/slurm/train-mpirun.sbatch %s 2>&1; echo status $?",
             tiny.folder, program, BITLOOM_SOURCE_DIR, tiny.config);
    FILE *pipe = popen(command, "r");
    cr_assert(pipe);
    text[fread(text, 1, size - 1, pipe)] = '\0';
    pclose(pipe);
}

Test(cli_slurm, a_job_names_the_rank_that_was_killed_and_says_nothing_of_a_status)
{
    char text[4000];
    run_a_job("sleep 0.7\\ntest $OMPI_COMM_WORLD_RANK = 0 || kill -9 $$\\nexec sleep 20", text, sizeof text);
    cr_expect(
        strstr(text, "mpirun: rank 1 was killed by signal 9 (Killed); submit the job again to continue\n"),
        "%s", text);
    cr_expect(strstr(text, "status 137, not requeued"), "%s", text);
    cr_expect_not(strstr(text, "Primary job") || strstr(text, "-----"), "%s", text);
    /* The ranks don't have the descriptor of mpirun's own lines, nor know of it. */
    run_a_job("test -z \"$OPAL_OUTPUT_STDERR_FD\" && test ! -e /proc/$$/fd/9 && exit 5", text, sizeof text);
    cr_expect(strstr(text, "status 5, not requeued"), "%s", text);
    cr_expect_not(strstr(text, "Open MPI says") || strstr(text, "-----"), "%s", text);
}

Test(cli_slurm, a_short_job_is_warned_late)
{
    struct cli_result result;
    cli_run(&result, 0, "slurm %s --ranks 1 --time 4:00", tiny.config);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "--signal=USR2@30\n"), "%s", result.out);
    cli_free(&result);
}

Test(cli_slurm, any_name_of_a_configuration_is_quoted)
{
    char path[TINY_PATH_MAX], command[3 * TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "it's $HOME/a \"b\"", path);
    tiny_path(&tiny, "it's $HOME a \"b\".yaml", path);
    cr_assert_eq(rename(tiny.config, path), 0);
    cli_run(&result, 0, "slurm \"%s/it's \\$HOME a \\\"b\\\".yaml\" --ranks 1 --time 60 -o %s/job",
            tiny.folder, tiny.folder);
    cli_expect_success(&result);
    cli_free(&result);
    snprintf(command, sizeof command,
             "bash -n %s/job && eval \"$(grep ^config= %s/job)\" && test -r \"$config\"", tiny.folder,
             tiny.folder);
    cr_assert_eq(system(command), 0);
}

Test(cli_slurm, what_cant_run_is_refused)
{
    refuses("--ranks 5 --time 60", 2, "data.shards = 4");
    refuses("--ranks 1 --nodes 2 --time 60", 2, "--nodes 2");
    refuses("--ranks 1 --time 1:2:3:4", 2, "--time");
    refuses("--ranks 1 --time soon", 2, "--time");
    refuses("--ranks 1 --time 1", 2, "2 minutes");
    refuses("--ranks 1 --time 60 --launcher mpiexec", 2, "--launcher");
    refuses("--ranks 1 --time 60 --bits 8,,16", 2, "--bits");
    refuses("--ranks 1", 2, "--time");
}

Test(cli_slurm, a_file_that_exists_is_kept)
{
    char options[TINY_PATH_MAX + 64];
    snprintf(options, sizeof options, "--ranks 1 --time 60 -o %s", tiny.data);
    refuses(options, 4, "exists");
}

Test(cli_slurm, tasks_that_dont_know_each_other_are_refused_by_one_line)
{
    struct cli_result result;
    setenv("SLURM_STEP_ID", "0", 1);
    setenv("SLURM_STEP_NUM_TASKS", "2", 1);
    setenv("SLURM_PROCID", "0", 1);
    cli_run(&result, 0, "train %s --run %s", tiny.config, tiny.run);
    cli_expect_error(&result, 2, "--mpi=pmix");
    cli_free(&result);
    setenv("SLURM_PROCID", "1", 1);
    cli_run(&result, 0, "train %s --run %s", tiny.config, tiny.run);
    cr_assert_eq(result.status, 2);
    cr_assert_eq(result.error_lines, 0, "%s", result.err);
    cli_free(&result);
    cli_run(&result, 2, "train %s --run %s --set train.epochs=1", tiny.config, tiny.run);
    cli_expect_success(&result);
    cli_free(&result);
}
