#include "mpi/step/gradient.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/buffer.h"
#include "math/elementwise.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "optim/optimizer.h"

enum { CELL_BYTES = 4, LINE_CELLS = BL_ALIGN_BYTES / CELL_BYTES };

int64_t par_gradient_tail_local(const struct bl_layout *layout, int exact)
{
    const int64_t n = PAR_FLAGS_MAX + (exact ? layout->n_tensors * BL_GRID_EXPONENTS : 0);
    return (n + LINE_CELLS - 1) / LINE_CELLS * LINE_CELLS;
}

static int64_t part_bytes(const struct bl_layout *layout, int exact)
{
    return par_window_align_local((par_gradient_tail_local(layout, exact) + layout->n_params) * CELL_BYTES);
}

/* Between nodes sums go from one part into another, as MPI libraries move less than in place (Open MPI
 * 4.1.4, MPI_Iallreduce: 1.5 n numbers out of each of 4 nodes instead of 2 n); a rank alone on its node
 * needs one more for that, and does without it where all are alone and nothing is in flight. */
static int parts_of_node(int n_nodes, int node_ranks, int is_even, int in_flight)
{
    return node_ranks + (n_nodes > 1 && node_ranks == 1 && (in_flight || !is_even));
}

int64_t par_gradient_bytes_local(const struct bl_layout *layout, int exact, int n_nodes, int node_ranks,
                                 int is_even, int in_flight)
{
    return parts_of_node(n_nodes, node_ranks, is_even, in_flight) / node_ranks * part_bytes(layout, exact);
}

/* The lane's slice of each bucket. The tail (flags; under exact also counts of exponents) is stored before parameter 0, so it is in
 * the first lane's slice of the last bucket. */
struct par_traffic_count par_gradient_traffic_local(const struct bl_layout *layout, int exact, int threads,
                                                    int64_t bucket_floats, const struct traffic_lane *lane)
{
    const struct slices slices = slices_cut(layout, lane->n_lanes, threads, bucket_floats);
    struct par_traffic_count sum = {0};
    for (int b = 0; b < slices.n_buckets; b++) {
        int64_t lo, hi;
        slices_range(&slices, b, lane->lane, &lo, &hi);
        if (b + 1 == slices.n_buckets && lane->lane == 0)
            lo -= par_gradient_tail_local(layout, exact);
        const struct par_traffic_count one =
            traffic_allreduce(hi - lo, CELL_BYTES, lane->node, lane->n_nodes);
        if (hi > lo)
            traffic_add(&sum, &one);
    }
    return sum;
}

static int is_exact(const struct par_gradient *gradient)
{
    return gradient->options.groups > 0;
}

/* Numbers of a part, parameter 0 first; the tail stands before. */
static void *part_of(const struct par_gradient *gradient, int part)
{
    return (char *)gradient->window.at + part * gradient->part_bytes + gradient->tail * CELL_BYTES;
}

/* Setting up */

/* Whose part is which: the sum stands in the first. */
static void set_parts(struct par_gradient *gradient)
{
    const struct par_nodes *nodes = gradient->nodes;
    gradient->n_parts = parts_of_node(nodes->n_nodes, nodes->node.size, nodes->is_even, gradient->in_flight);
    gradient->own_part = nodes->node.rank + gradient->n_parts - nodes->node.size;
    gradient->added_part = nodes->n_nodes > 1 && gradient->n_parts > 1;
}

static void set_slices(struct par_gradient *gradient)
{
    const struct slices *slices = &gradient->node_slices;
    for (int64_t b = 0; b <= slices->n_blocks; b++)
        gradient->block[b] = slices_begin(slices, b);
    for (int b = 0; b < gradient->n_ranges; b++)
        slices_range(slices, b, gradient->nodes->node.rank, &gradient->range[b].lo, &gradient->range[b].hi);
}

