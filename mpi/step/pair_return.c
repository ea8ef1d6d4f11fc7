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
static void set_reaches(struct par_pair_return *mirror, const int64_t *rows)
{
    const struct par node = mirror->nodes->node;
    int64_t n = 0, own = 0, own_end = 0, first = 0;
    for (int r = 0; r < node.size; r++) {
        own = r == node.rank ? n : own;
        n += bl_pair_blocks_of(rows[r + 1] - rows[r]);
        own_end = r == node.rank ? n : own_end;
    }
    for (int r = 0; r < node.size; r++) {
        const int64_t end = first + bl_pair_blocks_of(rows[r + 1] - rows[r]);
        mirror->reaches[r] = r != node.rank && bl_pair_reaches(n, first, end, own, own_end);
        first = end;
    }
}

int par_pair_return_init(struct par_pair_return *mirror, const struct par_nodes *nodes, const int64_t *rows,
                         int64_t bits, int threads, struct bl_error *err)
{
    const struct par node = nodes->node;
    const int64_t *node_rows = rows + nodes->first[nodes->own];
    *mirror = (struct par_pair_return){.nodes = nodes,
                                       .bits = bits,
                                       .n_local = node_rows[node.rank + 1] - node_rows[node.rank],
                                       .n_node = node_rows[node.size] - node_rows[0],
                                       .own_first = node_rows[node.rank] - node_rows[0]};
    mirror->part_bytes = par_pair_return_bytes_local(mirror->n_node, bits, threads);
    int code = bl_alloc(&mirror->reaches, node.size, 1, "gradients of codes", err);
    code = par_agree(nodes->all, code, err);
    if (code == BL_OK)
        code = par_window_init(&mirror->window, nodes, mirror->part_bytes, 1, "gradients of codes", err);
    if (code != BL_OK) {
        par_pair_return_free(mirror);
        return code;
    }
    set_reaches(mirror, node_rows);
    mirror->part = (float *)((char *)mirror->window.at + node.rank * mirror->part_bytes);
    return BL_OK;
}

void par_pair_return_free(struct par_pair_return *mirror)
{
    par_window_free(&mirror->window);
    bl_free(&mirror->reaches);
    mirror->part = NULL;
}

void par_pair_return_add(struct par_pair_return *mirror, float *dh)
{
    const int64_t n = mirror->n_local * mirror->bits;
    par_nodes_meet(mirror->nodes);
    for (int r = 0; r < mirror->nodes->node.size; r++) {
        const float *part = (const float *)((const char *)mirror->window.at + r * mirror->part_bytes) +
                            mirror->own_first * mirror->bits;
        for (int64_t at = 0; mirror->reaches[r] && at < n; at++)
            dh[at] += part[at];
    }
}
