/* Version of FFTW. */
#include "qep/spectral/version.h"

#include <fftw3.h>
#include <stdio.h>

void qep_spectral_library_version(char *text, size_t size) {
    snprintf(text, size, "FFTW %s", fftw_version);
}
