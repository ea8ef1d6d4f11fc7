#include "mpi/gradient.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "math/tree.h"
#include "mpi/agree.h"
#include "mpi/reduce.h"
#include "optim/optimizer.h"

enum { BLOCK = 4096, OUT = 0, IN = 1 };

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

/* The slice [*lo, *hi) of a rank: whole blocks. */
static void slice_of(const struct par_gradient *gradient, int rank, int64_t *lo, int64_t *hi)
{
    par_range_local(gradient->n_blocks, rank, gradient->par.size, lo, hi);
    *lo = gradient->block[*lo];
    *hi = gradient->block[*hi];
}

static int allocate(struct par_gradient *gradient, struct bl_error *err)
{
    const int size = gradient->par.size;
    int code =
        bl_alloc(&gradient->nodes, gradient->n_nodes * gradient->stride, sizeof(float), "the gradient", err);
    if (code == BL_OK)
        code =
            bl_alloc(&gradient->block, gradient->n_blocks + 1, sizeof(int64_t), "blocks of parameters", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->squares, gradient->n_blocks + size * gradient->n_flags, sizeof(double),
                        "sums of squares", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->node_size, gradient->all_nodes, sizeof(int64_t), "nodes of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->first_node, size + 1, sizeof(int64_t), "nodes of ranks", err);
    for (int way = OUT; way <= IN; way++) {
        if (code == BL_OK)
            code = bl_alloc(&gradient->counts[way], size, sizeof(int), "parts of ranks", err);
        if (code == BL_OK)
            code = bl_alloc(&gradient->starts[way], size, sizeof(int), "parts of ranks", err);
    }
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

static int init_slices(struct par_gradient *gradient, const struct par_groups *groups, struct bl_error *err)
{
    set_nodes(gradient, groups->total);
    slice_of(gradient, gradient->par.rank, &gradient->lo, &gradient->hi);
    const int64_t floats = gradient->all_nodes * (gradient->hi - gradient->lo);
    int code = BL_OK;
    if (floats > INT_MAX || gradient->n_params > INT_MAX)
        code = bl_fail(err, BL_USAGE,
                       "%" PRId64 " parameters on %d ranks are more than reduction: exact can exchange; set "
                       "train.reduction to fast",
                       gradient->n_params, gradient->par.size);
    else if (gradient->par.size > 1)
        code = bl_alloc(&gradient->received, floats, sizeof(float), "received gradients", err);
    return code;
}

int par_gradient_init(struct par_gradient *gradient, struct par par, const struct bl_layout *layout,
                      const struct par_groups *groups, int exact, int64_t n_flags, struct bl_error *err)
{
    *gradient = (struct par_gradient){.par = par,
                                      .exact = exact,
                                      .layout = layout,
                                      .n_params = layout->n_params,
                                      .n_flags = n_flags,
                                      .hi = layout->n_params,
                                      .n_nodes = exact ? groups->local.n_nodes : 1,
                                      .stride = layout->n_params + n_flags,
                                      .all_nodes = exact ? count_nodes(par, groups->total) : par.size};
    for (int64_t t = 0; t < layout->n_tensors; t++)
        gradient->n_blocks += blocks_of(&layout->tensor[t]);
    int code = allocate(gradient, err);
    if (code == BL_OK) {
        set_blocks(gradient);
        gradient->sum = gradient->nodes;
        if (exact)
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
    for (int way = OUT; way <= IN; way++) {
        bl_free(&gradient->counts[way]);
        bl_free(&gradient->starts[way]);
    }
}

/* Node `n` of every rank: to each rank its slice. Ranks that have fewer nodes bring nothing. */
static void exchange_node(struct par_gradient *gradient, int64_t n)
{
    const int64_t length = gradient->hi - gradient->lo;
    for (int r = 0; r < gradient->par.size; r++) {
        int64_t lo, hi;
        slice_of(gradient, r, &lo, &hi);
        const int64_t place = gradient->first_node[r] + n;
        gradient->counts[OUT][r] = n < gradient->n_nodes ? (int)(hi - lo) : 0;
        gradient->starts[OUT][r] = (int)lo;
        gradient->counts[IN][r] = place < gradient->first_node[r + 1] ? (int)length : 0;
        gradient->starts[IN][r] = gradient->counts[IN][r] ? (int)(place * length) : 0;
    }
    const float *from = gradient->nodes + (n < gradient->n_nodes ? n : 0) * gradient->stride;
    MPI_Alltoallv(from, gradient->counts[OUT], gradient->starts[OUT], MPI_FLOAT, gradient->received,
                  gradient->counts[IN], gradient->starts[IN], MPI_FLOAT, gradient->par.comm);
}

static void sum_exact(struct par_gradient *gradient)
{
    const int64_t length = gradient->hi - gradient->lo;
    int64_t most = 0;
    if (gradient->par.size == 1) {
        bl_tree_fold(gradient->all_nodes, gradient->node_size, gradient->nodes, gradient->stride, length,
                     gradient->sum);
        return;
    }
    for (int r = 0; r < gradient->par.size; r++) {
        const int64_t n = gradient->first_node[r + 1] - gradient->first_node[r];
        most = n > most ? n : most;
    }
    for (int64_t n = 0; n < most; n++)
        exchange_node(gradient, n);
    bl_tree_fold(gradient->all_nodes, gradient->node_size, gradient->received, length, length,
                 gradient->sum + gradient->lo);
}

void par_gradient_sum(struct par_gradient *gradient)
{
    if (gradient->exact) {
        sum_exact(gradient);
        return;
    }
    float *flags = gradient->sum + gradient->n_params; /* they ride behind the gradient */
    for (int64_t f = 0; f < gradient->n_flags; f++)
        flags[f] = (float)gradient->flags[f];
    par_sum_floats(gradient->par, gradient->sum, gradient->n_params + gradient->n_flags);
    for (int64_t f = 0; f < gradient->n_flags; f++)
        gradient->flags[f] = (double)flags[f];
}

/* Every rank's flags and its blocks' sums, in the order of ranks, to every rank; leaves sums of flags and the
 * blocks' sums, without gaps. */
static void gather_squares(struct par_gradient *gradient)
{
    const int64_t n_flags = gradient->n_flags;
    int *counts = gradient->counts[IN], *starts = gradient->starts[IN];
    for (int r = 0; r < gradient->par.size; r++) {
        int64_t lo, hi;
        par_range_local(gradient->n_blocks, r, gradient->par.size, &lo, &hi);
        starts[r] = (int)(lo + r * n_flags);
        counts[r] = (int)(hi - lo + n_flags);
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, gradient->squares, counts, starts, MPI_DOUBLE,
                   gradient->par.comm);
    memset(gradient->flags, 0, sizeof gradient->flags);
    int64_t n = 0;
    for (int r = 0; r < gradient->par.size; r++) {
        const double *part = gradient->squares + starts[r];
        const int64_t n_blocks = counts[r] - n_flags;
        for (int64_t f = 0; f < n_flags; f++)
            gradient->flags[f] += part[f];
        memmove(gradient->squares + n, part + n_flags, (size_t)n_blocks * sizeof *part);
        n += n_blocks;
    }
}

double par_gradient_square_sum(struct par_gradient *gradient, const struct bl_tensor **bad)
{
    const int spread = gradient->exact && gradient->par.size > 1;
    int64_t first = 0, last = gradient->n_blocks;
    double *to = gradient->squares;
    if (spread) {
        par_range_local(gradient->n_blocks, gradient->par.rank, gradient->par.size, &first, &last);
        to += first + gradient->par.rank * gradient->n_flags;
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

void par_gradient_share(struct par_gradient *gradient, float *values)
{
    if (!gradient->exact || gradient->par.size == 1)
        return;
    for (int r = 0; r < gradient->par.size; r++) {
        int64_t lo, hi;
        slice_of(gradient, r, &lo, &hi);
        gradient->starts[IN][r] = (int)lo;
        gradient->counts[IN][r] = (int)(hi - lo);
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, gradient->counts[IN], gradient->starts[IN],
                   MPI_FLOAT, gradient->par.comm);
}
