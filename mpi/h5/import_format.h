/* A data set of any HDF5 file as rows to import, in blocks of bounded memory. A path is FILE:/DATASET. Everything here is
 * local. */
#ifndef PAR_H5_IMPORT_FORMAT_H
#define PAR_H5_IMPORT_FORMAT_H

#include "io/format.h"

/* Not in io_format_table, since src/ knows nothing of HDF5; io_source_open_as opens it. What MATLAB wrote comes with rows
 * and columns as they are in MATLAB. */
extern const struct io_format h5_import_format;

#endif
