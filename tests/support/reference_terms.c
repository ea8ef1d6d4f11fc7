#include "support/reference_terms.h"

#include <math.h>
#include <stddef.h>

/* Labels */

static int has_label(struct bl_label_layout layout, const uint32_t *words, int64_t label)
{
    return layout.kind == BL_LABELS_SINGLE ? (int64_t)(int32_t)*words == label
                                           : (int)(words[label / 32] >> (label % 32) & 1u);
}

static int64_t count_labels(struct bl_label_layout layout, const uint32_t *a, const uint32_t *b)
{
    int64_t n = 0;
    for (int64_t label = 0; label < layout.classes; label++)
        n += has_label(layout, a, label) && has_label(layout, b, label);
    return n;
}

static double similarity(const struct reference *reference, const uint32_t *a, const uint32_t *b)
{
    const double shared = (double)count_labels(reference->labels, a, b);
    const double of_a = (double)count_labels(reference->labels, a, a),
                 of_b = (double)count_labels(reference->labels, b, b);
    if (shared == 0.0)
        return 0.0;
    switch (reference->config->objective.pairwise_similarity) {
    case BL_SIMILARITY_JACCARD:
        return shared / (of_a + of_b - shared);
    case BL_SIMILARITY_COSINE:
        return shared / sqrt(of_a * of_b);
    default:
        return 1.0;
    }
}

static const uint32_t *labels_of(const struct reference_pass *pass, int64_t i)
{
    return pass->batch->labels + i * pass->reference->labels.words;
}

/* Terms: their values without weights. */

static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static double pair_loss(const struct bl_config_objective *config, int64_t bits, double p, double n_i,
                        double n_j, double s)
{
    const double k = (double)bits, auto_alpha = config->pairwise_form == BL_FORM_LITERAL ? 1.0
                                                : config->pairwise_form == BL_FORM_MIXED ? 5.0 / k
                                                                                         : 10.0 / k;
    const double theta = (config->pairwise_alpha > 0.0 ? config->pairwise_alpha : auto_alpha) * p;
    switch (config->pairwise_form) {
    case BL_FORM_LITERAL:
        return (2.0 * s - 1.0) * softplus(-theta);
    case BL_FORM_CONTRASTIVE: {
        const double d = n_i + n_j - 2.0 * p,
                     m = config->pairwise_margin > 0.0 ? config->pairwise_margin : 2.0 * k;
        return (s * d / 2.0 + (1.0 - s) * fmax(m - d, 0.0) / 2.0) / k;
    }
    case BL_FORM_CAUCHY: {
        const double d = k / 2.0 * (1.0 - p / sqrt(n_i * n_j) + 1e-6), u = d / config->gamma;
        return log(1.0 + u) - (1.0 - s) * log(u);
    }
    case BL_FORM_MIXED: {
        const double away = (p / k + 1.0) / 2.0 - s;
        return s < 0.01 || s > 0.99 ? softplus(theta) - s * theta
                                    : config->pairwise_soft_weight * k * away * away;
    }
    default:
        return softplus(theta) - s * theta;
    }
}

/* Columns j of pairs: the batch's rows, or all training rows with their stored codes. */
struct columns {
    int64_t n;
    const double *code[REFERENCE_ROWS];
    const uint32_t *labels[REFERENCE_ROWS];
    int64_t row[REFERENCE_ROWS];
};

static struct columns columns_of(const struct reference_pass *pass)
{
    const struct reference *reference = pass->reference;
    struct columns columns = {.n = pass->batch->n};
    if (reference->config->objective.pairwise_against == BL_AGAINST_MEMORY) {
        columns.n = reference->n_train;
        for (int64_t j = 0; j < columns.n; j++) {
            columns.code[j] = reference->memory[j];
            columns.labels[j] = reference->train_labels[j];
            columns.row[j] = reference->train_row[j];
        }
        return columns;
    }
    for (int64_t j = 0; j < columns.n; j++) {
        columns.code[j] = pass->c[j];
        columns.labels[j] = labels_of(pass, j);
        columns.row[j] = pass->batch->rows[j];
    }
    return columns;
}

