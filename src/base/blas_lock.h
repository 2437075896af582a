/* A lock around the buffers of a BLAS that has none. */
#ifndef QEP_BASE_BLAS_LOCK_H
#define QEP_BASE_BLAS_LOCK_H

/* 1 when the calls of the BLAS come through the lock. Calling it also makes the linker take blas_lock.c from the archive. */
int qep_blas_lock_is_used(void);

#endif
