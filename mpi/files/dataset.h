/* Data-set files: /<split>/features [N,D] with labels, groups and ids beside them (mpi/files/tags.h has their form)
 * in plain HDF5 (docs/file-formats.md). Files that bitloom wrote also have root attributes and checksums. */
#ifndef PAR_FILES_DATASET_H
#define PAR_FILES_DATASET_H

#include <hdf5.h>
#include <stdint.h>

#include "data/labels.h"
#include "data/types.h"
#include "mpi/h5/row_file.h"
#include "mpi/ranks/comm.h"

/* The root attributes format and format_version. */
#define PAR_DATASET_FORMAT "bitloom dataset"
enum { PAR_DATASET_VERSION = 1, PAR_SPLIT_LIST_BYTES = 512 };

struct par_dataset; /* owns HDF5 handles */

/* What one split holds, known and checked as soon as it is open. */
struct par_split {
    int64_t rows;
    int64_t dim;
    enum bl_type type;
    struct bl_label_layout labels;
    struct bl_label_layout groups;
    int64_t id_bytes;      /* 0: no ids; ids travel as fixed-width text, integers printed in decimal */
    int64_t n_class_names; /* 0: none */
    const char *const *class_names; /* [n_class_names]; owned by the data set */
    int has_checksums;              /* written by bitloom */
};

/* Opens `split` of the data-set file at path for reading and checks shapes, types and layout before anything
 * else. Collective over par->comm when it has more than one rank (arguments equal). Errors, agreed on all
 * ranks: BL_PATH can't be opened; BL_INPUT not HDF5, truncated, another kind of bitloom file, no splits at
 * all, a shape or type that doesn't fit (features [N,D] uint8/float16/float32/float64, labels [N] integer or
 * [N,C] of 0 and 1, groups [N] or [N,M] integer, ids [N] integer or fixed-length string); BL_USAGE no such
 * split (the message lists the splits that exist). */
int par_dataset_open(struct par_dataset **out, struct par par, const char *path, const char *split,
                     struct bl_error *err);
const struct par_split *par_dataset_split(const struct par_dataset *dataset);

/* From here on the split's labels are its groups, of kind GROUPS, if it has any and they are preferred or it
 * has no labels: one layout then says what is similar and relevant. No class has a name then. Local. */
void par_dataset_choose_local(struct par_dataset *dataset, int prefer_groups);

/* Rows [row_lo, row_lo + n) into features [n, dim] (stored type, host order), labels [n, labels.words]
 * packed, ids [n, id_bytes] zero-padded; each may be NULL. Independent: any rank may read any rows at any
 * time. Labels are checked: a negative class or group other than -1, a class at or above the number of class
 * names, a multi-label value other than 0 and 1 are BL_INPUT with the row. Features are not checked for NaN
 * here. */
int par_dataset_read_local(struct par_dataset *dataset, int64_t row_lo, int64_t n, void *features,
                           uint32_t *labels, char *ids, struct bl_error *err);

/* Groups of rows [row_lo, row_lo + n) into groups [n, groups.words] packed, for what wants them beside
 * labels. */
int par_dataset_read_groups_local(struct par_dataset *dataset, int64_t row_lo, int64_t n, uint32_t *groups,
                                  struct bl_error *err);

/* BL_USAGE unless the features lie in the file as they are in memory, in one piece; the message says how to
 * make them so. Local. */
int par_dataset_stream_check_local(const struct par_dataset *dataset, struct bl_error *err);

/* The features of rows [row_lo, row_hi) as a plain file, which outlives the data set. Reads a row both ways
 * and compares them. Errors: those above, BL_PATH, BL_INPUT, BL_MEMORY. Local. */
int par_dataset_row_file_local(struct par_dataset *dataset, int64_t row_lo, int64_t row_hi,
                               struct row_file **out, struct bl_error *err);

/* Collective as the opening was. NULL is fine. */
void par_dataset_close(struct par_dataset *dataset);

/* The names of the splits in an open file, "test, train" (cut when long, "" when there are none). Local. */
void split_list(hid_t file, char list[PAR_SPLIT_LIST_BYTES]);

/* BL_USAGE unless split can be a split's name. Local. */
int split_name_check(const char *split, struct bl_error *err);

/* Writing, by one process alone (import). Rows arrive in blocks and leave no half-written file: the new file
 * is made beside `path` (an existing one is copied first, its other splits kept), and takes its name in
 * split_commit once it is flushed, read back against its checksums and fsynced. */
struct split_writer;
struct split_writer_options {
    int replace; /* an existing split of that name is replaced instead of refused */
    int64_t rows, dim;
    enum bl_type type;
    struct bl_label_layout labels;
    struct bl_label_layout groups; /* GROUPS of words = 1 are written as [N], of more as [N,M] */
    int64_t id_bytes;
    int64_t n_class_names;
    const char *const *class_names;
};
int split_create(struct split_writer **out, const char *path, const char *split,
                 const struct split_writer_options *options, struct bl_error *err);
/* features [n, dim]; labels [n] int32 (SINGLE) or [n, classes] uint8 (MULTI) or NULL; ids [n, id_bytes] or
 * NULL. */
int split_append(struct split_writer *writer, int64_t n, const void *features, const void *labels,
                 const char *ids, struct bl_error *err);
/* Groups [n, groups.words] of the n rows that are appended next. */
int split_put_groups(struct split_writer *writer, int64_t n, const uint32_t *groups, struct bl_error *err);
/* Goes on with another split of the same file, which appears with all of them. Errors as of create, and of
 * commit. split_file: the open file, for attributes. */
int split_next(struct split_writer *writer, const char *split, const struct split_writer_options *options,
               struct bl_error *err);
hid_t split_file(const struct split_writer *writer);
int split_commit(struct split_writer *writer, struct bl_error *err);
/* Frees; without a commit removes the unfinished file. NULL is fine. */
void split_destroy(struct split_writer *writer);

#endif
