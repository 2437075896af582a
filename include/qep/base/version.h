/* Version of the program and of the source it was built from. */
#ifndef QEP_BASE_VERSION_H
#define QEP_BASE_VERSION_H

#include <stddef.h>

const char *qep_version(void);
const char *qep_git_revision(void);
/* "xxHash 0.8.1, Nettle 3.8": what base is linked with. */
void qep_base_library_versions(char *text, size_t size);

#endif
