#include "mpi/step/slices.h"

#include "model/network.h"

static int64_t blocks_of(const struct bl_tensor *tensor)
{
    return (tensor->rows * tensor->cols + PAR_SLICE_BLOCK - 1) / PAR_SLICE_BLOCK;
}

int64_t slices_begin(const struct slices *slices, int64_t number)
{
    const struct bl_layout *layout = slices->layout;
    for (int64_t t = 0; t < layout->n_tensors; t++) {
        const int64_t n = blocks_of(&layout->tensor[t]);
        if (number < n)
            return layout->tensor[t].offset + number * PAR_SLICE_BLOCK;
        number -= n;
    }
    return layout->n_params;
}

/* The first block that begins at `from` or behind it. */
static int64_t block_from(const struct slices *slices, int64_t from)
{
    const struct bl_layout *layout = slices->layout;
    int64_t number = 0;
    for (int64_t t = 0; t < layout->n_tensors; t++) {
        const struct bl_tensor *tensor = &layout->tensor[t];
        if (from < tensor->offset + tensor->rows * tensor->cols) {
            const int64_t inside = from > tensor->offset ? from - tensor->offset : 0;
            return number + (inside + PAR_SLICE_BLOCK - 1) / PAR_SLICE_BLOCK;
        }
        number += blocks_of(tensor);
    }
    return number;
}

/* One more bucket ends where a piece of the backward pass has been, if it is large enough. */
static void cut(struct slices *slices, int64_t from, int64_t least_floats)
{
    const int64_t block = block_from(slices, from), end = slices->end[slices->n_buckets];
    const int64_t floats = slices_begin(slices, end) - slices_begin(slices, block);
    if (block == end || floats < least_floats)
        return;
    const int b = slices->n_buckets++;
    slices->end[b + 1] = block;
    slices->turn[b + 1] = (slices->turn[b] + (end - block) % slices->size) % slices->size;
}

struct slices slices_cut(const struct bl_layout *layout, int size, int threads, int64_t bucket_floats)
{
    struct slices slices = {.layout = layout, .size = size};
    const int64_t fit = layout->n_params / (PAR_BUCKETS_MAX - 1) + 1;
    const int64_t least = bucket_floats > fit ? bucket_floats : fit;
    for (int64_t t = 0; t < layout->n_tensors; t++)
        slices.n_blocks += blocks_of(&layout->tensor[t]);
    slices.end[0] = slices.n_blocks;
    for (int64_t l = bl_layout_network_tensors(layout) / 2 - 1; l >= 0 && bucket_floats > 0; l--)
        for (int64_t p = bl_network_pieces(layout, l, threads, bucket_floats) - 1; p >= 0; p--)
            cut(&slices, bl_network_piece_begin(layout, l, threads, bucket_floats, p), least);
    cut(&slices, 0, 0);
    return slices;
}

static int64_t between(int64_t lo, int64_t value, int64_t hi)
{
    return value < lo ? lo : value > hi ? hi : value;
}

/* n < size things are dealt out from rank `turn` on, after the last rank to the first: how many of them go to
 * ranks below `rank`. */
static int64_t turns_before(int64_t size, int64_t turn, int64_t n, int64_t rank)
{
    const int64_t first_round = between(0, rank - turn, n < size - turn ? n : size - turn);
    return first_round + between(0, rank, n > size - turn ? n - (size - turn) : 0);
}

void slices_blocks(const struct slices *slices, int bucket, int rank, int64_t *first, int64_t *last)
{
    const int64_t begin = slices->end[bucket + 1], n = slices->end[bucket] - begin;
    /* What doesn't divide by the ranks is dealt out in turn, over all buckets. */
    const int64_t each = n / slices->size, turn = slices->turn[bucket];
    *first = begin + each * rank + turns_before(slices->size, turn, n % slices->size, rank);
    *last = begin + each * (rank + 1) + turns_before(slices->size, turn, n % slices->size, rank + 1);
}

void slices_range(const struct slices *slices, int bucket, int rank, int64_t *lo, int64_t *hi)
{
    slices_blocks(slices, bucket, rank, lo, hi);
    *lo = slices_begin(slices, *lo);
    *hi = slices_begin(slices, *hi);
}

typedef void range_fn(const struct slices *slices, int bucket, int rank, int64_t *lo, int64_t *hi);

static int64_t over_buckets(const struct slices *slices, int rank, range_fn *range)
{
    int64_t n = 0;
    for (int b = 0; b < slices->n_buckets; b++) {
        int64_t lo, hi;
        range(slices, b, rank, &lo, &hi);
        n += hi - lo;
    }
    return n;
}

int64_t slices_blocks_of(const struct slices *slices, int rank)
{
    return over_buckets(slices, rank, slices_blocks);
}

int64_t slices_params_of(const struct slices *slices, int rank)
{
    return over_buckets(slices, rank, slices_range);
}
