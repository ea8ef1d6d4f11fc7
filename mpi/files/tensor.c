#include "mpi/files/tensor.h"

#include "base/share.h"
#include "mpi/h5/table.h"

int64_t par_tensor_row_bytes_local(const struct par_state_tensor *tensor)
{
    static const int64_t value_bytes[] = {[PAR_FLOAT] = 4, [PAR_DOUBLE] = 8, [PAR_BYTE] = 1};
    return value_bytes[tensor->value] * (tensor->cols > 0 ? tensor->cols : 1);
}

int64_t par_tensor_blocks_local(const struct par_state_tensor *tensor)
{
    const int64_t per_block = h5_rows_per_block(par_tensor_row_bytes_local(tensor));
    return (tensor->rows + per_block - 1) / per_block;
}

int64_t par_tensor_block_begin_local(const struct par_state_tensor *tensor, int64_t block)
{
    const int64_t row_bytes = par_tensor_row_bytes_local(tensor);
    const int64_t row = block * h5_rows_per_block(row_bytes);
    return (row < tensor->rows ? row : tensor->rows) * row_bytes;
}

static int64_t count_blocks(const struct par_state_tensor *tensors, int64_t n)
{
    int64_t blocks = 0;
    for (int64_t t = 0; t < n; t++)
        blocks += par_tensor_blocks_local(&tensors[t]);
    return blocks;
}

/* A block's number in all tensors as one of the tensor that begins with number `before`. */
static int64_t within(int64_t number, int64_t before, int64_t blocks)
{
    const int64_t block = number < before ? 0 : number - before;
    return block < blocks ? block : blocks;
}

void par_tensor_share_local(const struct par_state_tensor *tensors, int64_t n_shared, int64_t t, int rank,
                            int size, int64_t *lo, int64_t *hi)
{
    const int64_t blocks = par_tensor_blocks_local(&tensors[t]);
    *lo = 0;
    *hi = rank == 0 ? blocks : 0;
    if (t >= n_shared)
        return;
    const int64_t before = count_blocks(tensors, t);
    bl_share(count_blocks(tensors, n_shared), rank, size, lo, hi);
    *lo = within(*lo, before, blocks);
    *hi = within(*hi, before, blocks);
}
