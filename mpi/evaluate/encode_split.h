/* Codes of the rows of a data set, by streaming: features of one block at a time are in memory. */
#ifndef PAR_EVALUATE_ENCODE_SPLIT_H
#define PAR_EVALUATE_ENCODE_SPLIT_H

#include <stdint.h>

#include "data/row_sample.h"
#include "model/model.h"
#include "mpi/evaluate/code_set.h"
#include "mpi/files/dataset.h"

/* BL_INPUT unless the model takes rows as wide as those of the split; the names appear in the message. Local.
 */
int par_encode_check_local(const struct bl_model *model, const char *model_name,
                           const struct par_split *split, const char *split_name, struct bl_error *err);

/* Some rows of a split: those with a bit of `part` in parts [rows of the split]; borrowed. */
struct par_row_choice {
    const uint8_t *parts;
    int part;
};

/* Codes and labels of the chosen rows (NULL: all) in this rank's range of the split, as a piece of a code
 * set, in file order. *n_global: the chosen rows of all ranks; the tally counts which rows of its sample
 * are among them. Without a choice piece->set.first is the piece's place in the split. Collective; agreed;
 * on failure *piece is empty. Errors: BL_INPUT, BL_PATH of the reading; BL_NUMBERS naming the file's row;
 * BL_MEMORY. */
int par_encode_split(struct par par, const struct bl_model *model, struct par_dataset *dataset,
                     const struct par_row_choice *choice, struct par_code_set *piece,
                     struct bl_row_tally *tally, int64_t *n_global, struct bl_error *err);

#endif
