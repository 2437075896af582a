/* A growing JSON text. Private to the room config. */
#ifndef QEP_CONFIG_WRITER_H
#define QEP_CONFIG_WRITER_H

#include <stddef.h>

typedef struct {
    char *text; /* zero-terminated; NULL until the first append or when memory is out */
    size_t used, capacity;
    int failed;
    int compact; /* no line breaks */
    int depth;
    int first;             /* no element yet on this level */
    const char *directory; /* stripped from file names; may be NULL */
} writer;

void write_raw(writer *w, const char *text);
void write_format(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Shortest decimal that reads back as the same double. */
void write_number(writer *w, double value);
/* A JSON string with its quotes. */
void write_string(writer *w, const char *text);
/* Begin and end an object or array ('{' or '['), with line breaks unless compact. */
void write_open(writer *w, char bracket);
void write_close(writer *w, char bracket);
/* Separator and line break before an array element; write_key also writes the key and the colon. */
void write_next(writer *w);
void write_key(writer *w, const char *key);
/* The text, or NULL when memory was out. */
char *write_finish(writer *w);

#endif
