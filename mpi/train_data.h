/* The rows that a rank trains on: its logical shards of the train split, resident in their stored type. */
#ifndef PAR_TRAIN_DATA_H
#define PAR_TRAIN_DATA_H

#include "data/labels.h"
#include "data/normalize.h"
#include "data/row_sample.h"
#include "data/shards.h"
#include "data/types.h"
#include "mpi/comm.h"

struct par_train_data {
    /* the whole split, the same on all ranks */
    int64_t rows_global;
    int64_t dim;
    enum bl_type type;
    struct bl_label_layout labels; /* or groups; classes: number of different ones in the split */
    int64_t shards;
    int64_t n_train_global, n_validation_global, n_dropped_global;
    int64_t shard_rows_min;       /* training rows of the smallest shard */
    uint64_t fingerprint;         /* of shapes, features and labels; the same on any number of ranks */
    struct bl_row_sample trained; /* of the training rows */

    /* this rank's part */
    int64_t shard_lo, shard_hi; /* shards [shard_lo, shard_hi) */
    int64_t row_lo, row_hi;     /* file rows [row_lo, row_hi) */
    struct bl_shard *shard;     /* [shard_hi - shard_lo] */
    void *features;             /* [row_hi - row_lo, dim] of type; owned */
    uint32_t *label_words;      /* [row_hi - row_lo, labels.words]; classes and groups are dense; owned */
    uint8_t *bad;               /* [row_hi - row_lo] 1: dropped for a value that isn't finite; owned */
};

/* Reads this rank's shards (independent reads of parallel HDF5), checks them, splits off the validation rows,
 * and shares what must be known everywhere. path is the data-set file, resolved. Collective; the outcome is
 * agreed; on failure *data is freed. Errors: those of par_dataset_open; BL_USAGE more ranks than shards or
 * groups, more shards than rows; BL_NUMBERS a row that isn't finite (bad_rows: stop), with its file row and
 * column; BL_MEMORY. */
int par_train_data_init(struct par_train_data *data, struct par par, const char *path,
                        const struct bl_config *config, struct bl_error *err);
void par_train_data_free(struct par_train_data *data);

/* Address of a file row's features, and of its labels (NULL without). The row must be this rank's. Local. */
const void *par_train_data_row(const struct par_train_data *data, int64_t file_row);
const uint32_t *par_train_data_labels(const struct par_train_data *data, int64_t file_row);

#endif
