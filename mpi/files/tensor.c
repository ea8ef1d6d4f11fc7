#include "mpi/files/tensor.h"

#include "base/share.h"
#include "mpi/h5/table.h"

int64_t tensor_row_bytes(const struct tensor *tensor)
{
    static const int64_t value_bytes[] = {[TENSOR_FLOAT] = 4, [TENSOR_DOUBLE] = 8, [TENSOR_BYTE] = 1};
    return value_bytes[tensor->value] * (tensor->cols > 0 ? tensor->cols : 1);
}

int64_t tensor_blocks(const struct tensor *tensor)
{
    const int64_t per_block = h5_rows_per_block(tensor_row_bytes(tensor));
    return (tensor->rows + per_block - 1) / per_block;
}

int64_t tensor_block_begin(const struct tensor *tensor, int64_t block)
{
    const int64_t row_bytes = tensor_row_bytes(tensor);
    const int64_t row = block * h5_rows_per_block(row_bytes);
    return (row < tensor->rows ? row : tensor->rows) * row_bytes;
}

static int64_t count_blocks(const struct tensor *tensors, int64_t n)
{
    int64_t blocks = 0;
    for (int64_t t = 0; t < n; t++)
        blocks += tensor_blocks(&tensors[t]);
    return blocks;
}

/* Converts a block's number over all tensors into one within a tensor that has `blocks` blocks from number
 * `before` on: clamped to 0 and `blocks`. */
static int64_t within(int64_t number, int64_t before, int64_t blocks)
{
    const int64_t block = number < before ? 0 : number - before;
    return block < blocks ? block : blocks;
}

void tensor_share(const struct tensor *tensors, int64_t n_shared, int64_t t, int rank, int size, int64_t *lo,
                  int64_t *hi)
{
    const int64_t blocks = tensor_blocks(&tensors[t]);
    *lo = 0;
    *hi = rank == 0 ? blocks : 0;
    if (t >= n_shared)
        return;
    /* The rank's share of all blocks, then its intersection with those of tensor t. */
    const int64_t before = count_blocks(tensors, t);
    bl_share(count_blocks(tensors, n_shared), rank, size, lo, hi);
    *lo = within(*lo, before, blocks);
    *hi = within(*hi, before, blocks);
}
