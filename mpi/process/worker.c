#include "mpi/process/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "mpi/process/stall.h"

/* The lock guards job to waited_s; `changed` is signalled when a job begins or ends, and at the end. */
struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    worker_job job; /* NULL: no job is running */
    void *context;
    int code, ending; /* outcome of the last job; the thread is to end */
    struct bl_error err;
    double busy_s, waited_s;
    atomic_llong ticks; /* how often jobs reported progress */
};

/* Called with the lock held, which is released while the job runs. */
static void do_job(struct worker *worker)
{
    struct bl_error err = {0};
    const worker_job job = worker->job;
    void *const context = worker->context;
    pthread_mutex_unlock(&worker->lock);
    const double begun = bl_clock_seconds();
    const int code = job(worker, context, &err); /* without the lock: worker_is_busy must not wait */
    pthread_mutex_lock(&worker->lock);
    worker->busy_s += bl_clock_seconds() - begun;
    worker->code = code;
    worker->err = err;
    worker->job = NULL;
    pthread_cond_broadcast(&worker->changed);
}

/* The thread. A job that was begun before the end is still done. */
static void *work(void *context)
{
    struct worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    while (worker->job || !worker->ending) {
        if (worker->job)
            do_job(worker);
        else
            pthread_cond_wait(&worker->changed, &worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

int worker_create(struct worker **out, struct bl_error *err)
{
    int code = bl_alloc_zero(out, 1, sizeof **out, "a thread that writes checkpoints", err);
    if (code != BL_OK)
        return code;
    struct worker *worker = *out;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    /* A thread inherits the signal mask: with all blocked, signals go to the main thread only. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        return BL_OK;
    bl_free(out);
    return bl_fail(err, BL_MEMORY,
                   "can't start a thread that writes checkpoints; raise the limit of threads (ulimit -u)");
}

void worker_destroy(struct worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->ending = 1;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    bl_free(&worker);
}

void worker_begin(struct worker *worker, worker_job job, void *context)
{
    pthread_mutex_lock(&worker->lock);
    worker->job = job;
    worker->context = context;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

int worker_is_busy(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const int busy = worker->job != NULL;
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

/* Passes progress on to the stall guard: a job may take long as long as it ticks; one that hangs is
 * reported. */
static void tick_guard(struct worker *worker, const char *phase, long long *seen)
{
    const long long ticks = atomic_load(&worker->ticks);
    if (ticks != *seen)
        stall_tick(phase);
    *seen = ticks;
}

int worker_wait(struct worker *worker, const char *phase, struct bl_error *err)
{
    const double begun = bl_clock_seconds();
    long long seen = -1;
    pthread_mutex_lock(&worker->lock);
    /* Wakes up every second to pass on ticks, or at once when the job ends. */
    while (worker->job) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        tick_guard(worker, phase, &seen);
        pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
    }
    worker->waited_s += bl_clock_seconds() - begun;
    const int code = worker->code;
    if (code != BL_OK)
        *err = worker->err;
    worker->code = BL_OK; /* each failure is reported once */
    pthread_mutex_unlock(&worker->lock);
    return code;
}

void worker_tick(struct worker *worker)
{
    atomic_fetch_add(&worker->ticks, 1);
}

double worker_busy_s(const struct worker *worker)
{
    return worker->busy_s;
}

double worker_waited_s(const struct worker *worker)
{
    return worker->waited_s;
}
