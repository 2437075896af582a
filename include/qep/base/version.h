/* Version of the program and of the source it was built from. */
#ifndef QEP_BASE_VERSION_H
#define QEP_BASE_VERSION_H

const char *qep_version(void);
const char *qep_git_revision(void);

#endif
