/* Versions of the digest libraries, the only place beside digest.c that knows them. */
#include "qep/base/version.h"

#include <nettle/version.h>
#include <stdio.h>
#include <xxhash.h>

void qep_base_library_versions(char *text, size_t size) {
    const unsigned xxh = XXH_versionNumber();
    snprintf(text, size, "xxHash %u.%u.%u, Nettle %d.%d", xxh / 10000, xxh / 100 % 100, xxh % 100,
             nettle_version_major(), nettle_version_minor());
}
