#include <string.h>

#include "loss/pair_form.h"
#include "loss/similarity.h"
#include "loss/tile.h"

/* The pairwise term over ordered pairs i != j; rows i are this rank's of the global batch, columns j the
 * whole batch. The forms of a pair's loss and their sources: pair_form.h. Since w, s and the loss are
 * symmetric, the gradient of c_i is twice its row's sum and nothing comes back from other ranks.
 *
 * against: memory. Columns are the last codes of all training rows, as in the algorithm of Li, Wang and Kang,
 * "Feature learning based deep supervised hashing with pairwise labels", IJCAI 2016, eq. 4-7 (DPSH). They are
 * constants, those of the batch's own rows too, so that the gradient is the row's sum once. */

static double weight(const struct bl_config_objective *config)
{
    return config->pairwise_weight;
}

static int check(const struct bl_config_objective *config, struct bl_label_layout labels,
                 struct bl_error *err)
{
    return bl_similarity_check(config->pairwise_similarity, labels, err);
}

/* One sum, S1, where the weights need it. */
static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)network;
    (void)bits;
    (void)labels;
    return (struct bl_term_size){.sums = config->pairwise_balance != BL_BALANCE_NONE};
}

static struct bl_columns columns_of(const struct bl_batch *batch)
{
    if (batch->memory.n > 0)
        return batch->memory;
    return (struct bl_columns){
        .n = batch->n_global, .codes = batch->codes, .stride = batch->codes_stride, .labels = batch->labels};
}

static void prepare(const struct bl_term_in *in)
{
    const struct bl_pair_form *form = bl_pair_form(in->config->pairwise_form);
    const struct bl_columns columns = columns_of(in->batch);
    bl_similarity_prepare(in->config->pairwise_similarity, in->batch->label_layout, &columns, in->scratch);
    if (form->length == BL_LENGTH_NONE)
        return;
#pragma omp parallel for schedule(static) num_threads(in->scratch->product->threads)
    for (int64_t j = 0; j < columns.n; j++)
        in->scratch->code_length[j] =
            bl_pair_length(form->length, in->batch->bits, columns.codes + j * columns.stride);
}

static void sums(const struct bl_term_in *in, double *similar_sum)
{
    const struct bl_columns columns = columns_of(in->batch);
    *similar_sum += bl_similarity_sum(in->config->pairwise_similarity, in->batch, &columns, in->scratch);
}

static double pair_count(const struct bl_batch *batch)
{
    return (double)batch->n_global * (double)(columns_of(batch).n - 1);
}

/* Weights of mean 1 from S1, the global sum of similarities; all 1 when there is only one kind of pair. */
static void set_weights(struct bl_pair_factors *factors, const struct bl_config_objective *config, double z,
                        double similar_sum)
{
    const double dissimilar_sum = z - similar_sum;
    factors->similar = factors->dissimilar = 1.0f;
    if (config->pairwise_balance == BL_BALANCE_BALANCED && similar_sum > 0.0 && dissimilar_sum > 0.0) {
        factors->similar = (float)(z / (2.0 * similar_sum));
        factors->dissimilar = (float)(z / (2.0 * dissimilar_sum));
    } else if (config->pairwise_balance == BL_BALANCE_EXPLICIT) {
        double mean =
            (similar_sum * config->pairwise_similar + dissimilar_sum * config->pairwise_dissimilar) / z;
        if (mean > 0.0) {
            factors->similar = (float)(config->pairwise_similar / mean);
            factors->dissimilar = (float)(config->pairwise_dissimilar / mean);
        }
    }
}

static double alpha_of(const struct bl_config_objective *config, const struct bl_pair_form *form, double bits)
{
    if (config->pairwise_alpha > 0.0)
        return config->pairwise_alpha;
    return form->alpha_bits > 0.0 ? form->alpha_bits / bits : 1.0;
}

struct tile_task {
    const struct bl_config_objective *config;
    const struct bl_batch *batch;
    const struct bl_term_scratch *scratch;
    const struct bl_pair_form *form;
    struct bl_columns columns;
    struct bl_pair_factors factors;
    double mean; /* 1/Z, for forms that add over bits 1/(ZK) */
};

