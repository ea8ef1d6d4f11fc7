/* The thread that writes checkpoints. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "mpi/process/worker.h"

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

struct job {
    int ms, code, done;
};

static int work(struct worker *worker, void *context, struct bl_error *err)
{
    struct job *job = context;
    nap(job->ms);
    worker_tick(worker);
    job->done = 1;
    return job->code == BL_OK ? BL_OK : bl_fail(err, job->code, "job of %d ms", job->ms);
}

Test(background_jobs, a_job_runs_while_others_go_on_and_is_waited_for)
{
    struct worker *worker;
    struct bl_error err = {0};
    struct job job = {.ms = 30};
    cr_assert_eq(worker_create(&worker, &err), BL_OK);
    cr_assert_not(worker_is_busy(worker));
    worker_begin(worker, work, &job);
    cr_assert(worker_is_busy(worker));
    cr_assert_eq(worker_wait(worker, "waiting", &err), BL_OK);
    cr_assert(job.done && !worker_is_busy(worker));
    cr_assert_geq(worker_busy_s(worker), 0.029);
    cr_assert_geq(worker_waited_s(worker), 0.02);
    worker_destroy(worker);
}

Test(background_jobs, a_failure_is_told_once_with_its_message)
{
    struct worker *worker;
    struct bl_error err = {0};
    struct job bad = {.code = BL_PATH}, good = {0};
    cr_assert_eq(worker_create(&worker, &err), BL_OK);
    worker_begin(worker, work, &bad);
    cr_assert_eq(worker_wait(worker, "waiting", &err), BL_PATH);
    cr_assert_str_eq(err.what, "job of 0 ms");
    cr_assert_eq(worker_wait(worker, "waiting", &err), BL_OK);
    worker_begin(worker, work, &good);
    cr_assert_eq(worker_wait(worker, "waiting", &err), BL_OK);
    worker_destroy(worker);
}

Test(background_jobs, what_was_begun_is_done_before_the_thread_ends)
{
    struct worker *worker;
    struct bl_error err = {0};
    struct job job = {.ms = 20};
    cr_assert_eq(worker_create(&worker, &err), BL_OK);
    worker_begin(worker, work, &job);
    worker_destroy(worker);
    cr_assert(job.done);
}

static int mask(struct worker *worker, void *context, struct bl_error *err)
{
    (void)worker;
    (void)err;
    pthread_sigmask(SIG_SETMASK, NULL, context);
    return BL_OK;
}

Test(background_jobs, signals_go_to_the_main_thread)
{
    struct worker *worker;
    struct bl_error err = {0};
    sigset_t theirs, own;
    cr_assert_eq(worker_create(&worker, &err), BL_OK);
    worker_begin(worker, mask, &theirs);
    cr_assert_eq(worker_wait(worker, "waiting", &err), BL_OK);
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    cr_assert(sigismember(&theirs, SIGTERM) && sigismember(&theirs, SIGUSR1) && !sigismember(&own, SIGTERM));
    worker_destroy(worker);
}
