/* One thread that works beside the steps, one job at a time. A job is plain memory and POSIX: no MPI and no
 * HDF5, whose libraries belong to the main thread, and no log. Everything here is local. */
#ifndef PAR_PROCESS_WORKER_H
#define PAR_PROCESS_WORKER_H

#include "base/error.h"

struct par_worker;

/* What a job is: BL_OK, or a code with *err filled. It calls par_worker_tick_local now and then. */
typedef int (*par_worker_job)(struct par_worker *worker, void *context, struct bl_error *err);

/* Starts the thread, which takes no signals. Errors: BL_MEMORY. */
int par_worker_create_local(struct par_worker **out, struct bl_error *err);

/* Waits for a job that is being done, then ends the thread. NULL is fine. */
void par_worker_destroy_local(struct par_worker *worker);

/* Begins a job; the one before must have been waited for. Borrows context until then. */
void par_worker_begin_local(struct par_worker *worker, par_worker_job job, void *context);

/* 1 while a job is being done. */
int par_worker_is_busy_local(struct par_worker *worker);

/* Waits for the job, if there is one; its outcome. The stall guard hears `phase` as often as the job ticks.
 */
int par_worker_wait_local(struct par_worker *worker, const char *phase, struct bl_error *err);

/* For the job: it has got further. */
void par_worker_tick_local(struct par_worker *worker);

/* Seconds that jobs took so far, and those of them in which somebody waited. Not while a job is done. */
double par_worker_busy_s_local(const struct par_worker *worker);
double par_worker_waited_s_local(const struct par_worker *worker);

#endif
