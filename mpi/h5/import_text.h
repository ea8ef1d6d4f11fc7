/* One text a row of an HDF5 file, of fixed or variable length, as the labels or ids of rows to import. Everything here is
 * local. */
#ifndef PAR_H5_IMPORT_TEXT_H
#define PAR_H5_IMPORT_TEXT_H

#include "io/csv_labels.h"
#include "io/source.h"
#include "mpi/h5/column.h"

struct h5_import_text; /* owns the names of classes and a block of texts */

/* Passes once over the texts of the column, which must outlive it, and sets *info: ids if options->as_ids, else labels, of
 * which whole numbers are numbers and others names, as in a column of CSV. `where` names file and data set. Errors:
 * BL_INPUT more than a text a row, an empty or overlong text with its row, or one that can't be read; BL_MEMORY. */
int h5_import_text_open(struct h5_import_text **out, const struct h5_column *column, const char *where,
                        const struct io_source_options *options, struct io_source_info *info,
                        struct bl_error *err);

/* Rows [row, row + n) as labels [n] or ids [n, info->id_bytes], padded with zeros. */
int h5_import_text_read(struct h5_import_text *text, int64_t row, int64_t n, int32_t *labels, char *ids,
                        struct bl_error *err);

/* NULL is fine. */
void h5_import_text_close(struct h5_import_text *text);

#endif
