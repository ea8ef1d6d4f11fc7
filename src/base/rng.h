/* Random numbers that are a pure function of where they are used: Philox4x64-10 through Random123.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#ifndef BL_BASE_RNG_H
#define BL_BASE_RNG_H

#include <stdint.h>

/* One name for each use, so that no two uses share numbers. */
enum bl_stream {
    BL_STREAM_INIT = 1,       /* (layer, row, block) */
    BL_STREAM_BATCH = 2,      /* (epoch, shard, index) */
    BL_STREAM_DROPOUT = 3,    /* (step and layer, file row, block of units) */
    BL_STREAM_VALIDATION = 4, /* (row, 0, 0) */
    BL_STREAM_LSH = 5,        /* (bit, block, 0) */
    BL_STREAM_BLOCKS = 6,     /* (epoch, shard, index) */
    BL_STREAM_ROTATION = 8,   /* (row, block, 0) */
    BL_STREAM_CHOICE = 10,    /* (use, number, 0) */
    BL_STREAM_PIVOT = 11,     /* (pivot, pick, 0) */
    BL_STREAM_CODES = 12,     /* (what is drawn, class and candidate, bit) */
    BL_STREAM_SIGNS = 13,     /* (row, 256 bits, 0) */
    BL_STREAM_PROTOCOL = 20,  /* (what is drawn, row of its split or class, 0) */
};

/* Four independent 64-bit words for key (seed, 0) and counter (stream, a, b, c). */
void bl_rng_words(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, uint64_t words[4]);

/* An unbiased whole number in [0, n), n >= 1, for the same counter (Lemire 2019, with rejection). */
uint64_t bl_rng_below(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, uint64_t n);

/* The word as a number in [0,1), 53 bits. */
double bl_rng_unit(uint64_t word);

/* Four standard normal numbers (Box-Muller). */
void bl_rng_normal(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, double normal[4]);

#endif
