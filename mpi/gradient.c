#include "mpi/gradient.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "math/tree.h"
#include "mpi/agree.h"
#include "mpi/reduce.h"
#include "optim/optimizer.h"

enum { BLOCK = 4096 };

static int64_t blocks_of(const struct bl_tensor *tensor)
{
    return (tensor->rows * tensor->cols + BLOCK - 1) / BLOCK;
}

static void set_blocks(struct par_gradient *gradient)
{
    int64_t n = 0;
    for (int64_t t = 0; t < gradient->layout->n_tensors; t++)
        for (int64_t b = 0; b < blocks_of(&gradient->layout->tensor[t]); b++)
            gradient->block[n++] = gradient->layout->tensor[t].offset + b * BLOCK;
    gradient->block[n] = gradient->n_params;
}

int64_t par_gradient_blocks_local(const struct bl_layout *layout)
{
    int64_t n = 0;
    for (int64_t t = 0; t < layout->n_tensors; t++)
        n += blocks_of(&layout->tensor[t]);
    return n;
}

/* Where block `number` begins. */
static int64_t begin_of(const struct bl_layout *layout, int64_t number)
{
    for (int64_t t = 0; t < layout->n_tensors; t++) {
        const int64_t n = blocks_of(&layout->tensor[t]);
        if (number < n)
            return layout->tensor[t].offset + number * BLOCK;
        number -= n;
    }
    return layout->n_params;
}

void par_gradient_slice_local(const struct bl_layout *layout, int rank, int size, int64_t *lo, int64_t *hi)
{
    par_range_local(par_gradient_blocks_local(layout), rank, size, lo, hi);
    *lo = begin_of(layout, *lo);
    *hi = begin_of(layout, *hi);
}

static int allocate(struct par_gradient *gradient, struct bl_error *err)
{
    const int size = gradient->par.size;
    int code = bl_alloc(&gradient->nodes, gradient->n_nodes * gradient->n_params, sizeof(float),
                        "the gradient", err);
    if (code == BL_OK)
        code =
            bl_alloc(&gradient->block, gradient->n_blocks + 1, sizeof(int64_t), "blocks of parameters", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->squares, gradient->n_blocks + size * gradient->n_flags, sizeof(double),
                        "sums of squares", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->node_size, gradient->all_nodes, sizeof(int64_t), "nodes of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->slice_node, gradient->all_nodes, sizeof(float *), "nodes of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->first_node, size + 1, sizeof(int64_t), "nodes of ranks", err);
    if (code == BL_OK)
        code = par_parts_init(&gradient->out, size, err);
    if (code == BL_OK)
        code = par_parts_init(&gradient->in, size, err);
    if (code == BL_OK)
        code = par_blocks_init(&gradient->slices, size, err);
    if (code == BL_OK)
        code = par_blocks_init(&gradient->rank_squares, size, err);
    return code;
}

/* Which nodes every rank brings: a matter of arithmetic, nothing travels. */
static void set_nodes(struct par_gradient *gradient, int64_t total)
{
    int64_t n = 0;
    for (int r = 0; r < gradient->par.size; r++) {
        int64_t lo, hi;
        par_range_local(total, r, gradient->par.size, &lo, &hi);
        const struct bl_tree tree = bl_tree_of(lo, hi);
        gradient->first_node[r] = n;
        for (int i = 0; i < tree.n_nodes; i++)
            gradient->node_size[n++] = tree.size[i];
    }
    gradient->first_node[gradient->par.size] = n;
}

static int64_t count_nodes(struct par par, int64_t total)
{
    int64_t n = 0;
    for (int r = 0; r < par.size; r++) {
        int64_t lo, hi;
        par_range_local(total, r, par.size, &lo, &hi);
        n += bl_tree_of(lo, hi).n_nodes;
    }
    return n;
}

/* Who holds which slice of the sum, and which part of `squares`. */
static int init_slices(struct par_gradient *gradient, const struct par_groups *groups, struct bl_error *err)
{
    const struct par par = gradient->par;
    int64_t *slice = gradient->slices.begin, *squares = gradient->rank_squares.begin;
    set_nodes(gradient, groups->total);
    for (int r = 0; r < par.size; r++) {
        int64_t lo;
        par_gradient_slice_local(gradient->layout, r, par.size, &slice[r], &slice[r + 1]);
        par_range_local(gradient->n_blocks, r, par.size, &lo, &squares[r + 1]);
        squares[r + 1] += (r + 1) * gradient->n_flags;
        if (slice[r + 1] - slice[r] > gradient->slice_max)
            gradient->slice_max = slice[r + 1] - slice[r];
    }
    gradient->lo = slice[par.rank];
    gradient->hi = slice[par.rank + 1];
    const int64_t length = gradient->hi - gradient->lo, others = gradient->all_nodes - gradient->n_nodes;
    int code = bl_alloc(&gradient->received, others * length, sizeof(float), "received gradients", err);
    if (code != BL_OK)
        return code;
    const int64_t own = gradient->first_node[par.rank];
    for (int64_t n = 0; n < gradient->all_nodes; n++) {
        const int is_own = n >= own && n < own + gradient->n_nodes;
        const int64_t received = n < own ? n : n - gradient->n_nodes;
        gradient->slice_node[n] = is_own ? gradient->nodes + (n - own) * gradient->n_params + gradient->lo
                                         : gradient->received + received * length;
    }
    return BL_OK;
}

