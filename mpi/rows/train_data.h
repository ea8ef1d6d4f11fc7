/* The rows that a rank trains on: its logical shards of the train split, in the type they are stored in.
 * Features are in memory or, with data.residency: stream, in the file, from which they are read when
 * needed. Labels are always in memory. */
#ifndef PAR_ROWS_TRAIN_DATA_H
#define PAR_ROWS_TRAIN_DATA_H

#include "data/label_count.h"
#include "data/normalize.h"
#include "data/row_sample.h"
#include "data/shards.h"
#include "data/types.h"
#include "mpi/h5/row_file.h"
#include "mpi/rows/rows.h"

struct par_train_data {
    /* The whole split, the same on all ranks. */
    int64_t rows_global;
    int64_t dim;
    enum bl_type type;
    struct bl_label_layout labels;     /* or groups; labels.classes: how many distinct ones the split has */
    struct bl_label_count label_count; /* of the training rows, with the file's numbers of classes */
    int64_t n_class_names;             /* 0: classes are numbers */
    int64_t shards;
    int64_t n_train_global, n_validation_global, n_dropped_global;
    int64_t shard_rows_min;       /* training rows of the smallest shard */
    uint64_t fingerprint;         /* of shapes, features and labels; the same on any number of ranks */
    struct bl_row_sample trained; /* a sample of the training rows */

    /* This rank's part, all owned. */
    int64_t shard_lo, shard_hi; /* shards [shard_lo, shard_hi) */
    int64_t row_lo, row_hi;     /* file rows [row_lo, row_hi) */
    struct bl_shard *shard;     /* [shard_hi - shard_lo] */
    void *features;             /* [row_hi - row_lo, dim] of type; NULL: streamed */
    struct row_file *file;      /* the features when streamed; NULL: they are in memory */
    char *block;                /* when streamed: [rows of a block, dim], for passes over all rows */
    uint32_t *label_words;      /* [row_hi - row_lo, labels.words]; classes and groups are 0, 1, 2, ... */
    uint8_t *bad;               /* [row_hi - row_lo] 1: dropped for a value that isn't finite */
};

/* Reads this rank's shards from the data-set file at path by independent reads of parallel HDF5, checks
 * them, separates the validation rows, and computes what all ranks must know. Streamed features are read
 * once to be checked, and not kept. Collective; agreed; on failure *data is freed. Errors: those of
 * par_dataset_open; BL_USAGE more ranks than shards or groups, more shards than rows, features that can't
 * be streamed; BL_NUMBERS a row that isn't finite (bad_rows: stop), with its file row and column;
 * BL_MEMORY. par_train_data_free is local and safe twice. */
int par_train_data_init(struct par_train_data *data, struct par par, const char *path,
                        const struct bl_config *config, struct bl_error *err);
void par_train_data_free(struct par_train_data *data);

/* Bytes of a rank that has `rows` rows, n_train of them to train on, in memory or (is_streamed) in the
 * file. Local. */
int64_t par_train_data_bytes_local(int64_t rows, int64_t n_train, int64_t row_bytes, int64_t label_words,
                                   int is_streamed);

/* Sets *row to the features of one of this rank's file rows. In memory this can't fail; when streamed,
 * *row is valid until the next call, and rows read in order read each block once. Local. Errors: those of
 * row_file_row. */
int par_train_data_row_local(const struct par_train_data *data, int64_t file_row, const void **row,
                             struct bl_error *err);

/* This rank's rows [row_lo, row_hi) for passes over them. Borrows data, keep and groups. Local. */
struct rows par_train_data_rows_local(const struct par_train_data *data, const uint8_t *keep,
                                      struct par_sum_groups *groups);

/* The labels of one of this rank's file rows, borrowed; NULL if there are none. Local. */
const uint32_t *train_data_labels(const struct par_train_data *data, int64_t file_row);

#endif