/* s_ij of the batch's rows and the columns, which no parameter changes: computed once a step. -1: the row itself. */
static double similarities[REFERENCE_BATCH][REFERENCE_ROWS];

void reference_compare_labels(const struct reference_pass *pass)
{
    const struct columns columns = columns_of(pass);
    for (int64_t i = 0; i < pass->batch->n; i++)
        for (int64_t j = 0; j < columns.n; j++)
            similarities[i][j] = columns.row[j] == pass->batch->rows[i]
                                     ? -1.0
                                     : similarity(pass->reference, labels_of(pass, i), columns.labels[j]);
}

static double pairwise(const struct reference_pass *pass)
{
    const struct bl_config_objective *config = &pass->reference->config->objective;
    const struct columns columns = columns_of(pass);
    const int64_t bits = reference_bits(pass->reference);
    const double z = (double)pass->batch->n * (double)(columns.n - 1);
    double s1 = 0.0, sum = 0.0;
    for (int64_t i = 0; i < pass->batch->n; i++)
        for (int64_t j = 0; j < columns.n; j++)
            s1 += fmax(similarities[i][j], 0.0);
    double similar = 1.0, dissimilar = 1.0;
    if (config->pairwise_balance == BL_BALANCE_BALANCED && s1 > 0.0 && s1 < z) {
        similar = z / (2.0 * s1);
        dissimilar = z / (2.0 * (z - s1));
    } else if (config->pairwise_balance == BL_BALANCE_EXPLICIT) {
        const double mean =
            (s1 * config->pairwise_similar_weight + (z - s1) * config->pairwise_dissimilar_weight) / z;
        similar = config->pairwise_similar_weight / mean;
        dissimilar = config->pairwise_dissimilar_weight / mean;
    }
    for (int64_t i = 0; i < pass->batch->n; i++)
        for (int64_t j = 0; j < columns.n; j++) {
            const double s = similarities[i][j];
            if (s < 0.0)
                continue;
            sum +=
                (s * similar + (1.0 - s) * dissimilar) *
                pair_loss(config, bits, dot(bits, pass->c[i], columns.code[j]),
                          dot(bits, pass->c[i], pass->c[i]), dot(bits, columns.code[j], columns.code[j]), s);
        }
    return sum / z;
}

static double quantization(const struct reference_pass *pass)
{
    const struct bl_config_objective *config = &pass->reference->config->objective;
    const int64_t bits = reference_bits(pass->reference), n = pass->batch->n;
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double ones = 0.0;
        for (int64_t k = 0; k < bits; k++) {
            const double away = reference_sign((pass->base ? pass->base : pass)->h[i][k]) * pass->h[i][k],
                         x = 1.0 - away;
            ones += away;
            sum += config->quantization_form == BL_QUANTIZATION_SQUARED    ? x * x / 2.0
                   : config->quantization_form == BL_QUANTIZATION_LOG_COSH ? log(cosh(x))
                   : config->quantization_form == BL_QUANTIZATION_CUBIC    ? x * x * x
                   : config->quantization_form == BL_QUANTIZATION_ABSOLUTE ? x
                                                                           : 0.0;
        }
        if (config->quantization_form == BL_QUANTIZATION_CAUCHY) {
            const double cosine = ones / sqrt((double)bits * dot(bits, pass->h[i], pass->h[i]));
            sum += (double)bits * log(1.0 + (double)bits / 2.0 * (1.0 - cosine) / config->gamma);
        }
    }
    return sum / ((double)n * (double)bits);
}

static double cross_entropy(struct bl_label_layout layout, const uint32_t *words, const double *logit)
{
    double sum = 0.0, value = 0.0;
    const int64_t own = count_labels(layout, words, words);
    if (own == 0)
        return 0.0;
    for (int64_t c = 0; c < layout.classes; c++)
        sum += exp(logit[c]);
    for (int64_t c = 0; c < layout.classes; c++)
        value += has_label(layout, words, c) ? (log(sum) - logit[c]) / (double)own : 0.0;
    return value;
}