int par_gradient_init(struct par_gradient *gradient, struct par par, const struct bl_layout *layout,
                      const struct par_groups *groups, int64_t n_flags, struct bl_error *err)
{
    *gradient = (struct par_gradient){.par = par,
                                      .layout = layout,
                                      .n_params = layout->n_params,
                                      .n_flags = n_flags,
                                      .n_nodes = groups->local.n_nodes,
                                      .all_nodes = count_nodes(par, groups->total)};
    gradient->n_blocks = par_gradient_blocks_local(layout);
    int code = allocate(gradient, err);
    if (code == BL_OK) {
        set_blocks(gradient);
        gradient->sum = gradient->nodes;
        code = init_slices(gradient, groups, err);
    }
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_gradient_free(gradient);
    return code;
}

void par_gradient_free(struct par_gradient *gradient)
{
    bl_free(&gradient->nodes);
    bl_free(&gradient->block);
    bl_free(&gradient->squares);
    bl_free(&gradient->node_size);
    bl_free(&gradient->first_node);
    bl_free(&gradient->received);
    bl_free(&gradient->slice_node);
    par_parts_free(&gradient->out);
    par_parts_free(&gradient->in);
    par_blocks_free(&gradient->slices);
    par_blocks_free(&gradient->rank_squares);
}

/* Node `n` of every rank: to each other rank its slice. Ranks that have fewer nodes bring nothing. */
static void exchange_node(struct par_gradient *gradient, int64_t n)
{
    const int64_t length = gradient->hi - gradient->lo, *slice = gradient->slices.begin;
    const int own = gradient->par.rank;
    struct par_parts *out = &gradient->out, *in = &gradient->in;
    for (int r = 0; r < gradient->par.size; r++) {
        const int64_t place = gradient->first_node[r] + n;
        out->count[r] = r != own && n < gradient->n_nodes ? slice[r + 1] - slice[r] : 0;
        out->start[r] = slice[r];
        in->count[r] = r != own && place < gradient->first_node[r + 1] ? length : 0;
        in->start[r] = in->count[r] ? gradient->slice_node[place] - gradient->received : 0;
    }
    const float *from = gradient->nodes + (n < gradient->n_nodes ? n : 0) * gradient->n_params;
    const int64_t received_max = gradient->all_nodes * gradient->slice_max;
    par_alltoall(par_as_local(gradient->par, PAR_TRAFFIC_GRADIENT), out, from, in, gradient->received,
                 sizeof(float), received_max > gradient->n_params ? received_max : gradient->n_params);
}

void par_gradient_sum(struct par_gradient *gradient)
{
    int64_t most = 0;
    for (int r = 0; r < gradient->par.size; r++) {
        const int64_t n = gradient->first_node[r + 1] - gradient->first_node[r];
        most = n > most ? n : most;
    }
    for (int64_t n = 0; n < most && gradient->par.size > 1; n++)
        exchange_node(gradient, n);
    bl_tree_fold(gradient->all_nodes, gradient->node_size, gradient->slice_node, gradient->hi - gradient->lo,
                 gradient->sum + gradient->lo);
}

/* Every rank's flags and its blocks' sums, in the order of ranks, to every rank; leaves sums of flags and the
 * blocks' sums, without gaps. */
static void gather_squares(struct par_gradient *gradient)
{
    const int64_t n_flags = gradient->n_flags;
    const int64_t *begin = gradient->rank_squares.begin;
    par_allgather(par_as_local(gradient->par, PAR_TRAFFIC_FLAGS), &gradient->rank_squares, gradient->squares,
                  sizeof(double));
    memset(gradient->flags, 0, sizeof gradient->flags);
    int64_t n = 0;
    for (int r = 0; r < gradient->par.size; r++) {
        const double *part = gradient->squares + begin[r];
        const int64_t n_blocks = begin[r + 1] - begin[r] - n_flags;
        for (int64_t f = 0; f < n_flags; f++)
            gradient->flags[f] += part[f];
        memmove(gradient->squares + n, part + n_flags, (size_t)n_blocks * sizeof *part);
        n += n_blocks;
    }
}

double par_gradient_square_sum(struct par_gradient *gradient, const struct bl_tensor **bad)
{
    const int spread = gradient->par.size > 1;
    int64_t first = 0, last = gradient->n_blocks;
    double *to = gradient->squares;
    if (spread) {
        par_range_local(gradient->n_blocks, gradient->par.rank, gradient->par.size, &first, &last);
        to = gradient->squares + gradient->rank_squares.begin[gradient->par.rank];
        memcpy(to, gradient->flags, (size_t)gradient->n_flags * sizeof *to);
        to += gradient->n_flags;
    }
    for (int64_t b = first; b < last; b++)
        *to++ = bl_optimizer_square_sum(gradient->sum + gradient->block[b],
                                        gradient->block[b + 1] - gradient->block[b]);
    if (spread)
        gather_squares(gradient);
    double sum = 0.0;
    for (int64_t b = 0; b < gradient->n_blocks; b++)
        sum += gradient->squares[b];
    *bad = NULL;
    for (int64_t b = 0, t = 0; !*bad && b < gradient->n_blocks; b++) {
        while (t + 1 < gradient->layout->n_tensors &&
               gradient->block[b] >= gradient->layout->tensor[t + 1].offset)
            t++;
        if (!isfinite(gradient->squares[b]))
            *bad = &gradient->layout->tensor[t];
    }
    return sum;
}

void par_gradient_share(struct par_gradient *gradient, struct par par, float *values)
{
    par_allgather(par, &gradient->slices, values, sizeof *values);
}
