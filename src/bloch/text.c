/* Text tables as Fortran programs write them. Numbers are read strictly: what Fortran prints for an overflow, and D exponents, which most readers
 * would silently cut, are named in the error. */
#include "bloch/text.h"

#include "qep/base/memory.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const size_t limit = (size_t)1 << 32;

static qep_status unreadable(bloch_text *t, const char *why) {
    return qep_error_add(t->err, QEP_ERR_INPUT, "unreadable", NULL, t->file, "the file cannot be read: %s", why);
}

static qep_status read_whole(bloch_text *t, FILE *stream, size_t size) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, size + 1, 1, "a Wannier90 file", t->err));
    t->text = t->next = block;
    if (fread(t->text, 1, size, stream) != size) {
        return unreadable(t, "it ended early");
    }
    return memchr(t->text, 0, size) ? unreadable(t, "it holds zero bytes; it is no text") : QEP_OK;
}

qep_status bloch_text_open(bloch_text *t, const char *file, qep_error *err) {
    struct stat about;
    *t = (bloch_text){.file = file, .err = err};
    FILE *stream = fopen(file, "rbe");
    if (!stream || fstat(fileno(stream), &about) != 0) {
        const char *why = strerror(errno);
        if (stream) {
            fclose(stream);
        }
        return unreadable(t, why);
    }
    const int good = S_ISREG(about.st_mode) && about.st_size > 0 && (size_t)about.st_size < limit;
    const qep_status status = good ? read_whole(t, stream, (size_t)about.st_size) : unreadable(t, "it is empty, too large, or no regular file");
    fclose(stream);
    if (status != QEP_OK) {
        bloch_text_close(t);
    }
    return status;
}

void bloch_text_close(bloch_text *t) {
    qep_free(t->text);
    t->text = t->next = t->line = NULL;
}

qep_status bloch_text_fault(const bloch_text *t, const char *code, const char *format, ...) {
    char message[QEP_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return qep_error_add(t->err, QEP_ERR_INPUT, code, NULL, t->file, "line %zu: %s", t->number, message);
}

qep_status bloch_text_line(bloch_text *t, const char *what) {
    t->number++;
    if (!*t->next) {
        return bloch_text_fault(t, "truncated", "the file ends where %s is expected", what);
    }
    t->line = t->next;
    char *end = strchr(t->line, '\n');
    t->next = end ? end + 1 : t->line + strlen(t->line);
    if (end) {
        *end = '\0';
        if (end > t->line && end[-1] == '\r') {
            end[-1] = '\0';
        }
    }
    return QEP_OK;
}

int bloch_text_blank(const bloch_text *t) {
    return t->line[strspn(t->line, " \t")] == '\0';
}

qep_status bloch_text_filled_line(bloch_text *t, const char *what) {
    do {
        QEP_TRY(bloch_text_line(t, what));
    } while (bloch_text_blank(t));
    return QEP_OK;
}

/* Begin of the next word and its length. */
static char *word_at(char *at, size_t *length) {
    at += strspn(at, " \t,");
    *length = strcspn(at, " \t,");
    return at;
}

static qep_status refuse_word(const bloch_text *t, const char *word, size_t length, const char *needed) {
    const int shown = length < 40 ? (int)length : 40;
    if (length == 0) {
        return bloch_text_fault(t, "format", "the line is too short; %s is expected", needed);
    }
    if (memchr(word, '*', length)) {
        return bloch_text_fault(t, "format", "\"%.*s\" is what Fortran prints when a number does not fit its field; write the file with a wider format",
                                shown, word);
    }
    if (memchr(word, 'D', length) || memchr(word, 'd', length)) {
        return bloch_text_fault(t, "format", "\"%.*s\" has a Fortran D exponent; write it with E", shown, word);
    }
    return bloch_text_fault(t, "format", "\"%.*s\" came; %s is expected", shown, word, needed);
}

qep_status bloch_text_numbers(const bloch_text *t, char **at, size_t count, double *value) {
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        char *word = word_at(*at, &length), *end = word;
        value[i] = length ? strtod(word, &end) : 0.0;
        if (length == 0 || end != word + length || memchr(word, 'x', length)) {
            return refuse_word(t, word, length, "a number");
        }
        if (!isfinite(value[i])) {
            return bloch_text_fault(t, "not_finite", "\"%.*s\" is not finite", (int)(length < 40 ? length : 40), word);
        }
        *at = end;
    }
    return QEP_OK;
}

qep_status bloch_text_integers(const bloch_text *t, char **at, size_t count, long *value) {
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        char *word = word_at(*at, &length), *end = word;
        errno = 0;
        value[i] = length ? strtol(word, &end, 10) : 0;
        if (length == 0 || end != word + length || errno != 0) {
            return refuse_word(t, word, length, "an integer");
        }
        *at = end;
    }
    return QEP_OK;
}

qep_status bloch_text_end_of_line(const bloch_text *t, const char *at) {
    at += strspn(at, " \t");
    return *at ? bloch_text_fault(t, "format", "\"%.40s\" is more than was expected on this line", at) : QEP_OK;
}
