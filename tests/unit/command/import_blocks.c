#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"
#include "support/folder.h"

/* Rows, labels, groups and ids of separate files, three rows more than a block of 8 MiB: 1024 rows. */
enum { DIM = 8192, PER_BLOCK = 1024, ROWS = PER_BLOCK + 3, GROUPS = 2 };

extern const struct command command_import;

static char folder[256];
static struct bl_error err;
static uint8_t rows[ROWS * DIM];
static int32_t labels[ROWS], groups[ROWS * GROUPS], ids[ROWS];

static void write_npy(const char *name, const char *descr, int cols, const void *values, size_t bytes)
{
    char head[128];
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
    const int n = snprintf(head + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }",
                           descr, ROWS, cols);
    head[10 + n] = ' ';
    head[127] = '\n';
    FILE *file = fopen(name, "wb");
    cr_assert_not_null(file);
    cr_assert(fwrite(head, 1, 128, file) == 128 && fwrite(values, 1, bytes, file) == bytes);
    fclose(file);
}

static void write_all(void)
{
    write_npy("x.npy", "|u1", DIM, rows, sizeof rows);
    write_npy("y.npy", "<i4", 1, labels, sizeof labels);
    write_npy("g.npy", "<i4", GROUPS, groups, sizeof groups);
    write_npy("i.npy", "<i4", 1, ids, sizeof ids);
}

static void enter(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    cr_assert_eq(chdir(folder), 0);
    bl_log_setup(BL_LOG_QUIET, 0, 0);
    h5_quiet();
    for (int i = 0; i < ROWS; i++) {
        rows[i * DIM] = (uint8_t)(i % 251);
        labels[i] = i % 13;
        groups[i * GROUPS] = i / 3;
        groups[i * GROUPS + 1] = 100000 + i;
        ids[i] = i == 0 ? 12345678 : i; /* the longest comes first */
    }
}

static void leave(void)
{
    cr_assert_eq(chdir("/"), 0);
    folder_remove(folder);
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

TestSuite(import_blocks, .init = enter, .fini = leave);

static int import(void)
{
    char line[] =
        "import --format npy --features x.npy --labels y.npy --groups g.npy --ids i.npy --split train "
        "-o data.h5";
    char *argv[20];
    int argc = 0;
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return command_import.run(par_alone(), argc, argv, &err);
}

Test(import_blocks, keep_what_belongs_to_a_row_with_it)
{
    static uint32_t got_labels[ROWS], got_groups[ROWS * GROUPS];
    static char got_ids[ROWS * 8];
    static uint8_t got[ROWS * DIM];
    struct par_dataset *dataset;
    write_all();
    cr_assert_eq(import(), BL_OK, "%s", err.what);
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), "data.h5", "train", &err), BL_OK, "%s", err.what);
    cr_assert_eq(dataset_split(dataset)->id_bytes, 8);
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, got, got_labels, got_ids, &err), BL_OK);
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, ROWS, got_groups, &err), BL_OK);
    par_dataset_close(dataset);
    cr_assert_eq(memcmp(got, rows, sizeof rows), 0);
    for (int i = 0; i < ROWS; i++) {
        char id[9] = "", expected[16];
        memcpy(id, got_ids + 8 * i, 8);
        snprintf(expected, sizeof expected, "%d", ids[i]);
        cr_assert_str_eq(id, expected, "row %d", i);
        cr_assert_eq(got_labels[i], (uint32_t)labels[i], "row %d", i);
        cr_assert(got_groups[i * GROUPS] == (uint32_t)groups[i * GROUPS] &&
                      got_groups[i * GROUPS + 1] == (uint32_t)groups[i * GROUPS + 1],
                  "row %d", i);
    }
}

Test(import_blocks, wrong_values_beyond_the_first_are_named_by_their_row_in_the_file)
{
    labels[PER_BLOCK + 1] = -5;
    write_all();
    cr_assert_eq(import(), BL_INPUT);
    cr_assert_not_null(strstr(err.what, "y.npy, row 1025 (counted from 0)"), "%s", err.what);
    labels[PER_BLOCK + 1] = 0;
    groups[(PER_BLOCK + 2) * GROUPS] = -2;
    write_all();
    cr_assert_eq(import(), BL_INPUT);
    cr_assert_not_null(strstr(err.what, "g.npy, row 1026 (counted from 0)"), "%s", err.what);
}
