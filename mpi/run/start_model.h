/* The model that a new run starts from: statistics of its training rows, and first parameters as model.init
 * asks for. */
#ifndef PAR_RUN_START_MODEL_H
#define PAR_RUN_START_MODEL_H

#include "config/config.h"
#include "model/model.h"
#include "mpi/rows/train_data.h"

/* Fits the normaliser to the training rows, which are neither held out nor dropped; then, where model.init
 * is pca or itq, replaces the random parameters (already there) by
 *   first layer        principal directions of the normalised rows, times one factor, so that the mean square
 *                      of all their outputs is 1; bias: minus the mean's projection
 *   later layers       the identity, cut to shape; bias 0
 *   last layer (itq)   principal directions of its inputs, rotated by iterative quantization, with factor
 *                      and bias as in the first layer
 * Outputs beyond the number of inputs keep their random weights. Groups of rows decide the bits, and for
 * pca and itq rank 0's LAPACK and OpenBLAS, which are added to model->arithmetic. Takes 16 width^2 bytes on
 * each rank, width: the inputs of a layer that is fitted, and for itq 4 bytes a row and bit. Collective.
 * Errors, agreed: those of par_start_check_local, par_normalizer_fit, par_principal_fit and par_itq_rotate.
 * / */
int par_start_model(struct par par, const struct bl_config *config, const struct par_train_data *data,
                    struct bl_model *model, struct bl_error *err);

/* What --init asks for instead: the parameters and statistics of the model at path, which must have the
 * layers of `own` and normalise as it does. Collective; agreed. Errors: BL_USAGE; those of par_model_read. */
int par_start_from_model(struct par par, const char *path, const struct bl_config *config,
                         struct bl_model *own, struct bl_error *err);

/* Bytes of a rank with n_local training rows that par_start_model takes for first parameters and gives back:
 * 0 for random ones. Local. */
int64_t par_start_bytes_local(const struct bl_config *config, const struct bl_shape *shape, int64_t n_local);

/* BL_USAGE where a layer that would be fitted has too many inputs. Local. */
int par_start_check_local(const struct bl_config *config, const struct bl_shape *shape, struct bl_error *err);

#endif
