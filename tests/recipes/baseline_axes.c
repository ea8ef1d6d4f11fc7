#include <string.h>

#include "mpi/baseline/table.h"

/* Template of a method without training, here mpi/baseline/axes.c. Its line in mpi/baseline/baselines.def:
 *
 *   BASELINE(axes)
 *
 * First what it computes, and its source: bit k is the sign of column first + k of the normalised row,
 * counted round. */

enum { FIRST }; /* its own options, in the order of .option */

/* Fills model->params, the same on all ranks: layer 0 has a weight [bits, dim] and a bias [bits]. Nothing
 * travels here; a method that looks at rows reads and sums them as pca.c does. */
static int fit(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[0];
    (void)par;
    (void)rows;
    (void)err;
    memset(model->params, 0, (size_t)model->layout.n_params * sizeof *model->params);
    for (int64_t k = 0; k < weight->rows; k++)
        model->params[weight->offset + k * weight->cols + (options->own[FIRST] + k) % weight->cols] = 1.0f;
    return BL_OK;
}

/* With .needs_labels, .anchors or .takes_rows the command checks labels, --anchors and --rows:
 * mpi/baseline/table.h. */
const struct baseline baseline_axes = {
    .name = "axes",
    .summary = "signs of single columns",
    .option = {[FIRST] = {"--first", "the column of the first bit", 0, 0, INT32_MAX}},
    .fit = fit,
};
