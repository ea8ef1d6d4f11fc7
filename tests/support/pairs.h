/* The pairwise term by its definition: pair by pair, in double. */
#ifndef TEST_SUPPORT_PAIRS_H
#define TEST_SUPPORT_PAIRS_H

#include "loss/pair_form.h"
#include "support/objective.h"

/* 1 - cos of a pair, and the little that cauchy adds. */
double pairs_gap(const struct bl_pair *pair);

/* The value of the pairwise term, and its gradient in c; *gap is the least 1 - cos of all pairs. A row's code
 * stands in a batch's pairs twice, as row and as column; those of a memory are constants. */
double pairs_definition(const struct fixture *f, double *gradient, double *gap);

#endif
