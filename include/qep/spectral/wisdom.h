/* What FFTW learnt by measuring, kept in a file between runs. The file decides which plan is taken and
 * with it the last bits of a result; therefore plans of QEP_EFFORT_ESTIMATE neither read nor write it, and
 * nothing that goes wrong with it is an error. */
#ifndef QEP_SPECTRAL_WISDOM_H
#define QEP_SPECTRAL_WISDOM_H

#include "qep/base/log.h"
#include "qep/spectral/line.h"

typedef struct {
    char *file;    /* owned; NULL: no file is used */
    int is_cache;  /* the per-user cache, which may be replaced when it cannot be read */
    int usable;    /* the file held nothing else that would be lost by writing it */
    char read[65]; /* SHA-256 of what was read, in FFTW's words, or "none" */
    char
        used[65]; /* after qep_wisdom_keep: of what FFTW knew when all plans were made, or "none" */
} qep_wisdom;

/* Before the first plan: make FFTW forget what it knows (FFTW has one memory per process, and plans must not
 * depend on what ran before), then, for efforts above ESTIMATE, read `name`: a file, "none", or NULL for the cache
 * of the user, $XDG_CACHE_HOME/qep-solve/ or ~/.cache/qep-solve/. Whatever is wrong with the file is a warning.
 * Like planning itself not for two threads at a time. */
void qep_wisdom_recall(qep_wisdom *wisdom, const char *name, qep_effort effort, const qep_log *log);

/* After the last plan: note the digest of what was used, and if something was learnt add it to the file, under a lock,
 * so that runs at the same time lose nothing of each other. Failures are warnings. */
void qep_wisdom_keep(qep_wisdom *wisdom, const qep_log *log);

/* Release; a zero-initialised object is allowed. */
void qep_wisdom_free(qep_wisdom *wisdom);

#endif
