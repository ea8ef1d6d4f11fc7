/* A data-set file cut from another by a protocol: its rows copied into the splits train, query and database.
 */
#ifndef PAR_FILES_DATASET_CUT_H
#define PAR_FILES_DATASET_CUT_H

#include <stdint.h>

#include "data/protocol.h"
#include "mpi/files/protocol_note.h"

struct dataset_cut_request {
    const struct bl_protocol *protocol;
    const char *source, *output;
    int64_t seed, queries_per_class, train_per_class, unseen_classes; /* as in struct bl_protocol_rows */
};

struct dataset_cut_result {
    struct par_protocol_note note;
    int64_t train, query, database, both, unused; /* rows; both: trained on and searched */
};

/* Applies the protocol to the splits train and test of the source and writes the output, whole or not at all.
 * Where the same rows are trained on and searched there is no split database: note.database is "train". Rows
 * keep their ids; in a split without ids they get SPLIT:ROW. Local. Errors: BL_USAGE a split that isn't
 * there, what bl_protocol_cut refuses; BL_INPUT splits that don't go together; BL_PATH, also when the output
 * exists; those of reading and writing data sets. */
int dataset_cut(const struct dataset_cut_request *request, struct dataset_cut_result *result,
                struct bl_error *err);

#endif
