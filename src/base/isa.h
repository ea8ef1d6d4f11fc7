/* One function body compiled for several levels of the processor and chosen at the call, so that one binary
 * for any x86-64 still uses the wide population count where there is one. */
#ifndef BL_BASE_ISA_H
#define BL_BASE_ISA_H

/* The body: it must be inlined, since only then is it compiled with the caller's instructions. */
#define BL_ISA_BODY static inline __attribute__((always_inline))

/* Defines `linkage void name parameters`, which runs name_body (a BL_ISA_BODY with the same parameters). The
 * result is the same at every level: only for whole-number work. */
#if defined(__x86_64__) && defined(__GNUC__)
#define BL_ISA_VERSIONS(linkage, name, parameters, arguments)                                                \
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
#define BL_ISA_VERSIONS(linkage, name, parameters, arguments)                                                \
    linkage void name parameters                                                                             \
    {                                                                                                        \
        name##_body arguments;                                                                               \
    }
#endif

#endif
