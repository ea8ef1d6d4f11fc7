/* Small data sets and configurations: a test of the whole program takes about a second. */
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

/* `train CONFIG --run RUN MORE` by cli_run, cli_succeeds and cli_fails, the last with tiny->run. */
void tiny_train(const struct tiny *tiny, struct cli_result *result, int ranks, const char *run,
                const char *more);
void tiny_train_well(const struct tiny *tiny, int ranks, const char *run, const char *more);
void tiny_train_badly(const struct tiny *tiny, int ranks, const char *more, int status, const char *text);

/* tiny_train_badly on 1 rank and on 3. */
void tiny_train_refused(const struct tiny *tiny, const char *more, int status, const char *text);

/* The path of a file in the folder. */
void tiny_path(const struct tiny *tiny, const char *name, char path[TINY_PATH_MAX]);

/* Rows with noise around a corner for each class; row i has class i % TINY_CLASSES. seed: of the noise. */
void tiny_rows(int64_t n, uint64_t seed, float *features, int32_t *labels);

/* Writes a file with these bytes. */
void tiny_write(const char *path, const void *bytes, int64_t n);

/* Writes an NPY file of shape (rows, cols), or (rows,) if cols = 0. descr: "<f4", "<i4", "|u1". */
void tiny_write_npy(const char *path, const char *descr, int64_t rows, int64_t cols, const void *values);

/* Imports n rows as a split of the data set at path; labels may be NULL. */
void tiny_import(const struct tiny *tiny, const char *path, const char *split, int64_t n,
                 const float *features, const int32_t *labels);

/* Whether the file exists; the number of checkpoints of a run; the path of its newest. */
int tiny_exists(const char *path);
int tiny_checkpoints(const char *run, char newest[TINY_PATH_MAX]);

/* Whether tiny->run has a checkpoint, for background_until. */
int tiny_has_a_checkpoint(const void *tiny);

/* The whole file, followed by a zero byte; n_bytes may be NULL. The caller frees it with free. */
char *tiny_read(const char *path, int64_t *n_bytes);

/* Flips a bit of the byte at `place` from the start or, if negative, from the end. */
void tiny_flip_byte(const char *path, int64_t place);

/* The number of a key in a JSON line; fails the test if there is none. */
double tiny_number(const char *json, const char *key);

#endif
