/* Whole training runs in this process, without a launcher and without other ranks: some milliseconds each. */
#ifndef TEST_SUPPORT_OWN_RUN_H
#define TEST_SUPPORT_OWN_RUN_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

enum { OWN_RUN_PATH = 160, OWN_RUN_STEPS = 4096, OWN_RUN_TRAIN = 365, OWN_RUN_PER_EPOCH = 11 };

/* A folder with data sets and a configuration: data.h5 has 384 rows of 8 columns, 4 classes and 12 groups (splits
 * train and test), other.h5 the same with another label, multi.h5 label rows of 5 classes, bad.h5 a row with a NaN,
 * wide.h5 rows of 2048 columns. 4 shards, batches of 32 rows, 11 steps an epoch. */
extern char own_run_folder[OWN_RUN_PATH];
void own_run_enter(void);
void own_run_leave(void); /* also sees that no buffer is left */

/* The configuration with overrides "key=value;key=value". The test fails if it isn't valid. */
void own_run_config(struct bl_config *config, const char *sets);

/* par_train in the folder's run `name`; the error, if there is one, is in own_run_err. */
extern struct bl_error own_run_err;
int own_run_train(const char *name, const char *sets);
int own_run_train_from(const char *name, const char *sets, const char *init, int fresh);

/* Path of a file of a run; the last event of that name, or of all of them the one at `index` (json_decref it;
 * NULL: none); how many there are; a number of it. */
void own_run_path(const char *name, const char *file, char path[2 * OWN_RUN_PATH]);
json_t *own_run_event(const char *name, const char *event, int index);
int own_run_events(const char *name, const char *event);
double own_run_number(const json_t *event, const char *key);

/* The run's log. The caller frees it with free. */
char *own_run_log(const char *name);
int own_run_log_has(const char *name, const char *text);

/* The deadline as steps ask for it: one call a step. stop_at >= 0: it is reached at that call. near: whether an
 * evaluation was said to be near. hangs: asking never ends. Set to zeros, with stop_at = -1, when a test begins. */
struct own_run_deadline {
    int64_t stop_at, calls;
    int hangs;
    unsigned char near[OWN_RUN_STEPS];
};
extern struct own_run_deadline own_run_deadline;

#endif
