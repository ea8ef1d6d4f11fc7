#include "mpi/run/deadline.h"

#include <math.h>

/* What a job needs after the last rank's end: the launcher ends, and the script has the job requeued. */
static const double job_margin_s = 10.0;

void deadline_init(struct deadline *deadline, double start_s, double max_hours, double job_end_s,
                   int64_t checkpoint_bytes)
{
    *deadline = (struct deadline){.end_s = INFINITY, .checkpoint_s = 1.0 + (double)checkpoint_bytes / 50e6};
    if (max_hours > 0.0)
        deadline->end_s = start_s + 3600.0 * max_hours;
    if (job_end_s > 0.0)
        deadline->end_s = fmin(deadline->end_s, job_end_s - job_margin_s);
}

/* The longest of late: a slow step counts at once and is forgotten slowly, as on a shared machine one in a
 * thousand is. */
static void measure(double *longest, double seconds)
{
    *longest = seconds > *longest ? seconds : *longest + (seconds - *longest) / 64.0;
}

void deadline_step(struct deadline *deadline, double seconds)
{
    measure(&deadline->step_s, seconds);
}

void deadline_evaluation(struct deadline *deadline, double seconds)
{
    measure(&deadline->evaluation_s, seconds);
}

void deadline_checkpoint(struct deadline *deadline, double seconds)
{
    measure(&deadline->checkpoint_s, seconds);
}

int deadline_reached(struct deadline *deadline, double now_s, int evaluation_is_near)
{
    double needed = 2.0 * deadline->step_s + 2.0 * deadline->checkpoint_s;
    if (evaluation_is_near)
        needed += deadline->evaluation_s;
    if (now_s + needed > deadline->end_s)
        deadline->reached = 1;
    return deadline->reached;
}
