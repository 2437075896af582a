/* JSON text for standard output. The program writes flat lines only, so two functions do. */
#include "cli.h"

#include "qep/base/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void cli_json_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const size_t length = qep_text_utf8_length((const char *)at);
        if (length == 0) {
            fputs("\\ufffd", out);
        } else if (*at == '"' || *at == '\\') {
            fprintf(out, "\\%c", *at);
        } else if (*at < 0x20 || *at == 0x7f) {
            fprintf(out, "\\u%04x", *at);
        } else {
            fwrite(at, 1, length, out);
        }
        at += length ? length : 1;
    }
    fputc('"', out);
}

void cli_json_number(FILE *out, double value) {
    if (!isfinite(value)) {
        fputs(isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"", out);
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) { /* exact on purpose: 17 digits always read back */
            break;
        }
    }
    fputs(text, out);
}
