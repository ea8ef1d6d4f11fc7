/* The same code compiled for several instruction sets, chosen when the program runs: one binary works on any
 * x86-64 and still uses AVX2 or AVX-512 where they exist. The bits of a result are the same with each. */
#ifndef BL_BASE_ISA_H
#define BL_BASE_ISA_H

#include <stdint.h> /* glibc's features.h comes with it */

/* For functions called by a BL_KERNEL: only inlined ones are compiled for its instruction set. */
#define BL_INLINE static inline __attribute__((always_inline))

/* a b + c, rounded once: the same bits with the instruction and with libm's software version. */
#define BL_FMA __builtin_fmaf

/* Put before the definition of a function with a loop that vectorises. It is compiled for AVX-512, AVX2 and
 * plain x86-64, and the dynamic loader picks the widest that runs here (an ifunc). All three give the same
 * bits, because multiply and add are never contracted (-ffp-contract=off) and no sum of floats is reordered.
 *
 * Empty where the loader can't choose; under clang (version 14 names the clones so that other files don't
 * find them); and under sanitizers, which are initialised after the loader has chosen. */
#if defined(__x86_64__) && defined(__ELF__) && defined(__GLIBC__) && defined(__OPTIMIZE__) &&                \
    !defined(__clang__) && __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BL_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BL_KERNEL
#endif

/* Whether the processor has every instruction that GCC and clang use for arch=x86-64-v3 or v4. */
#if defined(__x86_64__) && defined(__GNUC__)
BL_INLINE int bl_cpu_is_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

BL_INLINE int bl_cpu_is_v4(void)
{
    return bl_cpu_is_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

/* Put before a loop with a constant number of iterations, to unroll it fully. */
#if defined(__clang__)
#define BL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BL_UNROLL _Pragma("GCC unroll 64")
#endif

/* Defines `linkage void name parameters`, which runs name_body (BL_INLINE, same parameters) compiled for
 * AVX-512 with vector popcount, for popcnt, or for plain x86-64. For integer code only. It does by hand what
 * BL_KERNEL can't: it works under clang, and no x86-64 level up to v4 includes AVX-512's popcount. */
#if defined(__x86_64__) && defined(__GNUC__)
#define BL_INTEGER_VERSIONS(linkage, name, parameters, arguments)                                            \
    __attribute__((target("avx512vpopcntdq,avx512bw,avx512vl,popcnt"))) static void name##_avx512 parameters \
    {                                                                                                        \
        name##_body arguments;                                                                               \
    }                                                                                                        \
    __attribute__((target("popcnt"))) static void name##_popcnt parameters                                   \
    {                                                                                                        \
        name##_body arguments;                                                                               \
    }                                                                                                        \
    linkage void name parameters                                                                             \
    {                                                                                                        \
        if (__builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512bw") &&               \
            __builtin_cpu_supports("avx512vl"))                                                              \
            name##_avx512 arguments;                                                                         \
        else if (__builtin_cpu_supports("popcnt"))                                                           \
            name##_popcnt arguments;                                                                         \
        else                                                                                                 \
            name##_body arguments;                                                                           \
    }
#else
#define BL_INTEGER_VERSIONS(linkage, name, parameters, arguments)                                            \
    linkage void name parameters                                                                             \
    {                                                                                                        \
        name##_body arguments;                                                                               \
    }
#endif

#endif
