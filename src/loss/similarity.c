#include "loss/similarity.h"

#include <math.h>
#include <string.h>

#include "base/isa.h"

int bl_similarity_check(int similarity, struct bl_label_layout layout, struct bl_error *err)
{
    if (similarity == BL_SIMILARITY_GROUP && layout.kind != BL_LABELS_GROUPS)
        return bl_fail(
            err, BL_USAGE,
            "objective.terms.pairwise.similarity: group needs groups and the train split has none; "
            "import them with --groups, or set it to `label`");
    if (layout.kind == BL_LABELS_NONE)
        return bl_fail(
            err, BL_USAGE,
            "the pairwise term needs labels and the train split has none; import labels, or groups "
            "of similar rows (--groups), or set objective.preset to dh or fit `bitloom baseline "
            "itq`, which need neither");
    if (layout.kind == BL_LABELS_GROUPS && similarity != BL_SIMILARITY_GROUP)
        return bl_fail(err, BL_USAGE,
                       "the pairwise term needs labels and the train split has groups instead; set "
                       "objective.terms.pairwise.similarity to group, or import labels");
    if (layout.kind == BL_LABELS_SINGLE && similarity != BL_SIMILARITY_LABEL)
        return bl_fail(err, BL_USAGE,
                       "objective.terms.pairwise.similarity must be `label` for single labels; `shared`, "
                       "`jaccard` and `cosine` (the preset idhn) need a label matrix [N,C]");
    return BL_OK;
}

int bl_similarity_is_certain(int similarity)
{
    return similarity != BL_SIMILARITY_JACCARD && similarity != BL_SIMILARITY_COSINE;
}

static int common_labels(const uint32_t *a, const uint32_t *b, int64_t words)
{
    int n = 0;
    for (int64_t w = 0; w < words; w++)
        n += __builtin_popcount(a[w] & b[w]);
    return n;
}

/* The columns of each group, for lists of groups: a counting sort that fills each group from its end, so that
 * group_begin ends up at the first. */
static void list_groups(struct bl_label_layout layout, const struct bl_columns *columns,
                        const struct bl_term_scratch *scratch)
{
    const int64_t words = layout.words, classes = layout.classes;
    int64_t *begin = scratch->group_begin;
    memset(begin, 0, (size_t)(classes + 1) * sizeof *begin);
    for (int64_t at = 0; at < columns->n * words; at++)
        if ((int32_t)columns->labels[at] != BL_UNLABELLED)
            begin[columns->labels[at]]++;
    for (int64_t g = 0; g < classes; g++)
        begin[g + 1] += begin[g];
    for (int64_t at = columns->n * words - 1; at >= 0; at--)
        if ((int32_t)columns->labels[at] != BL_UNLABELLED)
            scratch->group_rows[--begin[columns->labels[at]]] = (int32_t)(at / words);
}

void bl_similarity_prepare(int similarity, struct bl_label_layout layout, const struct bl_columns *columns,
                           const struct bl_term_scratch *scratch)
{
    if (similarity == BL_SIMILARITY_GROUP && !bl_label_is_one(layout))
        list_groups(layout, columns, scratch);
    if (similarity != BL_SIMILARITY_JACCARD && similarity != BL_SIMILARITY_COSINE)
        return;
    for (int64_t j = 0; j < columns->n; j++) {
        const uint32_t *row = columns->labels + j * layout.words;
        float n = (float)common_labels(row, row, layout.words);
        if (similarity == BL_SIMILARITY_COSINE)
            n = n > 0.0f ? 1.0f / sqrtf(n) : 0.0f;
        scratch->label_norm[j] = n;
    }
}

BL_KERNEL static void equal_labels(int64_t n, uint32_t own, const uint32_t *restrict labels,
                                   float *restrict out)
{
    for (int64_t j = 0; j < n; j++)
        out[j] = labels[j] == own ? 1.0f : 0.0f;
}

static void single_row(const struct bl_batch *batch, const struct bl_columns *columns, int64_t i, int64_t lo,
                       int64_t hi, float *out)
{
    const uint32_t own = batch->labels[i];
    const uint32_t *labels = columns->labels + lo;
    if ((int32_t)own == BL_UNLABELLED) {
        memset(out, 0, (size_t)(hi - lo) * sizeof *out);
        return;
    }
    equal_labels(hi - lo, own, labels, out);
}

