/* Runs a libFuzzer harness on files without libFuzzer: the corpus stays part of every test run,
 * with any compiler. Each file is given whole and then cut at every length, as a download that
 * broke would be. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 16 };

/* Bytes read into a block of exactly that size, so that a sanitizer sees every step beyond its end.
 */
static int replay(const char *name) {
    static uint8_t whole[LARGEST];
    FILE *in = fopen(name, "rb");
    if (!in) {
        perror(name);
        return 0;
    }
    const size_t size = fread(whole, 1, sizeof whole, in);
    fclose(in);
    for (size_t length = 0; length <= size; length++) {
        uint8_t *copy = malloc(length ? length : 1);
        if (!copy) {
            return 0;
        }
        memcpy(copy, whole, length);
        LLVMFuzzerTestOneInput(copy, length);
        free(copy);
    }
    return 1;
}

int main(int argc, char **argv) {
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    size_t done = 0;
    int good = 1;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.') {
            good = replay(name) && good;
            done++;
        }
    }
    closedir(folder);
    printf("%zu files replayed\n", done);
    return good && done > 0 ? 0 : 1;
}