static int allocate(struct par_gradient *gradient, struct bl_error *err)
{
    const int64_t n_ranges = gradient->n_ranges, n_tensors = gradient->layout->n_tensors;
    const struct bl_buffer buffers[] = {
        {&gradient->range, n_ranges, sizeof *gradient->range, "slices of parameters", 0},
        {&gradient->block, gradient->node_slices.n_blocks + 1, sizeof(int64_t), "blocks of parameters", 0},
        {&gradient->scale, n_tensors, sizeof(float), "scales of the gradient", 1},
        {&gradient->largest, gradient->options.threads * n_tensors, sizeof(uint32_t), "sizes of the gradient",
         1},
        {&gradient->buckets.met, n_ranges, sizeof(MPI_Request), "meetings under way", 0},
        {&gradient->buckets.met_again, n_ranges, sizeof(MPI_Request), "meetings under way", 0},
    };
    return bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
}

static int init_windows(struct par_gradient *gradient, struct bl_error *err)
{
    const int64_t bytes = gradient->n_parts / gradient->nodes->node.size * gradient->part_bytes;
    int code = par_window_init(&gradient->window, gradient->nodes, bytes, 1, "gradients", err);
    if (code == BL_OK)
        code = par_window_init(&gradient->squares, gradient->nodes,
                               gradient->node_slices.n_blocks * (int64_t)sizeof(double), 0, "sums of squares",
                               err);
    if (code != BL_OK)
        return code;
    void *own = part_of(gradient, gradient->own_part);
    gradient->sum = part_of(gradient, 0);
    gradient->part.n_tensors = gradient->layout->n_tensors;
    if (!is_exact(gradient)) {
        gradient->part.sum = own;
        return BL_OK;
    }
    gradient->part.integers = own;
    gradient->part.scale = gradient->scale;
    gradient->part.largest = gradient->largest;
    return BL_OK;
}

static void reached(void *context, int64_t from);
static void send_bucket(struct par_gradient *gradient, int bucket);

static int init_flight(struct par_gradient *gradient, struct bl_error *err)
{
    for (int b = 0; b < gradient->n_ranges && gradient->in_flight; b++)
        send_bucket(gradient, b); /* a dry run that only counts messages, for flight_reserve */
    return flight_reserve(&gradient->buckets.flight, err);
}

int par_gradient_init(struct par_gradient *gradient, const struct par_nodes *nodes,
                      const struct bl_layout *layout, const struct par_gradient_options *options,
                      struct bl_error *err)
{
    *gradient = (struct par_gradient){
        .nodes = nodes,
        .layout = layout,
        .options = *options,
        .tail = par_gradient_tail_local(layout, options->groups > 0),
        .part_bytes = part_bytes(layout, options->groups > 0),
        .in_flight = options->bucket_floats > 0 && nodes->all.size > 1,
        .watch = {.context = gradient, .piece_floats = options->bucket_floats, .reached = reached}};
    const int64_t bucket_floats = gradient->in_flight ? options->bucket_floats : 0;
    gradient->lane = par_lane_as_local(nodes, PAR_TRAFFIC_GRADIENT);
    gradient->node_slices = slices_cut(layout, nodes->node.size, options->threads, bucket_floats);
    gradient->lane_slices = slices_cut(layout, nodes->n_lanes, options->threads, bucket_floats);
    gradient->n_ranges = gradient->node_slices.n_buckets;
    set_parts(gradient);
    int code = par_agree(nodes->all, allocate(gradient, err), err);
    if (code == BL_OK)
        code = init_windows(gradient, err);
    if (code == BL_OK) {
        set_slices(gradient);
        code = par_agree(nodes->all, init_flight(gradient, err), err);
    }
    if (code != BL_OK)
        par_gradient_free(gradient);
    return code;
}

void par_gradient_free(struct par_gradient *gradient)
{
    par_window_free(&gradient->window);
    par_window_free(&gradient->squares);
    bl_free(&gradient->range);
    bl_free(&gradient->scale);
    bl_free(&gradient->largest);
    bl_free(&gradient->block);
    bl_free(&gradient->buckets.met);
    bl_free(&gradient->buckets.met_again);
    par_flight_free(&gradient->buckets.flight);
}

/* The tail */

