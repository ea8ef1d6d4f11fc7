#include "base/rng.h"

#include <math.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

#include "base/functions.h"

/* `attempt`, the second word of the key, gives fresh words for the same counter after a rejection. */
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
    /* word n = 2^64 high + low. high is uniform once the 2^64 mod n smallest values of low are rejected. */
    const uint64_t threshold = (0 - n) % n;
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
        /* r = sqrt(-2 log u), u in (0,1]; normal = r (cos a, sin a) with a = 2 pi v. */
        double radius = sqrt(-2.0 * bl_log(1.0 - bl_rng_unit(words[i])));
        double angle = two_pi * bl_rng_unit(words[i + 1]);
        normal[i] = radius * bl_cos(angle);
        normal[i + 1] = radius * bl_sin(angle);
    }
}
