/* Debian's serial OpenBLAS keeps its work buffers in a table without a lock, so that two threads inside it may get the same buffer and both
 * get wrong products (seen: 1 of 100 factorisations of 20 x 20). Its two entry points for buffers are therefore defined here, before the
 * library's own in the order of symbols, and pass each call on under a lock; the arithmetic itself stays parallel. A threaded OpenBLAS has
 * locks of its own and loses nothing; another BLAS never calls these. */
#include "blas_lock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

/* The library's interface. */
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *blas_memory_alloc(int position) {
    void *(*next)(int) = NULL;
    pthread_mutex_lock(&lock);
    *(void **)&next = dlsym(RTLD_NEXT, "blas_memory_alloc");
    void *buffer = next(position);
    pthread_mutex_unlock(&lock);
    return buffer;
}

void blas_memory_free(void *buffer) {
    void (*next)(void *) = NULL;
    pthread_mutex_lock(&lock);
    *(void **)&next = dlsym(RTLD_NEXT, "blas_memory_free");
    next(buffer);
    pthread_mutex_unlock(&lock);
}

int qep_blas_lock_is_used(void) {
    return dlsym(RTLD_DEFAULT, "blas_memory_alloc") == (void *)blas_memory_alloc;
}
