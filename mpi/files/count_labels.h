/* The labels and groups of a whole split or code file, counted by this process alone. */
#ifndef PAR_FILES_COUNT_LABELS_H
#define PAR_FILES_COUNT_LABELS_H

#include "data/label_count.h"
#include "mpi/files/codes.h"
#include "mpi/files/dataset.h"

/* Counts the split's labels (or groups, once they are used as such), and its groups. Reads all of them, a
 * block at a time, and no features. Local. Errors: BL_MEMORY; those of reading. */
int par_dataset_count_labels_local(struct par_dataset *dataset, struct bl_label_count *count,
                                   struct bl_error *err);
int par_dataset_count_groups_local(struct par_dataset *dataset, struct bl_label_count *count,
                                   struct bl_error *err);

/* The same of codes. Local. */
int par_codes_count_labels_local(struct par_codes *codes, struct bl_label_count *count, struct bl_error *err);

#endif
