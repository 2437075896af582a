/* Allocation with checked sizes, and what the operating system says about memory. */
#include "qep/base/memory.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ALIGNMENT = 64 };

int qep_size_multiply(size_t a, size_t b, size_t *product) {
    return !__builtin_mul_overflow(a, b, product);
}

static qep_status allocate(void **pointer, size_t count, size_t size, const char *what,
                           qep_error *err) {
    size_t bytes = 0;
    *pointer = NULL;
    if (!qep_size_multiply(count ? count : 1, size ? size : 1, &bytes) ||
        bytes > SIZE_MAX - ALIGNMENT) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                             "%s: %zu elements of %zu bytes exceed the address space", what, count,
                             size);
    }
    const size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *pointer = aligned_alloc(ALIGNMENT, rounded);
    if (!*pointer) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                             "%s: %zu bytes could not be allocated", what, bytes);
    }
    return QEP_OK;
}

qep_status qep_alloc(void **pointer, size_t count, size_t size, const char *what, qep_error *err) {
    QEP_TRY(allocate(pointer, count, size, what, err));
    memset(*pointer, 0, count * size);
    return QEP_OK;
}

qep_status qep_alloc_doubles(double **pointer, size_t count, const char *what, qep_error *err) {
    void *block = NULL;
    QEP_TRY(allocate(&block, count, sizeof(double), what, err));
    *pointer = block;
    return QEP_OK;
}

void qep_free(void *pointer) {
    free(pointer);
}

/* First unsigned number after `key` in a small text file; SIZE_MAX when absent. */
static size_t read_number(const char *file, const char *key) {
    FILE *stream = fopen(file, "r");
    size_t value = SIZE_MAX;
    char line[256];
    while (stream && fgets(line, sizeof line, stream)) {
        uint64_t number = 0;
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), "%" SCNu64, &number) == 1) {
            value = (size_t)number;
            break;
        }
    }
    if (stream) {
        fclose(stream);
    }
    return value;
}

size_t qep_memory_available(void) {
    const size_t kib = read_number("/proc/meminfo", "MemAvailable:");
    size_t available = kib == SIZE_MAX ? SIZE_MAX : kib * 1024;
    const size_t limit = read_number("/sys/fs/cgroup/memory.max", "");
    const size_t used = read_number("/sys/fs/cgroup/memory.current", "");
    if (limit != SIZE_MAX && used != SIZE_MAX) {
        const size_t left = limit > used ? limit - used : 0;
        available = left < available ? left : available;
    }
    return available;
}

size_t qep_memory_peak(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}
