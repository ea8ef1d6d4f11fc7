/* What `check` says about the columns of the rows that a configuration trains on. */
#ifndef PAR_COMMAND_CHECK_CHECK_COLUMNS_H
#define PAR_COMMAND_CHECK_CHECK_COLUMNS_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "mpi/files/dataset.h"

/* Adds "warnings" to the report: texts of columns and values that hide others, by data/scales.h. Looks at all
 * rows, or where they are more than 256 MiB, at blocks of that size in all, evenly from all rows. NaN and
 * infinity are no matter of this. Local. Errors: BL_MEMORY; those of reading. */
int check_columns(json_t *report, struct par_dataset *dataset, const struct bl_config *config,
                  struct bl_error *err);

#endif
