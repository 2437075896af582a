/* Strict JSON scanner (RFC 8259 and nothing more) in front of cJSON, which accepts 01, 5., 1e999, byte-order
 * marks, raw control characters, invalid UTF-8 and \u0000. It records where each value stands, since cJSON
 * keeps no positions. */
#include "config/tree.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *text, *name;
    size_t at, length;
    json_place *place;
    size_t count, capacity;
    int depth;
    qep_error *err;
} scanner;

__attribute__((format(printf, 4, 5))) static qep_status
fail(scanner *s, size_t at, const char *code, const char *format, ...) {
    char message[QEP_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const size_t before = s->err ? s->err->count : 0;
    const qep_status status =
        qep_error_add(s->err, QEP_ERR_CONFIG, code, NULL, s->name, "%s", message);
    if (s->err && s->err->count > before) {
        qep_error_item *item = &s->err->item[before];
        json_line_column(s->text, at, &item->line, &item->column);
    }
    return status;
}

static char peek(const scanner *s) {
    return s->at < s->length ? s->text[s->at] : 0;
}

static int at_end(const scanner *s) {
    return s->at >= s->length;
}

/* What stands at the current place, for messages. */
static const char *found(const scanner *s, char buffer[16]) {
    if (at_end(s)) {
        return "the end of the text";
    }
    const unsigned char c = (unsigned char)peek(s);
    if (c == '"') {
        return "a double quote";
    }
    if (c < 0x20 || c >= 0x7f) {
        snprintf(buffer, 16, "byte 0x%02x", c);
    } else {
        snprintf(buffer, 16, "\"%c\"", c);
    }
    return buffer;
}

static qep_status skip_space(scanner *s) {
    while (!at_end(s) && memchr(" \t\r\n", peek(s), 4)) {
        s->at++;
    }
    if (peek(s) == '#' ||
        (peek(s) == '/' && s->at + 1 < s->length && memchr("/*", s->text[s->at + 1], 2))) {
        return fail(s, s->at, "syntax",
                    "JSON has no comments; write \"comment\": \"...\" as a key instead (allowed in "
                    "every object)");
    }
    return QEP_OK;
}

/* Length of the valid UTF-8 sequence at p (RFC 3629: no overlong forms, no surrogates), or 0. */
static size_t utf8_length(const unsigned char *p, size_t left) {
    const size_t n = p[0] < 0x80                   ? 1
                     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                     : (p[0] & 0xf0) == 0xe0       ? 3
                     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                   : 0;
    if (n == 0 || n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const int overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    const int outside = (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
    return overlong || outside ? 0 : n;
}

/* Four hexadecimal digits at `at`, or -1. */
static int hex4(const scanner *s, size_t at) {
    int value = 0;
    for (size_t i = at; i < at + 4; i++) {
        const char c = i < s->length ? s->text[i] : 0;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static qep_status scan_escape(scanner *s) {
    const size_t start = s->at++;
    const char c = peek(s);
    s->at++;
    if (c && strchr("\"\\/bfnrt", c)) {
        return QEP_OK;
    }
    if (c != 'u') {
        return fail(
            s, start, "syntax",
            "unknown escape in a text; allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    }
    const int code = hex4(s, s->at);
    if (code < 0) {
        return fail(s, start, "syntax", "\\u needs four hexadecimal digits");
    }
    if (code == 0) {
        return fail(s, start, "syntax", "\\u0000 is not allowed in a text");
    }
    s->at += 4;
    if (code >= 0xd800 && code < 0xe000) {
        const int pair = peek(s) == '\\' && s->at + 1 < s->length && s->text[s->at + 1] == 'u'
                             ? hex4(s, s->at + 2)
                             : -1;
        if (code >= 0xdc00 || pair < 0xdc00 || pair >= 0xe000) {
            return fail(s, start, "syntax",
                        "half of a surrogate pair; write \\uD8xx\\uDCxx or the character itself");
        }
        s->at += 6;
    }
    return QEP_OK;
}

static qep_status scan_string(scanner *s) {
    const size_t start = s->at++;
    while (peek(s) != '"' || at_end(s)) {
        const unsigned char c = (unsigned char)peek(s);
        if (at_end(s)) {
            return fail(s, start, "syntax", "this text has no closing quote");
        }
        if (c < 0x20) {
            return fail(s, s->at, "syntax", "control character 0x%02x inside a text%s", c,
                        c == '\n' ? " (is a closing quote missing?)"
                                  : "; write it as an escape like \\n or \\t");
        }
        if (c == '\\') {
            QEP_TRY(scan_escape(s));
            continue;
        }
        const size_t n = utf8_length((const unsigned char *)s->text + s->at, s->length - s->at);
        if (n == 0) {
            return fail(s, s->at, "syntax", "byte 0x%02x is not valid UTF-8", c);
        }
        s->at += n;
    }
    s->at++;
    if (s->at - start - 2 > JSON_MAX_STRING) {
        return fail(s, start, "limit", "a text of %zu bytes; at most %d are allowed",
                    s->at - start - 2, JSON_MAX_STRING);
    }
    return QEP_OK;
}

static size_t skip_digits(scanner *s) {
    const size_t start = s->at;
    while (peek(s) >= '0' && peek(s) <= '9') {
        s->at++;
    }
    return s->at - start;
}

static qep_status scan_number(scanner *s) {
    const size_t start = s->at;
    s->at += peek(s) == '-';
    const size_t first = s->at;
    const size_t digits = skip_digits(s);
    if (digits == 0) {
        return fail(s, start, "syntax",
                    "a number needs a digit after \"-\" (NaN and Infinity are not JSON)");
    }
    if (digits > 1 && s->text[first] == '0') {
        return fail(s, start, "syntax", "a number must not begin with 0: \"%.*s\"",
                    (int)(s->at - start < 20 ? s->at - start : 20), s->text + start);
    }
    if (peek(s) == '.') {
        s->at++;
        if (skip_digits(s) == 0) {
            return fail(s, start, "syntax", "a digit is needed after the decimal point");
        }
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        s->at += peek(s) == '-' || peek(s) == '+';
        if (skip_digits(s) == 0) {
            return fail(s, start, "syntax", "the exponent of a number has no digits");
        }
    }
    if (s->at - start > JSON_MAX_NUMBER) {
        return fail(s, start, "limit", "a number of %zu characters; at most %d are allowed",
                    s->at - start, JSON_MAX_NUMBER);
    }
    if (!isfinite(strtod(s->text + start, NULL))) {
        return fail(s, start, "out_of_range", "%.*s is too large for a double (about 1.8e308)",
                    (int)(s->at - start), s->text + start);
    }
    return QEP_OK;
}

static qep_status remember(scanner *s, size_t key_at, size_t value_at) {
    if (s->count == JSON_MAX_NODES) {
        return fail(s, value_at, "limit", "more than %d values in one configuration",
                    JSON_MAX_NODES);
    }
    if (s->count == s->capacity) {
        void *grown = NULL;
        const size_t capacity = s->capacity ? 2 * s->capacity : 64;
        QEP_TRY(
            qep_alloc(&grown, capacity, sizeof *s->place, "positions of a configuration", s->err));
        if (s->count) {
            memcpy(grown, s->place, s->count * sizeof *s->place);
        }
        qep_free(s->place);
        s->place = grown;
        s->capacity = capacity;
    }
    s->place[s->count++] = (json_place){key_at, value_at};
    return QEP_OK;
}

static qep_status scan_value(scanner *s, size_t key_at, int keyed);

/* Key and colon of a member; *key_at receives where the key stands. */
static qep_status scan_key(scanner *s, size_t *key_at) {
    char buffer[16];
    *key_at = s->at;
    if (peek(s) != '"') {
        return fail(s, s->at, "syntax", "a key in double quotes is expected, found %s%s",
                    found(s, buffer), peek(s) == '}' ? " (a comma too many before it?)" : "");
    }
    QEP_TRY(scan_string(s));
    QEP_TRY(skip_space(s));
    if (peek(s) != ':') {
        return fail(s, s->at, "syntax", "\":\" is expected after a key, found %s",
                    found(s, buffer));
    }
    s->at++;
    return QEP_OK;
}

/* Members of an object or elements of an array, up to and with the closing bracket. */
static qep_status scan_members(scanner *s, char closing) {
    char buffer[16];
    const size_t start = s->at++;
    if (++s->depth > JSON_MAX_DEPTH) {
        return fail(s, start, "limit", "nested more than %d levels deep", JSON_MAX_DEPTH);
    }
    QEP_TRY(skip_space(s));
    for (int first = 1; peek(s) != closing || !first; first = 0) {
        size_t key_at = s->at;
        if (closing == '}') {
            QEP_TRY(scan_key(s, &key_at));
            QEP_TRY(skip_space(s));
        }
        QEP_TRY(scan_value(s, key_at, closing == '}'));
        QEP_TRY(skip_space(s));
        if (peek(s) == closing && !at_end(s)) {
            break;
        }
        if (peek(s) != ',' || at_end(s)) {
            return fail(s, s->at, "syntax", "\",\" or \"%c\" is expected, found %s", closing,
                        found(s, buffer));
        }
        s->at++;
        QEP_TRY(skip_space(s));
    }
    s->at++;
    s->depth--;
    return QEP_OK;
}

static qep_status scan_word(scanner *s) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        const size_t n = strlen(words[i]);
        if (s->length - s->at >= n && memcmp(s->text + s->at, words[i], n) == 0) {
            s->at += n;
            return QEP_OK;
        }
    }
    char buffer[16];
    const char c = peek(s);
    const char *hint = c == '\''              ? "; JSON texts stand in double quotes"
                       : c == ']' || c == '}' ? " (a comma too many before it?)"
                       : c == '.' || c == '+' ? "; a JSON number begins with a digit or \"-\""
                                              : "";
    return fail(s, s->at, "syntax", "a value is expected, found %s%s", found(s, buffer), hint);
}

static qep_status scan_value(scanner *s, size_t key_at, int keyed) {
    QEP_TRY(remember(s, keyed ? key_at : s->at, s->at));
    const char c = peek(s);
    if (c == '{') {
        return scan_members(s, '}');
    }
    if (c == '[') {
        return scan_members(s, ']');
    }
    if (c == '"') {
        return scan_string(s);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return scan_number(s);
    }
    return scan_word(s);
}

static qep_status scan_text(scanner *s) {
    if (s->length > JSON_MAX_TEXT) {
        return fail(s, 0, "limit",
                    "%zu bytes of configuration; at most %d are allowed (put data into HDF5 files)",
                    s->length, JSON_MAX_TEXT);
    }
    if (s->length >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0) {
        return fail(s, 0, "syntax",
                    "the text begins with a byte-order mark; save it as UTF-8 without one");
    }
    QEP_TRY(skip_space(s));
    if (at_end(s)) {
        return fail(
            s, s->at, "syntax",
            "the configuration is empty; at least {\"grid\": ..., \"entropy\": ...} is needed");
    }
    QEP_TRY(scan_value(s, s->at, 0));
    QEP_TRY(skip_space(s));
    char buffer[16];
    return at_end(s) ? QEP_OK
                     : fail(s, s->at, "syntax", "%s after the end of the configuration",
                            found(s, buffer));
}

qep_status json_scan(const char *text, size_t length, const char *name, json_place **places,
                     size_t *count, qep_error *err) {
    scanner s = {.text = text, .name = name, .length = length, .err = err};
    const qep_status status = scan_text(&s);
    if (status != QEP_OK) {
        qep_free(s.place);
        s.place = NULL;
    }
    *places = s.place;
    *count = s.count;
    return status;
}