/* Softmax for classes; for a label matrix the mean of the columns' binary cross-entropies. */
static double classification(const struct reference_pass *pass)
{
    const struct reference *reference = pass->reference;
    const struct bl_label_layout layout = reference->labels;
    const int64_t bits = reference_bits(reference);
    const double *v = pass->params + reference->layout->n_network, *bias = v + layout.classes * bits;
    double sum = 0.0;
    for (int64_t i = 0; i < pass->batch->n; i++) {
        const uint32_t *words = labels_of(pass, i);
        double logit[REFERENCE_WIDTH], binary = 0.0;
        for (int64_t c = 0; c < layout.classes; c++) {
            logit[c] = dot(bits, v + c * bits, pass->c[i]) + bias[c];
            binary += softplus(logit[c]) - (has_label(layout, words, c) ? logit[c] : 0.0);
        }
        if (count_labels(layout, words, words) > 0)
            sum += layout.kind == BL_LABELS_SINGLE ? cross_entropy(layout, words, logit)
                                                   : binary / (double)layout.classes;
    }
    return sum / (double)pass->batch->n;
}

static double balance(const struct reference_pass *pass)
{
    const int64_t bits = reference_bits(pass->reference), n = pass->batch->n;
    double sum = 0.0;
    for (int64_t k = 0; k < bits; k++) {
        double mean = 0.0;
        for (int64_t i = 0; i < n; i++)
            mean += pass->h[i][k] / (double)n;
        for (int64_t i = 0; i < n; i++)
            sum += (pass->h[i][k] - mean) * (pass->h[i][k] - mean);
    }
    return -sum / (2.0 * (double)n * (double)bits);
}

static double decorrelation(const struct reference_pass *pass)
{
    const int64_t bits = reference_bits(pass->reference), n = pass->batch->n;
    double sum = 0.0;
    for (int64_t a = 0; a < bits; a++)
        for (int64_t b = 0; b < bits; b++) {
            double moment = a == b ? -1.0 : 0.0;
            for (int64_t i = 0; i < n; i++)
                moment += pass->h[i][a] * pass->h[i][b] / (double)n;
            sum += moment * moment;
        }
    return sum / (2.0 * (double)bits);
}

/* -(T_B - T_W) / 2K by visiting all pairs; label rows are divided by their lengths. */
static double scatter(const struct reference_pass *pass)
{
    const struct reference *reference = pass->reference;
    const int64_t bits = reference_bits(reference), n = pass->batch->n;
    double within = 0.0, between = 0.0, s1 = 0.0, s0 = 0.0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            const uint32_t *a = labels_of(pass, i), *b = labels_of(pass, j);
            const double shared = (double)count_labels(reference->labels, a, b);
            const double s = shared == 0.0 ? 0.0
                                           : shared / sqrt((double)count_labels(reference->labels, a, a) *
                                                           (double)count_labels(reference->labels, b, b));
            double square = 0.0;
            for (int64_t k = 0; k < bits; k++)
                square += (pass->h[i][k] - pass->h[j][k]) * (pass->h[i][k] - pass->h[j][k]);
            if (i == j)
                continue;
            within += s * square;
            between += (1.0 - s) * square;
            s1 += s;
            s0 += 1.0 - s;
        }
    return -((s0 > 0.0 ? between / s0 : 0.0) - (s1 > 0.0 ? within / s1 : 0.0)) / (2.0 * (double)bits);
}

