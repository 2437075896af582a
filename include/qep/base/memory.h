/* Checked sizes and 64-byte aligned allocation. Every element count of the program goes through
 * qep_size_multiply; every field array through qep_field_create. */
#ifndef QEP_BASE_MEMORY_H
#define QEP_BASE_MEMORY_H

#include "qep/base/error.h"
#include <stddef.h>

/* *product = a * b; returns 0 and leaves *product alone when that overflows size_t, else 1. */
int qep_size_multiply(size_t a, size_t b, size_t *product);

/* Zero-initialised array of `count` elements of `size` bytes, 64-byte aligned; release with qep_free.
 * Fails with QEP_ERR_MEMORY naming `what`. */
qep_status qep_alloc(void **pointer, size_t count, size_t size, const char *what, qep_error *err);

/* Like qep_alloc for double arrays, but without the zeroing pass (fields are filled by their maker). */
qep_status qep_alloc_doubles(double **pointer, size_t count, const char *what, qep_error *err);

/* Release; NULL is allowed. */
void qep_free(void *pointer);

/* Bytes of memory this process may still use (MemAvailable and cgroup limit); SIZE_MAX if unknown. */
size_t qep_memory_available(void);
/* Largest resident set of this process so far, bytes. */
size_t qep_memory_peak(void);

#endif
