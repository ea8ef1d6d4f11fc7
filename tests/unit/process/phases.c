#include "mpi/phases.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static double sum(const struct par_phases *phases)
{
    double s = 0.0;
    for (int p = 0; p < PAR_PHASES; p++)
        s += phases->seconds[p];
    return s;
}

Test(phases, every_moment_belongs_to_exactly_one)
{
    struct par_phases phases;
    par_phases_begin_local(&phases);
    const double begun = phases.since_s;
    for (int i = 0; i < 1000; i++)
        par_phases_enter_local(&phases, (enum par_phase)(i * 7 % PAR_PHASES));
    cr_assert_gt(phases.since_s, begun);
    cr_assert_float_eq(sum(&phases), phases.since_s - begun, 1e-9);
    cr_assert_leq(phases.since_s, bl_clock_seconds());
}

Test(phases, time_counts_for_the_phase_that_ends)
{
    struct par_phases phases;
    par_phases_begin_local(&phases);
    par_phases_enter_local(&phases, PAR_PHASE_FORWARD);
    nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
    par_phases_enter_local(&phases, PAR_PHASE_BACKWARD);
    cr_assert_geq(phases.seconds[PAR_PHASE_FORWARD], 0.001);
    cr_assert_eq(phases.seconds[PAR_PHASE_BACKWARD], 0.0);
    cr_assert_eq(sum(&phases), phases.seconds[PAR_PHASE_FORWARD] + phases.seconds[PAR_PHASE_OTHER]);
}

Test(phases, each_has_a_name_of_its_own)
{
    for (int p = 0; p < PAR_PHASES; p++) {
        cr_assert(par_phase_name((enum par_phase)p));
        for (int q = 0; q < p; q++)
            cr_assert_neq(strcmp(par_phase_name((enum par_phase)p), par_phase_name((enum par_phase)q)), 0);
    }
}
