/* Model files (docs/file-formats.md): the parameters and normalisation that encoding needs, one HDF5 data
 * set for each tensor. */
#ifndef PAR_FILES_MODEL_H
#define PAR_FILES_MODEL_H

#include "model/model.h"
#include "mpi/h5/parallel_file.h"
#include "mpi/ranks/comm.h"

#define PAR_MODEL_FORMAT "bitloom model"
enum { PAR_MODEL_VERSION = 2 }; /* version 1: linear first layer and output, without attributes for them */

/* Writes the model by mpi/files/tensor_file_writer.h, so that it appears under path only when complete. Each
 * rank writes a share if all hold the same model; otherwise rank 0 writes its own. Borrows the model.
 * Collective; agreed. Errors: BL_PATH, BL_MEMORY. */
int par_model_write(struct par par, const char *path, const struct bl_model *model, struct h5_tuning tuning,
                    struct bl_error *err);

/* Reads and verifies a model on rank 0 and broadcasts it. *model is complete, or zero on failure; the
 * caller frees it with bl_model_free. Collective; agreed. Errors: BL_PATH; BL_INPUT not a bitloom model, a
 * newer version, damaged (naming the tensor); BL_MEMORY. */
int par_model_read(struct par par, const char *path, struct bl_model *model, struct bl_error *err);

#endif
