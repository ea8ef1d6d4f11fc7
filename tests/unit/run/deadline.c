#include <criterion/criterion.h>
#include <math.h>

#include "mpi/run/deadline.h"

/* A run that began at 1000 s, in an hour that ends at 4600 s, with steps of 10 s and checkpoints of 20 s. */
static struct deadline measured(void)
{
    struct deadline deadline;
    deadline_init(&deadline, 1000.0, 1.0, 0.0, 0);
    deadline_step(&deadline, 10.0);
    deadline_checkpoint(&deadline, 20.0);
    deadline_evaluation(&deadline, 100.0);
    return deadline;
}

Test(deadline, two_steps_and_two_checkpoints_fit_before_the_end)
{
    struct deadline deadline = measured();
    cr_assert_not(deadline_reached(&deadline, 4539.0, 0));
    cr_assert(deadline_reached(&deadline, 4541.0, 0));
}

Test(deadline, an_evaluation_that_is_near_must_fit_too)
{
    struct deadline deadline = measured();
    cr_assert_not(deadline_reached(&deadline, 4500.0, 0));
    cr_assert(deadline_reached(&deadline, 4500.0, 1));
}

Test(deadline, once_reached_it_stays_reached)
{
    struct deadline deadline = measured();
    cr_assert(deadline_reached(&deadline, 5000.0, 0));
    cr_assert(deadline_reached(&deadline, 1000.0, 0));
}

Test(deadline, without_a_limit_there_is_none)
{
    struct deadline deadline;
    deadline_init(&deadline, 1000.0, 0.0, 0.0, 1000000000);
    cr_assert_not(deadline_reached(&deadline, 1e12, 1));
}

Test(deadline, the_earlier_of_the_jobs_end_and_the_own_limit_counts)
{
    struct deadline by_job, by_hours;
    deadline_init(&by_job, 0.0, 1.0, 2000.0, 0);
    cr_assert(deadline_reached(&by_job, 1999.0, 0));
    deadline_init(&by_hours, 0.0, 1.0, 9000.0, 0);
    cr_assert_not(deadline_reached(&by_hours, 3590.0, 0));
    cr_assert(deadline_reached(&by_hours, 3599.0, 0));
}

Test(deadline, a_job_keeps_time_for_its_own_end)
{
    struct deadline deadline;
    deadline_init(&deadline, 0.0, 0.0, 2000.0, 0);
    cr_assert(deadline_reached(&deadline, 1990.0, 0));
}

Test(deadline, a_large_checkpoint_is_expected_to_take_long_before_it_was_measured)
{
    struct deadline deadline;
    deadline_init(&deadline, 0.0, 1.0, 0.0, 50000000000);
    cr_assert_not(deadline_reached(&deadline, 1500.0, 0));
    cr_assert(deadline_reached(&deadline, 1700.0, 0));
}

Test(deadline, a_slow_step_counts_at_once_and_is_forgotten_slowly)
{
    struct deadline deadline = measured();
    deadline_step(&deadline, 200.0);
    cr_assert_float_eq(deadline.step_s, 200.0, 1e-9);
    deadline_step(&deadline, 10.0);
    cr_assert(deadline.step_s > 190.0);
    for (int i = 0; i < 1000; i++)
        deadline_step(&deadline, 10.0);
    cr_assert_float_eq(deadline.step_s, 10.0, 0.1);
}
