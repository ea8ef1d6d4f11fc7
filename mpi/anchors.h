/* The first layer of methods with kernels: radial basis functions around anchors. */
#ifndef PAR_ANCHORS_H
#define PAR_ANCHORS_H

#include "model/model.h"
#include "mpi/statistics.h"

/* Sets the first layer of a model whose input is BL_INPUT_RBF: as many rows as it has units, drawn by `seed`
 * (all their normalised features), and the sharpness 1/(2 sigma^2), sigma^2 = the mean squared distance
 * between two different anchors, which estimates that between a row and an anchor. Collective; agreed.
 * Errors: BL_USAGE fewer rows than anchors; BL_INPUT all anchors are equal; BL_MEMORY; BL_NUMBERS; those of
 * read. */
int par_anchors_fit(struct par par, const struct par_rows *rows, uint64_t seed, struct bl_model *model,
                    struct bl_error *err);

#endif
