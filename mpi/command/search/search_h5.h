/* The HDF5 form of an answer: /neighbours [Q,k] int64 and /distances [Q,k] int32 (-1: no more within the
 * radius), /query_ids [Q] and /database_ids [N] if known, /database_labels ([N] int32 or [N,C] uint8) if
 * known; attributes bits, k, and class_names. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_H5_H
#define PAR_COMMAND_SEARCH_SEARCH_H5_H

#include <hdf5.h>

#include "mpi/command/search/search_answer.h"

struct search_h5 {
    int is_open;
    hid_t file, neighbours, distances;
    char path[BL_PATH_MAX + 8];
};

/* Creates the file at path with all but the answers. Local. Errors: BL_PATH, BL_MEMORY; close anyway. */
int search_h5_create(struct search_h5 *h5, const char *path, const struct search_side *queries,
                     const struct search_side *database, int64_t k, struct bl_error *err);
int search_h5_write(struct search_h5 *h5, const struct search_block *block, struct bl_error *err);

/* Safe twice and on a zeroed struct. BL_PATH. */
int search_h5_close(struct search_h5 *h5, struct bl_error *err);

#endif
