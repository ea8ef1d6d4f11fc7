/* The value of the objective in double, for tests/support/reference.c: forms from docs/mathematics.md. */
#ifndef TEST_SUPPORT_REFERENCE_TERMS_H
#define TEST_SUPPORT_REFERENCE_TERMS_H

#include "support/reference.h"

typedef double reference_row[REFERENCE_WIDTH];

enum { REFERENCE_HIDDEN = 4 };

/* A pass over a batch with some parameters. What has a kink or counts as a constant is that of the pass with the step's
 * own parameters when a parameter is varied: signs b, which units of a relu are on, stored codes. */
struct reference_pass {
    const struct reference *reference;
    const struct reference_batch *batch;
    const double *params;
    int64_t step;
    double beta;
    reference_row h[REFERENCE_BATCH], c[REFERENCE_BATCH];
    char on[REFERENCE_BATCH][REFERENCE_HIDDEN][REFERENCE_WIDTH];
    const struct reference_pass *base; /* NULL: this is it */
};

static inline int64_t reference_bits(const struct reference *reference)
{
    return reference->shape.heads * reference->shape.bits;
}

static inline double reference_sign(double h)
{
    return h >= 0.0 ? 1.0 : -1.0;
}

/* Once for the pass of a step's own parameters: what no parameter changes. */
void reference_compare_labels(const struct reference_pass *pass);

/* The weighted sum of all terms. */
double reference_objective(const struct reference_pass *pass);

#endif
