/* What the tests of data sets share: a folder of their own, files as other programs write them, and ours. */
#ifndef TESTS_SPLITS_H
#define TESTS_SPLITS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/files/dataset.h"

static char folder[64], path[96];
static struct bl_error err;

static void enter(void)
{
    strcpy(folder, "/tmp/bitloom-dataset-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data.h5", folder);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    bl_log_setup(BL_LOG_QUIET, 0, 0);
}

static void leave(void)
{
    char part[112];
    snprintf(part, sizeof part, "%s.part", path);
    cr_assert_neq(access(part, F_OK), 0, "an unfinished file was left behind");
    unlink(path);
    cr_assert_eq(rmdir(folder), 0, "something was left in the folder");
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

/* ---- files as other programs write them ---- */

struct foreign {
    const char *name; /* "train/features" */
    hid_t stored, memory;
    int rank;
    hsize_t extent[3];
    const void *values;
    int packed; /* chunked, shuffled and gzipped */
};

static void add_foreign(hid_t file, const struct foreign *f)
{
    hid_t links = H5Pcreate(H5P_LINK_CREATE), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    if (f->packed) {
        hsize_t chunk[3] = {2, 1, 1};
        H5Pset_chunk(creation, f->rank, chunk);
        H5Pset_shuffle(creation);
        H5Pset_deflate(creation, 6);
    }
    hid_t space = H5Screate_simple(f->rank, f->extent, NULL);
    hid_t set = H5Dcreate2(file, f->name, f->stored, space, links, creation, H5P_DEFAULT);
    cr_assert_geq(set, 0);
    if (f->values)
        cr_assert_geq(H5Dwrite(set, f->memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, f->values), 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(creation);
    H5Pclose(links);
}

static void write_foreign(const struct foreign *sets, int n)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    for (int i = 0; i < n; i++)
        add_foreign(file, &sets[i]);
    H5Fclose(file);
}

static const float six[6] = {0.0f, 1.5f, -2.0f, 65504.0f, 0.25f, -0.0f};

static struct foreign features_of_three_rows(void)
{
    return (struct foreign){"train/features", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, {3, 2}, six, 0};
}

static int open_split(struct par_dataset **dataset, const char *split)
{
    return par_dataset_open(dataset, par_alone(), path, split, &err);
}

static struct split_writer_options options_of(enum bl_type type, int64_t rows, int64_t dim)
{
    return (struct split_writer_options){
        .rows = rows, .dim = dim, .type = type, .labels = bl_label_layout(BL_LABELS_NONE, 0)};
}

static void write_split(const char *split, const struct split_writer_options *options, const void *features,
                        const void *labels, const char *ids)
{
    struct split_writer *writer;
    cr_assert_eq(split_create(&writer, path, split, options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, options->rows, features, labels, ids, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_commit(writer, &err), BL_OK, "%s", err.what);
    split_destroy(writer);
}

#endif
