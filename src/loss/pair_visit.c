#include "loss/pair_visit.h"

#include <string.h>

#include "base/isa.h"
#include "loss/similarity.h"
#include "loss/tile.h"

/* A block of up to BL_TILE_ROWS own rows that is visited with the columns, and where its results go. */
struct visitor {
    const struct bl_pair_task *task;
    int thread;
    int64_t row, n;           /* rows [row, row + n) of this rank's */
    float *dh;                /* [n, K] of these rows */
    double *row_values;       /* [n] */
    double own[BL_TILE_ROWS]; /* sums of the factors of the rows' own codes */
    int64_t mirror_first;     /* the first row of the circle */
    float *mirror;            /* [rows of the circle, K] gradients of columns */
    double
        *mirror_own; /* [rows of the circle] sums of the factors of the columns' own codes, before lengths */
};

/* One run of columns [lo, hi) of one row that doesn't contain the row itself: product and factors are those
 * of the tile's row. Returns the losses' sum; adds the factors of the row's own code to *own. */
static double pair_run(const struct bl_pair_task *task, int64_t i, int64_t lo, int64_t hi,
                       const struct bl_pair_row *row, double *own)
{
    float s[BL_TILE_COLUMNS];
    struct bl_pair_row run = *row;
    if (lo >= hi)
        return 0.0;
    run.s = s;
    run.n = hi - lo;
    run.lengths = task->scratch->code_length + lo;
    bl_similarity_row(task->config->pairwise_similarity, task->batch, &task->columns, task->scratch, i, lo,
                      hi, s);
    const double loss = task->form->kernel(&task->factors, &run);
    if (task->form->length != BL_LENGTH_NONE)
        *own += bl_pair_sum(run.n, run.own);
    return loss;
}

/* Row i of the batch against columns [lo, hi): row->product [hi - lo] becomes the columns' factors, 0 for the
 * row itself. */
static double pair_row(const struct bl_pair_task *task, int64_t i, int64_t lo, int64_t hi,
                       struct bl_pair_row *row, double *own)
{
    const int64_t self = bl_column_of(&task->columns, i);
    if (self < lo || self >= hi)
        return pair_run(task, i, lo, hi, row, own);
    double loss = pair_run(task, i, lo, self, row, own);
    row->product += self - lo;
    *row->product++ = 0.0f;
    return loss + pair_run(task, i, self + 1, hi, row, own);
}

/* One row's own code times the sum of its factors. */
static void add_own(int64_t bits, double own, const float *code, float *dh)
{
    const float factor = (float)own;
    for (int64_t k = 0; k < bits; k++)
        dh[k] += factor * code[k];
}

BL_KERNEL static void add_scaled(int64_t n, double scale, const float *restrict x, double *restrict sums)
{
    for (int64_t i = 0; i < n; i++)
        sums[i] += scale * (double)x[i];
}

/* The own factor b_ij of a row over this is the same for the pair's other row (pair_form.h). */
static double own_scale(const struct bl_pair_form *form, float length)
{
    return form->length == BL_LENGTH_INVERSE ? (double)length * (double)length : 1.0;
}

/* The columns [lo, hi) of one row whose own gradients are kept too. */
static double mirrored_run(struct visitor *visitor, int64_t i, int64_t lo, int64_t hi,
                           struct bl_pair_row *row, double *own)
{
    const struct bl_pair_form *form = visitor->task->form;
    const double loss = pair_run(visitor->task, i, lo, hi, row, own);
    const double scale = own_scale(form, row->length);
    if (form->length != BL_LENGTH_NONE && lo < hi && scale > 0.0)
        add_scaled(hi - lo, 1.0 / scale, row->own, visitor->mirror_own + lo - visitor->mirror_first);
    return loss;
}

