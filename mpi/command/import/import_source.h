/* The files that `bitloom import` reads: the formats of src/io, and HDF5. Everything here is local. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_SOURCE_H
#define PAR_COMMAND_IMPORT_IMPORT_SOURCE_H

#include "io/format.h"

/* All formats, in the order of help; NULL behind the last. */
const struct io_format *import_format_at(int i);

/* The format by the path's ending; a plain .gz is IDX, and any other ending `otherwise`. */
const char *import_format_of(const char *path, const char *otherwise);

/* io_source_open, for all of these formats. */
int import_source_open(struct io_source **out, const char *format, const char *path,
                       const struct io_source_options *options, struct bl_error *err);

/* The file of "FILE:NAME", a part of a file, or path itself, in file [size]. */
void import_file_of(const char *path, char *file, int64_t size);

#endif
