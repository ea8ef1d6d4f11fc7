/* What import says about the rows that pass by: labels counted, equal ids, row numbers among the features.
 * Everything here is local. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_LOOK_H
#define PAR_COMMAND_IMPORT_IMPORT_LOOK_H

#include "data/label_count.h"
#include "data/repeats.h"
#include "data/row_numbers.h"
#include "io/source.h"

/* Owns its parts. Start from zeros. */
struct import_look {
    struct bl_label_counter labels, groups;
    struct bl_row_numbers numbers;
    struct bl_repeats ids;
};

/* Errors: BL_MEMORY. */
int import_look_begin(struct import_look *look, const struct io_source_info *features,
                      struct bl_label_layout labels, struct bl_label_layout groups, struct bl_error *err);

/* A block of n rows; what the split doesn't have is NULL. labels: int32 [n] or uint8 [n, classes]. Errors:
 * BL_MEMORY. */
struct import_block {
    int64_t n;
    enum bl_type type;
    const void *features, *labels;
    const uint32_t *groups;
    const char *ids;
    int64_t id_bytes;
};
int import_look_add(struct import_look *look, const struct import_block *block, struct bl_error *err);

/* ", 6 classes between 1 and 6, 40 groups, ids"; n_names: how many classes have a name. */
void import_look_describe(const struct import_look *look, int64_t n_names, int has_ids, char *text,
                          size_t size);

/* Warns of what is probably not meant. features, labels: what the files hold; NULL: no labels. */
void import_look_warn(struct import_look *look, const struct io_source_info *features,
                      const struct io_source_info *labels);

/* Safe twice and on zeros. */
void import_look_free(struct import_look *look);

#endif
