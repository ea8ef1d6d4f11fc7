/* The HDF5 output of a search (mpi/files/neighbours.h). Everything here is local. */
#ifndef PAR_COMMAND_SEARCH_SEARCH_H5_H
#define PAR_COMMAND_SEARCH_SEARCH_H5_H

#include <hdf5.h>

#include "io/output.h"
#include "mpi/command/search/search_answer.h"
#include "mpi/h5/table_writer.h"

/* Owns its handles and the temporary file. */
struct search_h5 {
    struct io_output output;
    hid_t file; /* invalid: not open */
    struct h5_writer neighbours, distances;
    struct h5_writer offsets, query_ids, database_ids, labels; /* each may be absent */
    int64_t k, at;                                             /* at: values written so far */
};

/* Makes the file with everything but the neighbours. offsets [queries + 1]: where those of each query begin, if
 * wish->k is 0. Destroy it whatever the result. Errors: BL_PATH, also for what may not be replaced; BL_MEMORY. */
int search_h5_create(struct search_h5 *h5, const char *path, const struct search_side *queries,
                     const struct search_side *database, const struct search_wish *wish,
                     const int64_t *offsets, struct bl_error *err);

/* Writes a block of answers. Errors: BL_PATH. */
int search_h5_write(struct search_h5 *h5, const struct search_block *block, struct bl_error *err);

/* Reads the file back against its checksums, marks it complete and gives it its name. Errors: BL_PATH. */
int search_h5_commit(struct search_h5 *h5, struct bl_error *err);

/* Closes the file; without a commit it is removed. Safe twice and after search_h5_create. */
void search_h5_destroy(struct search_h5 *h5);

#endif
