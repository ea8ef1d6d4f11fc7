#include <stdio.h>

#include "fit/sdh_shen.h"
#include "math/elementwise.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/anchors.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/fit/draw.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* More would make a classifier that is larger than the model. */
enum { CLASSES_MAX = 1 << 16 };

/* What one fit owns. */
struct fit {
    struct par par;
    uint64_t seed;
    int is_first, is_finite;
    struct par_draw choice;
    struct par_points points;
    struct bl_sdh sdh;
};

/* Codes of the block by the present W and P (random ones at first), into the sums. */
static void add_block(void *context, int64_t group, int64_t first, int64_t n, float *phi)
{
    struct fit *fit = context;
    const uint32_t *labels = fit->choice.labels + first * fit->sdh.labels.words;
    (void)group;
    fit->is_finite &= bl_all_finite(n * fit->sdh.anchors, phi);
    if (fit->is_first)
        bl_sdh_add_first(&fit->sdh, fit->seed, fit->choice.first + first, n, phi, labels);
    else
        bl_sdh_add(&fit->sdh, n, phi, labels);
}

/* The same number of classes on all ranks. */
static int count_classes(const struct fit *fit, struct bl_label_layout layout, int64_t *classes,
                         struct bl_error *err)
{
    *classes = layout.kind == BL_LABELS_MULTI
                   ? layout.classes
                   : par_max_integer(fit->par, bl_sdh_classes(fit->choice.n_local, fit->choice.labels));
    if (*classes > CLASSES_MAX)
        return bl_fail(err, BL_INPUT,
                       "classes go up to %lld; this method takes at most %d: number them from 0 on",
                       (long long)*classes - 1, CLASSES_MAX);
    return BL_OK;
}

/* G-step W = (B'B + lambda)^-1 B'Y and F-step P = (Phi'Phi + ridge)^-1 Phi'B, from sums that all ranks
 * have: rank 0 solves for all, as LAPACK's last bits may differ between ranks. */
static int solve(struct fit *fit, struct bl_error *err)
{
    struct bl_sdh *sdh = &fit->sdh;
    const int64_t bits = sdh->bits, word = (int64_t)sizeof(double);
    int code = BL_OK;
    if (fit->par.rank == 0 && fit->is_first)
        code = bl_sdh_factor(sdh, err);
    if (fit->par.rank == 0 && code == BL_OK)
        code = bl_sdh_solve(sdh, err);
    code = par_agree(fit->par, code, err);
    if (code != BL_OK)
        return code;
    par_broadcast(fit->par, sdh->projection, (sdh->anchors + 1) * bits * word);
    par_broadcast(fit->par, sdh->classifier, sdh->classes * bits * word);
    par_broadcast(fit->par, sdh->gram, bits * bits * word);
    return BL_OK;
}

/* A pass over the rows: B-step and the sums; then the G-step and the F-step. */
static int iterate(struct fit *fit, struct bl_error *err)
{
    struct bl_sdh *sdh = &fit->sdh;
    const int64_t m = sdh->anchors + 1;
    bl_sdh_begin(sdh);
    int code = par_points_visit_local(&fit->points, add_block, fit, err);
    if (code == BL_OK && !fit->is_finite)
        code = bl_fail(err, BL_NUMBERS,
                       "a training row has features that aren't finite numbers (NaN, infinity); correct or "
                       "remove such rows");
    code = par_agree(fit->par, code, err);
    if (code != BL_OK)
        return code;
    par_sum_integers(fit->par, sdh->sums, sdh->n_sums);
    if (fit->is_first)
        par_sum_integers(fit->par, sdh->phi_phi, m * m);
    code = solve(fit, err);
    fit->is_first = 0;
    return code;
}

/* The second layer: phi'P, whose last row belongs to the constant. */
static void store(const struct bl_sdh *sdh, struct bl_model *model)
{
    float *weight = model->params + model->layout.tensor[2].offset;
    float *bias = model->params + model->layout.tensor[3].offset;
    for (int64_t k = 0; k < sdh->bits; k++) {
        for (int64_t j = 0; j < sdh->anchors; j++)
            weight[k * sdh->anchors + j] = (float)sdh->projection[j * sdh->bits + k];
        bias[k] = (float)sdh->projection[sdh->anchors * sdh->bits + k];
    }
}

/* min |Y - B W|^2 + lambda |W|^2 + nu |B - Phi P|^2, in B, W and P by turns. Codes B are never stored: a
 * pass forms those of a block, adds them up and forgets them. */
static int fit(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err)
{
    struct fit fit = {.par = par, .seed = options->seed, .is_first = 1, .is_finite = 1};
    struct rows chosen = *rows;
    const struct par_draw_of of = {
        .n = options->rows, .labelled = 1, .seed = options->seed, .use = BL_CHOOSE_ROWS};
    int64_t classes = 0;
    int code = par_anchors_fit(par, rows, PAR_WIDTH_NEAREST, options->seed, model, err);
    if (code == BL_OK)
        code = par_draw_make(&fit.choice, par, rows, of, err);
    if (code == BL_OK)
        code = count_classes(&fit, rows->labels, &classes, err);
    chosen.keep = fit.choice.keep;
    if (code == BL_OK)
        code = par_points_init(&fit.points, par, &chosen, model, 1, err);
    if (code == BL_OK)
        code = par_agree(par,
                         bl_sdh_init(&fit.sdh, model->shape.width[1], bl_shape_code_bits(&model->shape),
                                     classes, rows->labels, fit.choice.n_global, BL_CROSS_BLOCK, err),
                         err);
    for (int64_t i = 0; i <= BL_SDH_ITERATIONS && code == BL_OK; i++)
        code = iterate(&fit, err);
    if (code == BL_OK) {
        store(&fit.sdh, model);
        snprintf(model->arithmetic, sizeof model->arithmetic, "bitloom " BITLOOM_VERSION);
        par_arithmetic_add_blas(par, model->arithmetic);
    }
    bl_sdh_free(&fit.sdh);
    par_points_free(&fit.points);
    par_draw_free(&fit.choice);
    return code;
}

const struct baseline baseline_sdh_shen = {
    .name = "sdh-shen",
    .summary = "supervised discrete hashing (Shen et al. 2015)",
    .input = BL_INPUT_RBF,
    .anchors = 1000,
    .takes_rows = 1,
    .needs_labels = 1,
    .fit = fit,
};
