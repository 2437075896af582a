/* Names of a result: what is checked about the target, and the temporary files in its folder, named
 * .NAME.part.HOST.PID-START-N. A temporary holds a lock (flock) as long as its writer lives;
 * leftovers of the same NAME whose process is gone and whose lock is free are removed by the next
 * run. */
#include "write_writer.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MARK = 256 };

static qep_status refuse(qep_error *err, const char *code, const char *file, const char *reason) {
    return qep_error_add(err, QEP_ERR_OUTPUT, code, "/output/file", file, "%s", reason);
}

static qep_status out_of_memory(qep_error *err) {
    return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "file names: out of memory");
}

static char *folder_of(const char *file) {
    const char *slash = strrchr(file, '/');
    return !slash ? qep_text_copy(".")
                  : qep_text_copy_n(file, slash == file ? 1 : (size_t)(slash - file));
}

static const char *base_of(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

char *qep_write_with_ending(const char *file, const char *ending) {
    static const char *const known[] = {".h5", ".hdf5"};
    size_t length = strlen(file);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t n = strlen(known[i]);
        if (strlen(base_of(file)) > n && strcmp(file + length - n, known[i]) == 0) {
            length -= n;
            break;
        }
    }
    return qep_text_format("%.*s%s", (int)length, file, ending);
}

/* Say which part of a folder's path is missing. */
static qep_status check_folder(const char *folder, const char *file, qep_error *err) {
    struct stat info;
    if (stat(folder, &info) == 0) {
        if (!S_ISDIR(info.st_mode)) {
            return qep_error_add(err, QEP_ERR_OUTPUT, "not_a_folder", "/output/file", file,
                                 "%s is not a folder", folder);
        }
        return QEP_OK;
    }
    const int reason = errno;
    char *parent = folder_of(folder);
    if (!parent) {
        return out_of_memory(err);
    }
    qep_status status = QEP_OK;
    if ((reason == ENOENT || reason == ENOTDIR) && strcmp(parent, folder) != 0) {
        status = check_folder(parent, file, err);
    }
    qep_free(parent);
    if (status != QEP_OK) {
        return status;
    }
    return reason == ENOENT
               ? qep_error_add(err, QEP_ERR_OUTPUT, "missing_folder", "/output/file", file,
                               "the folder %s does not exist; make it first", folder)
               : qep_error_add(err, QEP_ERR_OUTPUT, "folder", "/output/file", file,
                               "the folder %s cannot be used: %s", folder, strerror(reason));
}

static qep_status check_space(const char *folder, const char *file, size_t bytes, qep_error *err) {
    struct statvfs system;
    if (statvfs(folder, &system) != 0 || bytes == 0) {
        return QEP_OK; /* not every file system says; writing will tell */
    }
    const double free_bytes = (double)system.f_bavail * (double)system.f_frsize;
    if (free_bytes < (double)bytes) {
        return qep_error_add(err, QEP_ERR_OUTPUT, "no_space", "/output/file", file,
                             "the result needs %.3g MB, but %s has %.3g MB left",
                             (double)bytes / 1e6, folder, free_bytes / 1e6);
    }
    return QEP_OK;
}

static qep_status check_existing(const char *file, int force, qep_error *err) {
    struct stat info;
    if (stat(file, &info) != 0) {
        return lstat(file, &info) == 0
                   ? refuse(err, "dangling_link", file,
                            "is a symbolic link that leads nowhere; remove it or give another name "
                            "(-o)")
                   : QEP_OK;
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse(err, "not_a_file", file,
                      S_ISDIR(info.st_mode) ? "is a folder; give a file name (-o)"
                                            : "is not a regular file; give another name (-o)");
    }
    if (!force) {
        return refuse(err, "exists", file,
                      "exists already; replace it with -f (--force), keep a finished result with "
                      "--skip-done, or give another name with -o");
    }
    return QEP_OK;
}

qep_status qep_write_check_target(const char *file, int force, size_t bytes, qep_error *err) {
    const char *base = base_of(file);
    if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
        return refuse(err, "no_name", file, "is not a file name; give one such as result.h5 (-o)");
    }
    char *folder = folder_of(file);
    if (!folder) {
        return out_of_memory(err);
    }
    qep_status status = check_folder(folder, file, err);
    if (status == QEP_OK) {
        status = check_existing(file, force, err);
    }
    if (status == QEP_OK && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
        status = qep_error_add(err, QEP_ERR_OUTPUT, "folder", "/output/file", file,
                               "the folder %s cannot be written: %s", folder, strerror(errno));
    }
    if (status == QEP_OK) {
        status = check_space(folder, file, bytes, err);
    }
    qep_free(folder);
    return status;
}

/* Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); 0 when unknown.
 */
static unsigned long long start_time(long pid) {
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%ld/stat", pid);
    FILE *stream = fopen(name, "r");
    if (!stream) {
        return 0;
    }
    const size_t got = fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    text[got] = 0;
    const char *field = strrchr(text, ')'); /* the name before it may hold spaces */
    for (int i = 2; field && i < 22; i++) {
        field = strchr(field + 1, ' ');
    }
    return field ? strtoull(field, NULL, 10) : 0;
}