void par_gradient_clear_local(struct par_gradient *gradient)
{
    const size_t n = (size_t)(gradient->options.threads * gradient->layout->n_tensors);
    memset(gradient->largest, 0, n * sizeof *gradient->largest);
    gradient->buckets.begun = gradient->buckets.added = gradient->buckets.sent = 0;
}

/* How many ranks have each exponent as that of their largest value, tensor by tensor: added up over ranks,
 * the highest that is there is that of all groups. */
static void count_exponents(const struct par_gradient *gradient, int32_t *counts)
{
    const int64_t n = gradient->layout->n_tensors;
    for (int64_t t = 0; t < n; t++) {
        uint32_t most = 0;
        for (int64_t thread = 0; thread < gradient->options.threads; thread++) {
            const uint32_t bits = gradient->largest[thread * n + t];
            most = bits > most ? bits : most;
        }
        counts[t * BL_GRID_EXPONENTS + (most >> 23)] = 1;
    }
}

static void fill_tail(struct par_gradient *gradient)
{
    float *floats = (float *)part_of(gradient, gradient->own_part) - gradient->tail;
    int32_t *integers = (int32_t *)floats;
    memset(floats, 0, (size_t)(gradient->tail * CELL_BYTES));
    for (int64_t f = 0; f < gradient->options.n_flags && !is_exact(gradient); f++)
        floats[f] = (float)gradient->flags[f];
    for (int64_t f = 0; f < gradient->options.n_flags && is_exact(gradient); f++)
        integers[f] = (int32_t)gradient->flags[f];
    if (is_exact(gradient))
        count_exponents(gradient, integers + PAR_FLAGS_MAX);
}

/* Three stages of a bucket: all ranks of the node have computed it; each has summed its slice over the node; each
 * lane has summed its slice over the nodes. */

static int is_last(const struct par_gradient *gradient, int bucket)
{
    return bucket + 1 == gradient->n_ranges;
}

/* Numbers [lo, hi) of all ranks of the node into one of their parts, in the order of ranks. */
static void add_parts(const struct par_gradient *gradient, int64_t lo, int64_t hi)
{
    enum { PIECE = 2048 }; /* stays near while all ranks' parts are added */
    const int ranks = gradient->nodes->node.size, exact = is_exact(gradient);
    void *sum = part_of(gradient, gradient->added_part);
    for (int64_t at = lo; at < hi && ranks > 1; at += PIECE) {
        const int64_t n = hi - at < PIECE ? hi - at : PIECE;
        for (int r = 0; r < ranks; r++) {
            const void *more = part_of(gradient, r);
            if (r == gradient->added_part)
                continue;
            if (exact)
                bl_grid_add(n, (const int32_t *)more + at, (int32_t *)sum + at);
            else
                bl_add(n, (const float *)more + at, (float *)sum + at);
        }
    }
}

/* The first rank's slice of the last bucket has the tail in front. */
static void add_bucket(const struct par_gradient *gradient, int bucket)
{
    const int with_tail = is_last(gradient, bucket) && gradient->nodes->node.rank == 0;
    add_parts(gradient, gradient->range[bucket].lo - (with_tail ? gradient->tail : 0),
              gradient->range[bucket].hi);
}

static void lane_range(const struct par_gradient *gradient, int bucket, int64_t *lo, int64_t *hi)
{
    const int place = gradient->nodes->node.rank;
    *lo = *hi = 0;
    if (!par_nodes_in_lane_local(gradient->nodes))
        return;
    slices_range(&gradient->lane_slices, bucket, place, lo, hi);
    *lo -= is_last(gradient, bucket) && place == 0 ? gradient->tail : 0;
}

static MPI_Datatype type_of(const struct par_gradient *gradient)
{
    return is_exact(gradient) ? MPI_UINT32_T : MPI_FLOAT;
}

static void send_bucket(struct par_gradient *gradient, int bucket)
{
    int64_t lo, hi;
    lane_range(gradient, bucket, &lo, &hi);
    par_allreduce_begin(&gradient->buckets.flight, gradient->lane,
                        (float *)part_of(gradient, gradient->added_part) + lo, gradient->sum + lo, hi - lo,
                        type_of(gradient));
}

