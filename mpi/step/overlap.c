#include "mpi/step/overlap.h"

#include <inttypes.h>
#include <stdio.h>

#include "loss/objective.h"

struct overlap overlap_choose(const struct bl_config *config, int64_t ranks, int64_t hosts, int64_t lanes)
{
    const int wanted = config->train.overlap, by_itself = wanted == BL_OVERLAP_AUTO && hosts > 1;
    const int may_reorder = config->train.reduction == BL_REDUCTION_FAST; /* exact keeps the order of pairs */
    const int codes = wanted == BL_OVERLAP_CODES || wanted == BL_OVERLAP_BOTH || (by_itself && may_reorder);
    const int gradient = wanted == BL_OVERLAP_GRADIENT || wanted == BL_OVERLAP_BOTH || by_itself;
    if (ranks == 1)
        return (struct overlap){0};
    return (struct overlap){
        .codes = codes && bl_objective_visits_pairs(&config->objective),
        .bucket_floats = gradient ? lanes * config->train.bucket_kib * 1024 / (int64_t)sizeof(float) : 0};
}

const char *overlap_name(const struct overlap *overlap)
{
    if (overlap->codes)
        return overlap->bucket_floats > 0 ? "codes and gradient" : "codes";
    return overlap->bucket_floats > 0 ? "gradient" : "none";
}

void overlap_text(const struct overlap *overlap, const struct bl_config *config, char text[OVERLAP_TEXT])
{
    text[0] = '\0';
    if (overlap->bucket_floats > 0)
        snprintf(text, OVERLAP_TEXT, ", %s in flight by %" PRId64 " KiB", overlap_name(overlap),
                 config->train.bucket_kib);
    else if (overlap->codes)
        snprintf(text, OVERLAP_TEXT, ", codes in flight");
}
