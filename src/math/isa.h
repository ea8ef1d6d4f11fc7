/* One loop compiled for several levels of the processor. */
#ifndef BL_MATH_ISA_H
#define BL_MATH_ISA_H

#include <stdint.h> /* glibc's features.h comes with it */

/* Before the definition of a function that holds a vectorisable loop: it is compiled for AVX-512, AVX2 and
 * the plain processor, and the loader takes the widest that runs here. Results are the same bits at each
 * level, since nothing is contracted (-ffp-contract=off) and no sum over floats is reordered. Empty where the
 * loader can't choose, under clang (14 names the clones so that other files don't find them), and under
 * sanitizers, whose start-up comes after the loader's choice. */
#if defined(__x86_64__) && defined(__ELF__) && defined(__GLIBC__) && defined(__OPTIMIZE__) &&                \
    !defined(__clang__) && __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BL_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BL_KERNEL
#endif

/* For the small functions that such loops call: only an inlined one is compiled for the loop's level. */
#define BL_INLINE static inline __attribute__((always_inline))

/* Before a loop with a constant number of rounds: all of them are written out. */
#if defined(__clang__)
#define BL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BL_UNROLL _Pragma("GCC unroll 64")
#endif

#endif
