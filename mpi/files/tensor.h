/* Named tensors that are written to a file or read from one, in blocks of whole rows of about 1 MiB. The
 * blocks depend only on shape and type, so files don't depend on the number of ranks, and ranks share the
 * blocks evenly. Everything here is local. */
#ifndef PAR_FILES_TENSOR_H
#define PAR_FILES_TENSOR_H

#include <stdint.h>

/* The type of a tensor's values, in memory and in the file. */
enum tensor_value { TENSOR_FLOAT, TENSOR_DOUBLE, TENSOR_BYTE };

/* A name and shape, and where the values are in memory, which stays the owner's. */
struct tensor {
    char name[64]; /* "params/layer0/weight", "optimizer/m/layer0/weight", ... */
    int64_t rows;
    int64_t cols; /* 0: one dimension, [rows] */
    enum tensor_value value;
    void *at; /* borrowed */
};

/* Bytes of one row; number of blocks. */
int64_t tensor_row_bytes(const struct tensor *tensor);
int64_t tensor_blocks(const struct tensor *tensor);

/* The byte at which a block begins; for block = tensor_blocks, where the tensor ends. */
int64_t tensor_block_begin(const struct tensor *tensor, int64_t block);

/* [*lo, *hi): the blocks of tensor t that belong to a rank. The blocks of the first n_shared tensors are
 * numbered through and divided evenly among the ranks; the other tensors belong to rank 0. */
void tensor_share(const struct tensor *tensors, int64_t n_shared, int64_t t, int rank, int size, int64_t *lo,
                  int64_t *hi);

#endif
