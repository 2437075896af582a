/* If this fails, fields from files arrive with wrong values, axes, or units, or a hostile file reaches beyond itself or brings the program down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/memory.h"
#include "qep/io/read.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NX = 5, NY = 4, NZ = 3, COUNT = NX * NY * NZ };

static char folder[] = "/tmp/qep_read_XXXXXX";
static char name[512];
static qep_error err;

static const char *file_name(const char *base) {
    snprintf(name, sizeof name, "%s/%s", folder, base);
    return name;
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* h = 0.2, 0.5, 1 m; samples at (i + 1/2) h + (0, 1, -2). */
static qep_grid grid3(void) {
    qep_grid grid;
    const qep_bc faces[3][2] = {
        {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}};
    assert_int_equal(qep_grid_init(&grid, 3, (size_t[]){NX, NY, NZ}, (double[]){1, 2, 3}, NULL,
                                   (double[]){0, 1, -2}, QEP_CELL, faces, NULL),
                     QEP_OK);
    return grid;
}

/* A value that tells where it belongs. */
static double value_at(size_t x, size_t y, size_t z, size_t frame) {
    return 1000.0 * (double)frame + 100.0 * (double)z + 10.0 * (double)y + (double)x;
}

static hid_t create(const char *base) {
    const hid_t file = H5Fcreate(file_name(base), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* A data set with the test values, in either axis order, with `frames` frames (0: no time axis); the identifier is the caller's. */
static hid_t put_field(hid_t where, const char *set, hid_t type, int xyz, size_t frames,
                       hid_t how) {
    double values[2 * COUNT];
    size_t i = 0;
    for (size_t f = 0; f < (frames ? frames : 1); f++) {
        for (size_t a = 0; a < (xyz ? NX : NZ); a++) {
            for (size_t b = 0; b < NY; b++) {
                for (size_t c = 0; c < (xyz ? NZ : NX); c++) {
                    values[i++] = xyz ? value_at(a, b, c, f) : value_at(c, b, a, f);
                }
            }
        }
    }
    const hsize_t all[4] = {frames, xyz ? NX : NZ, NY, xyz ? NZ : NX};
    const hid_t space = H5Screate_simple(frames ? 4 : 3, frames ? all : all + 1, NULL);
    const hid_t made = H5Dcreate2(where, set, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    assert_true(made >= 0 &&
                H5Dwrite(made, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Sclose(space);
    return made;
}

static void put_numbers(hid_t object, const char *attribute, int count, const double *values) {
    const hsize_t n = (hsize_t)count;
    const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, NULL);
    const hid_t a = H5Acreate2(object, attribute, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(a >= 0 && H5Awrite(a, H5T_NATIVE_DOUBLE, values) >= 0);
    H5Aclose(a);
    H5Sclose(space);
}

static void put_text(hid_t object, const char *attribute, int count, size_t width,
                     const char *text) {
    const hsize_t n = (hsize_t)count;
    const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, NULL),
                type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, width);
    const hid_t a = H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(a >= 0 && H5Awrite(a, type, text) >= 0);
    H5Aclose(a);
    H5Tclose(type);
    H5Sclose(space);
}

static qep_read_request request_for(const char *base, const char *dataset) {
    return (qep_read_request){.file = file_name(base),
                              .dataset = dataset,
                              .scale = 1.0,
                              .dimension = QEP_DIM_VOLTAGE,
                              .path = "/entropy"};
}

static void expect_field(const qep_read_request *request, size_t frame, double factor) {
    const qep_grid grid = grid3();
    double out[COUNT];
    qep_error_clear(&err);
    if (qep_read_field(request, &grid, frame, 2, out, &err) != QEP_OK) {
        fail_msg("%s", err.item[0].message);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(fabs(out[i] - factor * value_at(i % NX, i / NX % NY, i / NX / NY, frame)) <=
                    1e-15 * fabs(out[i]));
    }
}

static void expect_refusal(const qep_read_request *request, const char *code, const char *says) {
    const qep_grid grid = grid3();
    double out[COUNT];
    for (int reading = 0; reading < 2; reading++) {
        qep_error_clear(&err);
        const qep_status status = reading ? qep_read_field(request, &grid, 0, 1, out, &err)
                                          : qep_read_check(request, &grid, NULL, &err);
        if (status != QEP_ERR_INPUT || strcmp(err.item[0].code, code) != 0 ||
            !strstr(err.item[0].message, says)) {
            fail_msg("%s: %s \"%s\" (wanted %s \"%s\")", request->dataset, err.item[0].code,
                     err.item[0].message, code, says);
        }
    }
}

static void every_type_order_and_storage_gives_the_same_field(void **state) {
    (void)state;
    const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE, H5T_IEEE_F32BE,
                           H5T_STD_I32BE,  H5T_STD_U16LE,  H5T_STD_I64LE};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (int xyz = 0; xyz < 2; xyz++) {
            for (size_t frames = 0; frames < 3; frames++) {
                const hid_t file = create("plain.h5"), how = H5Pcreate(H5P_DATASET_CREATE);
                if (t % 2) {
                    const hsize_t chunk[4] = {1, 2, 2, 2};
                    H5Pset_chunk(how, frames ? 4 : 3, frames ? chunk : chunk + 1);
                    H5Pset_shuffle(how);
                    H5Pset_deflate(how, 4);
                    H5Pset_fletcher32(how);
                }
                H5Dclose(put_field(file, "S", types[t], xyz, frames, how));
                H5Pclose(how);
                H5Fclose(file);
                qep_read_request request = request_for("plain.h5", "/S");
                request.order_xyz = xyz;
                request.scale = 2.5;
                for (size_t f = 0; f < (frames ? frames : 1); f++) {
                    expect_field(&request, f, 2.5);
                }
            }
        }
    }
}

static void links_and_virtual_sets_inside_the_file_are_followed(void **state) {
    (void)state;
    const hid_t file = create("links.h5");
    H5Dclose(put_field(file, "S", H5T_IEEE_F64LE, 0, 0, H5P_DEFAULT));
    H5Lcreate_soft("/S", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/loop", file, "loop", H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t dims[3] = {NZ, NY, NX};
    const hid_t space = H5Screate_simple(3, dims, NULL), how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(how, space, ".", "/S", space);
    H5Dclose(H5Dcreate2(file, "virtual", H5T_IEEE_F64LE, space, H5P_DEFAULT, how, H5P_DEFAULT));
    H5Pclose(how);
    H5Sclose(space);
    H5Fclose(file);
    qep_read_request request = request_for("links.h5", "/soft");
    expect_field(&request, 0, 1.0);
    request.dataset = "/virtual";
    expect_field(&request, 0, 1.0);
    request.dataset = "/loop";
    expect_refusal(&request, "missing_dataset", "leads nowhere");
}

static void series_carry_their_times(void **state) {
    (void)state;
    const qep_grid grid = grid3();
    const double seconds[2] = {1.5, 4.0};
    const hsize_t two = 2;
    for (int kind = 0; kind < 4;
         kind++) { /* no times, in the root, beside the series in ns, of wrong length */
        const hid_t file = create("series.h5"),
                    group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dclose(put_field(group, "S", H5T_IEEE_F64LE, 0, kind == 3 ? 1 : 2, H5P_DEFAULT));
        if (kind) {
            const hid_t space = H5Screate_simple(1, &two, NULL);
            const hid_t set = H5Dcreate2(kind == 1 ? file : group, "times", H5T_IEEE_F64LE, space,
                                         H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, seconds);
            if (kind == 2) {
                put_text(set, "units", 1, 3, "ns");
            }
            H5Dclose(set);
            H5Sclose(space);
        }
        H5Gclose(group);
        H5Fclose(file);
        const qep_read_request request = request_for("series.h5", "/g/S");
        qep_read_series series = {0};
        qep_error_clear(&err);
        const qep_status status = qep_read_check(&request, &grid, &series, &err);
        assert_int_equal(status, kind == 3 ? QEP_ERR_INPUT : QEP_OK);
        if (kind < 3) {
            static const double last[3] = {1.0, 4.0, 4.0e-9};
            assert_int_equal(series.frames, 2);
            assert_true(fabs(series.times[1] - last[kind]) <= 1e-15 * last[kind]);
            expect_field(&request, 1, 1.0);
        } else {
            assert_non_null(strstr(err.item[0].message, "times"));
        }
        qep_free(series.times);
    }
}

static void shapes_types_and_names_are_explained(void **state) {
    (void)state;
    const hid_t file = create("wrong.h5"),
                group = H5Gcreate2(file, "meshes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(put_field(group, "entropy", H5T_IEEE_F64LE, 1, 0, H5P_DEFAULT));
    H5Dclose(put_field(group, "good", H5T_IEEE_F64LE, 0, 0, H5P_DEFAULT));
    const hsize_t odd[2] = {7, 9}, dims[3] = {NZ, NY, NX};
    hid_t space = H5Screate_simple(2, odd, NULL);
    H5Dclose(H5Dcreate2(file, "odd", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    space = H5Screate_simple(3, dims, NULL);
    const hid_t complex_type = H5Tcreate(H5T_COMPOUND, 16), text = H5Tcopy(H5T_C_S1);
    H5Tinsert(complex_type, "r", 0, H5T_IEEE_F64LE);
    H5Tinsert(complex_type, "i", 8, H5T_IEEE_F64LE);
    H5Tset_size(text, 8);
    H5Dclose(
        H5Dcreate2(file, "complex", complex_type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file, "text", text, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file, "unwritten", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT,
                        H5P_DEFAULT));
    const hid_t bad = put_field(file, "bad", H5T_IEEE_F64LE, 0, 0, H5P_DEFAULT);
    double values[COUNT] = {0};
    values[(2 * NY + 1) * NX + 3] = NAN;
    H5Dwrite(bad, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(bad);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    H5Dclose(
        H5Dcreate2(file, "scalar", H5T_IEEE_F64LE, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(scalar);
    H5Tclose(complex_type);
    H5Tclose(text);
    H5Sclose(space);
    H5Gclose(group);
    H5Fclose(file);
    static const struct {
        const char *dataset, *code, *says;
    } cases[] = {
        /* clang-format off */
        {"/meshes/entropy", "shape", "\"order\": \"xyz\""}, {"/odd", "shape", "[7, 9]"},
        {"/odd", "shape", "[3, 4, 5]"},                     {"/complex", "type", "compounds"},
        {"/text", "type", "text"},                          {"/unwritten", "storage", "never written"},
        {"/meshes", "not_a_dataset", "contains entropy, good"}, {"/meshes/entrpoy", "missing_dataset", "mean \"entropy\""},
        {"/mesh/entropy", "missing_dataset", "mean \"meshes\""}, {"/odd/x", "missing_dataset", "not a group"},
        {"/zzzzzzzz", "missing_dataset", "bad, complex"},   {"/scalar", "shape", "single value"},
        {"", "missing_dataset", "no \"\""},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const qep_read_request request = request_for("wrong.h5", cases[i].dataset);
        expect_refusal(&request, cases[i].code, cases[i].says);
    }
    qep_read_request request = request_for("wrong.h5", "/meshes/good");
    request.order_xyz = 1;
    expect_refusal(&request, "shape", "\"order\": \"zyx\"");
    const qep_grid grid = grid3();
    double out[COUNT];
    qep_error_clear(&err);
    request = request_for("wrong.h5", "/bad");
    assert_int_equal(qep_read_field(&request, &grid, 0, 1, out, &err), QEP_ERR_INPUT);
    assert_non_null(strstr(err.item[0].message, "[2,1,3]"));
}

static void units_are_applied_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *own, *given;
        double factor; /* 0: refused */
    } cases[] = {{NULL, NULL, 1.0},    {NULL, "mV", 1e-3}, {"mV", NULL, 1e-3},
                 {"mV", "mV", 1e-3},   {"mV", "V", 0.0},   {"nm", NULL, 0.0},
                 {"prose", NULL, 1.0}, {NULL, "nm", 0.0},  {NULL, "furlong", 0.0}};
    const qep_grid grid = grid3();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hid_t file = create("units.h5"),
                    set = put_field(file, "S", H5T_IEEE_F64LE, 0, 0, H5P_DEFAULT);
        if (cases[i].own) {
            put_text(set, "units", 1, strlen(cases[i].own) + 1, cases[i].own);
        }
        H5Dclose(set);
        H5Fclose(file);
        qep_read_request request = request_for("units.h5", "S");
        request.unit = cases[i].given;
        if (cases[i].factor != 0.0) {
            expect_field(&request, 0, cases[i].factor);
        } else {
            assert_int_not_equal(qep_read_check(&request, &grid, NULL, &err), QEP_OK);
        }
    }
}

typedef struct {
    double spacing[3], offset[3], position[3], unit_si, grid_unit, dimension[7];
    const char *labels; /* three texts of two bytes */
} record;

static void write_record(const record *r, int as_component) {
    const hid_t file = create("record.h5"),
                group = H5Gcreate2(file, "phi", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t set = put_field(group, "x", H5T_IEEE_F64LE, 0, 0, H5P_DEFAULT),
                carrier = as_component ? group : set;
    put_numbers(carrier, "gridSpacing", 3, r->spacing);
    put_numbers(carrier, "gridGlobalOffset", 3, r->offset);
    put_numbers(carrier, "gridUnitSI", 1, &r->grid_unit);
    put_numbers(carrier, "unitDimension", 7, r->dimension);
    put_text(carrier, "axisLabels", 3, 2, r->labels);
    put_numbers(set, "unitSI", 1, &r->unit_si);
    put_numbers(set, "position", 3, r->position);
    H5Dclose(set);
    H5Gclose(group);
    H5Lcreate_soft("/phi/x", file, "short", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
}

static void openpmd_records_must_agree_with_the_grid(void **state) {
    (void)state;
    static const record good = {
        {1e3, 500, 200},         {-2e3, 1e3, 0}, {0.5, 0.5, 0.5}, 1e-3, 1e-3,
        {2, 1, -3, -1, 0, 0, 0}, "z\0y\0x"};
    for (int as_component = 0; as_component < 2; as_component++) {
        record r = good;
        qep_read_request request = request_for("record.h5", "/phi/x");
        write_record(&r, as_component);
        expect_field(&request, 0, 1e-3);
        request.dataset = "/short";
        expect_field(&request, 0, 1e-3);
        r.spacing[2] = 201;
        write_record(&r, as_component);
        expect_refusal(&request, "grid_mismatch", "spacing along x is 0.201");
        r = good;
        r.position[0] = 0.0;
        write_record(&r, as_component);
        expect_refusal(&request, "grid_mismatch", "along z is at -2 m, the grid's at -1.5 m");
        r = good;
        r.labels = "x\0y\0z";
        write_record(&r, as_component);
        expect_refusal(&request, "axis_order", "\"order\": \"xyz\"");
        r = good;
        r.dimension[3] = 0;
        write_record(&r, as_component);
        expect_refusal(&request, "unit", "but V is needed");
    }
}

static void nothing_leads_out_of_the_file(void **state) {
    (void)state;
    const hsize_t dims[3] = {NZ, NY, NX};
    hid_t file = create("other.h5");
    H5Dclose(put_field(file, "S", H5T_IEEE_F64LE, 0, 0, H5P_DEFAULT));
    H5Fclose(file);
    char other[512];
    snprintf(other, sizeof other, "%s", file_name("other.h5"));
    file = create("hostile.h5");
    const hid_t space = H5Screate_simple(3, dims, NULL);
    hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(how, "/etc/passwd", 0, COUNT * 8);
    H5Dclose(H5Dcreate2(file, "stolen", H5T_IEEE_F64LE, space, H5P_DEFAULT, how, H5P_DEFAULT));
    H5Pclose(how);
    H5Lcreate_external(other, "/S", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external(other, "/", file, "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/external", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    static const char *const sources[][3] = {{"v_file", NULL, "/S"},
                                             {"v_link", ".", "/external"},
                                             {"v_stolen", ".", "/stolen"},
                                             {"v_self", ".", "/v_self"},
                                             {"v_gone", ".", "/gone"}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        how = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_virtual(how, space, sources[i][1] ? sources[i][1] : other, sources[i][2], space);
        H5Dclose(
            H5Dcreate2(file, sources[i][0], H5T_IEEE_F64LE, space, H5P_DEFAULT, how, H5P_DEFAULT));
        H5Pclose(how);
    }
    H5Sclose(space);
    H5Fclose(file);
    static const struct {
        const char *dataset, *code, *says;
    } cases[] = {
        /* clang-format off */
        {"/stolen", "leaves_file", "another file"},   {"/external", "leaves_file", "external link"}, {"/elsewhere/S", "leaves_file", "external link"},
        {"/soft", "leaves_file", "external link"},    {"/v_file", "leaves_file", "other.h5"},        {"/v_link", "leaves_file", "external link"},
        {"/v_stolen", "leaves_file", "another file"}, {"/v_self", "storage", "deep"},               {"/v_gone", "missing_dataset", "gone"},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const qep_read_request request = request_for("hostile.h5", cases[i].dataset);
        expect_refusal(&request, cases[i].code, cases[i].says);
    }
}

static void only_regular_hdf5_files_are_opened(void **state) {
    (void)state;
    qep_read_request request = request_for("absent.h5", "/S");
    expect_refusal(&request, "unreadable", "cannot be opened");
    request.file = folder;
    expect_refusal(&request, "unreadable", "regular");
    request.file = "/dev/zero";
    expect_refusal(&request, "unreadable", "regular");
    assert_int_equal(mkfifo(file_name("fifo"), 0600), 0);
    request.file = name;
    expect_refusal(&request, "unreadable", "regular");
    FILE *stream = fopen(file_name("text.h5"), "w");
    fputs("this is no HDF5 file", stream);
    fclose(stream);
    expect_refusal(&request, "not_hdf5", "HDF5");
    char *text = NULL;
    assert_int_equal(qep_read_text("/dev/zero", "/x", &text, &err), QEP_ERR_INPUT);
}

/* Dimensions that wrap a product to 0, and a time axis that claims more than memory. */
static void huge_claims_are_refused(void **state) {
    (void)state;
    const hid_t file = create("huge.h5"), how = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t wrap[3] = {(hsize_t)1 << 31, (hsize_t)1 << 31, 4},
                  long_time[4] = {(hsize_t)1 << 60, NZ, NY, NX}, chunk[4] = {1, 1, 1, 1};
    hid_t space = H5Screate_simple(3, wrap, NULL);
    H5Pset_chunk(how, 3, chunk);
    H5Dclose(H5Dcreate2(file, "wrap", H5T_IEEE_F64LE, space, H5P_DEFAULT, how, H5P_DEFAULT));
    H5Sclose(space);
    space = H5Screate_simple(4, long_time, NULL);
    H5Pset_chunk(how, 4, chunk);
    H5Dclose(H5Dcreate2(file, "long", H5T_IEEE_F64LE, space, H5P_DEFAULT, how, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(how);
    H5Fclose(file);
    qep_read_request request = request_for("huge.h5", "/wrap");
    expect_refusal(&request, "shape", "2147483648");
    request.dataset = "/long";
    expect_refusal(&request, "storage", "claims");
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    const hid_t file = create("whole.h5"),
                set = put_field(file, "S", H5T_IEEE_F64LE, 0, 2, H5P_DEFAULT);
    put_text(set, "units", 1, 2, "V");
    H5Dclose(set);
    H5Fclose(file);
    static char bytes[65536];
    FILE *stream = fopen(name, "rb");
    const size_t size = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    assert_true(size > 2000 && size < sizeof bytes);
    const qep_grid grid = grid3();
    for (size_t length = 0; length < size; length += 7) {
        stream = fopen(file_name("cut.h5"), "wb");
        fwrite(bytes, 1, length, stream);
        fclose(stream);
        const qep_read_request request = request_for("cut.h5", "/S");
        double out[COUNT];
        qep_error_clear(&err);
        assert_int_equal(qep_read_field(&request, &grid, 1, 1, out, &err), QEP_ERR_INPUT);
        assert_true(err.count >= 1 && err.item[0].message[0]);
    }
}

static void texts_come_back(void **state) {
    (void)state;
    const hid_t file = create("text.h5"), scalar = H5Screate(H5S_SCALAR), fixed = H5Tcopy(H5T_C_S1),
                variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(fixed, 5);
    H5Tset_strpad(fixed, H5T_STR_NULLPAD);
    H5Tset_size(variable, H5T_VARIABLE);
    const char *value = "{\"grid\": {}}";
    hid_t set = H5Dcreate2(file, "fixed", fixed, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, fixed, H5S_ALL, H5S_ALL, H5P_DEFAULT, "hello");
    H5Dclose(set);
    set = H5Dcreate2(file, "variable", variable, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, variable, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
    H5Dclose(set);
    set = H5Dcreate2(file, "number", H5T_IEEE_F64LE, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(set);
    H5Tclose(fixed);
    H5Tclose(variable);
    H5Sclose(scalar);
    H5Fclose(file);
    char *text = NULL;
    qep_error_clear(&err);
    assert_int_equal(qep_read_text(name, "/fixed", &text, &err), QEP_OK);
    assert_string_equal(text, "hello");
    qep_free(text);
    assert_int_equal(qep_read_text(name, "/variable", &text, &err), QEP_OK);
    assert_string_equal(text, value);
    qep_free(text);
    assert_int_equal(qep_read_text(name, "/number", &text, &err), QEP_ERR_INPUT);
    assert_null(text);
    assert_int_equal(qep_read_text(name, "/absent", &text, &err), QEP_ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_order_and_storage_gives_the_same_field),
        cmocka_unit_test(links_and_virtual_sets_inside_the_file_are_followed),
        cmocka_unit_test(series_carry_their_times),
        cmocka_unit_test(shapes_types_and_names_are_explained),
        cmocka_unit_test(units_are_applied_or_refused),
        cmocka_unit_test(openpmd_records_must_agree_with_the_grid),
        cmocka_unit_test(nothing_leads_out_of_the_file),
        cmocka_unit_test(only_regular_hdf5_files_are_opened),
        cmocka_unit_test(huge_claims_are_refused),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(texts_come_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