static int wait_or_test(MPI_Request *request, int wait)
{
    int done = 1;
    if (*request == MPI_REQUEST_NULL) /* also where MPI isn't there: a lone process */
        ;
    else if (wait)
        MPI_Wait(request, MPI_STATUS_IGNORE);
    else
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
    atomic_thread_fence(memory_order_seq_cst);
    return done;
}

/* All ranks of the node begin the same meetings in the same order: of completed buckets on one communicator,
 * and where slices of ranks aren't those of lanes, of added ones on another. */
static void meet_begin(const struct par_gradient *gradient, MPI_Comm comm, MPI_Request *request)
{
    *request = MPI_REQUEST_NULL;
    atomic_thread_fence(memory_order_seq_cst); /* as par_nodes_meet has them on both sides */
    if (gradient->nodes->node.size > 1)
        MPI_Ibarrier(comm, request);
}

/* Takes each bucket that is complete here as far as it gets: when the node's ranks all have it, this rank
 * adds up its slice; when they all have added, its lane sends. wait: all buckets all the way. */
static void advance(struct par_gradient *gradient, int wait)
{
    const int is_even = gradient->nodes->is_even;
    struct gradient_buckets *buckets = &gradient->buckets;
    while (buckets->added < buckets->begun && wait_or_test(&buckets->met[buckets->added], wait)) {
        add_bucket(gradient, buckets->added);
        if (!is_even)
            meet_begin(gradient, gradient->nodes->second, &buckets->met_again[buckets->added]);
        buckets->added++;
    }
    while (buckets->sent < buckets->added &&
           (is_even || wait_or_test(&buckets->met_again[buckets->sent], wait)))
        send_bucket(gradient, buckets->sent++);
    if (wait)
        par_flight_wait(&buckets->flight);
    else
        par_flight_poke_local(&buckets->flight);
}

/* The backward pass has completed the parameters from `from` on: the buckets in them are begun. */
static void reached(void *context, int64_t from)
{
    struct par_gradient *gradient = context;
    struct gradient_buckets *buckets = &gradient->buckets;
    for (; buckets->begun < gradient->n_ranges; buckets->begun++) {
        const int bucket = buckets->begun;
        if (gradient->block[gradient->node_slices.end[bucket + 1]] < from)
            break;
        if (is_last(gradient, bucket))
            fill_tail(gradient);
        meet_begin(gradient, gradient->nodes->node.comm, &buckets->met[bucket]);
    }
    advance(gradient, 0);
}

const struct bl_backward_watch *par_gradient_watch_local(const struct par_gradient *gradient)
{
    return gradient->in_flight ? &gradient->watch : NULL;
}

static void sum_at_once(struct par_gradient *gradient)
{
    int64_t lo, hi;
    fill_tail(gradient);
    par_nodes_meet(gradient->nodes); /* all parts of the node are there */
    add_bucket(gradient, 0);
    if (!gradient->nodes->is_even) /* a lane's slice was then added up by several ranks */
        par_nodes_meet(gradient->nodes);
    lane_range(gradient, 0, &lo, &hi);
    if (gradient->added_part != 0)
        par_allreduce_from(gradient->lane, (float *)part_of(gradient, gradient->added_part) + lo,
                           gradient->sum + lo, hi - lo, type_of(gradient), MPI_SUM);
    else
        par_allreduce(gradient->lane, gradient->sum + lo, hi - lo, type_of(gradient), MPI_SUM);
}

/* Own ranges, tensor by tensor, as floats where the integers stood. */
static void leave_grid(struct par_gradient *gradient)
{
    const struct bl_layout *layout = gradient->layout;
    for (int b = 0; b < gradient->n_ranges; b++)
        for (int64_t t = 0; t < layout->n_tensors; t++) {
            const struct bl_tensor *tensor = &layout->tensor[t];
            const int64_t end = tensor->offset + tensor->rows * tensor->cols;
            const int64_t lo =
                gradient->range[b].lo > tensor->offset ? gradient->range[b].lo : tensor->offset;
            const int64_t hi = gradient->range[b].hi < end ? gradient->range[b].hi : end;
            if (lo < hi && gradient->scale[t] > 0.0f)
                bl_grid_to_floats(hi - lo, gradient->scale[t], (const int32_t *)gradient->sum + lo,
                                  gradient->sum + lo);
        }
}

