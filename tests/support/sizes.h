/* Sizes at which something that is cut into blocks (tiles, words, pieces) goes wrong first: one less than a whole number
 * of blocks, that number, and one more. The size of a block is asked of the code, never written down in a test. */
#ifndef TEST_SUPPORT_SIZES_H
#define TEST_SUPPORT_SIZES_H

#include <stdint.h>

/* How many sizes there are around one block, and around one and two. */
enum { SIZES_ONE = 3, SIZES_TWO = 6 };

/* Size number i, ascending: block - 1, block, block + 1, 2 block - 1, 2 block, 2 block + 1, ... */
static inline int64_t size_around(int64_t block, int i)
{
    return (i / 3 + 1) * block + i % 3 - 1;
}

#endif
