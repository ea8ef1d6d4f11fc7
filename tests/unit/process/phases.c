#include "mpi/process/phases.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static double sum(const struct phases *phases)
{
    double s = 0.0;
    for (int p = 0; p < PHASES; p++)
        s += phases->seconds[p];
    return s;
}

Test(phases, every_moment_belongs_to_exactly_one)
{
    struct phases phases;
    phases_begin(&phases);
    const double begun = phases.since_s;
    for (int i = 0; i < 1000; i++)
        phases_enter(&phases, (enum phase)(i * 7 % PHASES));
    cr_assert_gt(phases.since_s, begun);
    cr_assert_float_eq(sum(&phases), phases.since_s - begun, 1e-9);
    cr_assert_leq(phases.since_s, bl_clock_seconds());
}

Test(phases, time_counts_for_the_phase_that_ends)
{
    struct phases phases;
    phases_begin(&phases);
    phases_enter(&phases, PHASE_FORWARD);
    nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
    phases_enter(&phases, PHASE_BACKWARD);
    cr_assert_geq(phases.seconds[PHASE_FORWARD], 0.001);
    cr_assert_eq(phases.seconds[PHASE_BACKWARD], 0.0);
    cr_assert_eq(sum(&phases), phases.seconds[PHASE_FORWARD] + phases.seconds[PHASE_OTHER]);
}

Test(phases, each_has_a_name_of_its_own)
{
    for (int p = 0; p < PHASES; p++) {
        cr_assert(phases_name((enum phase)p));
        for (int q = 0; q < p; q++)
            cr_assert_neq(strcmp(phases_name((enum phase)p), phases_name((enum phase)q)), 0);
    }
}
