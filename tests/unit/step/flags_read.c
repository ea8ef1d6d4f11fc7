/* What ranks ask for and say, added up over them. */
#include <criterion/criterion.h>

#include "mpi/process/signals.h"
#include "mpi/step/step_flags.h"

static struct par_step_outcome read_flags(double stop, double checkpoint, double busy)
{
    double flags[STEP_FLAGS] = {0};
    struct par_step_outcome outcome = {0};
    flags[STEP_FLAG_STOP] = stop;
    flags[STEP_FLAG_CHECKPOINT] = checkpoint;
    flags[STEP_FLAG_BUSY] = busy;
    par_step_flags_read_local(flags, &outcome);
    return outcome;
}

Test(flags_read, one_rank_is_enough_and_a_stop_goes_before_a_checkpoint)
{
    cr_assert_eq(read_flags(0, 0, 0).request, SIGNALS_NONE);
    cr_assert_eq(read_flags(0, 1, 0).request, SIGNALS_CHECKPOINT);
    cr_assert_eq(read_flags(1, 0, 0).request, SIGNALS_STOP);
    cr_assert_eq(read_flags(1, 3, 0).request, SIGNALS_STOP);
}

Test(flags_read, busy_ranks_are_counted)
{
    for (int n = 0; n < 4; n++)
        cr_assert_eq(read_flags(0, 0, n).busy, n);
}