static struct tile_task task_of(const struct bl_term_in *in)
{
    const struct bl_config_objective *config = in->config;
    const struct bl_pair_form *form = bl_pair_form(config->pairwise_form);
    const double bits = (double)in->batch->bits, z = pair_count(in->batch);
    const double sides = in->batch->memory.n > 0 ? 1.0 : 2.0; /* c_i is a row, and a column or not */
    const double alpha = alpha_of(config, form, bits);
    const double similar_sum = config->pairwise_balance != BL_BALANCE_NONE ? in->sums[0] : 0.0;
    struct tile_task task = {
        .config = config,
        .batch = in->batch,
        .scratch = in->scratch,
        .form = form,
        .columns = columns_of(in->batch),
        .factors = {.alpha = (float)alpha,
                    .slope = (float)(sides * alpha * config->pairwise_weight / z),
                    .bits = (float)bits,
                    .margin = (float)(config->pairwise_margin > 0.0 ? config->pairwise_margin : 2.0 * bits),
                    .gamma = (float)config->gamma,
                    .soft = (float)config->pairwise_soft},
        .mean = 1.0 / z};
    if (form->per_bit) {
        task.factors.slope /= (float)bits;
        task.mean /= bits;
    }
    set_weights(&task.factors, config, z, similar_sum);
    return task;
}

/* One run of columns [lo, hi) of one row that doesn't contain the row itself: product and factors are those
 * of the tile's row. Returns the losses' sum; adds the factors of the row's own code to *own. */
static double pair_run(const struct tile_task *task, int64_t i, int64_t lo, int64_t hi,
                       struct bl_pair_row *row, double *own)
{
    if (lo >= hi)
        return 0.0;
    row->n = hi - lo;
    row->lengths = task->scratch->code_length + lo;
    bl_similarity_row(task->config->pairwise_similarity, task->batch, &task->columns, task->scratch, i, lo,
                      hi, row->s);
    task->form->kernel(&task->factors, row);
    if (task->form->length != BL_LENGTH_NONE)
        *own += bl_pair_sum(row->n, row->own);
    return bl_pair_sum(row->n, row->s);
}

/* Row i of the batch against columns [lo, hi): row->product [hi - lo] becomes the columns' factors, 0 for the
 * row itself. */
static double pair_row(const struct tile_task *task, int64_t i, int64_t lo, int64_t hi,
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

/* Rows [row, row + n) of this rank against all columns, tile by tile in ascending columns. */
static void tile_rows(const struct tile_task *task, int thread, int64_t row, int64_t n, float *dh,
                      double *row_values)
{
    const struct bl_batch *batch = task->batch;
    const struct bl_columns *columns = &task->columns;
    const struct bl_product *product = task->scratch->product;
    const int64_t first = batch->first + row, bits = batch->bits, stride = batch->codes_stride;
    const float *codes = batch->codes + first * stride;
    float *tile = task->scratch->tiles + thread * BL_TILE_FLOATS;
    struct bl_pair_row run = {.s = tile + BL_TILE_ROWS * BL_TILE_COLUMNS};
    double own[BL_TILE_ROWS] = {0.0};
    run.own = run.s + BL_TILE_COLUMNS;
    for (int64_t lo = 0; lo < columns->n; lo += BL_TILE_COLUMNS) {
        const int64_t hi = lo + BL_TILE_COLUMNS < columns->n ? lo + BL_TILE_COLUMNS : columns->n;
        const float *others = columns->codes + lo * columns->stride;
        bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, hi - lo, bits, codes, stride, others,
                       columns->stride, 0, tile, BL_TILE_COLUMNS);
        for (int64_t i = 0; i < n; i++) {
            run.product = tile + i * BL_TILE_COLUMNS;
            run.length = bl_pair_length(task->form->length, bits, codes + i * stride);
            row_values[row + i] += task->mean * pair_row(task, first + i, lo, hi, &run, &own[i]);
        }
        bl_product_run(product, thread, BL_PLAIN, BL_PLAIN, n, bits, hi - lo, tile, BL_TILE_COLUMNS, others,
                       columns->stride, 1, dh + row * bits, bits);
    }
    for (int64_t i = 0; i < n && task->form->length != BL_LENGTH_NONE; i++)
        add_own(bits, own[i], codes + i * stride, dh + (row + i) * bits);
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const struct tile_task task = task_of(in);
#pragma omp parallel for schedule(static) num_threads(in->scratch->product->threads)
    for (int64_t row = 0; row < batch->n_local; row += BL_TILE_ROWS) {
        int64_t n = row + BL_TILE_ROWS < batch->n_local ? BL_TILE_ROWS : batch->n_local - row;
        tile_rows(&task, bl_tile_thread(), row, n, out->dh, out->row_values);
    }
}

const struct bl_term bl_term_pairwise = {.name = "pairwise",
                                         .weight = weight,
                                         .needs_codes = 1,
                                         .check = check,
                                         .size = size,
                                         .prepare = prepare,
                                         .sums = sums,
                                         .bound = pair_count,
                                         .rows = rows};
