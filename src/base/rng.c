#include "base/rng.h"

#include <math.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

#include "base/functions.h"

/* `attempt` is the second key word: another try at the same counter. */
static void philox(uint64_t seed, uint64_t attempt, uint64_t stream, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t words[4])
{
    philox4x64_ctr_t counter = {{stream, a, b, c}};
    philox4x64_key_t key = {{seed, attempt}};
    philox4x64_ctr_t out = philox4x64(counter, key);
    for (int i = 0; i < 4; i++)
        words[i] = out.v[i];
}

void bl_rng_words(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, uint64_t words[4])
{
    philox(seed, 0, stream, a, b, c, words);
}

uint64_t bl_rng_below(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, uint64_t n)
{
    const uint64_t threshold = (0 - n) % n; /* 2^64 mod n: the low parts that would bias the result */
    for (uint64_t attempt = 0;; attempt++) {
        uint64_t words[4];
        philox(seed, attempt, stream, a, b, c, words);
        for (int i = 0; i < 4; i++) {
            uint64_t high;
            uint64_t low = mulhilo64(words[i], n, &high);
            if (low >= threshold)
                return high;
        }
    }
}

double bl_rng_unit(uint64_t word)
{
    return (double)(word >> 11) * 0x1p-53;
}

void bl_rng_normal(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b, uint64_t c, double normal[4])
{
    const double two_pi = 6.283185307179586476925;
    uint64_t words[4];
    philox(seed, 0, stream, a, b, c, words);
    for (int i = 0; i < 4; i += 2) {
        double radius = sqrt(-2.0 * bl_log(1.0 - bl_rng_unit(words[i])));
        double angle = two_pi * bl_rng_unit(words[i + 1]);
        normal[i] = radius * bl_cos(angle);
        normal[i + 1] = radius * bl_sin(angle);
    }
}
