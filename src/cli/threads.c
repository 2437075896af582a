/* How many threads to use when nobody says: as many as the scheduler will really run, which in a
 * container is fewer than the machine has. cgroup v2 (cpu.max: "QUOTA PERIOD") and v1
 * (cpu.cfs_quota_us, cpu.cfs_period_us) are read. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* First number of "4" or "4,2" (nested levels); 0 when it is not a positive number. */
static int from_environment(void) {
    const char *const text = getenv("OMP_NUM_THREADS");
    if (!text) {
        return 0;
    }
    char *end = NULL;
    errno = 0;
    const long count = strtol(text, &end, 10);
    const int readable = end != text && (*end == 0 || *end == ',' || *end == ' ') && !errno;
    return readable && count > 0 && count <= 4096 ? (int)count : 0;
}

static int from_affinity(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return CPU_COUNT(&set);
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN); /* more cores than a cpu_set_t holds */
    return online > 0 ? (int)online : 1;
}

static int read_numbers(const char *file, double *first, double *second) {
    FILE *const in = fopen(file, "r");
    if (!in) {
        return 0;
    }
    const int count = second ? fscanf(in, "%lf %lf", first, second) : fscanf(in, "%lf", first);
    fclose(in);
    return count == (second ? 2 : 1);
}

/* Whole cores of the quota, at least 1; 0 when there is none. */
static int from_quota(void) {
    double quota = 0, period = 0;
    if (!read_numbers("/sys/fs/cgroup/cpu.max", &quota, &period) &&
        !(read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &quota, NULL) &&
          read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, NULL))) {
        return 0;
    }
    if (!(quota > 0) || !(period > 0) || quota / period > 4096) {
        return 0;
    }
    return quota < period ? 1 : (int)floor(quota / period);
}

int cli_threads_default(void) {
    const int asked = from_environment();
    if (asked) {
        return asked;
    }
    const int cores = from_affinity(), quota = from_quota();
    return quota && quota < cores ? quota : cores > 0 ? cores : 1;
}
