/* Version of the transform library. */
#ifndef QEP_SPECTRAL_VERSION_H
#define QEP_SPECTRAL_VERSION_H

#include <stddef.h>

/* "fftw-3.3.10-sse2-avx", as the library names itself, after "FFTW ". */
void qep_spectral_library_version(char *text, size_t size);

#endif
