/* A fair draw of n of many things, without a list of them. */
#ifndef BL_DATA_CHOOSE_H
#define BL_DATA_CHOOSE_H

#include <stdint.h>

/* What draws are for, so that they are independent of each other. */
enum bl_choose_use { BL_CHOOSE_ROWS = 1, BL_CHOOSE_ANCHORS = 2 };

/* Draws n of the numbers 0, ..., total - 1, each n of them equally likely, and hands out those in [lo, hi),
 * ascending: chosen has room for min(n, hi - lo). Returns how many they are; *before: how many lie below lo.
 * A function of seed, use, total and n alone, so every rank may ask for its part. Time: in proportion to hi.
 * Source: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S (Fan, Muller and Rezucha 1962). */
int64_t bl_choose(uint64_t seed, enum bl_choose_use use, int64_t total, int64_t n, int64_t lo, int64_t hi,
                  int64_t *chosen, int64_t *before);

#endif
