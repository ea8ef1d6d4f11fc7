#include "support/own_run.h"

#include <criterion/criterion.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/rng.h"
#include "io/config_file.h"
#include "math/blas.h"
#include "mpi/files/dataset.h"
#include "mpi/run/deadline.h"
#include "mpi/run/train.h"
#include "support/folder.h"

enum { ROWS = 384, DIM = 8, WIDE = 2048, CLASSES = 4, LABELS = 5, GROUPS = 12 };

char own_run_folder[OWN_RUN_PATH];
struct bl_error own_run_err;
struct own_run_deadline own_run_deadline = {.stop_at = -1};

static const char text[] = "data: {file: data.h5, validation: 0.05, shards: 4}\n"
                           "model: {hidden: [16], heads: 2, bits: 8}\n"
                           "objective: {preset: likelihood}\n"
                           "optimizer: {lr: 0.01, warmup_steps: 0, schedule: constant}\n"
                           "train: {epochs: 4, global_batch: 32, stall_minutes: 0}\n"
                           "checkpoint: {every_steps: 0, every_minutes: 0}\n"
                           "log: {every_steps: 1}\n";

/* What the program of the units is linked with in place of deadline_reached. */
int __real_deadline_reached(struct deadline *deadline, double now_s, int evaluation_is_near);
int __wrap_deadline_reached(struct deadline *deadline, double now_s, int evaluation_is_near);
int __wrap_deadline_reached(struct deadline *deadline, double now_s, int evaluation_is_near)
{
    const int64_t call = own_run_deadline.calls++;
    while (own_run_deadline.hangs)
        pause();
    if (call < OWN_RUN_STEPS)
        own_run_deadline.near[call] = (unsigned char)evaluation_is_near;
    if (own_run_deadline.stop_at >= 0 && call >= own_run_deadline.stop_at)
        deadline->reached = 1;
    return __real_deadline_reached(deadline, now_s, evaluation_is_near) || deadline->reached;
}

int __wrap_bl_rate_sgemm(double *gflops, struct bl_error *err);
int __wrap_bl_rate_sgemm(double *gflops, struct bl_error *err)
{
    (void)err;
    *gflops = 1.0;
    return BL_OK;
}

static void make_rows(int64_t dim, uint64_t seed, float *features, int32_t *classes, uint8_t *matrix,
                      uint32_t *groups)
{
    for (int64_t i = 0; i < ROWS; i++) {
        uint64_t random[4];
        bl_rng_words(seed, BL_STREAM_LSH, (uint64_t)i, 0, 0, random);
        classes[i] = (int32_t)(i % CLASSES);
        groups[i] = (uint32_t)(random[3] % GROUPS);
        for (int64_t c = 0; c < LABELS; c++)
            matrix[i * LABELS + c] = (uint8_t)(random[3] >> (8 + c) & 1);
        for (int64_t d = 0; d < dim; d++) {
            const float noise = (float)(random[d % 6 / 2] >> (d % 2 * 32) & 0xffff) / 32768.0f - 1.0f;
            features[i * dim + d] = (classes[i] >> d % 2 & 1 ? 1.0f : -1.0f) + noise * (float)(1 + d % 3);
        }
    }
}

static void write_split(const char *name, const char *split, int64_t dim, const float *features,
                        const void *labels, struct bl_label_layout layout, const uint32_t *groups)
{
    char path[2 * OWN_RUN_PATH];
    struct split_writer *writer = NULL;
    struct bl_error err = {0};
    const struct split_writer_options options = {.rows = ROWS,
                                                 .dim = dim,
                                                 .type = BL_FLOAT32,
                                                 .labels = layout,
                                                 .groups = groups ? bl_group_layout(1)
                                                                  : bl_label_layout(BL_LABELS_NONE, 0)};
    snprintf(path, sizeof path, "%s/%s", own_run_folder, name);
    int code = split_create(&writer, path, split, &options, &err);
    if (code == BL_OK && groups)
        code = split_put_groups(writer, ROWS, groups, &err);
    if (code == BL_OK)
        code = split_append(writer, ROWS, features, labels, NULL, &err);
    if (code == BL_OK)
        code = split_commit(writer, &err);
    split_destroy(writer);
    cr_assert_eq(code, BL_OK, "%s", err.what);
}

static void write_data(void)
{
    static float features[ROWS * WIDE];
    static int32_t classes[ROWS];
    static uint8_t matrix[ROWS * LABELS];
    static uint32_t groups[ROWS];
    const struct bl_label_layout single = bl_label_layout(BL_LABELS_SINGLE, 0),
                                 multi = bl_label_layout(BL_LABELS_MULTI, LABELS);
    make_rows(DIM, 2, features, classes, matrix, groups);
    write_split("data.h5", "test", DIM, features, classes, single, groups);
    make_rows(DIM, 1, features, classes, matrix, groups);
    write_split("data.h5", "train", DIM, features, classes, single, groups);
    write_split("multi.h5", "train", DIM, features, matrix, multi, NULL);
    features[7 * DIM + 2] = NAN;
    write_split("bad.h5", "train", DIM, features, classes, single, NULL);
    make_rows(DIM, 1, features, classes, matrix, groups);
    classes[100] ^= 1;
    write_split("other.h5", "train", DIM, features, classes, single, groups);
    make_rows(WIDE, 1, features, classes, matrix, groups);
    write_split("wide.h5", "train", WIDE, features, classes, single, NULL);
}

