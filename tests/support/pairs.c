#include "support/pairs.h"

#include <math.h>

/* The columns that rows are paired with: the batch, or the memory. */
static struct bl_columns columns_of(const struct fixture *f)
{
    if (f->memory.n > 0)
        return f->memory;
    return (struct bl_columns){.n = f->n, .codes = f->codes, .stride = K, .labels = f->labels};
}

static int is_self(const struct bl_columns *columns, int64_t i, int64_t j)
{
    return j == (columns->place ? (int64_t)columns->place[i] : i);
}

/* s of a pair, by its definition. */
static double naive_similarity(const struct fixture *f, const struct bl_columns *columns, int64_t i,
                               int64_t j)
{
    const uint32_t *own = f->labels + i * f->layout.words, *other = columns->labels + j * f->layout.words;
    if (f->layout.kind == BL_LABELS_SINGLE)
        return bl_label_relevant(f->layout, own, other);
    int common = 0, a = 0, b = 0;
    for (int w = 0; w < MULTI_WORDS; w++) {
        common += __builtin_popcount(own[w] & other[w]);
        a += __builtin_popcount(own[w]);
        b += __builtin_popcount(other[w]);
    }
    if (common == 0)
        return 0.0;
    if (f->config.pairwise_similarity == BL_SIMILARITY_JACCARD)
        return (double)common / (a + b - common);
    if (f->config.pairwise_similarity == BL_SIMILARITY_COSINE)
        return common / sqrt((double)a * b);
    return 1.0;
}

/* The weights of similar and dissimilar pairs, by their definition. */
static void naive_weights(const struct fixture *f, const struct bl_columns *columns, double *similar,
                          double *dissimilar)
{
    const double z = (double)f->n * (double)(columns->n - 1);
    double s1 = 0.0;
    *similar = *dissimilar = 1.0;
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t j = 0; j < columns->n; j++)
            s1 += is_self(columns, i, j) ? 0.0 : naive_similarity(f, columns, i, j);
    if (f->config.pairwise_balance == BL_BALANCE_BALANCED) {
        *similar = z / (2.0 * s1);
        *dissimilar = z / (2.0 * (z - s1));
    } else if (f->config.pairwise_balance == BL_BALANCE_EXPLICIT) {
        double mean =
            (s1 * f->config.pairwise_similar_weight + (z - s1) * f->config.pairwise_dissimilar_weight) / z;
        *similar = f->config.pairwise_similar_weight / mean;
        *dissimilar = f->config.pairwise_dissimilar_weight / mean;
    }
}

static double naive_alpha(const struct bl_config_objective *config)
{
    return config->pairwise_form == BL_FORM_LIKELIHOOD ? 10.0 / K
           : config->pairwise_form == BL_FORM_MIXED    ? 5.0 / K
                                                       : 1.0;
}

static struct bl_pair naive_pair(const struct fixture *f, const struct bl_columns *columns, int64_t i,
                                 int64_t j)
{
    const struct bl_config_objective *config = &f->config;
    struct bl_pair pair = {.s = naive_similarity(f, columns, i, j),
                           .bits = K,
                           .alpha = naive_alpha(config),
                           .margin = config->pairwise_margin > 0.0 ? config->pairwise_margin : 2.0 * K,
                           .gamma = config->gamma,
                           .soft = config->pairwise_soft_weight};
    for (int k = 0; k < K; k++) {
        const double a = (double)f->codes[i * K + k], b = (double)columns->codes[j * K + k];
        pair.product += a * b;
        pair.square_i += a * a;
        pair.square_j += b * b;
    }
    return pair;
}

double pairs_gap(const struct bl_pair *pair)
{
    return 1.0 - pair->product / sqrt(pair->square_i * pair->square_j) + 1e-6;
}

double pairs_definition(const struct fixture *f, double *gradient, double *gap)
{
    const struct bl_pair_form *form = bl_pair_form(f->config.pairwise_form);
    const struct bl_columns columns = columns_of(f);
    const double per_bit = f->config.pairwise_form == BL_FORM_CONTRASTIVE ? K : 1;
    const double scale = 1.0 / ((double)f->n * (double)(columns.n - 1) * per_bit);
    const double sides = f->memory.n > 0 ? 1.0 : 2.0;
    double similar, dissimilar, sum = 0.0;
    naive_weights(f, &columns, &similar, &dissimilar);
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t j = 0; j < columns.n; j++) {
            double a, b;
            if (is_self(&columns, i, j))
                continue;
            const struct bl_pair pair = naive_pair(f, &columns, i, j);
            const double w = pair.s * similar + (1.0 - pair.s) * dissimilar;
            *gap = fmin(*gap, pairs_gap(&pair));
            sum += w * form->naive(&pair, &a, &b);
            for (int k = 0; k < K; k++)
                gradient[i * K + k] +=
                    sides * scale * w *
                    (a * (double)columns.codes[j * K + k] + b * (double)f->codes[i * K + k]);
        }
    return sum * scale;
}
