/* Codes of the rows of a data set, by streaming: features of one block at a time are in memory. */
#ifndef PAR_ENCODE_SPLIT_H
#define PAR_ENCODE_SPLIT_H

#include <stdint.h>

#include "model/model.h"
#include "mpi/dataset.h"
#include "mpi/retrieve.h"

/* BL_INPUT unless the model takes rows as wide as those of the split; the names appear in the message. Local.
 */
int par_encode_check_local(const struct bl_model *model, const char *model_name,
                           const struct par_split *split, const char *split_name, struct bl_error *err);

/* Receives rows [row_lo, row_lo + n) of the file: codes [n, bl_code_bytes(K)], labels [n, words] or NULL,
 * ids [n, id_bytes] or NULL; borrowed until it returns. */
typedef int par_encode_sink(void *context, int64_t row_lo, int64_t n, const uint8_t *codes,
                            const uint32_t *labels, const char *ids, struct bl_error *err);

/* Encodes rows [row_lo, row_hi) of the split in file order and hands each block to `sink`. Local: callers
 * agree afterwards. Errors: what the sink says; BL_INPUT, BL_PATH of the reading; BL_NUMBERS naming the
 * file's row. */
int par_encode_rows_local(const struct bl_model *model, struct par_dataset *dataset, int64_t row_lo,
                          int64_t row_hi, par_encode_sink *sink, void *context, struct bl_error *err);

/* This rank's range of the split as a piece of a code set. Collective (the outcome is agreed). */
int par_encode_split(struct par par, const struct bl_model *model, struct par_dataset *dataset,
                     struct par_code_set *piece, struct bl_error *err);

#endif
