/* The HDF5 output of a search (mpi/files/neighbours.h). Everything here is local. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_H5_H
#define PAR_COMMAND_SEARCH_SEARCH_H5_H

#include <hdf5.h>

#include "mpi/command/search/search_answer.h"

/* Owns its handles. */
struct search_h5 {
    int is_open;
    hid_t file, neighbours, distances;
    int64_t k, at; /* at: values written so far */
    char path[BL_PATH_MAX + 8];
};

/* Creates the file at path with everything but the neighbours. offsets [queries + 1]: where those of each query begin,
 * if wish->k is 0. Close it whatever the result. Errors: BL_PATH, BL_MEMORY. */
int search_h5_create(struct search_h5 *h5, const char *path, const struct search_side *queries,
                     const struct search_side *database, const struct search_wish *wish,
                     const int64_t *offsets, struct bl_error *err);

/* Writes a block of answers. Errors: BL_PATH. */
int search_h5_write(struct search_h5 *h5, const struct search_block *block, struct bl_error *err);

/* Closes the file. Safe twice and on zeros. Errors: BL_PATH. */
int search_h5_close(struct search_h5 *h5, struct bl_error *err);

#endif
