/* If this crashes, leaks or hangs, a text file can break the program: the loader and validator of configurations on any bytes.
 * What is accepted must also print an effective configuration that parses to the same. */
#include "qep/base/memory.h"
#include "qep/config/config.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything after the first zero byte is an override. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = calloc(size + 1, 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    const size_t length = strlen(text);
    const char *const set[] = {length < size ? text + length + 1 : ""};
    const qep_config_options options = {set, length < size};
    qep_config *config = NULL, *again = NULL;
    static qep_error err;
    qep_error_clear(&err);
    if (qep_config_parse(&config, text, length, "fuzz.json", "in", &options, &err) == QEP_OK) {
        char *one = qep_config_effective(config, 0), *defaulted = qep_config_defaulted(config),
             *two = NULL;
        qep_error_clear(&err);
        if (qep_config_parse(&again, one, strlen(one), "fuzz.json", "in", NULL, &err) != QEP_OK ||
            strcmp(one, two = qep_config_effective(again, 0)) != 0) {
            abort();
        }
        qep_free(one);
        qep_free(two);
        qep_free(defaulted);
    } else if (err.count == 0) {
        abort();
    }
    qep_config_destroy(config);
    qep_config_destroy(again);
    free(text);
    return 0;
}
