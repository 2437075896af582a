/* Four doubles as one value; the compiler splits them where the machine is narrower. Private to the room: such values never cross a function
 * that is not inlined, so their calling convention does not matter. */
#ifndef QEP_SPECTRAL_VEC4_H
#define QEP_SPECTRAL_VEC4_H

typedef double qep_vec4 __attribute__((vector_size(32), aligned(8)));

static inline __attribute__((always_inline)) qep_vec4 qep_vec4_load(const double *p) {
    return *(const qep_vec4 *)(const void *)p;
}

static inline __attribute__((always_inline)) void qep_vec4_store(double *p, qep_vec4 v) {
    *(qep_vec4 *)(void *)p = v;
}

#endif
