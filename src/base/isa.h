/* One piece of code compiled for several levels of the processor, so that one binary for any x86-64 still
 * uses what the machine has. The result is the same at every level. */
#ifndef BL_BASE_ISA_H
#define BL_BASE_ISA_H

#include <stdint.h> /* glibc's features.h comes with it */

/* For functions that kernels call: only an inlined one is compiled for the kernel's level. */
#define BL_INLINE static inline __attribute__((always_inline))

/* a b + c, rounded once: the same bits with and without an instruction for it. */
#define BL_FMA __builtin_fmaf

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

/* Whether the processor has all that GCC and clang use for arch=x86-64-v4 or v3. */
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

/* Before a loop with a constant number of rounds: all of them are written out. */
#if defined(__clang__)
#define BL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BL_UNROLL _Pragma("GCC unroll 64")
#endif

/* Defines `linkage void name parameters`, which runs name_body (BL_INLINE, with the same parameters). Whole
 * numbers only. By hand where BL_KERNEL falls short: it holds under clang too, and no x86-64 level up to v4
 * has AVX-512's population count. */
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
