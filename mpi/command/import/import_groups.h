/* Importing groups of rows from a file into a split. Everything here is local. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_GROUPS_H
#define PAR_COMMAND_IMPORT_IMPORT_GROUPS_H

#include "data/labels.h"
#include "io/source.h"
#include "mpi/files/dataset.h"

/* Owns its source and buffers. Zeros: there are no groups. */
struct import_groups {
    struct io_source *source;
    const char *path; /* borrowed */
    struct bl_label_layout layout;
    int64_t *numbers; /* [rows of a block, layout.words] as read */
    uint32_t *words;  /* the same as written */
};

/* Opens the file, or opens it again from the start. Errors: those of io_source_open. */
int import_groups_open(struct import_groups *groups, const char *format, const char *path, int no_header,
                       struct bl_error *err);

/* Allocates for blocks of block_rows rows. Errors: BL_MEMORY. */
int import_groups_allocate(struct import_groups *groups, int64_t block_rows, struct bl_error *err);

/* Reads and checks the next n rows, the first of which is row `row` of the file, and writes them unless
 * writer is NULL. Errors: BL_INPUT, naming the row of a number that can't be a group; those of reading and
 * writing. */
int import_groups_read(struct import_groups *groups, int64_t row, int64_t n, struct split_writer *writer,
                       struct bl_error *err);

/* Closes the source and frees the buffers. Safe twice and on zeros. */
void import_groups_free(struct import_groups *groups);

#endif
