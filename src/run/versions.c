/* Versions of everything that is linked, for --version and provenance; each room knows its own libraries. */
#include "state.h"

#include "qep/base/linear.h"
#include "qep/base/text.h"
#include "qep/base/version.h"
#include "qep/io/write.h"
#include "qep/poisson/elliptic.h"
#include "qep/source/expression.h"
#include "qep/spectral/version.h"

char *qep_run_versions(void) {
    char hdf5[64], fftw[128], cjson[64], muparser[128], digests[96], lapack[256], hypre[64];
    qep_write_library_version(hdf5, sizeof hdf5);
    qep_spectral_library_version(fftw, sizeof fftw);
    qep_config_library_version(cjson, sizeof cjson);
    qep_expression_library_version(muparser, sizeof muparser);
    qep_linear_library_version(lapack, sizeof lapack);
    qep_base_library_versions(digests, sizeof digests);
    qep_elliptic_library_version(hypre, sizeof hypre);
    return qep_text_format("%s\n%s\n%s\n%s\n%s\n%s\n%s\nOpenMP %d\n", fftw, hdf5, cjson, muparser, digests, lapack,
                           hypre, _OPENMP);
}
