/* Who sums and updates which parameters. The block of parameters is cut into buckets, which travel one after
 * another in the order in which the backward pass completes them, the last parameters first; each bucket into
 * slices, one of each rank of a node, or of each lane between nodes. Slices are made of whole blocks of up to
 * PAR_SLICE_BLOCK parameters, none across tensors, which are also the unit of the sum of squares. Arithmetic:
 * the same on all ranks, nothing travels.
 */
#ifndef PAR_STEP_SLICES_H
#define PAR_STEP_SLICES_H

#include "model/params.h"

enum { PAR_SLICE_BLOCK = 4096, PAR_BUCKETS_MAX = 64 };

struct slices {
    const struct bl_layout *layout; /* borrowed */
    int size;                       /* ranks of a node, or lanes */
    int64_t n_blocks;
    int n_buckets;
    int64_t end[PAR_BUCKETS_MAX + 1];  /* bucket b is the blocks [end[b + 1], end[b]) */
    int64_t turn[PAR_BUCKETS_MAX + 1]; /* the rank from which on one block more is owned of bucket b, so that
                                        * over all buckets no rank owns two blocks more than another */
};

/* bucket_floats 0: one bucket. Otherwise buckets of at least so many parameters (more where they would be
 * more than PAR_BUCKETS_MAX, and fewer in the last), ending where bl_network_backward says so to a watch that
 * asks for pieces of bucket_floats. */
struct slices slices_cut(const struct bl_layout *layout, int size, int threads, int64_t bucket_floats);

/* Blocks [*first, *last), and parameters [*lo, *hi), of a rank in a bucket. */
void slices_blocks(const struct slices *slices, int bucket, int rank, int64_t *first, int64_t *last);
void slices_range(const struct slices *slices, int bucket, int rank, int64_t *lo, int64_t *hi);

/* Blocks, and parameters, of a rank in all buckets. */
int64_t slices_blocks_of(const struct slices *slices, int rank);
int64_t slices_params_of(const struct slices *slices, int rank);

/* Where block `number` begins; the end of all for n_blocks. */
int64_t slices_begin(const struct slices *slices, int64_t number);

#endif
