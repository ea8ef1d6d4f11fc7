/* Which exchanges of a step are nonblocking and go on while the rank computes: train.overlap. */
#ifndef PAR_STEP_OVERLAP_H
#define PAR_STEP_OVERLAP_H

#include "config/config.h"

enum { OVERLAP_TEXT = 64 };

struct overlap {
    int codes; /* they arrive while the pairs of the own node's rows are visited */
    /* The gradient travels in buckets of so many floats during the backward pass; 0: whole, after it. */
    int64_t bucket_floats;
};

/* auto: where the ranks are on more than one host the gradient, and under fast codes too
 * (docs/decisions/0026). Nothing on one rank. Never codes where rows are paired with a memory, which
 * needs all of them before the first pair. lanes: how many ranks of a node carry a part of each bucket
 * (mpi/ranks/nodes.h). Local. */
struct overlap overlap_choose(const struct bl_config *config, int64_t ranks, int64_t hosts, int64_t lanes);

/* "codes and gradient", "codes", "gradient", "none". A literal. */
const char *overlap_name(const struct overlap *overlap);

/* How it changes the order of sums, as a part of a sentence: ", codes and gradient in flight by 1024 KiB"; ""
 * where nothing does. */
void overlap_text(const struct overlap *overlap, const struct bl_config *config, char text[OVERLAP_TEXT]);

#endif
