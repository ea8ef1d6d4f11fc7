#include "loss/pair_visit.h"
#include "loss/similarity.h"

/* The pairwise term over ordered pairs i != j; rows i are this rank's of the global batch, columns j the
 * whole batch. The forms of a pair's loss and their sources: pair_form.h. Since w, s and the loss are
 * symmetric, there are two ways: each rank sums over its rows i and doubles the sum, and nothing comes back from
 * other ranks; or each pair is visited once, for both of its rows (pair_visit.h).
 *
 * against: memory. Columns are the last codes of all training rows, as in the algorithm of Li, Wang and Kang,
 * "Feature learning based deep supervised hashing with pairwise labels", IJCAI 2016, eq. 4-7 (DPSH). Stored
 * codes are constants, even those of the batch's own rows, so the row's sum isn't doubled. */

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
    const struct bl_columns columns = columns_of(in->batch);
    bl_similarity_prepare(in->config->pairwise_similarity, in->batch->label_layout, &columns, in->scratch);
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
        double mean = (similar_sum * config->pairwise_similar_weight +
                       dissimilar_sum * config->pairwise_dissimilar_weight) /
                      z;
        if (mean > 0.0) {
            factors->similar = (float)(config->pairwise_similar_weight / mean);
            factors->dissimilar = (float)(config->pairwise_dissimilar_weight / mean);
        }
    }
}

static double alpha_of(const struct bl_config_objective *config, const struct bl_pair_form *form, double bits)
{
    if (config->pairwise_alpha > 0.0)
        return config->pairwise_alpha;
    return form->alpha_bits > 0.0 ? form->alpha_bits / bits : 1.0;
}

static struct bl_pair_task task_of(const struct bl_term_in *in)
{
    const struct bl_config_objective *config = in->config;
    const struct bl_pair_form *form = bl_pair_form(config->pairwise_form);
    const double bits = (double)in->batch->bits, z = pair_count(in->batch);
    const double sides =
        in->batch->memory.n > 0 ? 1.0 : 2.0; /* 1: columns are stored codes; 2: c_i is a row and a column */
    const double alpha = alpha_of(config, form, bits);
    const double similar_sum = config->pairwise_balance != BL_BALANCE_NONE ? in->sums[0] : 0.0;
    struct bl_pair_task task = {
        .config = config,
        .batch = in->batch,
        .scratch = in->scratch,
        .form = form,
        .columns = columns_of(in->batch),
        .factors = {.alpha = (float)alpha,
                    .slope = (float)(sides * alpha * in->weight / z),
                    .bits = (float)bits,
                    .margin = (float)(config->pairwise_margin > 0.0 ? config->pairwise_margin : 2.0 * bits),
                    .gamma = (float)config->gamma,
                    .soft = (float)config->pairwise_soft_weight,
                    .certain = bl_similarity_is_certain(config->pairwise_similarity)},
        .mean = 1.0 / z};
    if (form->per_bit) {
        task.factors.slope /= (float)bits;
        task.mean /= bits;
    }
    set_weights(&task.factors, config, z, similar_sum);
    return task;
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_pair_task task = task_of(in);
    if (in->scratch->blocks.n > 0 && in->batch->memory.n == 0)
        bl_pair_visit_once(&task, out);
    else
        bl_pair_visit_twice(&task, out);
}

/* Without dissimilar pairs, all rows are to be alike. */
static int is_blind(const struct bl_config_objective *config, int64_t bits)
{
    (void)bits;
    return config->pairwise_balance == BL_BALANCE_EXPLICIT && config->pairwise_dissimilar_weight == 0.0;
}

const struct bl_term bl_term_pairwise = {.needs_codes = 1,
                                         .needs_pairs = 1,
                                         .is_blind = is_blind,
                                         .check = check,
                                         .size = size,
                                         .prepare = prepare,
                                         .sums = sums,
                                         .bound = pair_count,
                                         .rows = rows};