/* ".NAME.part.HOST." with NAME and HOST cut so that the whole fits into a file name. */
static void make_prefix(const char *base, char prefix[MARK]) {
    char host[33] = "localhost";
    if (gethostname(host, sizeof host - 1) != 0) {
        snprintf(host, sizeof host, "localhost");
    }
    host[sizeof host - 1] = 0;
    snprintf(prefix, MARK, ".%.140s.part.%s.", base, host);
}

static int process_is_gone(long pid, unsigned long long start) {
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
        return 1;
    }
    const unsigned long long now = start_time(pid);
    return start != 0 && now != 0 && now != start;
}

/* Remove one leftover unless a writer still holds its lock. */
static void remove_if_free(int folder, const char *name) {
    const int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(folder, name, 0);
    }
    close(fd);
}

static void sweep(const char *folder, const char *prefix) {
    DIR *entries = opendir(folder);
    if (!entries) {
        return;
    }
    const size_t length = strlen(prefix);
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        long pid = 0;
        unsigned long long start = 0;
        if (strncmp(entry->d_name, prefix, length) == 0 &&
            sscanf(entry->d_name + length, "%ld-%llu-", &pid, &start) == 2 && pid > 0 &&
            process_is_gone(pid, start)) {
            remove_if_free(dirfd(entries), entry->d_name);
        }
    }
    closedir(entries);
}

/* The first free name; several writers of one process count up. */
static qep_status create_temporary(qep_write_names *names, const char *prefix, int *fd,
                                   qep_error *err) {
    const long pid = (long)getpid();
    const unsigned long long start = start_time(pid);
    int reason = EEXIST;
    for (int n = 0; n < 1000 && reason == EEXIST; n++) {
        char *name = qep_text_format("%s/%s%ld-%llu-%d", names->folder, prefix, pid, start, n);
        if (!name) {
            return out_of_memory(err);
        }
        *fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (*fd >= 0) {
            flock(*fd,
                  LOCK_EX | LOCK_NB); /* where there are no locks, the process number must do */
            names->temporary = name;
            return QEP_OK;
        }
        reason = errno;
        qep_free(name);
    }
    return qep_error_add(err, QEP_ERR_OUTPUT, "create", "/output/file", names->target,
                         "no temporary file can be made in %s: %s", names->folder,
                         strerror(reason));
}

/* The file that the name means: a symbolic link stays, what it points to is replaced. */
static char *resolve(const char *file) {
    struct stat info;
    if (lstat(file, &info) == 0 && S_ISLNK(info.st_mode)) {
        return realpath(file, NULL);
    }
    return qep_text_copy(file);
}

qep_status qep_write_names_create(qep_write_names *names, const char *file, int *fd,
                                  qep_error *err) {
    names->target = resolve(file);
    names->folder = names->target ? folder_of(names->target) : NULL;
    if (!names->folder) {
        return out_of_memory(err);
    }
    char prefix[MARK];
    make_prefix(base_of(names->target), prefix);
    sweep(names->folder, prefix);
    QEP_TRY(create_temporary(names, prefix, fd, err));
    names->temporary_sidecar = qep_text_format("%s.xdmf", names->temporary);
    return names->temporary_sidecar ? QEP_OK : out_of_memory(err);
}

void qep_write_names_remove(qep_write_names *names) {
    if (names->temporary) {
        unlink(names->temporary);
        qep_free(names->temporary);
        names->temporary = NULL;
    }
    if (names->temporary_sidecar) {
        unlink(names->temporary_sidecar);
        qep_free(names->temporary_sidecar);
        names->temporary_sidecar = NULL;
    }
}

void qep_write_names_free(qep_write_names *names) {
    qep_free(names->target);
    qep_free(names->folder);
    qep_free(names->temporary);
    qep_free(names->temporary_sidecar);
    *names = (qep_write_names){0};
}

qep_status qep_write_publish(const char *from, const char *to, qep_error *err) {
    if (rename(from, to) != 0) {
        return qep_error_add(err, QEP_ERR_OUTPUT, "rename", "/output/file", to,
                             "the finished file cannot get this name: %s", strerror(errno));
    }
    return QEP_OK;
}

qep_status qep_write_sync_folder(const char *folder, qep_error *err) {
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int failed = fd < 0 || fsync(fd) != 0;
    const int reason = errno;
    if (fd >= 0) {
        close(fd);
    }
    /* Some file systems cannot sync a folder (EINVAL), some folders cannot be read (EACCES). */
    if (failed && reason != EINVAL && reason != EACCES) {
        return qep_error_add(err, QEP_ERR_OUTPUT, "sync", "/output/file", folder,
                             "the folder cannot be synchronised: %s", strerror(reason));
    }
    return QEP_OK;
}
