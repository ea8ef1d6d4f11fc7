#include "mpi/gradient.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "math/tree.h"
#include "mpi/agree.h"
#include "mpi/reduce.h"
#include "optim/optimizer.h"

static int allocate(struct par_gradient *gradient, struct bl_error *err)
{
    const int size = gradient->par.size;
    const int64_t n_blocks = gradient->slices.n_blocks, n_ranges = gradient->n_ranges;
    int code = bl_alloc(&gradient->nodes, gradient->n_nodes * gradient->n_params, sizeof(float),
                        "the gradient", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->range, n_ranges, sizeof *gradient->range, "slices of parameters", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->begin, n_ranges, sizeof *gradient->begin, "buckets of parameters", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->block, n_blocks + 1, sizeof(int64_t), "blocks of parameters", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->squares, n_blocks + size * gradient->n_flags, sizeof(double),
                        "sums of squares", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->block_squares, n_blocks, sizeof(double), "sums of squares", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->node_size, gradient->all_nodes, sizeof(int64_t), "nodes of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->slice_node, n_ranges * gradient->all_nodes, sizeof(float *),
                        "nodes of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&gradient->first_node, size + 1, sizeof(int64_t), "nodes of ranks", err);
    if (code == BL_OK)
        code = par_parts_init(&gradient->out, size, err);
    if (code == BL_OK)
        code = par_parts_init(&gradient->in, size, err);
    if (code == BL_OK)
        code = bl_alloc_zero(&gradient->shares, n_ranges, sizeof *gradient->shares, "slices of ranks", err);
    for (int64_t b = 0; b < n_ranges && code == BL_OK; b++)
        code = par_blocks_init(&gradient->shares[b], size, err);
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

/* Who holds which slice of a bucket. */
static void set_bucket(struct par_gradient *gradient, int bucket)
{
    struct par_blocks *share = &gradient->shares[bucket];
    for (int r = 0; r < gradient->par.size; r++) {
        int64_t lo, hi;
        par_slices_range_local(&gradient->slices, bucket, r, &lo, &hi);
        share->begin[r + 1] = hi - gradient->begin[bucket];
        if (hi - lo > gradient->slice_max)
            gradient->slice_max = hi - lo;
        if (r == gradient->par.rank)
            gradient->range[bucket] = (struct bl_range){lo, hi};
    }
}

static void set_slices(struct par_gradient *gradient)
{
    const struct par_slices *slices = &gradient->slices;
    int64_t *squares = gradient->rank_squares.begin;
    for (int64_t b = 0; b <= slices->n_blocks; b++)
        gradient->block[b] = par_slices_begin_local(slices, b);
    for (int b = 0; b < gradient->n_ranges; b++) {
        gradient->begin[b] = gradient->block[slices->end[b + 1]];
        set_bucket(gradient, b);
    }
    for (int r = 0; r < gradient->par.size; r++)
        squares[r + 1] = squares[r] + gradient->n_flags + par_slices_blocks_of_local(slices, r);
}

/* Room for what comes from the other ranks, bucket after bucket. */
static int init_received(struct par_gradient *gradient, struct bl_error *err)
{
    const int64_t others = gradient->all_nodes - gradient->n_nodes;
    const int64_t own = gradient->first_node[gradient->par.rank];
    int code = bl_alloc(&gradient->received,
                        others * par_slices_params_of_local(&gradient->slices, gradient->par.rank),
                        sizeof(float), "received gradients", err);
    float *at = gradient->received;
    for (int b = 0; b < gradient->n_ranges && code == BL_OK; b++)
        for (int64_t n = 0; n < gradient->all_nodes; n++) {
            const struct bl_range *range = &gradient->range[b];
            float **place = &gradient->slice_node[b * gradient->all_nodes + n];
            if (n >= own && n < own + gradient->n_nodes) {
                *place = gradient->nodes + (n - own) * gradient->n_params + range->lo;
            } else {
                *place = at;
                at += range->hi - range->lo;
            }
        }
    return code;
}

/* Node `n` of every rank: to each other rank its slice of a bucket. Ranks with fewer nodes bring nothing. */
static void exchange_node(struct par_gradient *gradient, int bucket, int64_t n)
{
    const struct bl_range *range = &gradient->range[bucket];
    const int64_t *share = gradient->shares[bucket].begin, begin = gradient->begin[bucket];
    const struct par par = par_as_local(gradient->par, PAR_TRAFFIC_GRADIENT);
    struct par_parts *out = &gradient->out, *in = &gradient->in;
    for (int r = 0; r < par.size; r++) {
        const int64_t place = gradient->first_node[r] + n;
        const int comes = r != par.rank && place < gradient->first_node[r + 1];
        out->count[r] = r != par.rank && n < gradient->n_nodes ? share[r + 1] - share[r] : 0;
        out->start[r] = begin + share[r];
        in->count[r] = comes ? range->hi - range->lo : 0;
        in->start[r] =
            comes ? gradient->slice_node[bucket * gradient->all_nodes + place] - gradient->received : 0;
    }
    const float *from = gradient->nodes + (n < gradient->n_nodes ? n : 0) * gradient->n_params;
    const int64_t received_max = gradient->all_nodes * gradient->slice_max;
    if (gradient->in_flight)
        par_alltoall_begin(&gradient->flight, par, out, from, in, gradient->received, sizeof(float));
    else
        par_alltoall(par, out, from, in, gradient->received, sizeof(float),
                     received_max > gradient->n_params ? received_max : gradient->n_params);
}

static void exchange_bucket(struct par_gradient *gradient, int bucket)
{
    int64_t most = 0;
    for (int r = 0; r < gradient->par.size; r++) {
        const int64_t n = gradient->first_node[r + 1] - gradient->first_node[r];
        most = n > most ? n : most;
    }
    for (int64_t n = 0; n < most && gradient->par.size > 1; n++)
        exchange_node(gradient, bucket, n);
}

/* The backward pass has come down to `from`: what is complete sets out. */
static void reached(void *context, int64_t from)
{
    struct par_gradient *gradient = context;
    for (; gradient->n_begun < gradient->n_ranges && gradient->begin[gradient->n_begun] >= from;
         gradient->n_begun++)
        exchange_bucket(gradient, gradient->n_begun);
    par_flight_poke_local(&gradient->flight);
}

static int init_flight(struct par_gradient *gradient, struct bl_error *err)
{
    for (int b = 0; b < gradient->n_ranges && gradient->in_flight; b++)
        exchange_bucket(gradient, b); /* rehearsed */
    if (gradient->in_flight)
        par_allgather_ring(&gradient->share_flight, gradient->par, gradient->shares, gradient->n_ranges,
                           gradient->sum, gradient->begin, sizeof *gradient->sum);
    int code = par_flight_reserve(&gradient->flight, err);
    return code == BL_OK ? par_flight_reserve(&gradient->share_flight, err) : code;
}

int par_gradient_init(struct par_gradient *gradient, struct par par, const struct bl_layout *layout,
                      const struct par_groups *groups, int64_t n_flags, int threads, int64_t bucket_floats,
                      struct bl_error *err)
{
    *gradient = (struct par_gradient){
        .par = par,
        .layout = layout,
        .n_params = layout->n_params,
        .n_flags = n_flags,
        .n_nodes = groups->local.n_nodes,
        .all_nodes = count_nodes(par, groups->total),
        .in_flight = bucket_floats > 0 && par.size > 1,
        .watch = {.context = gradient, .piece_floats = bucket_floats, .reached = reached}};
    gradient->slices = par_slices_local(layout, par.size, threads, gradient->in_flight ? bucket_floats : 0);
    gradient->n_ranges = gradient->slices.n_buckets;
    int code = allocate(gradient, err);
    if (code == BL_OK) {
        gradient->sum = gradient->nodes;
        set_nodes(gradient, groups->total);
        set_slices(gradient);
        code = init_received(gradient, err);
    }
    if (code == BL_OK)
        code = init_flight(gradient, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_gradient_free(gradient);
    return code;
}

void par_gradient_free(struct par_gradient *gradient)
{
    bl_free(&gradient->nodes);
    bl_free(&gradient->range);
    bl_free(&gradient->begin);
    bl_free(&gradient->block);
    bl_free(&gradient->squares);
    bl_free(&gradient->block_squares);
    bl_free(&gradient->node_size);
    bl_free(&gradient->first_node);
    bl_free(&gradient->received);
    bl_free(&gradient->slice_node);
    par_parts_free(&gradient->out);
    par_parts_free(&gradient->in);
    for (int b = 0; b < gradient->n_ranges && gradient->shares; b++)
        par_blocks_free(&gradient->shares[b]);
    bl_free(&gradient->shares);
    par_blocks_free(&gradient->rank_squares);
    par_flight_free(&gradient->flight);
    par_flight_free(&gradient->share_flight);
}

const struct bl_backward_watch *par_gradient_watch_local(const struct par_gradient *gradient)
{
    return gradient->in_flight ? &gradient->watch : NULL;
}

void par_gradient_sum(struct par_gradient *gradient)
{
    for (int b = gradient->n_begun; b < gradient->n_ranges; b++)
        exchange_bucket(gradient, b);
    par_flight_wait(&gradient->flight);
    gradient->n_begun = 0;
    for (int b = 0; b < gradient->n_ranges; b++) {
        const struct bl_range *range = &gradient->range[b];
        bl_tree_fold(gradient->all_nodes, gradient->node_size, gradient->slice_node + b * gradient->all_nodes,
                     range->hi - range->lo, gradient->sum + range->lo);
    }
}

/* A rank's blocks, bucket after bucket, to their places among all. */
static void place_squares(struct par_gradient *gradient, int rank, const double *part)
{
    for (int b = 0; b < gradient->n_ranges; b++) {
        int64_t first, last;
        par_slices_blocks_local(&gradient->slices, b, rank, &first, &last);
        memcpy(gradient->block_squares + first, part, (size_t)(last - first) * sizeof *part);
        part += last - first;
    }
}

/* Every rank's flags and its blocks' sums to every rank; leaves sums of flags, and block_squares. */
static void gather_squares(struct par_gradient *gradient)
{
    const int64_t *begin = gradient->rank_squares.begin;
    par_allgather(par_as_local(gradient->par, PAR_TRAFFIC_FLAGS), &gradient->rank_squares, gradient->squares,
                  sizeof(double));
    memset(gradient->flags, 0, sizeof gradient->flags);
    for (int r = 0; r < gradient->par.size; r++) {
        const double *part = gradient->squares + begin[r];
        for (int64_t f = 0; f < gradient->n_flags; f++)
            gradient->flags[f] += part[f];
        place_squares(gradient, r, part + gradient->n_flags);
    }
}

double par_gradient_square_sum(struct par_gradient *gradient, const struct bl_tensor **bad)
{
    const int64_t *block = gradient->block;
    double *to = gradient->squares + gradient->rank_squares.begin[gradient->par.rank], sum = 0.0;
    memcpy(to, gradient->flags, (size_t)gradient->n_flags * sizeof *to);
    to += gradient->n_flags;
    for (int bucket = 0; bucket < gradient->n_ranges; bucket++) {
        int64_t first, last;
        par_slices_blocks_local(&gradient->slices, bucket, gradient->par.rank, &first, &last);
        for (int64_t b = first; b < last; b++)
            *to++ = bl_optimizer_square_sum(gradient->sum + block[b], block[b + 1] - block[b]);
    }
    gather_squares(gradient);
    for (int64_t b = 0; b < gradient->slices.n_blocks; b++)
        sum += gradient->block_squares[b];
    *bad = NULL;
    for (int64_t b = 0, t = 0; !*bad && b < gradient->slices.n_blocks; b++) {
        while (t + 1 < gradient->layout->n_tensors && block[b] >= gradient->layout->tensor[t + 1].offset)
            t++;
        if (!isfinite(gradient->block_squares[b]))
            *bad = &gradient->layout->tensor[t];
    }
    return sum;
}

void par_gradient_share(struct par_gradient *gradient, struct par par, float *values)
{
    if (!gradient->in_flight) {
        par_allgather(par, &gradient->shares[0], values, sizeof *values);
        return;
    }
    par_allgather_ring(&gradient->share_flight, par, gradient->shares, gradient->n_ranges, values,
                       gradient->begin, sizeof *values);
}
