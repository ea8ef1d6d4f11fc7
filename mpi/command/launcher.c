#include "mpi/command/launcher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* The environment variable as a number; `otherwise` if it is unset or no number. */
static int64_t number(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !*text)
        return otherwise;
    const long long value = strtoll(text, &end, 10);
    return *end == '\0' ? value : otherwise;
}

void command_read_job(struct job *job)
{
    const char *id = getenv("SLURM_JOB_ID"), *array = getenv("SLURM_ARRAY_JOB_ID");
    const char *task = getenv("SLURM_ARRAY_TASK_ID"), *nodes = getenv("SLURM_JOB_NODELIST");
    *job = (struct job){0};
    if (!id)
        return;
    if (array && task)
        snprintf(job->id, sizeof job->id, "%s_%s", array, task);
    else
        snprintf(job->id, sizeof job->id, "%s", id);
    snprintf(job->nodes, sizeof job->nodes, "%s", nodes ? nodes : "");
    job->n_nodes = number("SLURM_JOB_NUM_NODES", 1);
    job->restarts = number("SLURM_RESTART_COUNT", 0);
    /* Slurm gives the end in seconds since 1970; the run counts by its own monotonic clock. */
    const int64_t end = number("SLURM_JOB_END_TIME", 0);
    const double left = (double)end - (double)time(NULL);
    if (left > 0.0)
        job->end_s = bl_clock_seconds() + left;
    else if (end > 0)
        bl_log_warn(
            "SLURM_JOB_END_TIME has passed already and is ignored; the job's limit was raised, or the "
            "value is old");
}

/* A kind of launcher. srun alone connects nothing: its tasks have MPI only through one of the others. */
struct launcher {
    const char *name;     /* for messages */
    const char *signs[3]; /* it sets one of these for each process it starts */
    const char *rank, *size;
    int connects; /* 0: MPI doesn't know of it */
};

/* The first one whose sign is there started this process: those further down may have started the launcher.
 * Slurm's PMIx tells the size by Slurm's own variable; BITLOOM_MPI is for launchers that aren't here. */
static const struct launcher launchers[] = {
    {"BITLOOM_MPI", {"BITLOOM_MPI"}, NULL, NULL, 1},
    {"Open MPI's mpirun", {"OMPI_COMM_WORLD_SIZE"}, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", 1},
    {"mpirun_rsh", {"MPIRUN_RANK"}, "MPIRUN_RANK", "MPIRUN_NPROCS", 1},
    {"jsrun", {"JSM_NAMESPACE_RANK"}, "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE", 1},
    {"a launcher with PMI", {"PMI_RANK", "PMI_SIZE", "PMI_FD"}, "PMI_RANK", "PMI_SIZE", 1},
    {"srun --mpi=pmix", {"PMIX_RANK", "PMIX_NAMESPACE"}, "PMIX_RANK", "SLURM_STEP_NUM_TASKS", 1},
    {"PALS", {"PALS_RANKID"}, "PALS_RANKID", NULL, 1},
    {"flux run", {"FLUX_TASK_RANK"}, "FLUX_TASK_RANK", "FLUX_JOB_SIZE", 1},
    {"srun", {"SLURM_STEP_ID"}, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", 0},
};

/* NULL: none. */
static const struct launcher *find_launcher(void)
{
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
        for (int sign = 0; sign < 3 && launchers[i].signs[sign]; sign++)
            if (getenv(launchers[i].signs[sign]))
                return &launchers[i];
    return NULL;
}

/* How many processes it started; 0: it doesn't say. Slurm counts those of one step and one component of a
 * heterogeneous job, and PMIx may be another launcher's, whose daemons are the step. */
static int64_t processes_of(const struct launcher *launcher)
{
    const char *const name = getenv("PMIX_NAMESPACE");
    const int by_slurm = launcher->size && strcmp(launcher->size, "SLURM_STEP_NUM_TASKS") == 0;
    if (by_slurm && launcher->connects && (!name || strncmp(name, "slurm.", 6) != 0))
        return 0;
    if (by_slurm && launcher->connects && number("SLURM_HET_SIZE", 1) > 1)
        return 0;
    return launcher->size ? number(launcher->size, 0) : 0;
}

int command_is_one_of_several(void)
{
    const struct launcher *const launcher = find_launcher();
    return launcher && launcher->connects && processes_of(launcher) != 1;
}

int command_check_launch(int ranks, struct bl_error *err)
{
    const struct launcher *const launcher = find_launcher();
    const int64_t processes = launcher ? processes_of(launcher) : 1;
    if (ranks > 1 || processes < 2)
        return BL_OK;
    if (strncmp(launcher->name, "srun", 4) == 0)
        return bl_fail(err, BL_USAGE,
                       "srun started %" PRId64
                       " tasks that MPI didn't connect; use srun --mpi=pmix (srun --mpi=list "
                       "shows what there is), or mpirun in the batch script",
                       processes);
    return bl_fail(err, BL_USAGE,
                   "%s started %" PRId64
                   " processes that MPI didn't connect; use the launcher of the MPI that bitloom was built "
                   "with (bitloom version names it)",
                   launcher->name, processes);
}

int64_t command_launched_rank(void)
{
    const struct launcher *const launcher = find_launcher();
    return launcher && launcher->rank ? number(launcher->rank, 0) : 0;
}

/* Open MPI gives its ranks a pipe even when a person watches: then what counts is where mpirun writes to, and
 * that is the parent of a rank on its own node. */
int command_stderr_is_terminal(void)
{
    char path[64], target[64] = "";
    if (isatty(STDERR_FILENO))
        return 1;
    if (!getenv("OMPI_COMM_WORLD_SIZE"))
        return 0;
    snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
    return readlink(path, target, sizeof target - 1) > 0 &&
           (strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0);
}
