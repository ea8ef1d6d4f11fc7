/* Training that takes long enough to be disturbed in the middle. */
#ifndef TEST_SUPPORT_LONG_RUN_H
#define TEST_SUPPORT_LONG_RUN_H

#include "support/background.h"
#include "support/tiny.h"

/* Options of a run of LONG_RUN_STEPS steps with one checkpoint, at its end. */
#define LONG_RUN "--set train.epochs=20"
enum { LONG_RUN_STEPS = 220 };

/* Starts a run in tiny->run with these options, LONG_RUN or more, and with a checkpoint every few steps.
 * Returns when it has three checkpoints, the newest after the first epoch. Checkpoints take nearly all of the
 * time, so only this run has many; no bit of the model depends on them. */
void long_run_start(struct background *job, const struct tiny *tiny, int ranks, const char *options);

/* The same, and then kills all ranks. */
void long_run_kill(const struct tiny *tiny, int ranks, const char *options);

/* Asserts that the models of two runs have the same bits. */
void long_run_expect_same_model(const char *one, const char *other);

#endif
