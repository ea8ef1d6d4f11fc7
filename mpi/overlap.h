/* What of a step's exchange goes on while its rank computes: train.overlap. */
#ifndef PAR_OVERLAP_H
#define PAR_OVERLAP_H

#include "config/config.h"

struct par_overlap {
    int codes;             /* they travel while the pairs of own rows are visited */
    int64_t bucket_floats; /* of the gradient so many travel at a time, while the backward pass goes on; 0:
                            * all of it afterwards */
};

/* auto: the gradient where the ranks are on more than one host, and codes too where each has a host of its
 * own, as they go to every rank by themselves (docs/decisions/0026). Nothing on one rank. Codes stay behind
 * where rows are paired with a memory, which takes all of them before the first pair. Local.
 */
struct par_overlap par_overlap_local(const struct bl_config *config, int64_t ranks, int64_t hosts);

/* "codes and gradient", "codes", "gradient", "none". A literal. */
const char *par_overlap_name(const struct par_overlap *overlap);

#endif