/* A tile of columns [lo, hi), of which those from `mirrored` on are visited for their own gradients too. */
static void visit_tile(struct visitor *visitor, int64_t lo, int64_t hi, int64_t mirrored)
{
    const struct bl_pair_task *task = visitor->task;
    const struct bl_batch *batch = task->batch;
    const struct bl_product *product = task->scratch->product;
    const int64_t first = batch->first + visitor->row, bits = batch->bits, stride = batch->codes_stride,
                  n = visitor->n, others_stride = task->columns.stride;
    const float *codes = batch->codes + first * stride, *others = task->columns.codes + lo * others_stride;
    float *tile = task->scratch->tiles + visitor->thread * BL_TILE_FLOATS;
    struct bl_pair_row run = {.own = tile + BL_TILE_ROWS * BL_TILE_STRIDE};
    bl_product_run(product, visitor->thread, BL_PLAIN, BL_TRANSPOSED, n, hi - lo, bits, codes, stride, others,
                   others_stride, 0, tile, BL_TILE_STRIDE);
    for (int64_t i = 0; i < n; i++) {
        run.length = bl_pair_length(task->form->length, bits, codes + i * stride);
        run.product = tile + i * BL_TILE_STRIDE;
        double loss = pair_row(task, first + i, lo, mirrored, &run, &visitor->own[i]);
        run.product = tile + i * BL_TILE_STRIDE + (mirrored - lo);
        loss += 2.0 * mirrored_run(visitor, first + i, mirrored, hi, &run, &visitor->own[i]);
        visitor->row_values[i] += task->mean * loss;
    }
    bl_product_run(product, visitor->thread, BL_PLAIN, BL_PLAIN, n, bits, hi - lo, tile, BL_TILE_STRIDE,
                   others, others_stride, 1, visitor->dh, bits);
    if (mirrored < hi)
        bl_product_run(product, visitor->thread, BL_TRANSPOSED, BL_PLAIN, hi - mirrored, bits, n,
                       tile + (mirrored - lo), BL_TILE_STRIDE, codes, stride, 1,
                       visitor->mirror + (mirrored - visitor->mirror_first) * bits, bits);
}

/* Columns [lo, hi) in tiles; those from `mirrored` on for their own gradients too. */
static void visit_columns(struct visitor *visitor, int64_t lo, int64_t hi, int64_t mirrored)
{
    for (; lo < hi; lo += BL_TILE_COLUMNS) {
        const int64_t end = lo + BL_TILE_COLUMNS < hi ? lo + BL_TILE_COLUMNS : hi;
        const int64_t from = mirrored > lo ? mirrored : lo;
        visit_tile(visitor, lo, end, from < end ? from : end);
    }
}

static struct visitor begin_rows(const struct bl_pair_task *task, const struct bl_term_out *out, int64_t row,
                                 int64_t n)
{
    return (struct visitor){.task = task,
                            .thread = bl_tile_thread(),
                            .row = row,
                            .n = n,
                            .dh = out->dh + row * task->batch->bits,
                            .row_values = out->row_values + row};
}

static void end_rows(const struct visitor *visitor)
{
    const struct bl_batch *batch = visitor->task->batch;
    const float *codes = batch->codes + (batch->first + visitor->row) * batch->codes_stride;
    for (int64_t i = 0; i < visitor->n && visitor->task->form->length != BL_LENGTH_NONE; i++)
        add_own(batch->bits, visitor->own[i], codes + i * batch->codes_stride, visitor->dh + i * batch->bits);
}

/* The lengths of the codes of columns [lo, hi), of the form's kind. */
static void measure_columns(const struct bl_pair_task *task, int64_t lo, int64_t hi)
{
    const struct bl_columns *columns = &task->columns;
    if (task->form->length == BL_LENGTH_NONE)
        return;
#pragma omp parallel for schedule(static) num_threads(task->scratch->product->threads)
    for (int64_t j = lo; j < hi; j++)
        task->scratch->code_length[j] =
            bl_pair_length(task->form->length, task->batch->bits, columns->codes + j * columns->stride);
}

/* Visits the pairs with columns [lo, hi). */
typedef void visit_fn(const struct bl_pair_task *task, const struct bl_term_out *out, int64_t lo, int64_t hi);

/* All columns; where codes are in flight, first those that have arrived. */
static void visit_all(const struct bl_pair_task *task, const struct bl_term_out *out, visit_fn *visit)
{
    const struct bl_arrival *arrival = task->batch->arrival;
    const int64_t n = task->columns.n;
    if (!arrival) {
        measure_columns(task, 0, n);
        visit(task, out, 0, n);
        return;
    }
    const int64_t first = arrival->lo, end = arrival->hi;
    measure_columns(task, first, end);
    visit(task, out, first, end);
    arrival->wait(arrival->context);
    measure_columns(task, 0, first);
    visit(task, out, 0, first);
    measure_columns(task, end, n);
    visit(task, out, end, n);
}

static void poke(const struct visitor *visitor)
{
    const struct bl_arrival *arrival = visitor->task->batch->arrival;
    if (arrival && visitor->thread == 0)
        arrival->poke(arrival->context);
}

