#include <stdlib.h>
#include <sys/wait.h>

#include "mpi/files/codes.h"
#include "mpi/files/model.h"
#include "mpi/files/verify.h"
#include "support/disturb.h"
#include "support/splits.h"

/* Whatever goes wrong with one write of a file: either it is noticed, and what had the name is kept, or nothing of
 * it is left in the file. Each try is a process of its own, since HDF5 can't close a file whose writing failed. */
enum { ROWS = 70, DIM = 9, BITS = 12, CLASSES = 3, TRIES = 200 };

TestSuite(disturbed, .init = enter, .fini = leave);

static int write_model(void)
{
    static const struct bl_shape shape = {
        .n_layers = 2, .width = {DIM, 5, BITS}, .heads = 1, .bits = BITS, .activation = BL_ACTIVATION_RELU};
    struct bl_model model;
    int code = bl_model_init(&model, &shape, BL_NORMALIZE_CENTER, &split_err);
    for (int64_t i = 0; i < model.layout.n_params; i++)
        model.params[i] = (float)(i + 1);
    for (int64_t d = 0; d < DIM; d++)
        model.normalizer.mean[d] = model.normalizer.scale[d] = (double)(d + 1);
    if (code == BL_OK)
        code = par_model_write(par_alone(), path, &model, (struct h5_tuning){.replace = IO_REPLACE_SAME},
                               &split_err);
    bl_model_free(&model);
    return code;
}

static int write_codes(void)
{
    struct par_codes_writer *writer;
    static uint8_t rows[ROWS * 2];
    static int32_t classes[ROWS];
    const struct par_codes_info info = {.rows = ROWS,
                                        .bits = BITS,
                                        .labels = bl_label_layout(BL_LABELS_SINGLE, CLASSES),
                                        .replace = IO_REPLACE_SAME};
    for (int i = 0; i < ROWS; i++) {
        rows[2 * i] = (uint8_t)(i + 1);
        classes[i] = i % CLASSES;
    }
    int code = par_codes_create(&writer, par_alone(), path, &info, &split_err);
    if (code == BL_OK)
        code = par_codes_write_local(writer, 0, ROWS, rows, (const uint32_t *)(const void *)classes, NULL,
                                     &split_err);
    if (code == BL_OK)
        code = par_codes_commit(writer, &split_err);
    par_codes_destroy(writer);
    return code;
}

static int write_data(void)
{
    static uint8_t rows[ROWS * DIM];
    struct split_writer *writer;
    struct split_writer_options options = options_of(BL_UINT8, ROWS, DIM);
    memset(rows, 7, sizeof rows);
    int code = split_create(&writer, path, "train", &options, &split_err);
    if (code == BL_OK)
        code = split_append(writer, ROWS, rows, NULL, NULL, &split_err);
    if (code == BL_OK)
        code = split_commit(writer, &split_err);
    split_destroy(writer);
    return code;
}

/* 0: it went well; 1: the write was refused as documented; 2: otherwise; 3: there is no such call. */
static int try_once(int (*write_file)(void), const char *action, int number)
{
    char what[64];
    const int writes = strcmp(action, "flip") == 0 || strcmp(action, "filled") == 0;
    snprintf(what, sizeof what, "%s %s %d -1", writes ? "put" : "any", action, number);
    disturb_by(what, ".h5.part");
    const int code = write_file();
    const int seen = disturb_seen();
    disturb_by(NULL, NULL);
    if (seen < number)
        return 3;
    return code == BL_OK ? 0 : code == BL_PATH ? 1 : 2;
}

static int try_in_child(int (*write_file)(void), const char *action, int number)
{
    int status;
    fflush(stdout);
    const pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(try_once(write_file, action, number));
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status), "%s %d: killed by signal %d", action, number, WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* In the place of the file to come; a data set is only added to by what it can read, so there is none. */
static void put_older(int (*write_file)(void))
{
    unlink(path);
    if (write_file == write_data)
        return;
    fclose(fopen(path, "wb")); /* empty: it may be replaced whatever it will be */
}

static void expect_older(int (*write_file)(void))
{
    FILE *file = fopen(path, "rb");
    cr_assert_eq(file != NULL, write_file != write_data, "it has its name");
    if (!file)
        return;
    cr_assert_eq(fgetc(file), EOF);
    fclose(file);
}

