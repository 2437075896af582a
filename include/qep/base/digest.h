/* Digests: XXH3-64 for data sets (fast enough to cost nothing beside the write), SHA-256 for identity
 * of inputs and configurations. */
#ifndef QEP_BASE_DIGEST_H
#define QEP_BASE_DIGEST_H

#include "qep/base/error.h"
#include <stddef.h>
#include <stdint.h>

/* XXH3 64-bit of `bytes` bytes. */
uint64_t qep_digest_xxh3(const void *data, size_t bytes);

/* The same digest from pieces in order: create, update any number of times, value, free (NULL allowed). */
typedef struct qep_xxh3 qep_xxh3;
qep_status qep_xxh3_create(qep_xxh3 **state, qep_error *err);
void qep_xxh3_update(qep_xxh3 *state, const void *data, size_t bytes);
uint64_t qep_xxh3_value(const qep_xxh3 *state);
void qep_xxh3_free(qep_xxh3 *state);

/* SHA-256 as 64 lower-case hex digits and a final zero. */
void qep_digest_sha256(const void *data, size_t bytes, char hex[65]);
/* Of a regular file. Fails with QEP_ERR_INPUT when it cannot be read. */
qep_status qep_digest_sha256_file(const char *file, char hex[65], qep_error *err);

#endif
