/* If these fail, a checksum in a result does not protect its data, --skip-done trusts a foreign
 * file, or the writer accepts calls that leave holes in a frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/h5.h"
#include "io/write_sink.h"
#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include "qep/io/identity.h"
#include "qep/io/write.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NX = 5, NY = 4, NZ = 3, POINTS = NX * NY * NZ };

static const qep_record records[2] = {
    {"phi", "phi", "entropic potential", "T6", QEP_DIM_VOLTAGE, 0},
    {"E", "E", "electric field", "T6", QEP_DIM_ELECTRIC_FIELD, 1},
};

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "test_write.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder); /* fails when a test leaves something behind */
}

static const char *name_of(const char *base, char name[128]) {
    snprintf(name, 128, "%s/%s", folder, base);
    return name;
}

static qep_grid make_grid(void) {
    static const size_t points[3] = {NX, NY, NZ};
    static const double lengths[3] = {1e-8, 2e-8, 3e-8};
    /* clang-format off */
    static const qep_bc faces[3][2] = {
        {QEP_PERIODIC, QEP_PERIODIC},
        {QEP_PERIODIC, QEP_PERIODIC},
        {QEP_PERIODIC, QEP_PERIODIC}
    };
    /* clang-format on */
    qep_grid grid;
    assert_int_equal(qep_grid_init(&grid, 3, points, lengths, NULL, NULL, QEP_CELL, faces, NULL),
                     QEP_OK);
    return grid;
}

static qep_writer *start(const char *file, const qep_write_options *form) {
    const qep_grid grid = make_grid();
    qep_write_options options = *form;
    qep_writer *writer = NULL;
    options.file = file;
    assert_int_equal(qep_writer_create(&writer, &options, &grid, records, 2, NULL), QEP_OK);
    return writer;
}

static void fill(double values[POINTS], double shift) {
    for (int i = 0; i < POINTS; i++) {
        values[i] = shift + 0.3 * i;
    }
}

static void write_frame(qep_writer *writer) {
    double values[POINTS];
    assert_int_equal(qep_writer_frame_begin(writer, 0, 0.0, 1.0, NULL), QEP_OK);
    fill(values, 7.0);
    assert_int_equal(qep_writer_component(writer, 0, 0, values, NULL), QEP_OK);
    for (int c = 0; c < 3; c++) {
        fill(values, 10.0 * c);
        assert_int_equal(qep_writer_component(writer, 1, c, values, NULL), QEP_OK);
    }
    assert_int_equal(qep_writer_frame_end(writer, NULL), QEP_OK);
}

static uint64_t stored_checksum(hid_t set) {
    uint64_t sum = 0;
    const hid_t attribute = H5Aopen(set, "checksum", H5P_DEFAULT);
    assert_true(H5Aread(attribute, H5T_NATIVE_UINT64, &sum) >= 0);
    H5Aclose(attribute);
    return sum;
}

static void check_checksum(const char *file, const char *path) {
    char bytes[POINTS * sizeof(double)];
    const hid_t opened = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t set = H5Dopen2(opened, path, H5P_DEFAULT);
    const hid_t type = H5Dget_type(set);
    assert_true(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0);
    assert_true(stored_checksum(set) == qep_digest_xxh3(bytes, POINTS * H5Tget_size(type)));
    H5Tclose(type);
    H5Dclose(set);
    H5Fclose(opened);
}

static void checksums_are_of_the_stored_bytes(void **state) {
    (void)state;
    /* clang-format off */
    static const qep_write_options forms[] = {
        {.threads = 1        },
        {              .threads = 2,                   .deflate = 4},
        {                      .threads = 1, .single_precision = 1},
        { .threads = 2,                  .single_precision = 1, .deflate = 1},
    };
    /* clang-format on */
    char name[128];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        qep_writer *writer = start(name_of("sum.h5", name), &forms[i]);
        write_frame(writer);
        assert_int_equal(qep_writer_commit(writer, "complete", NULL), QEP_OK);
        qep_writer_destroy(writer);
        check_checksum(name, "/data/0/meshes/phi");
        check_checksum(name, "/data/0/meshes/E/z");
        unlink(name);
    }
}

