/* A background thread that runs one job at a time while training goes on. A job may use memory and POSIX
 * calls, but neither MPI nor HDF5, which only the main thread may call, nor the log. Everything here is
 * local. */
#ifndef PAR_PROCESS_WORKER_H
#define PAR_PROCESS_WORKER_H

#include "base/error.h"

struct worker;

/* A job. Returns BL_OK, or a code with *err filled. It calls worker_tick after each bit of progress. */
typedef int (*worker_job)(struct worker *worker, void *context, struct bl_error *err);

/* Starts the thread, which receives no signals. The caller owns *out. Errors: BL_MEMORY; *out is NULL
 * then. */
int worker_create(struct worker **out, struct bl_error *err);

/* Waits for the running job, ends the thread and frees it. NULL is fine. */
void worker_destroy(struct worker *worker);

/* Starts a job in the background; the previous one must have been waited for. Borrows context until
 * worker_wait returns. */
void worker_begin(struct worker *worker, worker_job job, void *context);

/* 1 while a job is running. */
int worker_is_busy(struct worker *worker);

/* Waits for the running job, if there is one, and returns the last job's outcome, once. While the job ticks,
 * the stall guard is told that the main thread is in `phase`, a string literal. */
int worker_wait(struct worker *worker, const char *phase, struct bl_error *err);

/* Called by a job: it made progress. */
void worker_tick(struct worker *worker);

/* Seconds that jobs have run so far, and seconds that worker_wait has waited. Call only when no job is
 * running. */
double worker_busy_s(const struct worker *worker);
double worker_waited_s(const struct worker *worker);

#endif
