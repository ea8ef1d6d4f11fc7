/* The job of a batch system that a run is part of. */
#ifndef PAR_RUN_JOB_H
#define PAR_RUN_JOB_H

#include <stdint.h>

#include "base/error.h"

struct job {
    char id[48];     /* "123", or "123_4" for a task of an array; "" outside of a job */
    char nodes[400]; /* as Slurm writes them: "node[1-4]" */
    int64_t n_nodes;
    int64_t restarts; /* how often it was requeued */
    double end_s;     /* when it must be over, of bl_clock_seconds; 0: unknown */
};

/* Says the job in one line and writes the event "slurm"; does nothing outside of a job. Local; errors:
 * BL_PATH. */
int job_report(const struct job *job, int64_t step, struct bl_error *err);

#endif
