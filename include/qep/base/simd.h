/* Hot loops are compiled for several instruction sets and chosen when the program starts; contraction to fused multiply-adds stays off, so that
 * every variant gives the same bits. */
#ifndef QEP_BASE_SIMD_H
#define QEP_BASE_SIMD_H

/* Sanitizers instrument the start-up chooser too early for their own set-up; clang's variants need its own runtime library. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define QEP_VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define QEP_VARIANTS
#endif

#endif
