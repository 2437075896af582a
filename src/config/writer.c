/* Writing JSON: indentation, escapes and numbers that read back to the same bits. */
#include "config/writer.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reserve(writer *w, size_t more) {
    if (w->failed) {
        return 0;
    }
    if (w->used + more + 1 > w->capacity) {
        const size_t capacity = 2 * (w->used + more + 1) + 256;
        void *grown = NULL;
        if (qep_alloc(&grown, capacity, 1, "JSON text", NULL) != QEP_OK) {
            w->failed = 1;
            return 0;
        }
        if (w->used) {
            memcpy(grown, w->text, w->used);
        }
        qep_free(w->text);
        w->text = grown;
        w->capacity = capacity;
    }
    return 1;
}

void write_raw(writer *w, const char *text) {
    const size_t length = strlen(text);
    if (reserve(w, length)) {
        memcpy(w->text + w->used, text, length + 1);
        w->used += length;
    }
}

void write_format(writer *w, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length >= 0 && reserve(w, (size_t)length)) {
        va_start(args, format);
        vsnprintf(w->text + w->used, (size_t)length + 1, format, args);
        va_end(args);
        w->used += (size_t)length;
    }
}

void write_number(writer *w, double value) {
    char text[40] = "";
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    write_raw(w, text);
}

void write_string(writer *w, const char *text) {
    write_raw(w, "\"");
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            write_format(w, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            write_format(w, "\\u%04x", c);
        } else if (reserve(w, 1)) {
            w->text[w->used++] = (char)c;
            w->text[w->used] = 0;
        }
    }
    write_raw(w, "\"");
}

static void line_break(writer *w) {
    if (!w->compact) {
        write_raw(w, "\n");
        for (int i = 0; i < w->depth; i++) {
            write_raw(w, "  ");
        }
    }
}

void write_open(writer *w, char bracket) {
    write_format(w, "%c", bracket);
    w->depth++;
    w->first = 1;
}

void write_close(writer *w, char bracket) {
    w->depth--;
    if (!w->first) {
        line_break(w);
    }
    write_format(w, "%c", bracket);
    w->first = 0;
}

void write_next(writer *w) {
    if (!w->first) {
        write_raw(w, ",");
    }
    w->first = 0;
    line_break(w);
}

void write_key(writer *w, const char *key) {
    write_next(w);
    write_string(w, key);
    write_raw(w, w->compact ? ":" : ": ");
}

char *write_finish(writer *w) {
    if (w->failed) {
        qep_free(w->text);
        return NULL;
    }
    return w->text ? w->text : qep_text_copy("");
}
