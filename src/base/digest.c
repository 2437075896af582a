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
        return qep_error_add(err, QEP_ERR_INPUT, "unreadable_file", NULL, file, "cannot be read: %s",
                             strerror(errno));
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
