/* The HDF5 output of a search: /neighbours [Q,k] int64 and /distances [Q,k] int32, -1 after the last
 * neighbour within the radius; if known, /query_ids [Q], /database_ids [N] and /database_labels ([N] int32
 * or [N,C] uint8); attributes kind, bits, k, and class_names if known. Everything here is local. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_H5_H
#define PAR_COMMAND_SEARCH_SEARCH_H5_H

#include <hdf5.h>

#include "mpi/command/search/search_answer.h"

/* Owns its handles. */
struct search_h5 {
    int is_open;
    hid_t file, neighbours, distances;
    char path[BL_PATH_MAX + 8];
};

/* Creates the file at path with everything but the neighbours. Close it whatever the result. Errors: BL_PATH,
 * BL_MEMORY. */
int search_h5_create(struct search_h5 *h5, const char *path, const struct search_side *queries,
                     const struct search_side *database, int64_t k, struct bl_error *err);

/* Writes a block of answers. Errors: BL_PATH. */
int search_h5_write(struct search_h5 *h5, const struct search_block *block, struct bl_error *err);

/* Closes the file. Safe twice and on zeros. Errors: BL_PATH. */
int search_h5_close(struct search_h5 *h5, struct bl_error *err);

#endif