void own_run_enter(void)
{
    char path[2 * OWN_RUN_PATH];
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    bl_blas_setup();
    bl_log_setup(BL_LOG_QUIET, 1, 0);
    own_run_deadline = (struct own_run_deadline){.stop_at = -1};
    /* Each run brings its files to the disk, which takes longer than its steps; a file system in memory has none. */
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0);
    cr_assert(folder_make(own_run_folder, sizeof own_run_folder), "can't make a temporary folder");
    snprintf(path, sizeof path, "%s/run.yaml", own_run_folder);
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    write_data();
}

void own_run_leave(void)
{
    folder_remove(own_run_folder);
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

void own_run_config(struct bl_config *config, const char *sets)
{
    enum { SETS = 16 };
    char path[2 * OWN_RUN_PATH], words[512];
    const char *list[SETS];
    int n = 0;
    struct bl_error err = {0};
    snprintf(path, sizeof path, "%s/run.yaml", own_run_folder);
    cr_assert_lt(snprintf(words, sizeof words, "%s", sets), (int)sizeof words);
    for (char *word = strtok(words, ";"); word; word = strtok(NULL, ";")) {
        cr_assert_lt(n, SETS);
        list[n++] = word;
    }
    cr_assert_eq(io_config_read(path, list, n, config, &err), BL_OK, "%s: %s", sets, err.what);
}

int own_run_train_from(const char *name, const char *sets, const char *init, int fresh)
{
    char config_path[2 * OWN_RUN_PATH], data[BL_PATH_MAX], run[2 * OWN_RUN_PATH];
    struct bl_config config;
    own_run_config(&config, sets);
    snprintf(config_path, sizeof config_path, "%s/run.yaml", own_run_folder);
    cr_assert_eq(io_config_data_path(config_path, &config, data, sizeof data, &own_run_err), BL_OK);
    snprintf(run, sizeof run, "%s/%s", own_run_folder, name);
    const struct par_train_options options = {.config = &config,
                                              .config_path = config_path,
                                              .data_path = data,
                                              .run_path = run,
                                              .init_path = init,
                                              .fresh = fresh};
    own_run_deadline.calls = 0;
    return par_train(par_alone(), &options, &own_run_err);
}

int own_run_train(const char *name, const char *sets)
{
    return own_run_train_from(name, sets, NULL, 0);
}

void own_run_path(const char *name, const char *file, char path[2 * OWN_RUN_PATH])
{
    cr_assert_lt(snprintf(path, 2 * OWN_RUN_PATH, "%s/%s/%s", own_run_folder, name, file), 2 * OWN_RUN_PATH);
}

static char *read_text(const char *name, const char *file)
{
    char path[2 * OWN_RUN_PATH];
    own_run_path(name, file, path);
    FILE *in = fopen(path, "rb");
    cr_assert(in, "can't read %s", path);
    fseek(in, 0, SEEK_END);
    const size_t n = (size_t)ftell(in);
    rewind(in);
    char *bytes = malloc(n + 1);
    cr_assert(bytes && fread(bytes, 1, n, in) == n);
    fclose(in);
    bytes[n] = '\0';
    return bytes;
}

/* The event at `index`, from the end if negative, among those of this name; their number if n is given. */
static json_t *find(const char *name, const char *event, int index, int *n)
{
    char *lines = read_text(name, "metrics.jsonl");
    json_t *list = json_array(), *found = NULL;
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        cr_assert(object, "not an event: %s", line);
        const char *what = json_string_value(json_object_get(object, "event"));
        if (!event || (what && strcmp(what, event) == 0))
            json_array_append(list, object);
        json_decref(object);
    }
    const int size = (int)json_array_size(list);
    if (n)
        *n = size;
    if (index < 0)
        index += size;
    if (index >= 0 && index < size)
        found = json_incref(json_array_get(list, (size_t)index));
    json_decref(list);
    free(lines);
    return found;
}

json_t *own_run_event(const char *name, const char *event, int index)
{
    return find(name, event, index, NULL);
}

int own_run_events(const char *name, const char *event)
{
    int n;
    json_decref(find(name, event, 0, &n));
    return n;
}

double own_run_number(const json_t *event, const char *key)
{
    const json_t *number = json_object_get(event, key);
    cr_assert(json_is_number(number), "no number %s", key);
    return json_number_value(number);
}

char *own_run_log(const char *name)
{
    return read_text(name, "train.log");
}

int own_run_log_has(const char *name, const char *text_wanted)
{
    char *log = own_run_log(name);
    const int has = strstr(log, text_wanted) != NULL;
    free(log);
    return has;
}
