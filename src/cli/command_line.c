/* The command line as one line of text for /provenance, quoted so that a shell would read it back.
 */
#include "cli.h"

#include "qep/base/memory.h"
#include <string.h>

/* Bytes of `word` in single quotes, or as it is when no shell would touch it; to == NULL only
 * counts. */
static size_t quote(char *to, const char *word) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    size_t used = 0;
#define PUT(c) (to ? (void)(to[used] = (c)) : (void)0, used++)
    const int bare = *word && strspn(word, plain) == strlen(word);
    if (!bare) {
        PUT('\'');
    }
    for (; *word; word++) {
        for (const char *piece = *word == '\'' ? "'\\'" : ""; *piece; piece++) {
            PUT(*piece);
        }
        PUT(*word);
    }
    if (!bare) {
        PUT('\'');
    }
#undef PUT
    return used;
}

char *cli_command_line(int argc, char **argv) {
    size_t length = 1;
    for (int i = 0; i < argc; i++) {
        length += quote(NULL, argv[i]) + 1;
    }
    void *text = NULL;
    if (qep_alloc(&text, length, 1, "command line", NULL) != QEP_OK) {
        return NULL;
    }
    char *at = text;
    for (int i = 0; i < argc; i++) {
        if (i) {
            *at++ = ' ';
        }
        at += quote(at, argv[i]);
    }
    return text;
}
