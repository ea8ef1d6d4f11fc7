/* Data-set files (docs/file-formats.md): plain HDF5 with /<split>/features [N,D] and, beside it, labels,
 * groups and ids (mpi/files/tags.h). Files that bitloom wrote also have root attributes and checksums. */
#ifndef PAR_FILES_DATASET_H
#define PAR_FILES_DATASET_H

#include <hdf5.h>
#include <stdint.h>

#include "data/labels.h"
#include "data/types.h"
#include "io/output.h"
#include "mpi/h5/row_file.h"
#include "mpi/ranks/comm.h"

/* The root attributes format and format_version. */
#define PAR_DATASET_FORMAT "bitloom dataset"
enum { PAR_DATASET_VERSION = 1, PAR_SPLIT_LIST_BYTES = 512 };

/* One split, open for reading on all ranks. Owns HDF5 handles and class names. */
struct par_dataset;

/* What the split holds; checked when it is opened, and the same on all ranks. */
struct par_split {
    int64_t rows;
    int64_t dim;
    enum bl_type type;
    struct bl_label_layout labels;
    struct bl_label_layout groups;
    int64_t id_bytes;               /* 0: no ids. Ids are fixed-width text; integers are printed in decimal */
    int64_t n_class_names;          /* 0: none */
    const char *const *class_names; /* [n_class_names]; owned by the data set */
    int has_checksums;              /* of the features; bitloom writes them */
};

/* Opens `split` of the data-set file at path for reading, and checks shapes, types and layout first.
 * Collective, arguments equal on all ranks; agreed. Errors: BL_PATH can't be opened; BL_INPUT not HDF5,
 * truncated, another kind of bitloom file, no splits at all, a shape or type that doesn't fit (features
 * [N,D] uint8/float16/float32/float64, labels [N] integer or [N,C] of 0 and 1, groups [N] or [N,M]
 * integer, ids [N] integer or fixed-length string); BL_USAGE no such split (the message lists those that
 * exist); BL_MEMORY. *out is NULL then. */
int par_dataset_open(struct par_dataset **out, struct par par, const char *path, const char *split,
                     struct bl_error *err);

/* Borrowed until par_dataset_close. Local. */
const struct par_split *dataset_split(const struct par_dataset *dataset);

/* Decides what defines similarity and relevance: from now on the split's groups are its `labels`, of kind
 * GROUPS and without class names, if it has groups and either they are preferred or it has no labels.
 * Local. */
void par_dataset_use_groups_local(struct par_dataset *dataset, int prefer_groups);

/* Reads rows [row_lo, row_lo + n) into features [n, dim] (stored type, host byte order), labels [n,
 * labels.words] packed, ids [n, id_bytes] padded with NUL; each may be NULL. Local: any rank may read any
 * rows at any time. Features aren't checked for NaN here. Errors: BL_INPUT unreadable or damaged; or, with
 * the row, a negative class or group other than -1, a class without a name where classes have names, a
 * multi-label value other than 0 and 1. */
int par_dataset_read_local(struct par_dataset *dataset, int64_t row_lo, int64_t n, void *features,
                           uint32_t *labels, char *ids, struct bl_error *err);

/* Reads the groups of rows [row_lo, row_lo + n) into groups [n, groups.words] packed, also when labels are
 * used. Local. Errors as above. */
int par_dataset_read_groups_local(struct par_dataset *dataset, int64_t row_lo, int64_t n, uint32_t *groups,
                                  struct bl_error *err);

/* The features as blocks of rows with a checksum each (mpi/h5/table.h): how many, and the checksums of blocks [lo,
 * lo + n), which are those of the file, or are computed where it has none. Local. Errors: BL_INPUT unreadable;
 * BL_MEMORY. */
int64_t dataset_blocks(const struct par_dataset *dataset);
int par_dataset_block_sums_local(struct par_dataset *dataset, int64_t lo, int64_t n, uint64_t *sums,
                                 struct bl_error *err);

/* BL_OK if the features can be streamed: stored contiguously, and with the bytes they have in memory.
 * Otherwise BL_USAGE; the message says how to rewrite the file. Local. */
