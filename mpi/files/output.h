/* The function through which every command writes its files, and its rule: an older file of another kind is
 * never replaced, one of the same kind only when it is asked for. Everything here is local. */
#ifndef PAR_FILES_OUTPUT_H
#define PAR_FILES_OUTPUT_H

#include <stdint.h>

#include "base/error.h"
#include "io/output.h"

enum file_kind {
    FILE_DATASET,
    FILE_CODES,
    FILE_MODEL,
    FILE_CHECKPOINT,
    FILE_NEIGHBOURS,
    FILE_CONFIG,
    FILE_REFERENCE, /* the table of keys */
    FILE_SCRIPT,    /* of Slurm */
    FILE_TSV,       /* neighbours as a table */
    FILE_JSON,      /* likewise as JSON */
    FILE_PNG,
    FILE_SVG,
    FILE_PDF,
    FILE_KINDS,
    FILE_EMPTY = FILE_KINDS,
    FILE_OTHER /* none of these, or damaged */
};

/* The kind of a regular file, by what is in it; its name means nothing. */
enum file_kind file_kind_of(const char *path);

/* Whether a command could write such a file there: for before the work. Errors: those of io_output_look; BL_USAGE
 * a name that ends as a file of another format, HDF5 for standard output; BL_PATH a pipe or device where HDF5
 * needs a file, or a file that may not be replaced. */
int output_check(const char *path, enum file_kind kind, enum io_replace replace, struct bl_error *err);

/* The same, and begins to write (io_output_begin). io_output_drop it whatever the result. */
int output_begin(struct io_output *output, const char *path, enum file_kind kind, enum io_replace replace,
                 struct bl_error *err);

/* Writes a whole text or picture; NULL and "-" as path are standard output. Errors: as above. */
int output_write(const char *path, enum file_kind kind, enum io_replace replace, const void *bytes,
                 int64_t n_bytes, struct bl_error *err);

#endif
