#include "support/splits.h"

#include <stdlib.h>

#include "base/log.h"

static char folder[64];
char path[96];
struct bl_error split_err;

void enter(void)
{
    strcpy(folder, "/tmp/bitloom-dataset-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data.h5", folder);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    bl_log_setup(BL_LOG_QUIET, 0, 0);
}

void leave(void)
{
    char part[112];
    snprintf(part, sizeof part, "%s.part", path);
    cr_assert_neq(access(part, F_OK), 0, "an unfinished file was left behind");
    unlink(path);
    cr_assert_eq(rmdir(folder), 0, "something was left in the folder");
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

void add_foreign(hid_t file, const struct foreign *f)
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

void write_foreign(const struct foreign *sets, int n)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    for (int i = 0; i < n; i++)
        add_foreign(file, &sets[i]);
    H5Fclose(file);
}

const float six[6] = {0.0f, 1.5f, -2.0f, 65504.0f, 0.25f, -0.0f};

struct foreign features_of_three_rows(void)
{
    return (struct foreign){"train/features", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, {3, 2}, six, 0};
}

int open_split(struct par_dataset **dataset, const char *split)
{
    return par_dataset_open(dataset, par_alone(), path, split, &split_err);
}

struct split_writer_options options_of(enum bl_type type, int64_t rows, int64_t dim)
{
    return (struct split_writer_options){
        .rows = rows, .dim = dim, .type = type, .labels = bl_label_layout(BL_LABELS_NONE, 0)};
}

void write_split(const char *split, const struct split_writer_options *options, const void *features,
                 const void *labels, const char *ids)
{
    struct split_writer *writer;
    cr_assert_eq(split_create(&writer, path, split, options, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(split_append(writer, options->rows, features, labels, ids, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_eq(split_commit(writer, &split_err), BL_OK, "%s", split_err.what);
    split_destroy(writer);
}
