#include "mpi/anchors.h"

#include "base/buffer.h"
#include "math/distance.h"
#include "mpi/agree.h"
#include "mpi/choice.h"

/* Equal on all ranks, since the anchors are. */
static int set_sharpness(struct bl_model *model, struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[0], *bias = &model->layout.tensor[1];
    const double m = (double)weight->rows;
    const float *anchors = model->params + weight->offset;
    double *sums = NULL;
    int code = bl_alloc(&sums, 2 * weight->cols, sizeof *sums, "sums over anchors", err);
    if (code != BL_OK)
        return code;
    /* An anchor's distance to itself is 0 and doesn't count. */
    const double mean =
        bl_distance_mean(weight->rows, weight->rows, weight->cols, anchors, anchors, sums) * m / (m - 1.0);
    bl_free(&sums);
    if (!(mean > 0.0))
        return bl_fail(err, BL_INPUT, "the %lld rows taken as anchors are all equal; nothing can be learnt",
                       (long long)weight->rows);
    for (int64_t j = 0; j < bias->rows; j++)
        model->params[bias->offset + j] = (float)(1.0 / (2.0 * mean));
    return BL_OK;
}

int par_anchors_fit(struct par par, const struct par_rows *rows, uint64_t seed, struct bl_model *model,
                    struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[0];
    struct par_choice choice = {0};
    float *own = NULL;
    int code = par_choice_make(
        &choice, par, rows, (struct par_choice_of){.n = weight->rows, .seed = seed, .use = BL_CHOOSE_ANCHORS},
        err);
    if (code == BL_OK && choice.n_global < weight->rows)
        code = bl_fail(err, BL_USAGE, "there are %lld rows for %lld anchors; ask for fewer with --anchors",
                       (long long)choice.n_global, (long long)weight->rows);
    if (code == BL_OK)
        code = par_choice_collect(&choice, par, rows, model, 0, &own, err);
    if (code == BL_OK) {
        par_choice_gather(&choice, par, weight->cols * (int64_t)sizeof *own, own,
                          model->params + weight->offset);
        code = par_agree(par, set_sharpness(model, err), err);
    }
    bl_free(&own);
    par_choice_free(&choice);
    return code;
}
