#include "mpi/process/stall.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* All ranks notice a hang at the same time, but one message is enough. Rank 0 reports first; rank r waits
 * r * 3 s longer (WAITS_MAX at most) and reports only if the lower ranks couldn't. 3 s is more than a
 * launcher needs to end the job. */
static const double next_rank_wait_s = 3.0;
enum { WAITS_MAX = 10 };

/* The guard looks every 0.1 s. If more than this went by, the whole process was stopped (SIGSTOP, a suspended
 * machine), and its clock says nothing about the other ranks: it starts counting again. */
static const double stopped_s = 1.0;

/* Shared by the main thread, which ticks, and the watching thread: atomics, so that a tick takes no lock. */
static struct {
    pthread_t thread;
    struct par par;
    _Atomic int running;
    _Atomic double limit_s;
    _Atomic double last_s;
    const char *_Atomic phase;
    _Atomic int is_saved;
} guard;

static void end_job(double silent_s)
{
    fprintf(
        stderr,
        "bitloom: error: no progress for %.0f s in '%s' on rank %d of %d: a rank, node or file system hangs; "
        "%s (train.stall_minutes sets this limit)\n",
        silent_s, atomic_load(&guard.phase), guard.par.rank, guard.par.size,
        atomic_load(&guard.is_saved) ? "start the same command again to continue from the newest checkpoint"
                                     : "no checkpoint yet: the same command starts over");
    fflush(stderr);
    if (guard.par.comm != MPI_COMM_NULL) {
        /* MPI_Abort may block too, here in a second thread. After 10 s SIGALRM ends this process, and then
         * the launcher ends the others. */
        signal(SIGALRM, SIG_DFL);
        alarm(10);
        MPI_Abort(guard.par.comm, BL_STALLED);
    }
    _exit(BL_STALLED);
}

static void *watch(void *unused)
{
    (void)unused;
    const int waits = guard.par.rank < WAITS_MAX ? guard.par.rank : WAITS_MAX;
    double looked_s = bl_clock_seconds();
    while (atomic_load(&guard.running)) {
        const struct timespec nap = {.tv_nsec = 100 * 1000 * 1000};
        nanosleep(&nap, NULL);
        double limit = atomic_load(&guard.limit_s), now = bl_clock_seconds();
        if (now - looked_s > stopped_s) /* this process was stopped */
            atomic_store(&guard.last_s, now);
        looked_s = now;
        double silent = now - atomic_load(&guard.last_s);
        /* limit 0: no limit. Rank r reports r * 3 s after the limit. */
        if (limit > 0.0 && silent > limit + waits * next_rank_wait_s)
            end_job(silent);
    }
    return NULL;
}

void stall_begin(struct par par, double seconds)
{
    guard.par = par;
    stall_tick("start");
    atomic_store(&guard.limit_s, seconds);
    if (seconds <= 0.0 || atomic_load(&guard.running))
        return;
    /* A thread inherits the signal mask: with all blocked, signals go to the main thread only. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&guard.running, 1);
    if (pthread_create(&guard.thread, NULL, watch, NULL) != 0)
        atomic_store(&guard.running, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void stall_saved(int is_saved)
{
    atomic_store(&guard.is_saved, is_saved);
}

void stall_tick(const char *phase)
{
    atomic_store(&guard.phase, phase);
    atomic_store(&guard.last_s, bl_clock_seconds());
}

void stall_end(void)
{
    if (!atomic_exchange(&guard.running, 0))
        return;
    pthread_join(guard.thread, NULL);
}