/* The first of the ascending rows [lo, hi) of `rows` that isn't below `row`. */
static int64_t first_from(const int32_t *rows, int64_t lo, int64_t hi, int64_t row)
{
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (rows[middle] < row)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* From the members of the row's groups; a pair that shares several groups is set to 1 several times. */
static void group_row(const struct bl_batch *batch, const struct bl_term_scratch *scratch, int64_t i,
                      int64_t lo, int64_t hi, float *out)
{
    const int64_t words = batch->label_layout.words;
    const int32_t *rows = scratch->group_rows;
    memset(out, 0, (size_t)(hi - lo) * sizeof *out);
    for (int64_t w = 0; w < words; w++) {
        const uint32_t group = batch->labels[i * words + w];
        if ((int32_t)group == BL_UNLABELLED)
            return;
        const int64_t end = scratch->group_begin[group + 1];
        for (int64_t at = first_from(rows, scratch->group_begin[group], end, lo); at < end && rows[at] < hi;
             at++)
            out[rows[at] - lo] = 1.0f;
    }
}

static void multi_row(int similarity, const struct bl_batch *batch, const struct bl_columns *columns,
                      const float *norm, int64_t i, int64_t lo, int64_t hi, float *out)
{
    const int64_t words = batch->label_layout.words, place = bl_column_of(columns, i);
    const uint32_t *own = batch->labels + i * words;
    for (int64_t j = lo; j < hi; j++) {
        float common = (float)common_labels(own, columns->labels + j * words, words);
        float s;
        if (similarity == BL_SIMILARITY_COSINE)
            s = common * norm[place] * norm[j];
        else if (similarity == BL_SIMILARITY_JACCARD)
            s = common > 0.0f ? common / (norm[place] + norm[j] - common) : 0.0f;
        else
            s = common > 0.0f ? 1.0f : 0.0f;
        out[j - lo] = s < 1.0f ? s : 1.0f; /* the cosine of equal rows may round above 1 */
    }
}

void bl_similarity_row(int similarity, const struct bl_batch *batch, const struct bl_columns *columns,
                       const struct bl_term_scratch *scratch, int64_t i, int64_t lo, int64_t hi, float *out)
{
    if (bl_label_is_one(batch->label_layout))
        single_row(batch, columns, i, lo, hi, out);
    else if (similarity == BL_SIMILARITY_GROUP)
        group_row(batch, scratch, i, lo, hi, out);
    else
        multi_row(similarity, batch, columns, scratch->label_norm, i, lo, hi, out);
}

/* From the class histogram, since every rank has all labels: sum over own rows of n_c - 1. */
static double single_sum(const struct bl_batch *batch, const struct bl_columns *columns, int64_t *class_count)
{
    memset(class_count, 0, (size_t)batch->label_layout.classes * sizeof *class_count);
    for (int64_t j = 0; j < columns->n; j++)
        if ((int32_t)columns->labels[j] != BL_UNLABELLED)
            class_count[columns->labels[j]]++;
    double sum = 0.0;
    for (int64_t i = batch->first; i < batch->first + batch->n_local; i++)
        if ((int32_t)batch->labels[i] != BL_UNLABELLED)
            sum += (double)(class_count[batch->labels[i]] - 1);
    return sum;
}

double bl_similarity_sum(int similarity, const struct bl_batch *batch, const struct bl_columns *columns,
                         const struct bl_term_scratch *scratch)
{
    if (bl_label_is_one(batch->label_layout))
        return single_sum(batch, columns, scratch->class_count);
    double sum = 0.0;
    for (int64_t i = batch->first; i < batch->first + batch->n_local; i++) {
        const int64_t own = bl_column_of(columns, i);
        float s[BL_SIMILARITY_COLUMNS];
        for (int64_t lo = 0; lo < columns->n; lo += BL_SIMILARITY_COLUMNS) {
            int64_t hi = lo + BL_SIMILARITY_COLUMNS < columns->n ? lo + BL_SIMILARITY_COLUMNS : columns->n;
            bl_similarity_row(similarity, batch, columns, scratch, i, lo, hi, s);
            for (int64_t j = lo; j < hi; j++)
                sum += j == own ? 0.0 : (double)s[j - lo];
        }
    }
    return sum;
}