static void visit_twice(const struct bl_pair_task *task, const struct bl_term_out *out, int64_t lo,
                        int64_t hi)
{
    const int64_t n_local = task->batch->n_local;
    if (lo == hi)
        return;
#pragma omp parallel for schedule(static) num_threads(task->scratch->product->threads)
    for (int64_t row = 0; row < n_local; row += BL_TILE_ROWS) {
        const int64_t n = row + BL_TILE_ROWS < n_local ? BL_TILE_ROWS : n_local - row;
        struct visitor visitor = begin_rows(task, out, row, n);
        visit_columns(&visitor, lo, hi, hi);
        end_rows(&visitor);
        poke(&visitor);
    }
}

void bl_pair_visit_twice(const struct bl_pair_task *task, const struct bl_term_out *out)
{
    visit_all(task, out, visit_twice);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Pairs a block of the circle with itself and with the blocks that follow it, going on at the first after the
 * last, for both rows of each pair; and with the rows outside of the circle, for the block's rows alone. Of
 * all these, columns [lo, hi). */
static void visit_block(const struct bl_pair_task *task, const struct bl_term_out *out, int64_t block,
                        int64_t lo, int64_t hi)
{
    const struct bl_pair_blocks *blocks = &task->scratch->blocks;
    const int64_t *begin = blocks->begin, first = begin[0], last = begin[blocks->n];
    const int64_t end = block + 1 + bl_pair_following(blocks->n, block);
    struct visitor visitor =
        begin_rows(task, out, begin[block] - task->batch->first, begin[block + 1] - begin[block]);
    visitor.mirror = task->scratch->mirror + visitor.thread * (last - first) * task->batch->bits;
    visitor.mirror_own = task->scratch->mirror_own + visitor.thread * (last - first);
    visitor.mirror_first = first;
    visit_columns(&visitor, lo, smaller(hi, first), hi);
    visit_columns(&visitor, larger(lo, begin[block]), smaller(hi, begin[smaller(end, blocks->n)]),
                  begin[block + 1]);
    if (end > blocks->n)
        visit_columns(&visitor, larger(lo, first), smaller(hi, begin[end - blocks->n]), first);
    visit_columns(&visitor, larger(lo, last), hi, hi);
    end_rows(&visitor);
    poke(&visitor);
}

static void visit_once(const struct bl_pair_task *task, const struct bl_term_out *out, int64_t lo, int64_t hi)
{
    const struct bl_pair_blocks *blocks = &task->scratch->blocks;
    if (lo == hi)
        return;
#pragma omp parallel for schedule(static) num_threads(task->scratch->product->threads)
    for (int64_t block = blocks->own_first; block < blocks->own_end; block++)
        visit_block(task, out, block, lo, hi);
}

/* The gradient of row j, of the n_circle from `first` on, as a column: the threads' parts in their order, and
 * the part along its own code. */
static void finish_column(const struct bl_pair_task *task, int64_t first, int64_t n_circle, int64_t j)
{
    const struct bl_term_scratch *scratch = task->scratch;
    const int64_t bits = task->batch->bits;
    float *sum = scratch->mirror + j * bits;
    double own = 0.0;
    for (int64_t t = 1; t < scratch->product->threads; t++)
        for (int64_t k = 0; k < bits; k++)
            sum[k] += scratch->mirror[(t * n_circle + j) * bits + k];
    if (task->form->length == BL_LENGTH_NONE)
        return;
    for (int64_t t = 0; t < scratch->product->threads; t++)
        own += scratch->mirror_own[t * n_circle + j];
    add_own(bits, own * own_scale(task->form, scratch->code_length[first + j]),
            task->columns.codes + (first + j) * task->columns.stride, sum);
}

void bl_pair_visit_once(const struct bl_pair_task *task, const struct bl_term_out *out)
{
    const struct bl_term_scratch *scratch = task->scratch;
    const struct bl_batch *batch = task->batch;
    const int threads = scratch->product->threads;
    const int64_t first = scratch->blocks.begin[0], bits = batch->bits;
    const int64_t n_circle = scratch->blocks.begin[scratch->blocks.n] - first;
    memset(scratch->mirror, 0, (size_t)(threads * n_circle * bits) * sizeof *scratch->mirror);
    memset(scratch->mirror_own, 0, (size_t)(threads * n_circle) * sizeof *scratch->mirror_own);
    visit_all(task, out, visit_once);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t j = 0; j < n_circle; j++)
        finish_column(task, first, n_circle, j);
    const float *own = scratch->mirror + (batch->first - first) * bits;
    for (int64_t at = 0; at < batch->n_local * bits; at++)
        out->dh[at] += own[at];
}
