/* What the end of a run advises. */
#include <criterion/criterion.h>

#include "support/own_run.h"

TestSuite(hints, .init = own_run_enter, .fini = own_run_leave);

static const char advice[] = "of the time goes into checkpoints; raise checkpoint.every_";

Test(hints, no_key_would_leave_out_the_last_checkpoint_and_the_model)
{
    cr_assert_eq(own_run_train("run", "train.steps=2;checkpoint.behind=false"), BL_OK);
    cr_assert_not(own_run_log_has("run", advice));
    /* Nor where the last step is one that the key names, or somebody asks to stop. */
    cr_assert_eq(own_run_train("named", "train.steps=2;checkpoint.every_steps=2;checkpoint.behind=false"),
                 BL_OK);
    cr_assert_not(own_run_log_has("named", advice));
    own_run_deadline.stop_at = 1;
    cr_assert_eq(own_run_train("stopped", "train.steps=4;checkpoint.behind=false"), BL_STOPPED);
    cr_assert_not(own_run_log_has("stopped", advice));
}

Test(hints, the_key_that_causes_checkpoints_is_the_one_to_raise)
{
    cr_assert_eq(own_run_train("steps", "train.steps=20;checkpoint.every_steps=1;checkpoint.behind=false"),
                 BL_OK);
    cr_assert(own_run_log_has("steps", "raise checkpoint.every_steps"));
    cr_assert_eq(
        own_run_train("minutes", "train.steps=20;checkpoint.every_minutes=1e-9;checkpoint.behind=false"),
        BL_OK);
    cr_assert(own_run_log_has("minutes", "raise checkpoint.every_minutes"));
}
