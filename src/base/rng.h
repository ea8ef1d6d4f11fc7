/* Counter-based random numbers: a pure function of seed, stream and counter, so any rank can compute any of
 * them. Philox4x64-10 from Random123.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#ifndef BL_BASE_RNG_H
#define BL_BASE_RNG_H

#include <stdint.h>

/* A stream for each use, so that no two uses share numbers; beside it what the counter (a, b, c) holds. The
 * values are part of the results: never renumber. */
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

/* An integer, uniform in [0, n), n >= 1, without bias: Lemire, "Fast random integer generation in an
 * interval", ACM TOMACS 29, 2019. */
uint64_t bl_rng_below(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, uint64_t n);

/* The word's upper 53 bits as a number in [0,1). */
double bl_rng_unit(uint64_t word);

/* Four independent standard normal numbers (Box-Muller). */
void bl_rng_normal(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, double normal[4]);

#endif
