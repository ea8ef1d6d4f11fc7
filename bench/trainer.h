/* What benchmarks of training steps share: random rows, and a run whose steps they take one by one.
 * Collective over par unless it says otherwise; errors end the program (bench_must). */
#ifndef BENCH_TRAINER_H
#define BENCH_TRAINER_H

#include "bench.h"
#include "config/config.h"
#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

enum { BENCH_ROWS = 65536, BENCH_CLASSES = 10, BENCH_DIM = 784, BENCH_PATH_MAX = 128 };

/* path = TMPDIR/NAME-PID.h5, the same on all ranks; TMPDIR is /tmp if it isn't set. */
void bench_temp_path(struct par par, const char *name, char path[BENCH_PATH_MAX]);

/* Makes a data set of BENCH_ROWS rows of dim <= 1024 random bytes, with random classes. By one rank. */
void bench_make_bytes(const char *path, int64_t dim);

struct bench_trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state;
    struct phases phases;
    struct par_step step;
    int64_t number; /* of the next step */
};

/* Starts a run on the data set at path. config: YAML, whose data.file is ignored. */
void bench_trainer_init(struct bench_trainer *trainer, struct par par, const char *path, const char *config);
void bench_trainer_free(struct bench_trainer *trainer);

/* Takes the next step; returns the norm of its gradient. */
double bench_trainer_step(struct bench_trainer *trainer);

#endif
