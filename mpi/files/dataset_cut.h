/* Cutting a data-set file by an evaluation protocol: copies its rows into the splits train, query and
 * database of a new file. */
#ifndef PAR_FILES_DATASET_CUT_H
#define PAR_FILES_DATASET_CUT_H

#include <stdint.h>

#include "data/protocol.h"
#include "io/output.h"
#include "mpi/files/protocol_note.h"

/* Everything is borrowed for the call. */
struct dataset_cut_request {
    const struct bl_protocol *protocol;
    const char *source, *output;                                      /* paths */
    enum io_replace replace;                                          /* what the output may replace */
    int64_t seed, queries_per_class, train_per_class, unseen_classes; /* as in struct bl_protocol_rows */
};

struct dataset_cut_result {
    struct par_protocol_note note;
    int64_t train, query, database, both, unused; /* rows; both: in train and in database */
};

/* Applies the protocol to the splits train and test of the source and writes the output, completely or not
 * at all. If the training rows are also the database there is no split database, and note.database is
 * "train". Rows keep their ids; in a split without ids they get SPLIT:ROW. Local. Errors: BL_USAGE a
 * missing split, or what bl_protocol_cut refuses; BL_INPUT splits of different form; BL_PATH, also for an
 * output that may not be replaced; those of reading and writing data sets. */
int dataset_cut(const struct dataset_cut_request *request, struct dataset_cut_result *result,
                struct bl_error *err);

#endif
