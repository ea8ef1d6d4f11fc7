/* The pairwise term by its definition, pair by pair, in double. */
#ifndef TEST_SUPPORT_PAIRS_H
#define TEST_SUPPORT_PAIRS_H

#include "loss/pair_form.h"
#include "support/objective.h"

/* 1 - cos of a pair plus 1e-6, as in form: cauchy. */
double pairs_gap(const struct bl_pair *pair);

/* Returns the value of the pairwise term; gradient += its gradient in the codes; *gap is lowered to the least
 * pairs_gap. A code occurs in a batch's pairs twice, as row and as column; codes of a memory are
 * constants. */
double pairs_definition(const struct fixture *f, double *gradient, double *gap);

#endif
