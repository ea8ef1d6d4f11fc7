#include "loss/term.h"

/* Template of a term of the objective, here src/loss/double_well.c. Its line in src/config/terms.def:
 *
 *   ROW_TERM(double_well, "Weight of a double well in each bit, least at -1 and +1.")
 *
 * First the formula: value, gradient and source. The value is a mean, so that a weight means the same for any
 * batch and code length:
 *
 * (1/4NK) sum (1 - h^2)^2 over the rows of the global batch and their bits; gradient -h (1 - h^2)/(NK). */

/* Own rows alone: the values of all ranks add up to the term's, and the gradient goes into dh. What is added
 * for a row must not depend on which other rows are here. */
static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const int64_t bits = batch->bits;
    const double mean = 1.0 / ((double)batch->n_global * (double)bits);
    const float scale = (float)(in->weight * mean);
    for (int64_t i = 0; i < batch->n_local; i++) {
        const float *h = batch->h + i * bits;
        float *d = out->dh + i * bits;
        double value = 0.0;
        for (int64_t k = 0; k < bits; k++) {
            const float gap = 1.0f - h[k] * h[k];
            value += (double)gap * (double)gap;
            d[k] -= scale * h[k] * gap;
        }
        out->row_values[i] += 0.25 * mean * value; /* unweighted */
    }
}

/* A term that needs labels, sums over the batch, work space or parameters of its own says so here:
 * loss/term.h. */
const struct bl_term bl_term_double_well = {.rows = rows};
