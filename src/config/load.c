/* Where a configuration comes from: a file, standard input, or a result file, which carries what made it. */
#include "qep/config/config.h"

#include "config/tree.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/io/read.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read a stream whole, up to one byte more than the scanner allows, so that the scanner reports the excess.
 */
static qep_status read_all(int stream, const char *name, char **text, size_t *length,
                           qep_error *err) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, JSON_MAX_TEXT + 2, 1, "configuration", err));
    char *buffer = block;
    size_t used = 0;
    while (used < JSON_MAX_TEXT + 1) {
        const ssize_t got = read(stream, buffer + used, JSON_MAX_TEXT + 1 - used);
        if (got < 0 &&
            errno ==
                EINTR) { /* a signal that the program caught: whoever waits here wants to stop */
            qep_free(buffer);
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, name,
                                 "stopped by a signal while the configuration was read");
        }
        if (got < 0) {
            const int reason = errno;
            qep_free(buffer);
            return qep_error_add(err, QEP_ERR_CONFIG, "unreadable", NULL, name,
                                 "the configuration cannot be read: %s", strerror(reason));
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    *text = buffer;
    *length = used;
    return QEP_OK;
}

/* Only regular files and pipes: a device would never end. */
static qep_status read_file(const char *name, char **text, size_t *length, qep_error *err) {
    const int stream = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat about;
    if (stream < 0 || fstat(stream, &about) != 0) {
        const int reason = errno;
        if (stream >= 0) {
            close(stream);
        }
        return qep_error_add(err, QEP_ERR_CONFIG, reason == ENOENT ? "missing_file" : "unreadable",
                             NULL, name, "the configuration cannot be opened: %s",
                             strerror(reason));
    }
    qep_status status = QEP_OK;
    if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode)) {
        status =
            qep_error_add(err, QEP_ERR_CONFIG, "unreadable", NULL, name, "this is no file but %s",
                          S_ISDIR(about.st_mode) ? "a directory" : "a device");
    } else {
        status = read_all(stream, name, text, length, err);
    }
    close(stream);
    return status;
}

static char *directory_of(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash ? qep_text_copy_n(name, slash == name ? 1 : (size_t)(slash - name))
                 : qep_text_copy("");
}

static int is_result(const char *name) {
    const size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".h5") == 0;
}

/* What a result file says about its making. */
typedef struct {
    char *text, *directory;
    qep_json *overrides; /* list of texts */
} stored;

static qep_status read_stored(const char *name, stored *from, qep_error *err) {
    char *overrides = NULL;
    QEP_TRY(qep_read_text(name, "/provenance/config_json", &from->text, err));
    QEP_TRY(qep_read_text(name, "/provenance/config_directory", &from->directory, err));
    QEP_TRY(qep_read_text(name, "/provenance/overrides_json", &overrides, err));
    qep_status status = json_parse(&from->overrides, overrides, strlen(overrides), name, err);
    qep_free(overrides);
    const json_node *list = status == QEP_OK ? from->overrides->root : NULL;
    int good = list && list->kind == JSON_ARRAY;
    for (size_t i = 0; good && i < list->count; i++) {
        good = list->child[i]->kind == JSON_STRING;
    }
    return status != QEP_OK || good
               ? status
               : qep_error_add(err, QEP_ERR_CONFIG, "wrong_type", NULL, name,
                               "/provenance/overrides_json is no list of texts");
}

/* The stored overrides come first, so that new ones win. */
static qep_status parse_stored(qep_config **config, const char *name, const stored *from,
                               const qep_config_options *options, qep_error *err) {
    const json_node *list = from->overrides->root;
    const size_t own = options ? options->set_count : 0;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, list->count + own, sizeof(char *), "overrides", err));
    const char **set = block;
    for (size_t i = 0; i < list->count; i++) {
        set[i] = list->child[i]->string;
    }
    for (size_t i = 0; i < own; i++) {
        set[list->count + i] = options->set[i];
    }
    const qep_config_options all = {set, list->count + own};
    const qep_status status =
        qep_config_parse(config, from->text, strlen(from->text), name, from->directory, &all, err);
    qep_free(set);
    return status;
}

static qep_status load_result(qep_config **config, const char *name,
                              const qep_config_options *options, qep_error *err) {
    stored from = {0};
    if (access(name, R_OK) != 0) {
        return qep_error_add(err, QEP_ERR_CONFIG, errno == ENOENT ? "missing_file" : "unreadable",
                             NULL, name, "the configuration cannot be opened: %s", strerror(errno));
    }
    qep_status status = read_stored(name, &from, err);
    if (status == QEP_OK) {
        status = parse_stored(config, name, &from, options, err);
    }
    json_destroy(from.overrides);
    qep_free(from.directory);
    qep_free(from.text);
    return status;
}

qep_status qep_config_load(qep_config **config, const char *name, const qep_config_options *options,
                           qep_error *err) {
    *config = NULL;
    if (is_result(name)) {
        return load_result(config, name, options, err);
    }
    const int standard_input = strcmp(name, "-") == 0;
    const char *shown = standard_input ? "<stdin>" : name;
    char *text = NULL;
    size_t length = 0;
    QEP_TRY(standard_input ? read_all(STDIN_FILENO, shown, &text, &length, err)
                           : read_file(name, &text, &length, err));
    char *directory = directory_of(standard_input ? "" : name);
    const qep_status status =
        directory ? qep_config_parse(config, text, length, shown, directory, options, err)
                  : qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, shown,
                                  "no memory for a file name");
    qep_free(directory);
    qep_free(text);
    return status;
}
