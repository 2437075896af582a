/* A text file line by line, for Wannier90's tables: every fault is reported with the line. Private to the room. */
#ifndef QEP_BLOCH_TEXT_H
#define QEP_BLOCH_TEXT_H

#include "qep/base/error.h"

typedef struct {
    const char *file;
    char *text, *next; /* all of it, and what has not been read */
    char *line;        /* the present line without its end; NULL past the last */
    size_t number;     /* of the present line, from 1 */
    qep_error *err;
} bloch_text;

/* Read a regular file of at most 4 GiB. QEP_ERR_INPUT. */
qep_status bloch_text_open(bloch_text *t, const char *file, qep_error *err);
void bloch_text_close(bloch_text *t);
/* Next line; QEP_ERR_INPUT ("truncated") at the end of the file, saying that `what` was expected. */
qep_status bloch_text_line(bloch_text *t, const char *what);
/* The same, past lines that are blank. */
qep_status bloch_text_filled_line(bloch_text *t, const char *what);
int bloch_text_blank(const bloch_text *t);
qep_status bloch_text_fault(const bloch_text *t, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Read `count` numbers or integers at *at, which moves on. Stars (Fortran's overflow), D exponents, NaN, Inf and other texts are faults. */
qep_status bloch_text_numbers(const bloch_text *t, char **at, size_t count, double *value);
qep_status bloch_text_integers(const bloch_text *t, char **at, size_t count, long *value);
/* Nothing but blanks may follow. */
qep_status bloch_text_end_of_line(const bloch_text *t, const char *at);

#endif
