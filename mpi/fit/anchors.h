/* The first layer of methods with kernels: radial basis functions around anchors. */
#ifndef PAR_FIT_ANCHORS_H
#define PAR_FIT_ANCHORS_H

#include "model/model.h"
#include "mpi/fit/normalizer.h"

/* The functions' common width sigma, estimated from the anchors alone, which are rows like others. */
enum par_anchors_width {
    PAR_WIDTH_MEAN,   /* sigma^2 = the mean squared distance of a row and an anchor */
    PAR_WIDTH_NEAREST /* sigma = the mean distance of a row and the anchor that is nearest to it */
};

/* Sets the first layer of a model whose input is BL_INPUT_RBF: as many rows as it has units, drawn by `seed`
 * (all their normalised features), and the sharpness 1/(2 sigma^2). Collective; agreed. Errors: BL_USAGE
 * fewer rows than anchors; BL_INPUT sigma is 0, as anchors are equal; BL_MEMORY; BL_NUMBERS; those of read.
 */
int par_anchors_fit(struct par par, const struct rows *rows, enum par_anchors_width width, uint64_t seed,
                    struct bl_model *model, struct bl_error *err);

#endif
