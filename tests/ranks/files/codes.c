#include "mpi/files/codes.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/share.h"
#include "mpi/files/model.h"
#include "mpi/files/verify.h"
#include "mpi/ranks/agree.h"
#include "support/ranks.h"

/* Code files of several checksum blocks, of codes and of label matrices, and models, written by all ranks together. */
enum { BITS = 1024, CODE_BYTES = BITS / 8, PER_BLOCK = (1 << 20) / CODE_BYTES, COLS = 40, WORDS = 2 };

static uint8_t byte_of(int64_t row, int64_t at)
{
    return (uint8_t)(row * 31 + at * 7 + row / 251);
}

static uint32_t word_of(int64_t row, int64_t word)
{
    return (uint32_t)(row * 2654435761u + (uint32_t)word * 97) & (word == 1 ? 0xffu : 0xffffffffu);
}

static void fill(uint8_t *codes, uint32_t *words, int64_t lo, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t at = 0; at < CODE_BYTES; at++)
            codes[i * CODE_BYTES + at] = byte_of(lo + i, at);
        for (int64_t w = 0; w < WORDS; w++)
            words[i * WORDS + w] = word_of(lo + i, w);
    }
}

static int is_right(const uint8_t *codes, const uint32_t *words, int64_t rows)
{
    int right = 1;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t at = 0; at < CODE_BYTES; at++)
            right &= codes[i * CODE_BYTES + at] == byte_of(i, at);
        for (int64_t w = 0; w < WORDS; w++)
            right &= words[i * WORDS + w] == word_of(i, w);
    }
    return right;
}

static int write_share(struct par par, const char *path, int64_t rows, struct bl_error *err)
{
    struct par_codes_writer *writer;
    uint8_t *codes;
    uint32_t *words;
    int64_t lo, hi;
    const struct par_codes_info info = {.rows = rows,
                                        .bits = BITS,
                                        .labels = bl_label_layout(BL_LABELS_MULTI, COLS),
                                        .replace = IO_REPLACE_SAME};
    bl_share(rows, par.rank, par.size, &lo, &hi);
    CHECK(bl_alloc_zero(&codes, rows * CODE_BYTES, 1, "codes", err) == BL_OK);
    CHECK(bl_alloc_zero(&words, rows * WORDS, sizeof *words, "labels", err) == BL_OK);
    fill(codes, words, lo, hi - lo);
    int code = par_codes_create(&writer, par, path, &info, err);
    if (code == BL_OK)
        code = par_agree(par, par_codes_write_local(writer, lo, hi - lo, codes, words, NULL, err), err);
    if (code == BL_OK)
        code = par_codes_commit(writer, err);
    par_codes_destroy(writer);
    bl_free(&codes);
    bl_free(&words);
    return code;
}

static int all_is_there(struct par par, const char *path, int64_t rows, struct bl_error *err)
{
    struct par_codes *file;
    uint8_t *codes;
    uint32_t *words;
    char summary[200];
    CHECK(bl_alloc_zero(&codes, rows * CODE_BYTES, 1, "codes", err) == BL_OK);
    CHECK(bl_alloc_zero(&words, rows * WORDS, sizeof *words, "labels", err) == BL_OK);
    int right = par_codes_open(&file, par, path, err) == BL_OK;
    right = right && par_codes_read_local(file, 0, rows, codes, words, NULL, err) == BL_OK &&
            is_right(codes, words, rows);
    par_codes_close(file);
    bl_free(&codes);
    bl_free(&words);
    return right && verify_file(path, summary, sizeof summary, err) == BL_OK;
}

static void codes_of_any_number_of_blocks_are_written_by_all(struct par par)
{
    static const int64_t sizes[] = {1, PER_BLOCK - 1, PER_BLOCK, PER_BLOCK + 1, 4 * PER_BLOCK + 1};
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 32];
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/codes.h5", folder);
    for (int s = 0; s < 5; s++) {
        struct bl_error err = {0};
        CHECK(write_share(par, path, sizes[s], &err) == BL_OK);
        CHECK(all_is_there(par, path, sizes[s], &err));
    }
    ranks_remove_folder(par, folder);
}

/* The model of the first rank, whole, though the last one has another. */
static void a_model_is_never_made_of_two(struct par par)
{
    static const struct bl_shape shape = {
        .n_layers = 2, .width = {9, 6, 8}, .heads = 1, .bits = 8, .activation = BL_ACTIVATION_RELU};
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 32];
    struct bl_model model, read;
    struct bl_error err = {0};
    int same = 1;
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/model.h5", folder);
    CHECK(bl_model_init(&model, &shape, BL_NORMALIZE_CENTER, &err) == BL_OK);
    for (int64_t i = 0; i < model.layout.n_params; i++)
        model.params[i] = (float)(i + (par.rank + 1 == par.size ? par.rank : 0));
    for (int64_t d = 0; d < 9; d++)
        model.normalizer.mean[d] = model.normalizer.scale[d] = 1.0;
    CHECK(par_model_write(par, path, &model, (struct h5_tuning){.replace = IO_REPLACE_SAME}, &err) == BL_OK);
    CHECK(par_model_read(par, path, &read, &err) == BL_OK);
    for (int64_t i = 0; i < model.layout.n_params; i++)
        same &= read.params[i] == (float)i;
    CHECK(same);
    bl_model_free(&read);
    bl_model_free(&model);
    ranks_remove_folder(par, folder);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(codes_of_any_number_of_blocks_are_written_by_all),
        CASE(a_model_is_never_made_of_two),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
