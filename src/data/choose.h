/* A random sample of n of `total` items without replacement, and without a list of them. */
#ifndef BL_DATA_CHOOSE_H
#define BL_DATA_CHOOSE_H

#include <stdint.h>

/* What a sample is for. Samples for different uses are independent. */
enum bl_choose_use { BL_CHOOSE_ROWS = 1, BL_CHOOSE_ANCHORS = 2 };

/* Draws n of the numbers 0, ..., total - 1, each subset of n equally likely. Returns how many of them lie in
 * [lo, hi) and writes those, ascending, to chosen (room for min(n, hi - lo)); *before is how many lie below
 * lo. A function of seed, use, total and n alone, so every rank can compute its part. Cost: proportional to
 * hi. Source: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S (Fan, Muller and Rezucha 1962). */
int64_t bl_choose(uint64_t seed, enum bl_choose_use use, int64_t total, int64_t n, int64_t lo, int64_t hi,
                  int64_t *chosen, int64_t *before);

#endif
