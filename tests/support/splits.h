/* What the tests of data sets share: a folder of their own, files as other programs write them, and ours. */
#ifndef TEST_SUPPORT_SPLITS_H
#define TEST_SUPPORT_SPLITS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"

/* The data set of this test, and why the last call failed. */
extern char path[96];
extern struct bl_error split_err;

/* A folder for each test; leaving also shows that nothing is left. */
void enter(void);
void leave(void);

/* ---- files as other programs write them ---- */

struct foreign {
    const char *name; /* "train/features" */
    hid_t stored, memory;
    int rank;
    hsize_t extent[3];
    const void *values;
    int packed; /* chunked, shuffled and gzipped */
};

void add_foreign(hid_t file, const struct foreign *f);
void write_foreign(const struct foreign *sets, int n);

extern const float six[6];
struct foreign features_of_three_rows(void);

/* ---- ours ---- */

int open_split(struct par_dataset **dataset, const char *split);
struct split_writer_options options_of(enum bl_type type, int64_t rows, int64_t dim);
void write_split(const char *split, const struct split_writer_options *options, const void *features,
                 const void *labels, const char *ids);

#endif
