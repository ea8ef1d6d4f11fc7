#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/h5/file.h"
#include "support/folder.h"
#include "support/tiny.h"

/* Checkpoints and models go through MPI-IO, each rank's blocks by the rank itself, as the configuration wants
 * it; and they are read by all ranks with one outcome. With support/disturb.c in the program, which counts.
 */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
    h5_quiet();
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_parallel_files, .init = enter, .fini = leave);

/* What one rank told. */
struct counted {
    long long independent_bytes;
    int collective_calls;
    char hints[200];
};

/* Trains for five steps and writes one checkpoint and one model. 0: nothing can be preloaded here. */
static int train_counted(int ranks, const char *more, struct counted *counted)
{
    char prefix[TINY_PATH_MAX], path[TINY_PATH_MAX + 16], options[400];
    if (!TEST_DISTURB[0]) {
        cr_log_info("nothing can be preloaded before a sanitizer: what goes through MPI-IO is not counted");
        return 0;
    }
    tiny_path(&tiny, "count", prefix);
    setenv("BITLOOM_TEST_COUNT", prefix, 1);
    setenv("LD_PRELOAD", TEST_DISTURB, 1);
    snprintf(options, sizeof options,
             "--fresh --set train.steps=5 --set data.validation=0 --set checkpoint.every_steps=0 %s", more);
    tiny_train_well(&tiny, ranks, tiny.run, options);
    unsetenv("LD_PRELOAD");
    unsetenv("BITLOOM_TEST_COUNT");
    for (int r = 0; r < ranks; r++) {
        snprintf(path, sizeof path, "%s.%d", prefix, r);
        char *text = tiny_read(path, NULL);
        counted[r] = (struct counted){0};
        cr_assert_geq(sscanf(text, "independent %lld collective %d hints %199[^\n]",
                             &counted[r].independent_bytes, &counted[r].collective_calls, counted[r].hints),
                      2, "%s", text);
        free(text);
    }
    return 1;
}

/* Data sets of a file: bytes in all, and places in the order of names. */
struct sets {
    int64_t bytes;
    int n;
    int64_t at[100], size[100];
};

static herr_t add_set(hid_t file, const char *name, const H5O_info_t *info, void *context)
{
    struct sets *sets = context;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    sets->size[sets->n] = (int64_t)H5Dget_storage_size(set);
    sets->at[sets->n] = (int64_t)H5Dget_offset(set);
    sets->bytes += sets->size[sets->n++];
    H5Dclose(set);
    return 0;
}

static struct sets sets_of(const char *path)
{
    struct sets sets = {0};
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert_geq(file, 0, "%s", path);
    cr_assert_geq(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, add_set, &sets), 0);
    H5Fclose(file);
    return sets;
}

static void path_in_run(const char *name, char path[TINY_PATH_MAX + 64])
{
    snprintf(path, TINY_PATH_MAX + 64, "%s/%s", tiny.run, name);
}

Test(cli_parallel_files, every_rank_writes_its_blocks_through_mpi_io_and_they_are_all)
{
    struct counted counted[3];
    char checkpoint[TINY_PATH_MAX], model[TINY_PATH_MAX + 64];
    for (int ranks = 2; ranks <= 3; ranks++) {
        long long bytes = 0;
        if (!train_counted(ranks, "", counted))
            return;
        for (int r = 0; r < ranks; r++) {
            cr_expect_gt(counted[r].independent_bytes, 200, "rank %d of %d", r, ranks);
            cr_expect_eq(counted[r].collective_calls, 0);
            bytes += counted[r].independent_bytes;
        }
        cr_assert_eq(tiny_checkpoints(tiny.run, checkpoint), 1);
        path_in_run("model.h5", model);
        const int64_t rows = sets_of(checkpoint).bytes + sets_of(model).bytes;
        /* And a superblock of 48 bytes when a rank closes a file. */
        cr_expect_geq(bytes, rows);
        cr_expect_leq(bytes, rows + 48 * 2 * ranks);
    }
}

Test(cli_parallel_files, hints_reach_mpi_io_and_the_log)
{
    struct counted counted[2];
    char log[TINY_PATH_MAX + 64];
    if (!train_counted(2, "--set 'checkpoint.hints={striping_factor: 8, cb_nodes: \"2\"}'", counted))
        return;
    for (int r = 0; r < 2; r++)
        cr_expect_str_eq(counted[r].hints, "striping_factor=8 cb_nodes=2");
    path_in_run("train.log", log);
    char *text = tiny_read(log, NULL);
    cr_expect(strstr(text, "hints for MPI-IO: striping_factor=8, cb_nodes=2\n"), "%s", text);
    cr_expect(strstr(text, "MPI-IO keeps of these hints: "), "%s", text);
    free(text);
    cr_assert(train_counted(2, "", counted));
    cr_expect_str_eq(counted[1].hints, "");
}

