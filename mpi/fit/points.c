#include "mpi/fit/points.h"

#include <string.h>

#include "base/buffer.h"
#include "model/network.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"

int par_points_init(struct par_points *points, struct par par, const struct rows *rows,
                    const struct bl_model *model, int64_t layers, struct bl_error *err)
{
    const struct bl_shape *shape = &model->shape;
    int64_t widest = 0;
    *points =
        (struct par_points){.dim = shape->width[layers], .rows = rows, .model = model, .layers = layers};
    for (int64_t l = 0; l <= layers; l++)
        widest = shape->width[l] > widest ? shape->width[l] : widest;
    int code = bl_alloc(&points->front, BL_CROSS_BLOCK * widest, sizeof(float), "a block of rows", err);
    if (code == BL_OK)
        code = bl_alloc(&points->back, BL_CROSS_BLOCK * widest, sizeof(float), "a block of rows", err);
    if (code == BL_OK)
        code = bl_product_init(&points->product, BL_PRODUCT_CHAIN, 1, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_points_free(points);
    return code;
}

void par_points_free(struct par_points *points)
{
    bl_free(&points->front);
    bl_free(&points->back);
    bl_product_free(&points->product);
}

int64_t par_points_count_local(const struct par_points *points)
{
    const struct rows *rows = points->rows;
    int64_t n = rows->n_local;
    for (int64_t i = 0; i < rows->n_local && rows->keep; i++)
        n -= !rows->keep[i];
    return n;
}

/* The kept ones of own rows [lo, lo + n), normalised, to out; returns their number in *kept. */
static int normalize_rows(const struct par_points *points, int64_t lo, int64_t n, float *out, int64_t *kept,
                          struct bl_error *err)
{
    const struct rows *rows = points->rows;
    *kept = 0;
    for (int64_t at = 0; at < n; at += rows->block_rows) {
        const int64_t count = n - at < rows->block_rows ? n - at : rows->block_rows;
        const void *block;
        int code = rows_read(rows, lo + at, count, &block, err);
        if (code != BL_OK)
            return code;
        for (int64_t i = 0; i < count; i++) {
            if (rows->keep && !rows->keep[lo + at + i])
                continue;
            const void *row = (const char *)block + (size_t)(i * rows->dim) * bl_type_bytes(rows->type);
            bl_normalizer_apply(&points->model->normalizer, rows->type, row, 1, out + *kept * rows->dim);
            ++*kept;
        }
    }
    return BL_OK;
}

/* Through the layers; returns where the result stands. */
static float *run_layers(const struct par_points *points, int64_t n)
{
    const struct bl_model *model = points->model;
    float *in = points->front, *out = points->back;
    for (int64_t l = 0; l < points->layers; l++) {
        bl_layer_forward(&model->shape, &model->layout, l, &points->product, 0, model->params, in, n, out);
        float *swap = in;
        in = out;
        out = swap;
    }
    return in;
}

/* Blocks begin anew with each group, so that which rows are in one block depends on the groups alone. */
int par_points_visit_local(struct par_points *points, par_points_visitor *visit, void *context,
                           struct bl_error *err)
{
    const struct bl_groups *groups = &points->rows->groups->local;
    int64_t first = 0;
    for (int64_t g = 0; g < groups->n; g++)
        for (int64_t lo = g > 0 ? groups->end[g - 1] : 0; lo < groups->end[g]; lo += BL_CROSS_BLOCK) {
            const int64_t left = groups->end[g] - lo;
            int64_t n;
            stall_tick("a pass over the rows");
            int code = normalize_rows(points, lo, left < BL_CROSS_BLOCK ? left : BL_CROSS_BLOCK,
                                      points->front, &n, err);
            if (code != BL_OK)
                return code;
            if (n > 0)
                visit(context, g, first, n, run_layers(points, n));
            first += n;
        }
    return BL_OK;
}
