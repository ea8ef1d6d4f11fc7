/* Small data sets and configurations, so that a test of the whole program takes a second. */
#ifndef TEST_SUPPORT_TINY_H
#define TEST_SUPPORT_TINY_H

#include <stdint.h>

#include "support/cli.h"

enum { TINY_TRAIN = 384, TINY_TEST = 64, TINY_DIM = 8, TINY_CLASSES = 4, TINY_PATH_MAX = CLI_PATH_MAX + 64 };

/* A folder with a data set (splits train and test, easy classes) and a configuration: 4 shards, batches of 32
 * rows, 2 heads of 8 bits, one hidden layer of 16. 11 steps an epoch. */
struct tiny {
    char folder[CLI_PATH_MAX];
    char data[TINY_PATH_MAX];
    char config[TINY_PATH_MAX];
    char run[TINY_PATH_MAX]; /* doesn't exist yet */
};

void tiny_init(struct tiny *tiny);
void tiny_free(struct tiny *tiny);

/* `train CONFIG --run RUN MORE` as cli_run, cli_succeeds and cli_fails do it, the last with tiny->run. */
void tiny_train(const struct tiny *tiny, struct cli_result *result, int ranks, const char *run,
                const char *more);
void tiny_train_well(const struct tiny *tiny, int ranks, const char *run, const char *more);
void tiny_train_badly(const struct tiny *tiny, int ranks, const char *more, int status, const char *text);

/* The same failure without a launcher's other ranks and with some: on 1 rank and on 3. */
void tiny_train_refused(const struct tiny *tiny, const char *more, int status, const char *text);

/* PATH of a file in the folder. */
void tiny_path(const struct tiny *tiny, const char *name, char path[TINY_PATH_MAX]);

/* Rows of noise around the corners of their classes; row i has the class i % TINY_CLASSES. Other seeds give
 * other noise. */
void tiny_rows(int64_t n, uint64_t seed, float *features, int32_t *labels);

/* A file of these bytes. */
void tiny_write(const char *path, const void *bytes, int64_t n);

/* An NPY file of shape (rows, cols), or (rows,) for cols = 0. descr: "<f4", "<i4", "|u1". */
void tiny_write_npy(const char *path, const char *descr, int64_t rows, int64_t cols, const void *values);

/* Imports n rows as a split of the data set at path; labels may be NULL. */
void tiny_import(const struct tiny *tiny, const char *path, const char *split, int64_t n,
                 const float *features, const int32_t *labels);

/* Whether the file exists; the number of checkpoints of a run; the path of its newest. */
int tiny_exists(const char *path);
int tiny_checkpoints(const char *run, char newest[TINY_PATH_MAX]);

/* Whether tiny->run has a checkpoint, for background_until. */
int tiny_has_a_checkpoint(const void *tiny);

/* The whole file, with a zero behind it; n_bytes may be NULL. free() it. */
char *tiny_read(const char *path, int64_t *n_bytes);

/* Turns a byte over, at `place` bytes from the start or, if negative, from the end. */
void tiny_flip_byte(const char *path, int64_t place);

/* The number after "key": in a JSON line; fails the test when it isn't there. */
double tiny_number(const char *json, const char *key);

#endif