static struct sets train_aligned(int ranks, const char *more)
{
    char newest[TINY_PATH_MAX], options[200];
    snprintf(options, sizeof options, "--fresh --set train.steps=5 %s", more);
    tiny_train_well(&tiny, ranks, tiny.run, options);
    cr_assert_eq(tiny_checkpoints(tiny.run, newest), 1);
    return sets_of(newest);
}

Test(cli_parallel_files, alignment_moves_large_tensors_alike_on_any_number_of_ranks)
{
    enum { ALIGNMENT = 1024 };
    const struct sets packed = train_aligned(1, "");
    int large = 0, unaligned = 0;
    for (int s = 0; s < packed.n; s++) {
        large += packed.size[s] >= ALIGNMENT;
        unaligned += packed.size[s] >= ALIGNMENT && packed.at[s] % ALIGNMENT != 0;
    }
    cr_assert(large > 0 && unaligned > 0);
    for (int ranks = 1; ranks <= 3; ranks++) {
        const struct sets aligned = train_aligned(ranks, "--set checkpoint.alignment=1");
        static struct sets first;
        for (int s = 0; s < aligned.n; s++)
            cr_expect(aligned.size[s] < ALIGNMENT || aligned.at[s] % ALIGNMENT == 0);
        if (ranks == 1)
            first = aligned;
        cr_expect_eq(memcmp(&first, &aligned, sizeof first), 0, "%d ranks", ranks);
    }
}

/* Reading */

static void run_shell(const char *format, const char *a, const char *b)
{
    char command[2 * TINY_PATH_MAX + 64];
    snprintf(command, sizeof command, format, a, b);
    cr_assert_eq(system(command), 0, "%s", command);
}

static int64_t place_in(const char *path, const char *name)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(set, 0, "%s", name);
    const int64_t at = (int64_t)H5Dget_offset(set);
    H5Dclose(set);
    H5Fclose(file);
    return at;
}

Test(cli_parallel_files, a_damaged_block_is_one_outcome_on_any_number_of_ranks)
{
    static const char *const sets[] = {"state/best/layer1/bias",
                                       "state/optimizer/second_moment/layer0/weight",
                                       "checksums/state/params/layer0/weight", "texts/config"};
    static const char more[] = "--set train.steps=20 --set checkpoint.every_steps=10";
    char saved[TINY_PATH_MAX], newest[TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "saved", saved);
    tiny_train_well(&tiny, 2, saved, more);
    for (int i = 0; i < 8; i++) {
        const int ranks = 1 + i % 3;
        run_shell("cp -r %s %s", saved, tiny.run);
        cr_assert_eq(tiny_checkpoints(tiny.run, newest), 2);
        tiny_flip_byte(newest, place_in(newest, sets[i % 4]) + i / 4);
        tiny_train(&tiny, &result, ranks, tiny.run, more);
        cli_expect_success(&result);
        const char *said = strstr(result.err, "is damaged in rows");
        cr_assert(said && !strstr(said + 1, "is damaged in rows"), "%d ranks, %s: %s", ranks, sets[i % 4],
                  result.err);
        cr_assert(strstr(result.err, "from step 10 of 20"), "%s", result.err);
        cli_free(&result);
        folder_remove(tiny.run);
    }
}

/* A fault of one node's network, say: in the structure, in checksums, in rows. */
Test(cli_parallel_files, a_read_that_fails_on_one_rank_is_every_ranks_failure)
{
    static const char *const faults[] = {"read full 1 1", "read full 8 2", "read full 12 1",
                                         "read full 41 2"};
    static const char more[] = "--set train.steps=20 --set checkpoint.every_steps=10";
    char saved[TINY_PATH_MAX];
    struct cli_result result;
    if (!TEST_DISTURB[0])
        return;
    tiny_path(&tiny, "saved", saved);
    tiny_train_well(&tiny, 2, saved, more);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        run_shell("cp -r %s %s", saved, tiny.run);
        setenv("BITLOOM_TEST_DISTURB", faults[i], 1);
        setenv("LD_PRELOAD", TEST_DISTURB, 1);
        tiny_train(&tiny, &result, 3, tiny.run, more);
        unsetenv("LD_PRELOAD");
        unsetenv("BITLOOM_TEST_DISTURB");
        cli_expect_success(&result);
        cr_assert(strstr(result.err, "trying an older checkpoint"), "%s: %s", faults[i], result.err);
        cr_assert(strstr(result.err, "from step 10 of 20"), "%s: %s", faults[i], result.err);
        cli_free(&result);
        folder_remove(tiny.run);
    }
}

Test(cli_parallel_files, when_all_are_damaged_no_rank_goes_on)
{
    static const char more[] = "--set train.steps=10 --set checkpoint.every_steps=0";
    char newest[TINY_PATH_MAX];
    tiny_train_well(&tiny, 2, tiny.run, more);
    cr_assert_eq(tiny_checkpoints(tiny.run, newest), 1);
    tiny_flip_byte(newest, place_in(newest, "state/params/layer0/weight"));
    for (int ranks = 1; ranks <= 3; ranks++)
        tiny_train_badly(&tiny, ranks, more, 3, "its only checkpoint is damaged");
}
