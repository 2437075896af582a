/* Reading and replacing a small text file that other runs read and replace at the same time. Readers see one whole version or another,
 * because writers rename; writers lose nothing of each other, because they read, add and rename under a lock. */
#include "wisdom_file.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 50 };

static int refuse(char why[QEP_WISDOM_WHY], const char *reason) {
    snprintf(why, QEP_WISDOM_WHY, "%s", reason);
    return 0;
}

/* Nothing that another user may have put there: FFTW parses it, and it decides the last bits of results. */
static int acceptable(const struct stat *info, char why[QEP_WISDOM_WHY]) {
    return !S_ISREG(info->st_mode)            ? refuse(why, "it is not a regular file")
           : info->st_uid != geteuid()        ? refuse(why, "it belongs to another user")
           : (info->st_mode & S_IWOTH)        ? refuse(why, "everybody may write to it")
           : info->st_size > QEP_WISDOM_LIMIT ? refuse(why, "it is larger than 1 MiB")
                                              : 1;
}

/* Whole contents of an open file; a final zero is added. */
static char *read_all(int descriptor, size_t size, char why[QEP_WISDOM_WHY]) {
    void *text = NULL;
    if (qep_alloc(&text, size + 1, 1, "wisdom", NULL) != QEP_OK) {
        refuse(why, "memory is out");
        return NULL;
    }
    for (size_t done = 0; done < size;) {
        const ssize_t got = read(descriptor, (char *)text + done, size - done);
        if (got < 0 && errno != EINTR) {
            refuse(why, strerror(errno));
            qep_free(text);
            return NULL;
        }
        if (got == 0) {
            break; /* became shorter: what is missing stays zero */
        }
        done += got > 0 ? (size_t)got : 0;
    }
    if (strlen(text) < size) {
        refuse(why, "it holds zero bytes");
        qep_free(text);
        return NULL;
    }
    return text;
}

char *qep_wisdom_read(const char *file, char why[QEP_WISDOM_WHY]) {
    const int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return qep_text_copy("");
        }
        refuse(why, strerror(errno));
        return NULL;
    }
    struct stat info;
    char *text = NULL;
    if (fstat(descriptor, &info) != 0) {
        refuse(why, strerror(errno));
    } else if (acceptable(&info, why)) {
        text = read_all(descriptor, (size_t)info.st_size, why);
    }
    close(descriptor);
    return text;
}

/* 1: this descriptor is the file that has the name now, not one that a writer replaced while we waited. */
static int is_current(int descriptor, const char *file) {
    struct stat mine, named;
    return fstat(descriptor, &mine) == 0 && stat(file, &named) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

int qep_wisdom_lock(const char *file, char why[QEP_WISDOM_WHY]) {
    const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        const int descriptor =
            open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
        if (descriptor < 0) {
            refuse(why, strerror(errno));
            return -1;
        }
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
            if (is_current(descriptor, file)) {
                return descriptor;
            }
        } else if (errno != EWOULDBLOCK && errno != EINTR) {
            refuse(why, strerror(errno));
            close(descriptor);
            return -1;
        } else {
            nanosleep(&pause, NULL);
        }
        close(descriptor);
    }
    refuse(why, "another run keeps it locked");
    return -1;
}

static int write_all(int descriptor, const char *text, char why[QEP_WISDOM_WHY]) {
    for (size_t size = strlen(text), done = 0; done < size;) {
        const ssize_t put = write(descriptor, text + done, size - done);
        if (put < 0 && errno != EINTR) {
            return refuse(why, strerror(errno));
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return 1;
}

/* The lock's holder alone writes `part`; one that lies there was left by a run that was killed. */
static int write_part(const char *part, const char *text, char why[QEP_WISDOM_WHY]) {
    unlink(part);
    const int descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return refuse(why, strerror(errno));
    }
    const int written = write_all(descriptor, text, why);
    return close(descriptor) != 0 ? refuse(why, strerror(errno)) : written;
}

int qep_wisdom_replace(const char *file, const char *text, char why[QEP_WISDOM_WHY]) {
    char *const part = qep_text_format("%s.part", file);
    if (!part) {
        return refuse(why, "memory is out");
    }
    int done = write_part(part, text, why);
    if (done && rename(part, file) != 0) {
        done = refuse(why, strerror(errno));
    }
    if (!done) {
        unlink(part);
    }
    qep_free(part);
    return done;
}

int qep_wisdom_make_folders(const char *file, char why[QEP_WISDOM_WHY]) {
    char *const path = qep_text_copy(file);
    int done = path ? 1 : refuse(why, "memory is out");
    for (char *slash = path ? strchr(path + 1, '/') : NULL; done && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            done = refuse(why, strerror(errno));
        }
        *slash = '/';
    }
    qep_free(path);
    return done;
}
