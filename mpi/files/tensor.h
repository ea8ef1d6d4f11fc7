/* Named tensors on their way into a file or out of one, cut into blocks of whole rows, about 1 MiB each: a
 * function of shape and type alone, so that ranks share them evenly and files don't tell how many ranks there
 * were. Everything here is local. */
#ifndef PAR_FILES_TENSOR_H
#define PAR_FILES_TENSOR_H

#include <stdint.h>

/* What a tensor's values are, in memory and in the file. */
enum tensor_value { TENSOR_FLOAT, TENSOR_DOUBLE, TENSOR_BYTE };

struct tensor {
    char name[64]; /* "params/layer0/weight", "optimizer/m/layer0/weight", ... */
    int64_t rows;
    int64_t cols; /* 0: one dimension, [rows] */
    enum tensor_value value;
    void *at; /* borrowed */
};

int64_t tensor_row_bytes(const struct tensor *tensor);
int64_t tensor_blocks(const struct tensor *tensor);

/* Block `block` begins at that byte; also for the one behind the last. */
int64_t tensor_block_begin(const struct tensor *tensor, int64_t block);

/* Blocks [*lo, *hi) of tensor t are a rank's: those of the first n_shared tensors are numbered through, and
 * each rank has as many as any other; tensors behind them are rank 0's. */
void tensor_share(const struct tensor *tensors, int64_t n_shared, int64_t t, int rank, int size, int64_t *lo,
                  int64_t *hi);

#endif
