/* Digests from libxxhash and nettle. */
#include "qep/base/digest.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

uint64_t qep_digest_xxh3(const void *data, size_t bytes) {
    return XXH3_64bits(data, bytes);
}

/* qep_xxh3 is the library's own state under a name of ours. */
qep_status qep_xxh3_create(qep_xxh3 **state, qep_error *err) {
    XXH3_state_t *made = XXH3_createState();
    *state = (qep_xxh3 *)made;
    if (!made) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "checksum: out of memory");
    }
    XXH3_64bits_reset(made);
    return QEP_OK;
}

void qep_xxh3_update(qep_xxh3 *state, const void *data, size_t bytes) {
    XXH3_64bits_update((XXH3_state_t *)state, data, bytes);
}

uint64_t qep_xxh3_value(const qep_xxh3 *state) {
    return XXH3_64bits_digest((const XXH3_state_t *)state);
}

void qep_xxh3_free(qep_xxh3 *state) {
    XXH3_freeState((XXH3_state_t *)state);
}

static void finish(struct sha256_ctx *context, char hex[65]) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

void qep_digest_sha256(const void *data, size_t bytes, char hex[65]) {
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, bytes, data);
    finish(&context, hex);
}

qep_status qep_digest_sha256_file(const char *file, char hex[65], qep_error *err) {
    FILE *stream = fopen(file, "rb");
    if (!stream) {
        return qep_error_add(err, QEP_ERR_INPUT, "unreadable_file", NULL, file,
                             "cannot be read: %s", strerror(errno));
    }
    struct sha256_ctx context;
    sha256_init(&context);
    static const size_t chunk = 1 << 16;
    unsigned char buffer[1 << 16];
    size_t got = 0;
    while ((got = fread(buffer, 1, chunk, stream)) > 0) {
        sha256_update(&context, got, buffer);
    }
    const int bad = ferror(stream);
    fclose(stream);
    if (bad) {
        return qep_error_add(err, QEP_ERR_INPUT, "unreadable_file", NULL, file, "reading failed");
    }
    finish(&context, hex);
    return QEP_OK;
}
