#include "support/tiny.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "support/folder.h"

static const char config_text[] = "data: {file: data.h5, validation: 0.05, shards: 4}\n"
                                  "model: {hidden: [16], heads: 2, bits: 8}\n"
                                  "objective: {preset: likelihood}\n"
                                  "optimizer: {lr: 0.01, warmup_steps: 5}\n"
                                  "train: {epochs: 4, global_batch: 32, stall_minutes: 0.5}\n";

void tiny_write(const char *path, const void *bytes, int64_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file, "can't write %s", path);
    cr_assert_eq(fwrite(bytes, 1, (size_t)n, file), (size_t)n);
    cr_assert_eq(fclose(file), 0);
}

void tiny_path(const struct tiny *tiny, const char *name, char path[TINY_PATH_MAX])
{
    int n = snprintf(path, TINY_PATH_MAX, "%s/%s", tiny->folder, name);
    cr_assert_lt(n, TINY_PATH_MAX);
}

void tiny_rows(int64_t n, uint64_t seed, float *features, int32_t *labels)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t random[4];
        bl_rng_words(seed, BL_STREAM_LSH, (uint64_t)i, 0, 0, random);
        labels[i] = (int32_t)(i % TINY_CLASSES);
        for (int d = 0; d < TINY_DIM; d++) {
            const float noise = (float)(random[d / 2] >> (d % 2 * 32) & 0xffff) / 65536.0f - 0.5f;
            features[i * TINY_DIM + d] = (labels[i] >> d % 2 & 1 ? 1.0f : -1.0f) + noise;
        }
    }
}

void tiny_write_npy(const char *path, const char *descr, int64_t rows, int64_t cols, const void *values)
{
    char shape[64], header[128];
    snprintf(shape, sizeof shape, cols ? "(%" PRId64 ", %" PRId64 ")" : "(%" PRId64 ",)", rows, cols);
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    int n = snprintf(header + 10, sizeof header - 10,
                     "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    header[10 + n] = ' ';
    header[127] = '\n';
    const size_t bytes = (size_t)(rows * (cols ? cols : 1) * (descr[2] - '0'));
    FILE *file = fopen(path, "wb");
    cr_assert(file, "can't write %s", path);
    cr_assert_eq(fwrite(header, 1, sizeof header, file), sizeof header);
    cr_assert_eq(fwrite(values, 1, bytes, file), bytes);
    cr_assert_eq(fclose(file), 0);
}

void tiny_import(const struct tiny *tiny, const char *path, const char *split, int64_t n,
                 const float *features, const int32_t *labels)
{
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX];
    tiny_path(tiny, "x.npy", x);
    tiny_path(tiny, "y.npy", y);
    tiny_write_npy(x, "<f4", n, TINY_DIM, features);
    if (labels)
        tiny_write_npy(y, "<i4", n, 0, labels);
    cli_succeeds(0, "import --format npy --features %s %s %s --split %s -o %s", x, labels ? "--labels" : "",
                 labels ? y : "", split, path);
}

void tiny_init(struct tiny *tiny)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    cli_temp_folder(tiny->folder);
    tiny_path(tiny, "data.h5", tiny->data);
    tiny_path(tiny, "tiny.yaml", tiny->config);
    tiny_path(tiny, "run", tiny->run);
    tiny_rows(TINY_TRAIN, 1, features, labels);
    tiny_import(tiny, tiny->data, "train", TINY_TRAIN, features, labels);
    tiny_rows(TINY_TEST, 2, features, labels);
    tiny_import(tiny, tiny->data, "test", TINY_TEST, features, labels);
    tiny_write(tiny->config, config_text, sizeof config_text - 1);
}

void tiny_free(struct tiny *tiny)
{
    folder_remove(tiny->folder);
}

void tiny_train(const struct tiny *tiny, struct cli_result *result, int ranks, const char *run,
                const char *more)
{
    cli_run(result, ranks, "train %s --run %s %s", tiny->config, run, more);
}

void tiny_train_well(const struct tiny *tiny, int ranks, const char *run, const char *more)
{
    cli_succeeds(ranks, "train %s --run %s %s", tiny->config, run, more);
}

void tiny_train_badly(const struct tiny *tiny, int ranks, const char *more, int status, const char *text)
{
    cli_fails(ranks, status, text, "train %s --run %s %s", tiny->config, tiny->run, more);
}

void tiny_train_refused(const struct tiny *tiny, const char *more, int status, const char *text)
{
    tiny_train_badly(tiny, 1, more, status, text);
    tiny_train_badly(tiny, 3, more, status, text);
}

int tiny_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int tiny_checkpoints(const char *run, char newest[TINY_PATH_MAX])
{
    char folder[TINY_PATH_MAX + 16], best[64] = "";
    snprintf(folder, sizeof folder, "%s/checkpoints", run);
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const size_t length = strlen(entry->d_name);
        if (length < 4 || length >= sizeof best || strcmp(entry->d_name + length - 3, ".h5") != 0)
            continue;
        n++;
        if (strcmp(entry->d_name, best) > 0)
            memcpy(best, entry->d_name, length + 1);
    }
    if (dir)
        closedir(dir);
    if (newest)
        cr_assert_lt(snprintf(newest, TINY_PATH_MAX, "%s/%s", folder, best), TINY_PATH_MAX);
    return n;
}

int tiny_has_a_checkpoint(const void *tiny)
{
    return tiny_checkpoints(((const struct tiny *)tiny)->run, NULL) >= 1;
}

char *tiny_read(const char *path, int64_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file, "can't read %s", path);
    fseek(file, 0, SEEK_END);
    const long n = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)n + 1);
    cr_assert(bytes && fread(bytes, 1, (size_t)n, file) == (size_t)n);
    fclose(file);
    bytes[n] = '\0';
    if (n_bytes)
        *n_bytes = n;
    return bytes;
}

void tiny_flip_byte(const char *path, int64_t place)
{
    int64_t n;
    char *bytes = tiny_read(path, &n);
    bytes[place < 0 ? n + place : place] ^= 0x40;
    tiny_write(path, bytes, n);
    free(bytes);
}

double tiny_number(const char *json, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(json, quoted);
    cr_assert(found, "%s is not in %s", quoted, json);
    return strtod(found + strlen(quoted), NULL);
}
