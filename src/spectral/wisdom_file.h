/* The file of FFTW's wisdom, seen as text: where the per-user cache lies, reading it with care, replacing it under a lock. */
#ifndef QEP_SPECTRAL_WISDOM_FILE_H
#define QEP_SPECTRAL_WISDOM_FILE_H

#include <stddef.h>

/* Largest file that is read or written, bytes. An entry takes about 100 bytes and a transform length some 10 to 40 entries: this is room
 * for several hundred lengths. */
enum { QEP_WISDOM_LIMIT = 1 << 20, QEP_WISDOM_WHY = 256 };

/* Path of the cache for this processor and this FFTW ("fftw-3.3.10-..."); release with qep_free. NULL when the user has no home. */
char *qep_wisdom_cache(const char *fftw_version);

/* Text of the file, released with qep_free; "" when there is none. NULL with the reason in `why` when it cannot be used. */
char *qep_wisdom_read(const char *file, char why[QEP_WISDOM_WHY]);

/* Open (create) the file and lock it against other writers, waiting a few seconds at most. Returns a descriptor, or -1 with the reason.
 * Closing the descriptor unlocks. */
int qep_wisdom_lock(const char *file, char why[QEP_WISDOM_WHY]);

/* Replace the locked file by `text` in one step. Returns 1, or 0 with the reason. */
int qep_wisdom_replace(const char *file, const char *text, char why[QEP_WISDOM_WHY]);

/* Create the folders above the file, for the user alone. Returns 1, or 0 with the reason. */
int qep_wisdom_make_folders(const char *file, char why[QEP_WISDOM_WHY]);

#endif
