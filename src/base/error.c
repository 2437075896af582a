/* The error list. Text from files reaches messages, so control characters are escaped here, once.
 */
#include "qep/base/error.h"

#include "qep/base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void qep_error_clear(qep_error *err) {
    if (err) {
        err->count = 0;
        err->dropped = 0;
    }
}

/* C0, DEL, and C1 (U+0080 to U+009F): characters that drive terminals. */
static int is_control(const unsigned char *at) {
    return (at[0] < 0x20 && at[0] != '\n') || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

/* Copy with control characters, and bytes that are not UTF-8 (a name cut in two, a file name of
 * another age), shown as \xNN: no message can drive a terminal, and every message is valid text. */
static void copy_printable(char *to, size_t size, const char *from) {
    size_t used = 0;
    while (*from && used + 5 < size) {
        const unsigned char *at = (const unsigned char *)from;
        const size_t length = qep_text_utf8_length(from);
        if (length == 0 || is_control(at)) {
            used += (size_t)snprintf(to + used, size - used, "\\x%02x", *at);
            from++;
            continue;
        }
        memcpy(to + used, from, length);
        used += length;
        from += length;
    }
    to[used] = 0;
}

qep_status qep_error_add(qep_error *err, qep_status status, const char *code, const char *path,
                         const char *file, const char *format, ...) {
    if (!err) {
        return status;
    }
    if (err->count == QEP_ERROR_CAPACITY) {
        err->dropped++;
        return status;
    }
    qep_error_item *item = &err->item[err->count++];
    memset(item, 0, sizeof *item);
    item->status = status;
    snprintf(item->code, sizeof item->code, "%s", code ? code : "");
    copy_printable(item->path, sizeof item->path, path ? path : "");
    copy_printable(item->file, sizeof item->file, file ? file : "");
    char text[QEP_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy_printable(item->message, sizeof item->message, text);
    return status;
}

qep_status qep_error_status(const qep_error *err) {
    qep_status worst = QEP_OK;
    for (size_t i = 0; err && i < err->count; i++) {
        if (qep_status_exit_code(err->item[i].status) > qep_status_exit_code(worst)) {
            worst = err->item[i].status;
        }
    }
    return worst;
}
