#include "mpi/run/start_model.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/minmax.h"
#include "fit/linear.h"
#include "math/eigen.h"
#include "mpi/files/model.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/fit/itq.h"
#include "mpi/ranks/agree.h"

/* Groups of all own rows of the train split, as those of a batch are cut; sums of up to `widest` numbers. */
static int group_rows(struct par_sum_groups *groups, struct par par, const struct bl_config *config,
                      const struct par_train_data *data, int64_t widest, struct bl_error *err)
{
    const int64_t n = data->shard_hi - data->shard_lo;
    int64_t *rows = NULL;
    int code = par_agree(par, bl_alloc(&rows, n, sizeof *rows, "rows of shards", err), err);
    for (int64_t s = 0; s < n && code == BL_OK; s++)
        rows[s] = bl_shard_begin(data->rows_global, data->shards, data->shard_lo + s + 1) -
                  bl_shard_begin(data->rows_global, data->shards, data->shard_lo + s);
    if (code == BL_OK)
        code = par_sum_groups_init(groups, par, sum_groups_total(config, par.size), rows, n, widest, err);
    bl_free(&rows);
    return code;
}

static int mark_training_rows(uint8_t **keep, struct par par, const struct par_train_data *data,
                              struct bl_error *err)
{
    int code = bl_alloc_zero(keep, data->row_hi - data->row_lo, 1, "marks of training rows", err);
    code = par_agree(par, code, err);
    for (int64_t s = 0; code == BL_OK && s < data->shard_hi - data->shard_lo; s++)
        for (int64_t i = 0; i < data->shard[s].n_train; i++)
            (*keep)[data->shard[s].train[i] - data->row_lo] = 1;
    return code;
}

static int fit_normalizer(struct par par, const struct bl_config *config, const struct rows *rows,
                          struct bl_model *model, struct bl_error *err)
{
    struct par_normalizer_found found;
    int code = par_normalizer_fit(par, rows, &model->normalizer, &found, err);
    if (code != BL_OK)
        return code;
    if (found.constant > 0)
        bl_log_say("columns that are constant over the training rows become 0: %" PRId64 " of %" PRId64,
                   found.constant, rows->dim);
    par_normalizer_warn_local(&found, config->data.normalize, "data.normalize: standardize");
    return BL_OK;
}

/* The first layer's outputs begin at a root mean square of 1; where a last layer is fitted to what tanh
 * layers make of them, so small that tanh is nearly linear. At 1 the largest directions, cut off, weigh as
 * little as the smallest, and ITQ finds nothing to go by. */
static double first_size(const struct bl_config *config, const struct bl_shape *shape)
{
    const int is_followed = config->model.init == BL_INIT_ITQ && shape->n_layers > 1;
    return is_followed && shape->activation == BL_ACTIVATION_TANH ? 0.05 : 1.0;
}

/* Keeps the directions in which the inputs of the layer vary: the others are arbitrary, and a unit along one
 * has the same output for every row. */
static void keep_varying(struct par_principal *principal, int64_t layer, int64_t units)
{
    if (principal->varying >= principal->k)
        return;
    principal->k = principal->varying;
    bl_log_warn("the inputs of layer %" PRId64 " vary in only %" PRId64 " directions; %" PRId64
                " of its %" PRId64 " units keep random weights",
                layer, principal->k, units - principal->k, units);
}

/* Makes principal directions of its inputs, rotated or not, the first weights of a layer. */
static int fit_layer(struct par par, const struct rows *rows, struct bl_model *model, int64_t layer,
                     double size, const uint64_t *rotation_seed, struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[2 * layer], *bias = weight + 1;
    struct par_points points = {0};
    struct par_principal principal = {0};
    double errors[2];
    int code = par_points_init(&points, par, rows, model, layer, err);
    if (code == BL_OK)
        code = par_principal_fit(&principal, par, &points, bl_min(weight->rows, weight->cols), err);
    if (code == BL_OK)
        keep_varying(&principal, layer, weight->rows);
    if (code == BL_OK && rotation_seed) {
        code = par_itq_rotate(&principal, par, &points, PAR_ITQ_ITERATIONS, *rotation_seed, errors, err);
        if (code == BL_OK)
            bl_log_say("start from ITQ: quantization error per bit %.4f, %.4f with a random rotation",
                       errors[1], errors[0]);
    }
    if (code == BL_OK)
        bl_linear_set(principal.k, points.dim, principal.vectors, principal.means.mean,
                      size * sqrt((double)principal.k / par_principal_variance_local(&principal)),
                      model->params + weight->offset, model->params + bias->offset);
    par_principal_free(&principal);
    par_points_free(&points);
    return code;
}

/* The units that have one input of the same number pass it on; others keep random weights. */
static void set_identity(struct bl_model *model, int64_t layer)
{
    const struct bl_tensor *weight = &model->layout.tensor[2 * layer];
    for (int64_t i = 0; i < weight->rows && i < weight->cols; i++) {
        float *row = model->params + weight->offset + i * weight->cols;
        memset(row, 0, (size_t)weight->cols * sizeof *row);
        row[i] = 1.0f;
    }
}

