#include "mpi/fit/anchors.h"

#include "base/buffer.h"
#include "math/distance.h"
#include "mpi/fit/draw.h"
#include "mpi/ranks/agree.h"

/* sigma^2 by the rule; local, and equal on all ranks, since the anchors are. */
static int find_width(const struct bl_model *model, enum par_anchors_width width, double *squared,
                      struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[0];
    const int64_t m = weight->rows;
    struct bl_product product = {0};
    float *distances = NULL;
    int code = bl_product_init(&product, BL_PRODUCT_CHAIN, 1, err);
    if (code == BL_OK)
        code = bl_alloc(&distances, m * m, sizeof *distances, "distances of anchors", err);
    if (code == BL_OK) {
        const float *anchors = model->params + weight->offset;
        bl_distance_run(&product, 0, m, m, weight->cols, anchors, anchors, distances);
        *squared =
            width == PAR_WIDTH_MEAN ? bl_distance_mean(m, distances) : bl_distance_nearest(m, distances);
    }
    bl_free(&distances);
    bl_product_free(&product);
    return code;
}

/* gamma = 1/(2 sigma^2) stands where the layer's biases are, once for each anchor. */
static int set_sharpness(struct bl_model *model, enum par_anchors_width width, struct bl_error *err)
{
    const struct bl_tensor *bias = &model->layout.tensor[1];
    double squared = 0.0;
    int code = find_width(model, width, &squared, err);
    if (code == BL_OK && !(squared > 0.0))
        code = bl_fail(err, BL_INPUT,
                       "the %lld rows taken as anchors are equal to each other; nothing can be learnt",
                       (long long)bias->rows);
    for (int64_t j = 0; j < bias->rows && code == BL_OK; j++)
        model->params[bias->offset + j] = (float)(1.0 / (2.0 * squared));
    return code;
}

int par_anchors_fit(struct par par, const struct rows *rows, enum par_anchors_width width, uint64_t seed,
                    struct bl_model *model, struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[0];
    struct par_draw choice = {0};
    float *own = NULL;
    int code =
        par_draw_make(&choice, par, rows,
                      (struct par_draw_of){.n = weight->rows, .seed = seed, .use = BL_CHOOSE_ANCHORS}, err);
    if (code == BL_OK && choice.n_global < weight->rows)
        code = bl_fail(err, BL_USAGE, "there are %lld rows for %lld anchors; ask for fewer with --anchors",
                       (long long)choice.n_global, (long long)weight->rows);
    /* Layer 0's weights are the anchors themselves, the same on every rank. */
    if (code == BL_OK)
        code = par_draw_collect(&choice, par, rows, model, 0, &own, err);
    if (code == BL_OK) {
        par_draw_gather(&choice, par, weight->cols * (int64_t)sizeof *own, own,
                        model->params + weight->offset);
        code = par_agree(par, set_sharpness(model, width, err), err);
    }
    bl_free(&own);
    par_draw_free(&choice);
    return code;
}
