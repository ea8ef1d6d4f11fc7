/* The groups of rows on their way from somebody else's file into a split. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_GROUPS_H
#define PAR_COMMAND_IMPORT_IMPORT_GROUPS_H

#include "data/labels.h"
#include "io/source.h"
#include "mpi/files/dataset.h"

/* Zeros: there are none. */
struct import_groups {
    struct io_source *source;
    const char *path; /* borrowed */
    struct bl_label_layout layout;
    int64_t *numbers; /* [rows of a block, layout.words]; owned, as is the next */
    uint32_t *words;
};

/* Opens the file, or begins it anew. Errors: those of io_source_open. */
int import_groups_open(struct import_groups *groups, const char *format, const char *path, int no_header,
                       struct bl_error *err);

/* Room for blocks of that many rows. Errors: BL_MEMORY. */
int import_groups_allocate(struct import_groups *groups, int64_t block_rows, struct bl_error *err);

/* The next n rows, of which the first is number `row`: checked, and with a writer put there. Errors: BL_INPUT
 * with the row of a number that can't be a group; those of reading and writing. */
int import_groups_read(struct import_groups *groups, int64_t row, int64_t n, struct split_writer *writer,
                       struct bl_error *err);

/* Safe twice. */
void import_groups_free(struct import_groups *groups);

#endif