/* Returns how many of the tries were noticed. */
static int expect_noticed(int (*write_file)(void), const char *action)
{
    int noticed = 0, outcome = 0;
    char summary[200], part[128];
    snprintf(part, sizeof part, "%s.part", path);
    for (int number = 1; number < TRIES && outcome != 3; number++) {
        put_older(write_file);
        outcome = try_in_child(write_file, action, number);
        cr_assert_neq(outcome, 2, "%s %d ended in another way", action, number);
        cr_assert_neq(access(part, F_OK), 0, "%s %d: something unfinished was left", action, number);
        noticed += outcome == 1;
        if (outcome == 1)
            expect_older(write_file);
        else
            cr_expect_eq(verify_file(path, summary, sizeof summary, &split_err), BL_OK, "%s %d: %s", action,
                         number, split_err.what);
    }
    cr_assert_eq(outcome, 3, "there are more than %d writes", TRIES);
    return noticed;
}

Test(disturbed, a_model_with_a_byte_turned_over_in_any_write_never_gets_the_name)
{
    cr_assert_gt(expect_noticed(write_model, "flip"), 20);
}

Test(disturbed, a_model_without_room_from_any_write_on_never_gets_the_name)
{
    cr_assert_gt(expect_noticed(write_model, "filled"), 20);
}

Test(disturbed, codes_with_a_byte_turned_over_in_any_write_never_get_the_name)
{
    cr_assert_gt(expect_noticed(write_codes, "flip"), 10);
}

Test(disturbed, codes_without_room_from_any_write_on_never_get_the_name)
{
    cr_assert_gt(expect_noticed(write_codes, "filled"), 10);
}

Test(disturbed, a_data_set_with_a_byte_turned_over_in_any_write_never_gets_the_name)
{
    cr_assert_gt(expect_noticed(write_data, "flip"), 3);
}

Test(disturbed, a_data_set_without_room_from_any_write_on_never_gets_the_name)
{
    cr_assert_gt(expect_noticed(write_data, "filled"), 3);
}

/* Writes, syncs, truncations, closes and the renaming: once and from then on. */
Test(disturbed, whatever_call_fails_while_a_file_is_made_is_noticed_and_leaves_the_older_file)
{
    int (*const files[])(void) = {write_model, write_codes, write_data};
    static const char *const actions[] = {"full", "broken", "breaking"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        for (size_t a = 0; a < sizeof actions / sizeof *actions; a++)
            cr_assert_gt(expect_noticed(files[f], actions[a]), 5);
}

/* Each row by itself is what was written: only their places are wrong. */
Test(disturbed, rows_that_changed_places_on_their_way_to_the_disk_stop_the_commit)
{
    enum { N = 1000, WIDTH = 64 };
    static uint8_t rows[N * WIDTH], bytes[1 << 20], row[WIDTH];
    char part[128];
    struct split_writer *writer;
    const struct split_writer_options options = options_of(BL_UINT8, N, WIDTH);
    for (int i = 0; i < N * WIDTH; i++)
        rows[i] = (uint8_t)(i / WIDTH % 251 + i % 7);
    cr_assert_eq(split_create(&writer, path, "train", &options, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(split_append(writer, N, rows, NULL, NULL, &split_err), BL_OK, "%s", split_err.what);
    snprintf(part, sizeof part, "%s.part", path);
    FILE *file = fopen(part, "r+b");
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    uint8_t *at = memmem(bytes, n, rows, sizeof rows);
    cr_assert_not_null(at, "the rows aren't in the file yet");
    memcpy(row, at, WIDTH);
    memcpy(at, at + WIDTH, WIDTH);
    memcpy(at + WIDTH, row, WIDTH);
    rewind(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    fclose(file);
    cr_assert_eq(split_commit(writer, &split_err), BL_PATH);
    cr_assert_not_null(strstr(split_err.what, "'train/features' reads back differently"), "%s",
                       split_err.what);
    split_destroy(writer);
}

Test(disturbed, a_copy_of_which_a_write_took_a_part_only_is_whole)
{
    static const uint8_t rows[ROWS * DIM];
    char summary[200];
    const struct split_writer_options options = options_of(BL_UINT8, ROWS, DIM);
    cr_assert_eq(write_data(), BL_OK, "%s", split_err.what);
    disturb_by("put short 1 -1", ".h5.part");
    write_split("test", &options, rows, NULL, NULL);
    cr_assert_geq(disturb_seen(), 1);
    disturb_by(NULL, NULL);
    cr_assert_eq(verify_file(path, summary, sizeof summary, &split_err), BL_OK, "%s", split_err.what);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    uint8_t got[DIM] = {0};
    cr_assert_eq(par_dataset_read_local(dataset, ROWS - 1, 1, got, NULL, NULL, &split_err), BL_OK);
    cr_assert_eq(got[DIM - 1], 7);
    par_dataset_close(dataset);
}
