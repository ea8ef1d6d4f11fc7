/* One thread that works beside the steps, one job at a time. A job is plain memory and POSIX: no MPI and no
 * HDF5, whose libraries belong to the main thread, and no log. Everything here is local. */
#ifndef PAR_PROCESS_WORKER_H
#define PAR_PROCESS_WORKER_H

#include "base/error.h"

struct worker;

/* What a job is: BL_OK, or a code with *err filled. It calls worker_tick now and then. */
typedef int (*worker_job)(struct worker *worker, void *context, struct bl_error *err);

/* Starts the thread, which takes no signals. Errors: BL_MEMORY. */
int worker_create(struct worker **out, struct bl_error *err);

/* Waits for a job that is being done, then ends the thread. NULL is fine. */
void worker_destroy(struct worker *worker);

/* Begins a job; the one before must have been waited for. Borrows context until then. */
void worker_begin(struct worker *worker, worker_job job, void *context);

/* 1 while a job is being done. */
int worker_is_busy(struct worker *worker);

/* Waits for the job, if there is one; its outcome. The stall guard hears `phase` as often as the job ticks.
 */
int worker_wait(struct worker *worker, const char *phase, struct bl_error *err);

/* For the job: it has got further. */
void worker_tick(struct worker *worker);

/* Seconds that jobs took so far, and those of them in which somebody waited. Not while a job is done. */
double worker_busy_s(const struct worker *worker);
double worker_waited_s(const struct worker *worker);

#endif
