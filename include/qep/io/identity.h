/* What a finished result says about its own making; --skip-done compares it. */
#ifndef QEP_IO_IDENTITY_H
#define QEP_IO_IDENTITY_H

#include "qep/base/error.h"

/* Read the texts /provenance/identity and /provenance/inputs (one line per input: name and SHA-256) and the attribute exit_state of
 * /provenance. All three are copies; release with qep_free. QEP_ERR_INPUT, with the pointers NULL, when the file cannot be read or
 * has none of them: it is not a result of this program. */
qep_status qep_result_identity(const char *file, char **identity, char **exit_state, char **inputs,
                               qep_error *err);

#endif