static void identity_is_read_back(void **state) {
    (void)state;
    char name[128], *identity = NULL, *exit_state = NULL, *inputs = NULL;
    static const qep_write_options form = {.threads = 1};
    qep_writer *writer = start(name_of("id.h5", name), &form);
    write_frame(writer);
    assert_int_equal(qep_writer_provenance_text(writer, "identity", "abc", 1, NULL), QEP_OK);
    assert_int_equal(qep_writer_provenance_text(writer, "inputs", "S.h5 0123\n", 1, NULL), QEP_OK);
    assert_int_equal(qep_writer_commit(writer, "unconverged", NULL), QEP_OK);
    qep_writer_destroy(writer);
    assert_int_equal(qep_result_identity(name, &identity, &exit_state, &inputs, NULL), QEP_OK);
    assert_string_equal(identity, "abc");
    assert_string_equal(exit_state, "unconverged");
    assert_string_equal(inputs, "S.h5 0123\n");
    qep_free(identity);
    qep_free(exit_state);
    qep_free(inputs);
    unlink(name);
}

static void a_foreign_file_has_no_identity(void **state) {
    (void)state;
    char name[128], *identity = NULL, *exit_state = NULL, *inputs = NULL;
    FILE *stream = fopen(name_of("foreign.h5", name), "w");
    fputs("not HDF5", stream);
    fclose(stream);
    assert_int_equal(qep_result_identity(name, &identity, &exit_state, &inputs, NULL),
                     QEP_ERR_INPUT);
    unlink(name);
    static const qep_write_options form = {.threads = 1};
    qep_writer *writer = start(name, &form); /* ours, but without the texts */
    write_frame(writer);
    assert_int_equal(qep_writer_commit(writer, "complete", NULL), QEP_OK);
    qep_writer_destroy(writer);
    assert_int_equal(qep_result_identity(name, &identity, &exit_state, &inputs, NULL),
                     QEP_ERR_INPUT);
    assert_null(identity);
    assert_null(exit_state);
    unlink(name);
}

static void a_frame_must_be_whole(void **state) {
    (void)state;
    char name[128];
    double values[POINTS] = {0};
    static const qep_write_options form = {.threads = 1, .views = 1, .xdmf = 1};
    qep_writer *writer = start(name_of("whole.h5", name), &form);
    assert_int_equal(qep_writer_component(writer, 0, 0, values, NULL), QEP_ERR_INTERNAL);
    assert_int_equal(qep_writer_frame_begin(writer, 0, 0.0, 1.0, NULL), QEP_OK);
    assert_int_equal(qep_writer_component(writer, 0, 0, values, NULL), QEP_OK);
    assert_int_equal(qep_writer_component(writer, 0, 0, values, NULL), QEP_ERR_INTERNAL);
    assert_int_equal(qep_writer_component(writer, 1, 3, values, NULL), QEP_ERR_INTERNAL);
    assert_int_equal(qep_writer_frame_end(writer, NULL), QEP_ERR_INTERNAL);
    assert_int_equal(qep_writer_commit(writer, "complete", NULL), QEP_ERR_INTERNAL);
    qep_writer_destroy(writer);
    assert_int_equal(access(name, F_OK), -1);
}

