/* Version strings from the build. */
#include "qep/base/version.h"

#include "qep_version.h"

const char *qep_version(void) {
    return QEP_VERSION;
}

const char *qep_git_revision(void) {
    return QEP_GIT_REVISION;
}
