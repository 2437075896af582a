/* Where the per-user cache of wisdom lies: a plan that is the fastest on one processor is not on another, and FFTW refuses the wisdom of
 * another version, so both are in the file's name. A home that several machines share then holds one file for each kind. */
#include "wisdom_file.h"

#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CPU_TEXT = 8192, LINE_SIZE = 4096, KEY_DIGITS = 16 };

/* What /proc/cpuinfo says of the kind of processor; its other lines change with load, core and machine. */
static const char *const cpu_keys[] = {
    "vendor_id",
    "cpu family",
    "model",
    "stepping",
    "flags", /* x86; also "model name" */
    "CPU implementer",
    "CPU architecture",
    "CPU variant",
    "CPU part",
    "Features", /* ARM */
    "cpu",
    "isa",
    "uarch", /* POWER, RISC-V */
};

static int names_cpu(const char *line) {
    for (size_t i = 0; i < sizeof cpu_keys / sizeof *cpu_keys; i++) {
        const size_t length = strlen(cpu_keys[i]);
        if (strncmp(line, cpu_keys[i], length) == 0 && strchr("\t:", line[length])) {
            return 1;
        }
    }
    return strncmp(line, "model name", 10) == 0;
}

/* Lines of the first processor, which end with an empty line; at least the machine's name. */
static void describe_cpu(char text[CPU_TEXT]) {
    struct utsname machine;
    size_t used =
        uname(&machine) == 0 ? (size_t)snprintf(text, CPU_TEXT, "%s\n", machine.machine) : 0;
    FILE *const info = fopen("/proc/cpuinfo", "re");
    char line[LINE_SIZE];
    while (info && fgets(line, sizeof line, info) && line[0] != '\n') {
        const size_t length = strlen(line);
        if (names_cpu(line) && used + length < CPU_TEXT) {
            memcpy(text + used, line, length);
            used += length;
        }
    }
    if (info) {
        fclose(info);
    }
    text[used] = 0;
}

/* XDG base directory rules: a relative $XDG_CACHE_HOME does not count. */
static char *cache_home(void) {
    const char *const cache = getenv("XDG_CACHE_HOME");
    if (cache && cache[0] == '/') {
        return qep_text_copy(cache);
    }
    const char *home = getenv("HOME");
    if (!home || home[0] != '/') {
        const struct passwd *const user = getpwuid(geteuid());
        home = user ? user->pw_dir : NULL;
    }
    return home && home[0] == '/' ? qep_text_format("%s/.cache", home) : NULL;
}

char *qep_wisdom_cache(const char *fftw_version) {
    char cpu[CPU_TEXT], digest[65];
    describe_cpu(cpu);
    qep_digest_sha256(cpu, strlen(cpu), digest);
    char *const home = cache_home();
    char *const file = home ? qep_text_format("%s/qep-solve/%s-%.*s.wisdom", home, fftw_version,
                                              KEY_DIGITS, digest)
                            : NULL;
    qep_free(home);
    return file;
}
