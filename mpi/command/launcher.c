#include "mpi/command/launcher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

int command_check_launch(int ranks, struct bl_error *err)
{
    /* Only srun starts a step: a batch script or an allocation isn't in one. mpirun starts its daemons in
     * a step, too, but then its ranks are connected (OMPI_COMM_WORLD_SIZE, ranks > 1). */
    const int64_t tasks =
        getenv("SLURM_STEP_ID") ? number("SLURM_STEP_NUM_TASKS", number("SLURM_NTASKS", 1)) : 1;
    if (ranks > 1 || tasks < 2 || getenv("OMPI_COMM_WORLD_SIZE") || number("PMI_SIZE", 0) == 1)
        return BL_OK;
    return bl_fail(err, BL_USAGE,
                   "srun started %" PRId64
                   " tasks that MPI didn't connect; use srun --mpi=pmix (srun --mpi=list "
                   "shows what there is), or mpirun in the batch script",
                   tasks);
}

int command_is_first_task(void)
{
    return number("SLURM_PROCID", 0) == 0;
}