void par_gradient_sum(struct par_gradient *gradient)
{
    if (gradient->in_flight)
        reached(gradient, 0);
    if (gradient->in_flight)
        advance(gradient, 1);
    else if (gradient->n_ranges > 0)
        sum_at_once(gradient);
    if (!gradient->nodes->is_even) /* lanes have brought what others will update */
        par_nodes_meet(gradient->nodes);
    if (is_exact(gradient))
        leave_grid(gradient);
}

/* Judging */

/* |g|^2 is added up from blocks in their order, so that slices, and with them ranks, don't decide its bits.
 */
static void put_squares(const struct par_gradient *gradient)
{
    const int64_t *block = gradient->block;
    double *squares = gradient->squares.at;
    for (int bucket = 0; bucket < gradient->n_ranges; bucket++) {
        int64_t first, last;
        slices_blocks(&gradient->node_slices, bucket, gradient->nodes->node.rank, &first, &last);
        for (int64_t b = first; b < last; b++)
            squares[b] = bl_optimizer_square_sum(gradient->sum + block[b], block[b + 1] - block[b]);
    }
}

/* The first tensor one of whose blocks has squares that aren't finite. */
static const struct bl_tensor *find_bad_block(const struct par_gradient *gradient)
{
    const struct bl_layout *layout = gradient->layout;
    const double *squares = gradient->squares.at;
    for (int64_t b = 0, t = 0; b < gradient->node_slices.n_blocks; b++) {
        while (t + 1 < layout->n_tensors && gradient->block[b] >= layout->tensor[t + 1].offset)
            t++;
        if (!isfinite(squares[b]))
            return &layout->tensor[t];
    }
    return NULL;
}

static int highest_exponent(const int32_t *counts)
{
    int exponent = BL_GRID_EXPONENTS - 1;
    while (exponent > 0 && counts[exponent] == 0)
        exponent--;
    return exponent;
}

/* Whether the grid suited every tensor, and what will suit the next step. */
static void judge_grid(struct par_gradient *gradient, const int32_t *counts,
                       struct par_gradient_outcome *outcome)
{
    for (int64_t t = 0; t < gradient->layout->n_tensors; t++) {
        const int exponent = highest_exponent(counts + t * BL_GRID_EXPONENTS);
        if (exponent == BL_GRID_EXPONENTS - 1) {
            outcome->bad = outcome->bad ? outcome->bad : &gradient->layout->tensor[t];
            continue;
        }
        outcome->again |= !bl_grid_fits(gradient->scale[t], exponent, gradient->options.groups);
        gradient->scale[t] = bl_grid_scale(exponent, gradient->options.groups);
    }
    outcome->again &= outcome->bad == NULL;
}

struct par_gradient_outcome par_gradient_judge(struct par_gradient *gradient)
{
    struct par_gradient_outcome outcome = {0};
    const float *floats = gradient->sum - gradient->tail;
    const int32_t *integers = (const int32_t *)floats;
    const double *squares = gradient->squares.at;
    put_squares(gradient);
    par_nodes_meet(gradient->nodes); /* sum and squares of all blocks are there */
    for (int64_t f = 0; f < gradient->options.n_flags; f++)
        gradient->flags[f] = is_exact(gradient) ? (double)integers[f] : (double)floats[f];
    for (int64_t b = 0; b < gradient->node_slices.n_blocks; b++)
        outcome.square_sum += squares[b];
    if (is_exact(gradient))
        judge_grid(gradient, integers + PAR_FLAGS_MAX, &outcome);
    if (!outcome.bad && !outcome.again)
        outcome.bad = find_bad_block(gradient);
    return outcome;
}
