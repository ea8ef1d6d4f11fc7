#include "mpi/run/run_state.h"

#include <math.h>
#include <string.h>

#include "mpi/ranks/agree.h"

/* Parameters, best parameters, then the optimiser's states: one block of n_params behind the other. */
int64_t par_run_state_bytes_local(const struct bl_config *config, int64_t n_params)
{
    return (2 + bl_optimizer_states(&config->optimizer)) * n_params * (int64_t)sizeof(float);
}

static int init_window(struct par_run_state *state, const struct bl_config *config, int64_t n_params,
                       struct bl_error *err)
{
    int code = par_window_init(&state->window, state->nodes, par_run_state_bytes_local(config, n_params), 0,
                               "parameters and optimiser states", err);
    if (code == BL_OK)
        state->best.params = (float *)state->window.at + n_params;
    return code;
}

static int init_parts(struct par_run_state *state, const struct bl_config *config,
                      const struct bl_shape *shape, const struct bl_layout *layout, struct bl_error *err)
{
    float *blocks = state->window.at;
    int code = bl_model_init_training(&state->model, shape, layout, config->data.normalize, blocks, err);
    if (code == BL_OK)
        code = bl_optimizer_init_in(&state->optimizer, &config->optimizer, &state->model.layout,
                                    blocks + 2 * layout->n_params, err);
    return code;
}

int par_run_state_init(struct par_run_state *state, const struct par_nodes *nodes,
                       const struct bl_config *config, int64_t dim, struct bl_label_layout labels,
                       struct bl_error *err)
{
    *state = (struct par_run_state){.progress = {.last_objective = NAN, .last_evaluated_step = -1},
                                    .best = {.map = -1.0},
                                    .label_kind = labels.kind,
                                    .label_classes = labels.classes,
                                    .nodes = nodes};
    struct bl_shape shape = bl_shape_of(&config->model, dim);
    int code = bl_shape_check(&shape, err);
    if (code != BL_OK)
        return code;
    struct bl_layout layout = bl_layout_of(&shape);
    bl_objective_tensors(&config->objective, labels, bl_shape_code_bits(&shape), &layout);
    code = init_window(state, config, layout.n_params, err);
    if (code == BL_OK)
        code = par_agree(nodes->all, init_parts(state, config, &shape, &layout, err), err);
    if (code != BL_OK) {
        par_run_state_free(state);
        return code;
    }
    if (nodes->node.rank == 0)
        bl_params_init(&shape, &layout, (uint64_t)config->train.seed, state->model.params);
    par_nodes_meet(nodes);
    par_run_state_keep_best(state);
    return BL_OK;
}

void par_run_state_free(struct par_run_state *state)
{
    bl_optimizer_free(&state->optimizer);
    bl_model_free(&state->model);
    par_window_free(&state->window);
    state->best.params = NULL;
}

static void copy_share(const struct par_run_state *state, float *to, const float *from)
{
    int64_t lo, hi;
    par_nodes_share_local(state->nodes, state->model.layout.n_params, &lo, &hi);
    memcpy(to + lo, from + lo, (size_t)(hi - lo) * sizeof *to);
    par_nodes_meet(state->nodes);
}

void par_run_state_set_params(struct par_run_state *state, const float *params)
{
    copy_share(state, state->model.params, params);
}

void par_run_state_keep_best(struct par_run_state *state)
{
    copy_share(state, state->best.params, state->model.params);
}