static int init_params(struct par par, const struct bl_config *config, const struct rows *rows,
                       struct bl_model *model, struct bl_error *err)
{
    const double begun = bl_clock_seconds();
    const uint64_t seed = (uint64_t)config->train.seed;
    const int64_t last = model->shape.n_layers - 1;
    const int itq = config->model.init == BL_INIT_ITQ;
    int code = fit_layer(par, rows, model, 0, first_size(config, &model->shape),
                         itq && last == 0 ? &seed : NULL, err);
    for (int64_t l = 1; l <= last && code == BL_OK; l++)
        set_identity(model, l);
    if (itq && last > 0 && code == BL_OK)
        code = fit_layer(par, rows, model, last, 1.0, &seed, err);
    if (code != BL_OK)
        return code;
    par_arithmetic_add_lapack(par, model->arithmetic);
    bl_log_say("first parameters from principal directions in %.1f s", bl_clock_seconds() - begun);
    return BL_OK;
}

/* The inputs of the widest layer that is fitted: the first, and for ITQ the last. */
static int64_t fitted_inputs(const struct bl_config *config, const struct bl_shape *shape)
{
    const int64_t first = shape->width[0], last = shape->width[shape->n_layers - 1];
    if (config->model.init == BL_INIT_RANDOM)
        return 0;
    return config->model.init == BL_INIT_ITQ && last > first ? last : first;
}

int64_t par_start_bytes_local(const struct bl_config *config, const struct bl_shape *shape, int64_t n_local)
{
    const int64_t inputs = fitted_inputs(config, shape), last = shape->width[shape->n_layers - 1];
    const int64_t bits = bl_shape_code_bits(shape) < last ? bl_shape_code_bits(shape) : last;
    const int64_t matrices = 2 * inputs * inputs * (int64_t)sizeof(double);
    const int64_t projections = n_local * bits * (int64_t)sizeof(float);
    return config->model.init == BL_INIT_ITQ && projections > matrices ? projections : matrices;
}

int par_start_check_local(const struct bl_config *config, const struct bl_shape *shape, struct bl_error *err)
{
    const int64_t inputs = fitted_inputs(config, shape);
    if (inputs <= BL_EIGEN_MAX)
        return BL_OK;
    return bl_fail(err, BL_USAGE,
                   "model.init fits layers of at most %d inputs, not %" PRId64 "; set it to random",
                   BL_EIGEN_MAX, inputs);
}

int par_start_model(struct par par, const struct bl_config *config, const struct par_train_data *data,
                    struct bl_model *model, struct bl_error *err)
{
    struct par_sum_groups groups = {0};
    uint8_t *keep = NULL;
    const int random = config->model.init == BL_INIT_RANDOM;
    const int64_t widest = random ? data->dim : bl_shape_widest(&model->shape);
    int code = par_start_check_local(config, &model->shape, err);
    if (code == BL_OK)
        code = group_rows(&groups, par, config, data, widest, err);
    if (code == BL_OK)
        code = mark_training_rows(&keep, par, data, err);
    const struct rows rows = par_train_data_rows_local(data, keep, &groups);
    if (code == BL_OK)
        code = fit_normalizer(par, config, &rows, model, err);
    if (code == BL_OK && !random)
        code = init_params(par, config, &rows, model, err);
    bl_free(&keep);
    par_sum_groups_free(&groups);
    return code;
}

int par_start_from_model(struct par par, const char *path, const struct bl_config *config,
                         struct bl_model *own, struct bl_error *err)
{
    struct bl_model other = {0};
    int code = par_model_read(par, path, &other, err);
    if (code != BL_OK)
        return code;
    if (!bl_shape_is_trainable(&other.shape))
        code =
            bl_fail(err, BL_USAGE,
                    "--init %s: a model of method '%s' has no gradients to train it by; choose one that is "
                    "linear at both ends (of train, lsh, pcah or itq)",
                    path, other.method);
    else if (memcmp(&other.shape, &own->shape, sizeof own->shape) != 0)
        code = bl_fail(err, BL_USAGE,
                       "--init %s: its layers (%s, %s, %s) are not those of the configuration "
                       "(%" PRId64 ", %" PRId64 ", %" PRId64 "); change model.* or choose another model",
                       path, bl_count(bl_shape_dim(&other.shape), "feature").text,
                       bl_count(other.shape.n_layers, "layer").text,
                       bl_count(bl_shape_code_bits(&other.shape), "bit").text, bl_shape_dim(&own->shape),
                       own->shape.n_layers, bl_shape_code_bits(&own->shape));
    else if (other.normalizer.kind != own->normalizer.kind)
        code = bl_fail(err, BL_USAGE, "--init %s: it normalises features in another way than data.normalize",
                       path);
    if (code == BL_OK) {
        const size_t dim_bytes = (size_t)own->normalizer.dim * sizeof(double);
        memcpy(own->params, other.params, (size_t)own->layout.n_network * sizeof(float));
        /* Its parameters belong to its statistics. */
        memcpy(own->normalizer.mean, other.normalizer.mean, dim_bytes);
        memcpy(own->normalizer.scale, other.normalizer.scale, dim_bytes);
        own->trained = other.trained;
        bl_log_say("starting from %s%s", path,
                   config->model.init == BL_INIT_RANDOM ? "" : "; model.init has no effect");
    }
    bl_model_free(&other);
    return code;
}
