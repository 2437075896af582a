/* If this fails, the table of keys promises what the program does not do: an example or default that is refused, a key that the schema
 * or the reference does not show, or a configuration file that is read wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/rows.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/config/config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char base[] = "{\"grid\":{\"points\":[4,3,5],\"lengths\":[1,1,1],\"origin\":[0,0,0]},"
                           "\"entropy\":\"x\",\"parameters\":{\"w\":1}}";

/* Codes that judge a value by itself; others judge it against the rest of the configuration. */
static int is_own_fault(const char *code) {
    static const char *const codes[] = {
        "syntax",       "unknown_key", "wrong_type",    "unknown_value",  "bad_unit",
        "out_of_range", "bad_name",    "not_available", "bad_expression", "wrong_dimension"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(code, codes[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void try_value(const char *path, const char *value) {
    char *set = qep_text_format("%s=%s", path, value);
    const char *const sets[] = {set};
    const qep_config_options options = {sets, 1};
    qep_error err = {0};
    qep_config *config = NULL;
    qep_config_parse(&config, base, strlen(base), "t.json", "", &options, &err);
    for (size_t i = 0; i < err.count; i++) {
        if (is_own_fault(err.item[i].code)) {
            fail_msg("%s: [%s] %s %s", set, err.item[i].code, err.item[i].path,
                     err.item[i].message);
        }
    }
    qep_config_destroy(config);
    qep_free(set);
}

static void defaults_and_examples_are_accepted(void **state) {
    (void)state;
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    assert_true(count > 30);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(rows[i].doc) > 10);
        if (rows[i].type == ROW_SECTION) {
            continue;
        }
        assert_non_null(rows[i].example);
        try_value(rows[i].path, rows[i].example);
        if (rows[i].standard) {
            try_value(rows[i].path, rows[i].standard);
        }
    }
}

static void every_key_is_documented(void **state) {
    (void)state;
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    char *schema = qep_config_schema(), *reference = qep_config_reference(),
         *list = qep_config_list_keys();
    qep_json *parsed = NULL;
    assert_int_equal(json_parse(&parsed, schema, strlen(schema), "schema", NULL), QEP_OK);
    for (size_t i = 0; i < count; i++) {
        char *quoted = qep_text_format("`%s`", rows[i].path);
        const json_node *node = json_member(parsed->root, "properties");
        const char *dot = strchr(rows[i].path, '.');
        if (dot) {
            char section[32];
            snprintf(section, sizeof section, "%.*s", (int)(dot - rows[i].path), rows[i].path);
            node = json_member(json_member(node, section), "properties");
        }
        assert_non_null(json_member(json_member(node, row_key(&rows[i])), "description"));
        assert_true(rows[i].type == ROW_SECTION || strstr(reference, quoted));
        assert_true(rows[i].type == ROW_SECTION || strstr(list, rows[i].path));
        qep_free(quoted);
    }
    json_destroy(parsed);
    qep_free(schema);
    qep_free(reference);
    qep_free(list);
}

static void files_are_read_beside_themselves(void **state) {
    (void)state;
    static const char text[] = "{\"grid\":{\"points\":[4],\"lengths\":[1]},\"entropy\":{\"hdf5\":"
                               "\"s.h5\",\"dataset\":\"S\"}}";
    char folder[] = "/tmp/qep_test_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *name = qep_text_format("%s/film.run.json", folder),
         *data = qep_text_format("%s/s.h5", folder);
    FILE *stream = fopen(name, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
    qep_error err = {0};
    qep_config *config = NULL;
    assert_int_equal(qep_config_load(&config, name, NULL, &err), QEP_OK);
    assert_string_equal(config->entropy->file, data);
    assert_string_equal(config->output_file, "film.run.h5");
    char *effective = qep_config_effective(config, 1);
    assert_non_null(strstr(effective, "\"hdf5\":\"s.h5\""));
    qep_free(effective);
    qep_config_destroy(config);
    unlink(name);
    assert_int_equal(qep_config_load(&config, name, NULL, &err), QEP_ERR_CONFIG);
    assert_string_equal(err.item[0].code, "missing_file");
    qep_error_clear(&err);
    assert_int_equal(qep_config_load(&config, folder, NULL, &err), QEP_ERR_CONFIG);
    assert_string_equal(err.item[0].code, "unreadable");
    qep_error_clear(&err);
    assert_int_equal(qep_config_load(&config, "/dev/zero", NULL, &err), QEP_ERR_CONFIG);
    qep_error_clear(&err);
    assert_int_equal(qep_config_load(&config, data, NULL, &err), QEP_ERR_CONFIG);
    assert_string_equal(err.item[0].code, "missing_file");
    rmdir(folder);
    qep_free(name);
    qep_free(data);
}

static void limits_hold(void **state) {
    (void)state;
    qep_error err = {0};
    qep_config *config = NULL;
    const size_t size = (1 << 20) + 1;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, ' ', size);
    memcpy(text, "{}", 2);
    text[size] = 0;
    assert_int_equal(qep_config_parse(&config, text, size, "t.json", "", NULL, &err),
                     QEP_ERR_CONFIG);
    assert_string_equal(err.item[0].code, "limit");
    qep_error_clear(&err);
    memset(text, ',', size); /* [0,0,0, ...]: too many values */
    text[0] = '[';
    for (size_t i = 1; i < 400001; i += 2) {
        text[i] = '0';
    }
    text[400000] = ']';
    assert_int_equal(qep_config_parse(&config, text, 400001, "t.json", "", NULL, &err),
                     QEP_ERR_CONFIG);
    assert_string_equal(err.item[0].code, "limit");
    qep_error_clear(&err);
    memset(text, 'a', 5000);
    memcpy(text, "{\"", 2);
    memcpy(text + 4990, "\":1}", 4);
    assert_int_equal(qep_config_parse(&config, text, 4994, "t.json", "", NULL, &err),
                     QEP_ERR_CONFIG);
    assert_string_equal(err.item[0].code, "limit");
    qep_error_clear(&err);
    size_t used = 1; /* many unknown keys: the list is full, the rest is counted */
    text[0] = '{';
    for (int i = 0; i < 100; i++) {
        used += (size_t)sprintf(text + used, "%s\"k%d\":%d", i ? "," : "", i, i);
    }
    text[used++] = '}';
    assert_int_equal(qep_config_parse(&config, text, used, "t.json", "", NULL, &err),
                     QEP_ERR_CONFIG);
    assert_int_equal(err.count, QEP_ERROR_CAPACITY);
    assert_true(err.dropped >= 80);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_examples_are_accepted),
        cmocka_unit_test(every_key_is_documented),
        cmocka_unit_test(files_are_read_beside_themselves),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
