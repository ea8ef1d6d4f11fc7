#include "mpi/step/pair_return.h"

#include "base/buffer.h"
#include "loss/objective.h"
#include "loss/pair_blocks.h"
#include "mpi/ranks/agree.h"

/* Below this a step gains nothing (docs/decisions/0023). */
enum { ONCE_FROM_ROWS = 512 };

int par_pair_return_wanted_local(const struct bl_config *config, int64_t n_global)
{
    if (config->train.reduction == BL_REDUCTION_EXACT || !bl_objective_visits_pairs(&config->objective))
        return 0;
    return config->train.pairs == BL_PAIRS_AUTO ? n_global >= ONCE_FROM_ROWS
                                                : config->train.pairs == BL_PAIRS_ONCE;
}

int64_t par_pair_return_bytes_local(int64_t n_node, int64_t bits, int64_t threads)
{
    return par_window_align_local(threads * n_node * bits * (int64_t)sizeof(float));
}

/* Who has something for whom; rows are those of the node's ranks. */
static void set_reaches(struct par_pair_return *pairs, const int64_t *rows)
{
    const struct par node = pairs->nodes->node;
    int64_t n = 0, own = 0, own_end = 0, first = 0;
    for (int r = 0; r < node.size; r++) {
        own = r == node.rank ? n : own;
        n += bl_pair_blocks_of(rows[r + 1] - rows[r]);
        own_end = r == node.rank ? n : own_end;
    }
    for (int r = 0; r < node.size; r++) {
        const int64_t end = first + bl_pair_blocks_of(rows[r + 1] - rows[r]);
        pairs->reaches[r] = r != node.rank && bl_pair_reaches(n, first, end, own, own_end);
        first = end;
    }
}

int par_pair_return_init(struct par_pair_return *pairs, const struct par_nodes *nodes, const int64_t *rows,
                         int64_t bits, int threads, struct bl_error *err)
{
    const struct par node = nodes->node;
    const int64_t *node_rows = rows + nodes->first[nodes->own];
    *pairs = (struct par_pair_return){.nodes = nodes,
                                      .bits = bits,
                                      .n_local = node_rows[node.rank + 1] - node_rows[node.rank],
                                      .n_node = node_rows[node.size] - node_rows[0],
                                      .own_first = node_rows[node.rank] - node_rows[0]};
    pairs->part_bytes = par_pair_return_bytes_local(pairs->n_node, bits, threads);
    int code = bl_alloc(&pairs->reaches, node.size, 1, "gradients of codes", err);
    code = par_agree(nodes->all, code, err);
    if (code == BL_OK)
        code = par_window_init(&pairs->window, nodes, pairs->part_bytes, 1, "gradients of codes", err);
    if (code != BL_OK) {
        par_pair_return_free(pairs);
        return code;
    }
    set_reaches(pairs, node_rows);
    pairs->part = (float *)((char *)pairs->window.at + node.rank * pairs->part_bytes);
    return BL_OK;
}

void par_pair_return_free(struct par_pair_return *pairs)
{
    par_window_free(&pairs->window);
    bl_free(&pairs->reaches);
    pairs->part = NULL;
}

void par_pair_return_add(struct par_pair_return *pairs, float *dh)
{
    const int64_t n = pairs->n_local * pairs->bits;
    par_nodes_meet(pairs->nodes); /* all have computed their parts */
    for (int r = 0; r < pairs->nodes->node.size; r++) {
        const float *part = (const float *)((const char *)pairs->window.at + r * pairs->part_bytes) +
                            pairs->own_first * pairs->bits;
        for (int64_t at = 0; pairs->reaches[r] && at < n; at++)
            dh[at] += part[at];
    }
}
