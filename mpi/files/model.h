/* Model files: what encoding needs, one HDF5 data set per tensor (docs/file-formats.md). */
#ifndef PAR_FILES_MODEL_H
#define PAR_FILES_MODEL_H

#include "model/model.h"
#include "mpi/h5/parallel_file.h"
#include "mpi/ranks/comm.h"

#define PAR_MODEL_FORMAT "bitloom model"
enum { PAR_MODEL_VERSION = 2 }; /* 1: linear at both ends, without the attributes input and output */

/* Writes the model under path only when whole (mpi/files/tensor_file_writer.h): all ranks write, each a share, or rank 0
 * alone if they don't all hold the same. Collective; agreed. Errors: BL_PATH. */
int par_model_write(struct par par, const char *path, const struct bl_model *model, struct h5_tuning tuning,
                    struct bl_error *err);

/* Reads and verifies a model on rank 0 and gives it to all ranks; *model is zeroed or complete, freed by
 * bl_model_free. Collective. Errors, agreed: BL_PATH, BL_INPUT (not a bitloom model, another version,
 * damaged: names the tensor). */
int par_model_read(struct par par, const char *path, struct bl_model *model, struct bl_error *err);

#endif
