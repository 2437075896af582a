/* Small text helpers: spelling suggestions and copies. */
#ifndef QEP_BASE_TEXT_H
#define QEP_BASE_TEXT_H

#include <stddef.h>

/* Damerau-Levenshtein distance (adjacent transpositions count one). */
size_t qep_text_distance(const char *a, const char *b);

/* The candidate nearest to `word` if near enough to be a misspelling of it, else NULL. */
const char *qep_text_suggest(const char *word, const char *const *candidates, size_t count);

/* Heap copy; release with qep_free. NULL when memory is out or text is NULL. */
char *qep_text_copy(const char *text);
/* Heap copy of the first `length` bytes. */
char *qep_text_copy_n(const char *text, size_t length);
/* printf into a fresh heap string; release with qep_free; NULL when memory is out. */
char *qep_text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes of the UTF-8 sequence at `text` (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF), or 0 when there is none.
 * The end of the text counts as one byte. */
size_t qep_text_utf8_length(const char *text);

#endif
