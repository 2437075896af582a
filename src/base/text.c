/* Spelling suggestions by Damerau-Levenshtein distance (optimal string alignment). */
#include "qep/base/text.h"

#include "qep/base/memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORD = 64 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t qep_text_distance(const char *a, const char *b) {
    const size_t na = strlen(a), nb = strlen(b);
    if (na >= WORD || nb >= WORD) {
        return na > nb ? na : nb;
    }
    size_t cost[WORD + 1][WORD + 1];
    for (size_t i = 0; i <= na; i++) {
        cost[i][0] = i;
    }
    for (size_t j = 0; j <= nb; j++) {
        cost[0][j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        for (size_t j = 1; j <= nb; j++) {
            const size_t change = a[i - 1] != b[j - 1];
            size_t best = smaller(cost[i - 1][j] + 1, cost[i][j - 1] + 1);
            best = smaller(best, cost[i - 1][j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = smaller(best, cost[i - 2][j - 2] + 1);
            }
            cost[i][j] = best;
        }
    }
    return cost[na][nb];
}

const char *qep_text_suggest(const char *word, const char *const *candidates, size_t count) {
    const size_t length = strlen(word);
    const size_t allowed = length <= 2 ? 1 : length <= 4 ? 2 : 3;
    const char *best = NULL;
    size_t distance = allowed + 1;
    for (size_t i = 0; i < count; i++) {
        const size_t d = qep_text_distance(word, candidates[i]);
        if (d < distance && d < strlen(candidates[i])) {
            distance = d;
            best = candidates[i];
        }
    }
    return best;
}

char *qep_text_copy_n(const char *text, size_t length) {
    void *copy = NULL;
    if (!text || qep_alloc(&copy, length + 1, 1, "text", NULL) != QEP_OK) {
        return NULL;
    }
    memcpy(copy, text, length);
    return copy;
}

char *qep_text_copy(const char *text) {
    return text ? qep_text_copy_n(text, strlen(text)) : NULL;
}

char *qep_text_format(const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    void *text = NULL;
    if (length < 0 || qep_alloc(&text, (size_t)length + 1, 1, "text", NULL) != QEP_OK) {
        return NULL;
    }
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

size_t qep_text_utf8_length(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    static const struct {
        unsigned char first, last, low, high; /* first byte range, second byte range */
        size_t length;
    } rows[] = {
        /* clang-format off */
        {0x00, 0x7f, 0,    0,    1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (*at < rows[i].first || *at > rows[i].last) {
            continue;
        }
        if (rows[i].length > 1 && (at[1] < rows[i].low || at[1] > rows[i].high)) {
            return 0;
        }
        for (size_t j = 2; j < rows[i].length; j++) {
            if ((at[j] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return rows[i].length;
    }
    return 0;
}