int par_dataset_stream_check_local(const struct par_dataset *dataset, struct bl_error *err);

/* Opens rows [row_lo, row_hi) of the features as a plain file, which outlives the data set. To make sure
 * of the offset it reads the last row both ways and compares. Local. Errors: BL_USAGE as above; BL_PATH,
 * BL_INPUT, BL_MEMORY. */
int par_dataset_row_file_local(struct par_dataset *dataset, int64_t row_lo, int64_t row_hi,
                               struct row_file **out, struct bl_error *err);

/* Collective as the opening was. NULL is fine. */
void par_dataset_close(struct par_dataset *dataset);

/* Calls take with the name of each split of an open file. Local. */
void split_each(hid_t file, void (*take)(void *context, const char *name), void *context);

/* Writes the names of the splits in an open file, "test, train"; cut off when too long, "" if there are none.
 * Local. */
void split_list(hid_t file, char list[PAR_SPLIT_LIST_BYTES]);

/* BL_OK if `split` is a valid name for a split, otherwise BL_USAGE. Local. */
int split_name_check(const char *split, struct bl_error *err);

/* Writing splits, by one process (import, cut). The new file gets a temporary
 * name beside `path`; an existing file is copied first, with its other splits. split_commit flushes it,
 * reads it back against its checksums, fsyncs it and renames it, so there is never a half-written file
 * under `path`. Owned by the caller. */
struct split_writer;
struct split_writer_options {
    int replace;                  /* replace an existing split of that name instead of refusing */
    int is_whole;                 /* the file will have no other splits than those written now: */
    enum io_replace replace_file; /* then, whether there may be an older one */
    int64_t rows, dim;
    enum bl_type type;
    struct bl_label_layout labels;
    struct bl_label_layout groups; /* GROUPS with words = 1 are written as [N], with more as [N,M] */
    int64_t id_bytes;
    int64_t n_class_names;
    const char *const *class_names; /* borrowed for the call */
};

/* Begins a file, or a changed copy of the one at path, with its first new split. Local. Errors: BL_USAGE a
 * split that exists, a file that was cut by a protocol, a name for another format (mpi/files/output.h); BL_PATH; BL_INPUT not a data set; BL_MEMORY. *out
 * is NULL then. */
int split_create(struct split_writer **out, const char *path, const char *split,
                 const struct split_writer_options *options, struct bl_error *err);

/* Begins a changed copy of the data set at path without a new split: for what is added to a split that stays
 * (mpi/files/truth.h) through split_file, before split_commit. Local. Errors: BL_USAGE, BL_PATH, BL_INPUT not a data
 * set, BL_MEMORY. *out is NULL then. */
int split_change(struct split_writer **out, const char *path, struct bl_error *err);

/* Appends n rows: features [n, dim]; labels [n] int32 (SINGLE) or [n, classes] uint8 (MULTI) or NULL; ids
 * [n, id_bytes] or NULL. Local. Errors: BL_PATH; BL_DEFECT more rows than announced. */
int split_append(struct split_writer *writer, int64_t n, const void *features, const void *labels,
                 const char *ids, struct bl_error *err);

/* Writes the groups [n, groups.words] of the n rows that split_append appends next. Local. Errors:
 * BL_PATH. */
int split_put_groups(struct split_writer *writer, int64_t n, const uint32_t *groups, struct bl_error *err);

/* Finishes this split and begins another in the same file; all appear together at the commit. Local. Errors:
 * those of split_create and split_commit. */
int split_next(struct split_writer *writer, const char *split, const struct split_writer_options *options,
               struct bl_error *err);

/* The open file, for attributes; borrowed. Local. */
hid_t split_file(const struct split_writer *writer);

/* The bytes of the older file that were copied to add a split; 0: there was none. Local. */
int64_t split_copied_bytes(const struct split_writer *writer);

/* Verifies the file, marks it complete and renames it to its path. Local. Errors: BL_PATH unwritable or
 * read back differently; BL_DEFECT rows are missing. */
int split_commit(struct split_writer *writer, struct bl_error *err);

/* Frees the writer; without a commit it removes the temporary file. Local. NULL is fine. */
void split_destroy(struct split_writer *writer);

#endif
