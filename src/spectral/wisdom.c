/* FFTW's wisdom between runs: recalled before planning, kept after it. The text is stored and digested with its entries sorted, because
 * FFTW lists them by the places of its hash table; sorted, equal knowledge is equal text. */
#include "qep/spectral/wisdom.h"

#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "wisdom_file.h"
#include <fftw3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_lines(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Cut `text` at its line feeds into `lines`; returns their number. */
static size_t split_lines(char *text, char **lines, size_t capacity) {
    size_t count = 0;
    char *rest = text;
    for (char *line; count < capacity && (line = strsep(&rest, "\n"));) {
        if (*line) {
            lines[count++] = line;
        }
    }
    return count;
}

static void join_lines(char *text, char *const *lines, size_t count) {
    for (size_t i = 0; i < count; i++) {
        text = stpcpy(stpcpy(text, lines[i]), "\n");
    }
}

/* FFTW's text in order: "(fftw-3.3.10 fftw_wisdom ...", one entry a line, ")". Returns a new text, or NULL when memory is out. */
static char *sorted(const char *wisdom) {
    size_t capacity = 2;
    for (const char *at = wisdom; (at = strchr(at, '\n')); at++) {
        capacity++;
    }
    void *lines = NULL, *joined = NULL;
    char *const copy = qep_text_copy(wisdom);
    if (copy && qep_alloc(&lines, capacity, sizeof(char *), "wisdom", NULL) == QEP_OK &&
        qep_alloc(&joined, strlen(wisdom) + 2, 1, "wisdom", NULL) == QEP_OK) {
        const size_t count = split_lines(copy, lines, capacity);
        if (count > 2) {
            qsort((char **)lines + 1, count - 2, sizeof(char *), compare_lines);
        }
        join_lines(joined, lines, count);
    }
    qep_free(lines);
    qep_free(copy);
    return joined;
}

/* All that FFTW knows now; release with qep_free. */
static char *known(void) {
    char *const wisdom = fftw_export_wisdom_to_string();
    char *const text = wisdom ? sorted(wisdom) : NULL;
    free(wisdom);
    return text;
}

static void digest_known(char hex[65]) {
    char *const text = known();
    if (text) {
        qep_digest_sha256(text, strlen(text), hex);
    }
    qep_free(text);
}

/* Add the file to what FFTW knows. Returns 1, also for a missing or empty file, or 0 with the reason. */
static int import(const char *file, char why[QEP_WISDOM_WHY]) {
    char *const text = qep_wisdom_read(file, why);
    if (!text) {
        return 0;
    }
    const int done = !*text || fftw_import_wisdom_from_string(text);
    qep_free(text);
    if (!done) {
        snprintf(why, QEP_WISDOM_WHY,
                 "it is damaged, or made by another version of FFTW or for another processor");
    }
    return done;
}

/* The file itself where `name` is a link to it, so that writing does not replace the link. */
static char *resolve(const char *name) {
    char *const real = realpath(name, NULL);
    char *const copy = qep_text_copy(real ? real : name);
    free(real);
    return copy;
}

void qep_wisdom_recall(qep_wisdom *wisdom, const char *name, qep_effort effort,
                       const qep_log *log) {
    *wisdom = (qep_wisdom){.is_cache = !name, .usable = 1, .read = "none", .used = "none"};
    fftw_forget_wisdom();
    if (effort == QEP_EFFORT_ESTIMATE || (name && strcmp(name, "none") == 0)) {
        return;
    }
    wisdom->file = name ? resolve(name) : qep_wisdom_cache(fftw_version);
    if (!wisdom->file) {
        qep_log_write(
            log, QEP_LOG_WARNING,
            "no folder for the wisdom of the transforms: neither XDG_CACHE_HOME nor HOME is set");
        return;
    }
    char why[QEP_WISDOM_WHY] = "";
    if (!import(wisdom->file, why)) {
        wisdom->usable = wisdom->is_cache;
        qep_log_write(
            log, QEP_LOG_WARNING, "wisdom %s is not used: %s; %s", wisdom->file, why,
            wisdom->is_cache
                ? "it will be made anew"
                : "it stays as it is; name another --wisdom FILE to keep what is measured");
    }
    digest_known(wisdom->read);
}

/* Replace the file by all that is known. A cache that is full goes, so that the next run begins a new one. */
static int replace(const qep_wisdom *wisdom, char why[QEP_WISDOM_WHY]) {
    char *const text = known();
    int done = 0;
    if (!text) {
        snprintf(why, QEP_WISDOM_WHY, "memory is out");
    } else if (strlen(text) > QEP_WISDOM_LIMIT) {
        snprintf(why, QEP_WISDOM_WHY, "it would be larger than 1 MiB%s",
                 wisdom->is_cache ? " and is begun anew" : "");
        if (wisdom->is_cache) {
            unlink(wisdom->file);
        }
    } else {
        done = qep_wisdom_replace(wisdom->file, text, why);
    }
    qep_free(text);
    return done;
}

/* Under the lock: what others added meanwhile stays, and where both measured the same theirs stays. */
static int merge(const qep_wisdom *wisdom, char why[QEP_WISDOM_WHY]) {
    return (import(wisdom->file, why) || wisdom->is_cache) && replace(wisdom, why);
}

static int store(const qep_wisdom *wisdom, char why[QEP_WISDOM_WHY]) {
    if (wisdom->is_cache && !qep_wisdom_make_folders(wisdom->file, why)) {
        return 0;
    }
    const int lock = qep_wisdom_lock(wisdom->file, why);
    if (lock < 0) {
        return 0;
    }
    const int done = merge(wisdom, why);
    close(lock);
    return done;
}

void qep_wisdom_keep(qep_wisdom *wisdom, const qep_log *log) {
    if (!wisdom->file) {
        return;
    }
    digest_known(wisdom->used);
    char why[QEP_WISDOM_WHY] = "";
    if (wisdom->usable && strcmp(wisdom->used, wisdom->read) != 0 && !store(wisdom, why)) {
        qep_log_write(log, QEP_LOG_WARNING,
                      "wisdom %s could not be written: %s; the next run measures again",
                      wisdom->file, why);
    }
}

void qep_wisdom_free(qep_wisdom *wisdom) {
    qep_free(wisdom->file);
    wisdom->file = NULL;
}