/* (1/2) sum over layers |G - I|^2, G = WW' or W'W, whichever is smaller. */
static double independence(const struct reference_pass *pass)
{
    const struct reference *reference = pass->reference;
    double sum = 0.0;
    for (int64_t l = 0; l < reference->shape.n_layers; l++) {
        const double *w = pass->params + reference->layout->tensor[2 * l].offset;
        const int64_t in = reference->shape.width[l], out = reference->shape.width[l + 1];
        const int64_t n = out <= in ? out : in, other = out <= in ? in : out;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) {
                double g = a == b ? -1.0 : 0.0;
                for (int64_t d = 0; d < other; d++)
                    g += out <= in ? w[a * in + d] * w[b * in + d] : w[d * in + a] * w[d * in + b];
                sum += g * g;
            }
    }
    return sum / 2.0;
}

/* The fixed code of a row: its class's, or the bitwise majority of its labels' codes, ties by the code behind the last. */
static int target_of(const struct reference_pass *pass, int64_t i, double *target)
{
    const struct reference *reference = pass->reference;
    const struct bl_label_layout layout = reference->labels;
    const int64_t bits = reference_bits(reference);
    const uint32_t *words = labels_of(pass, i);
    for (int64_t k = 0; k < bits; k++) {
        double votes = 0.0;
        for (int64_t c = 0; c < layout.classes; c++)
            votes += has_label(layout, words, c) ? (double)reference->class_codes[c * bits + k] : 0.0;
        target[k] = votes > 0.0   ? 1.0
                    : votes < 0.0 ? -1.0
                                  : (double)reference->class_codes[layout.classes * bits + k];
    }
    return count_labels(layout, words, words) > 0;
}

static double centers(const struct reference_pass *pass)
{
    const int64_t bits = reference_bits(pass->reference);
    double sum = 0.0, target[REFERENCE_WIDTH];
    for (int64_t i = 0; i < pass->batch->n; i++)
        for (int64_t k = 0; k < bits && target_of(pass, i, target); k++)
            sum -= log((1.0 + target[k] * pass->h[i][k]) / 2.0);
    return sum / ((double)pass->batch->n * (double)bits);
}

static double cosine(const struct reference_pass *pass)
{
    const struct reference *reference = pass->reference;
    const struct bl_config_objective *config = &reference->config->objective;
    const int64_t bits = reference_bits(reference);
    double sum = 0.0;
    for (int64_t i = 0; i < pass->batch->n; i++) {
        const uint32_t *words = labels_of(pass, i);
        const double *c = pass->c[i];
        double logit[REFERENCE_WIDTH];
        for (int64_t l = 0; l < reference->labels.classes; l++) {
            double product = 0.0;
            for (int64_t k = 0; k < bits; k++)
                product += c[k] * (double)reference->class_codes[l * bits + k];
            logit[l] = config->cosine_scale *
                       (product / sqrt((double)bits * (dot(bits, c, c) + 1e-6 * (double)bits)) -
                        (has_label(reference->labels, words, l) ? config->cosine_margin : 0.0));
        }
        sum += cross_entropy(reference->labels, words, logit);
    }
    return sum / (double)pass->batch->n;
}

static double weight_decay(const struct reference_pass *pass)
{
    return dot(pass->reference->layout->n_network, pass->params, pass->params) / 2.0;
}

double reference_objective(const struct reference_pass *pass)
{
    const struct bl_config_objective *config = &pass->reference->config->objective;
    const struct {
        double weight;
        double (*value)(const struct reference_pass *pass);
    } terms[] = {{config->pairwise_weight, pairwise},
                 {config->quantization_weight, quantization},
                 {config->classification_weight, classification},
                 {config->balance_weight, balance},
                 {config->decorrelation_weight, decorrelation},
                 {config->scatter_weight, scatter},
                 {config->independence_weight, independence},
                 {config->centers_weight, centers},
                 {config->cosine_weight, cosine},
                 {config->weight_decay_weight, weight_decay}};
    double sum = 0.0;
    for (size_t t = 0; t < sizeof terms / sizeof *terms; t++)
        sum += terms[t].weight != 0.0 ? terms[t].weight * terms[t].value(pass) : 0.0;
    return sum;
}
