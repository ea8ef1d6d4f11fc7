/* Training that goes on long enough to be disturbed in its middle. */
#ifndef TEST_SUPPORT_LONG_RUN_H
#define TEST_SUPPORT_LONG_RUN_H

#include "support/background.h"
#include "support/tiny.h"

/* Options of a run of LONG_RUN_STEPS steps, with a checkpoint at its end alone. */
#define LONG_RUN "--set train.epochs=20"
enum { LONG_RUN_STEPS = 220 };

/* Starts it with these options, LONG_RUN or more, in tiny->run and returns when it has three checkpoints, the
 * newest after the first epoch. Here alone there is one every few steps: they take nearly all of the time,
 * and no bit depends on them. */
void long_run_start(struct background *job, const struct tiny *tiny, int ranks, const char *options);

/* The same, and kills all ranks there. */
void long_run_kill(const struct tiny *tiny, int ranks, const char *options);

/* Asserts that the models of two runs hold the same bits. */
void long_run_expect_same_model(const char *one, const char *other);

#endif