static void results_need_no_grid(void **state) {
    (void)state;
    char name[128];
    const qep_write_options options = {
        .file = name_of("bloch.h5", name), .views = 1, .xdmf = 1, .threads = 1};
    static const size_t shape[3] = {2, 1, 2};
    static const double values[4] = {1, 2, 3, 4};
    qep_writer *writer = NULL;
    assert_int_equal(qep_writer_create(&writer, &options, NULL, NULL, 0, NULL), QEP_OK);
    assert_int_equal(qep_writer_frame_begin(writer, 0, 0.0, 1.0, NULL), QEP_OK);
    assert_int_equal(qep_writer_result_array(writer, "bloch/s", values, 3, shape, "J/K", NULL),
                     QEP_OK);
    assert_int_equal(qep_writer_result_array(writer, "bloch/T", values, 0, NULL, NULL, NULL),
                     QEP_OK);
    assert_int_equal(qep_writer_frame_end(writer, NULL), QEP_OK);
    assert_int_equal(qep_writer_commit(writer, "complete", NULL), QEP_OK);
    qep_writer_destroy(writer);
    const hid_t file = H5Fopen(name, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t set = H5Dopen2(file, "/data/0/results/bloch/s", H5P_DEFAULT);
    assert_true(stored_checksum(set) == qep_digest_xxh3(values, sizeof values));
    H5Dclose(set);
    assert_true(H5Lexists(file, "/plot", H5P_DEFAULT) == 0);
    H5Fclose(file);
    unlink(name);
}

static void long_texts_become_data_sets(void **state) {
    (void)state;
    char name[128], *text = malloc(100001);
    static const qep_write_options form = {.threads = 1};
    memset(text, 'x', 100000);
    text[100000] = 0;
    qep_writer *writer = start(name_of("long.h5", name), &form);
    write_frame(writer);
    assert_int_equal(qep_writer_provenance_text(writer, "command_line", text, 0, NULL), QEP_OK);
    assert_int_equal(qep_writer_commit(writer, "complete", NULL), QEP_OK);
    qep_writer_destroy(writer);
    const hid_t file = H5Fopen(name, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Lexists(file, "/provenance/command_line", H5P_DEFAULT) > 0);
    H5Fclose(file);
    free(text);
    unlink(name);
}

static void an_input_is_never_replaced(void **state) {
    (void)state;
    char name[128], other[128];
    fclose(fopen(name_of("in.h5", name), "w"));
    assert_int_equal(link(name, name_of("same.h5", other)), 0);
    const char *inputs[1] = {name};
    const qep_write_options options = {.file = other, .force = 1, .threads = 1};
    assert_int_equal(qep_writer_check(&options, 0, inputs, 1, NULL), QEP_ERR_OUTPUT);
    assert_int_equal(qep_writer_check(&options, 0, NULL, 0, NULL), QEP_OK);
    assert_int_equal(qep_writer_check(&options, (size_t)1 << 62, NULL, 0, NULL), QEP_ERR_OUTPUT);
    unlink(name);
    unlink(other);
}

/* A failing descriptor must end in an error, never in a crash or an open identifier. */
static void a_dead_descriptor_is_an_error(void **state) {
    (void)state;
    qep_sink sink = {.fd = open("/dev/full", O_RDWR | O_CLOEXEC)};
    const hid_t file = qep_sink_create_file(&sink, "full");
    assert_true(file >= 0);
    static const double values[2] = {1, 2};
    static const size_t shape[1] = {2};
    const hid_t set = qep_h5_dataset(file, "v", 1, shape, values);
    assert_true(set >= 0);
    H5Dclose(set);
    assert_true(qep_sink_close_file(&sink, file));
    assert_int_equal(sink.error, ENOSPC);
    close(sink.fd);
}

static void nothing_stays_open(void **state) {
    (void)state;
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_are_of_the_stored_bytes),
        cmocka_unit_test(identity_is_read_back),
        cmocka_unit_test(a_foreign_file_has_no_identity),
        cmocka_unit_test(a_frame_must_be_whole),
        cmocka_unit_test(results_need_no_grid),
        cmocka_unit_test(long_texts_become_data_sets),
        cmocka_unit_test(an_input_is_never_replaced),
        cmocka_unit_test(a_dead_descriptor_is_an_error),
        cmocka_unit_test(nothing_stays_open),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
