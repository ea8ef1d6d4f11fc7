#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "support/folder.h"
#include "support/tiny.h"

/* Files of other versions of bitloom: those in tests/data as an older one wrote them, and a later one's. */
#define DATA BITLOOM_SOURCE_DIR "/tests/data/"
enum { STORED_STEP = 8 };

static char folder[CLI_PATH_MAX], run[TINY_PATH_MAX], stored[TINY_PATH_MAX + 64];
static struct cli_result result;

static void copy(const char *from, const char *to)
{
    int64_t n;
    char *bytes = tiny_read(from, &n);
    tiny_write(to, bytes, n);
    free(bytes);
}

/* A run folder that holds the stored checkpoint, beside its configuration and data. */
static void enter(void)
{
    char path[TINY_PATH_MAX + 64], command[TINY_PATH_MAX + 64];
    cli_temp_folder(folder);
    h5_quiet();
    snprintf(path, sizeof path, "%s/v1.yaml", folder);
    copy(DATA "v1.yaml", path);
    snprintf(path, sizeof path, "%s/data-v1.h5", folder);
    copy(DATA "data-v1.h5", path);
    snprintf(run, sizeof run, "%s/run", folder);
    snprintf(command, sizeof command, "mkdir -p %s/checkpoints", run);
    cr_assert_eq(system(command), 0);
    snprintf(stored, sizeof stored, "%s/checkpoints/step-%08d.h5", run, STORED_STEP);
    copy(DATA "checkpoint-v1.h5", stored);
}

static void leave(void)
{
    cli_free(&result);
    folder_remove(folder);
}

TestSuite(cli_versions, .init = enter, .fini = leave);

static void expect_text(const char *text)
{
    cli_expect_success(&result);
    cr_assert(strstr(result.out, text) || strstr(result.err, text), "'%s' is not in: %s%s", text, result.out,
              result.err);
    cli_free(&result);
}

Test(cli_versions, check_and_info_read_a_checkpoint_of_version_1)
{
    cli_run(&result, 0, "check %s", stored);
    expect_text("20 blocks: intact");
    cli_run(&result, 0, "info %s", stored);
    expect_text("digest d2e2a8c7d7d8d6a1");
}

Test(cli_versions, a_run_continues_from_a_checkpoint_of_version_1)
{
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        cli_run(&result, ranks, "train %s/v1.yaml --run %s", folder, run);
        expect_text("from step 8 of 16  digest d2e2a8c7d7d8d6a1");
        char newest[TINY_PATH_MAX];
        cr_assert_eq(tiny_checkpoints(run, newest), 2);
        cr_assert(strstr(newest, "step-00000016.h5"), "%s", newest);
        cr_assert_eq(remove(newest), 0);
    }
}

Test(cli_versions, a_data_set_of_version_1_is_read)
{
    cli_run(&result, 0, "check %s/data-v1.h5", folder);
    expect_text("intact");
    cli_run(&result, 2, "baseline lsh %s/data-v1.h5 --bits 8 -o %s/model.h5 --force", folder, folder);
    expect_text("");
}

static void set_version(const char *path, int64_t version)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    cr_assert_eq(h5_put_integer(file, "format_version", version), 0);
    cr_assert_geq(H5Fclose(file), 0);
}

/* Two checkpoints: the older one is of version 1. */
static void make_newest_of_version_2(void)
{
    char older[TINY_PATH_MAX + 64];
    snprintf(older, sizeof older, "%s/checkpoints/step-00000004.h5", run);
    copy(stored, older);
    set_version(stored, 2);
}

static const char versions[] = "step-00000008.h5 has version 2 of its format but this bitloom reads up to 1";

Test(cli_versions, a_run_doesnt_go_back_behind_a_checkpoint_of_a_later_version)
{
    make_newest_of_version_2();
    for (int ranks = 1; ranks <= 3; ranks += 2)
        cli_fails(ranks, 3, versions, "train %s/v1.yaml --run %s", folder, run);
    cr_assert_eq(tiny_checkpoints(run, NULL), 2);
    cli_fails(0, 3, versions, "check %s/v1.yaml --run %s", folder, run);
}

Test(cli_versions, check_and_info_refuse_a_checkpoint_of_a_later_version)
{
    make_newest_of_version_2();
    cli_run(&result, 0, "check %s", stored);
    cli_expect_error(&result, 3, versions);
    cr_assert_null(strstr(result.err, "is intact"), "%s", result.err);
    cli_free(&result);
    cli_fails(0, 3, versions, "info %s", stored);
}

Test(cli_versions, other_files_of_a_later_version_are_refused)
{
    static const char text[] = "has version 7 of its format but this bitloom reads up to ";
    cli_succeeds(0, "baseline lsh %s/data-v1.h5 --bits 8 -o %s/model.h5 --force", folder, folder);
    cli_succeeds(0, "encode %s/model.h5 %s/data-v1.h5 --split train -o %s/codes.h5 --force", folder, folder,
                 folder);
    static const char *const names[] = {"model.h5", "codes.h5", "data-v1.h5"};
    for (int i = 0; i < 3; i++) {
        char path[TINY_PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        set_version(path, 7);
        cli_fails(0, 3, text, "check %s", path);
    }
    cli_fails(0, 3, text, "search %s/codes.h5 %s/codes.h5 -k 1", folder, folder);
    cli_fails(2, 3, text, "encode %s/model.h5 %s/data-v1.h5 --split train -o %s/x.h5 --force", folder, folder,
              folder);
}

static void set_text(const char *path, const char *name, const char *text)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    H5Adelete(file, name);
    cr_assert_eq(h5_put_text(file, name, text), 0);
    cr_assert_geq(H5Fclose(file), 0);
}

static void expect_version(const char *path, int version)
{
    char text[64];
    snprintf(text, sizeof text, "\"format_version\":%d", version);
    cli_run(&result, 0, "info %s --json", path);
    expect_text(text);
}

/* So an older program refuses what it would encode wrongly, and reads all else. */
Test(cli_versions, models_have_the_version_of_what_they_need)
{
    char model[TINY_PATH_MAX];
    snprintf(model, sizeof model, "%s/model.h5", folder);
    cli_succeeds(0, "baseline lsh %s/data-v1.h5 --bits 8 -o %s --force", folder, model);
    expect_version(model, 1);
    cli_succeeds(0, "baseline sph %s/data-v1.h5 --bits 4 -o %s --force", folder, model);
    expect_version(model, 2);
    cli_succeeds(0, "baseline sh %s/data-v1.h5 --bits 4 -o %s --force", folder, model);
    expect_version(model, 2);
}

Test(cli_versions, a_model_with_ends_of_an_unknown_kind_is_refused)
{
    static const char *const names[] = {"input", "output"};
    char model[TINY_PATH_MAX];
    snprintf(model, sizeof model, "%s/model.h5", folder);
    for (int i = 0; i < 2; i++) {
        cli_succeeds(0, "baseline sh %s/data-v1.h5 --bits 4 -o %s --force", folder, model);
        set_text(model, names[i], "wavelet");
        cli_fails(2, 3, "don't describe a network",
                  "encode %s %s/data-v1.h5 --split train -o %s/x.h5 --force", model, folder, folder);
    }
}

/* Login nodes often can't start it. */
Test(cli_versions, a_file_is_checked_without_mpi)
{
    setenv("OMPI_MCA_pml", "none", 1);
    cli_run(&result, 0, "check %s", stored);
    unsetenv("OMPI_MCA_pml");
    expect_text("intact");
}
