/* Digests: XXH3-64 for data sets (fast enough to cost nothing beside the write), SHA-256 for identity
 * of inputs and configurations. */
#ifndef QEP_BASE_DIGEST_H
#define QEP_BASE_DIGEST_H

#include "qep/base/error.h"
#include <stddef.h>
#include <stdint.h>

/* XXH3 64-bit of `bytes` bytes. */
uint64_t qep_digest_xxh3(const void *data, size_t bytes);

/* SHA-256 as 64 lower-case hex digits and a final zero. */
void qep_digest_sha256(const void *data, size_t bytes, char hex[65]);
/* Of a regular file. Fails with QEP_ERR_INPUT when it cannot be read. */
qep_status qep_digest_sha256_file(const char *file, char hex[65], qep_error *err);

#endif
