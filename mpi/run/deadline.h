/* When a run must ask itself to stop, so that its last step and a checkpoint end before its time does. Rank
 * 0's clock decides and its request rides on a step's reduction: nothing here is collective. */
#ifndef PAR_RUN_DEADLINE_H
#define PAR_RUN_DEADLINE_H

#include <stdint.h>

struct deadline {
    double end_s;                              /* of bl_clock_seconds; INFINITY: none */
    double step_s, evaluation_s, checkpoint_s; /* how long each takes: rises at once, falls slowly */
    int reached;                               /* said so once */
};

/* The earlier of two ends counts: start_s + 3600 max_hours (0: none), and job_end_s (0: none) less what the
 * job needs to end. Until a checkpoint was measured it is taken to need a second and 50 MB/s for its bytes.
 * Local. */
void deadline_init(struct deadline *deadline, double start_s, double max_hours, double job_end_s,
                   int64_t checkpoint_bytes);

/* What a step, an evaluation and a checkpoint took. Local. */
void deadline_step(struct deadline *deadline, double seconds);
void deadline_evaluation(struct deadline *deadline, double seconds);
void deadline_checkpoint(struct deadline *deadline, double seconds);

/* 1 when the step that begins now must be the last: one more, with a checkpoint that may be due in between,
 * an evaluation if one is near and the checkpoint at the end would take longer than is left. Local. */
int deadline_reached(struct deadline *deadline, double now_s, int evaluation_is_near);

#endif
