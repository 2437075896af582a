/* Version of the JSON library. */
#include "qep/config/config.h"

#include <cjson/cJSON.h>
#include <stdio.h>

void qep_config_library_version(char *text, size_t size) {
    snprintf(text, size, "cJSON %s", cJSON_Version());
}
