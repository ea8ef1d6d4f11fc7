/* Rows as floats, as a layer of the network sees them: normalised, then through the layers before it.
 * Methods that are fitted in passes over the data (covariances, rotations) visit them in blocks. */
#ifndef PAR_FIT_POINTS_H
#define PAR_FIT_POINTS_H

#include "math/cross.h"
#include "model/model.h"
#include "mpi/fit/normalizer.h"

struct par_points {
    int64_t dim;                  /* of a point */
    const struct rows *rows;      /* borrowed */
    const struct bl_model *model; /* its normaliser and parameters; borrowed */
    int64_t layers;               /* so many of its layers are run */
    struct bl_product product;    /* chains; one thread */
    float *front, *back;          /* [BL_CROSS_BLOCK, widest] */
};

/* The outputs of the model's first `layers` layers, before a last one; 0: the normalised rows. Allocates.
 * Collective; agreed. Errors: BL_MEMORY. par_points_free is safe twice and on a zeroed struct. */
int par_points_init(struct par_points *points, struct par par, const struct rows *rows,
                    const struct bl_model *model, int64_t layers, struct bl_error *err);
void par_points_free(struct par_points *points);

/* Takes n <= BL_CROSS_BLOCK points [n, dim] of own group `group`, counted from 0; it may change them.
 * `first`: how many of this rank's came before. */
typedef void par_points_visitor(void *context, int64_t group, int64_t first, int64_t n, float *points);

/* Visits all kept rows of this rank in their order: blocks are runs of BL_CROSS_BLOCK rows (kept or not) of a
 * group, so they don't depend on the number of ranks where the groups don't. Local: not agreed. Errors:
 * those of rows->read. */
int par_points_visit_local(struct par_points *points, par_points_visitor *visit, void *context,
                           struct bl_error *err);

/* Kept rows of this rank. Local. */
int64_t par_points_count_local(const struct par_points *points);

#endif
