/* If this fails, Wannier90 files are read wrongly: bcc Fe no longer has the anomalous Hall conductivity that postw90 prints, or a broken file is
 * taken for a good one. */
#include "bloch_samples.h"

#include <unistd.h>

/* The folder of large data, which is not part of the repository. */
static const char *find_fe(char *path, size_t size) {
    const char *folder = getenv("QEP_SHARED_DATA");
    const char *const places[] = {folder ? folder : ".", "../shared/data", "../../shared/data", "../../../shared/data"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, size, "%s/Fe_tb.dat", places[i]);
        if (access(path, R_OK) == 0) {
            return path;
        }
    }
    return NULL;
}

/* postw90: Gamma-centred 10 x 10 x 10 grid, T = 0, Fermi energy 12.6279 eV: 0.0334, 0.0572, 1222.1510 S/cm (1222.1508 from the rounded file). */
static void fe_has_the_hall_conductivity_of_postw90(void **state) {
    char path[512];
    (void)state;
    if (!find_fe(path, sizeof path)) {
        print_message("Fe_tb.dat is not here (set QEP_SHARED_DATA); skipped\n");
        skip();
    }
    qep_bloch_model *fe = NULL;
    qep_bloch_sums sums;
    qep_error err = {0};
    assert_int_equal(qep_bloch_model_wannier90(&fe, path, NULL, NULL, 3, NULL, &err), QEP_OK);
    assert_int_equal(fe->bands, 18);
    const size_t points[3] = {10, 10, 10};
    const qep_bloch_state_point at = {0.0, 12.6279 * QEP_E_CHARGE};
    const qep_bloch_request request = {.model = fe, .points = points, .state = &at, .states = 1, .wanted = 1u << QEP_BLOCH_OMEGA_F, .threads = 2};
    assert_int_equal(qep_bloch_sum(&sums, &request, &err), QEP_OK);
    double sigma[9];
    const qep_bloch_settings settings = {.spin_factor = 1.0};
    qep_bloch_quantity_find("sigma_H")->value(&sums, 0, 0.0, 0, 3, &settings, sigma);
    print_message("AHC %.10f %.10f %.10f S/cm\n", sigma[5] / 100.0, sigma[6] / 100.0, sigma[1] / 100.0);
    assert_true(fabs(sigma[5] / 100.0 - 0.0334) < 1e-4); /* yz */
    assert_true(fabs(sigma[6] / 100.0 - 0.0572) < 1e-4); /* zx */
    assert_true(fabs(sigma[1] / 100.0 - 1222.1508) < 1e-4);
    qep_bloch_sums_free(&sums);
    qep_bloch_model_destroy(fe);
}

/* ---- files made here ---- */

/* Two functions on a cubic lattice of 4 Angstrom; the lines of a small _tb.dat and _hr.dat. */
typedef struct {
    char text[8192];
} document;

static void line(document *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(document *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const size_t used = strlen(d->text);
    vsnprintf(d->text + used, sizeof d->text - used, format, args);
    va_end(args);
}

static double element(int R, int i, int j) {
    return R ? (i == j ? 0.3 : 0.1) : (i == j ? (i ? 0.5 : -0.5) : 0.05);
}

static document small(int tb) {
    document d = {""};
    line(&d, "made by a test\n");
    for (int a = 0; tb && a < 3; a++) {
        line(&d, " %d.0 %d.0 %d.0\n", a == 0 ? 4 : 0, a == 1 ? 4 : 0, a == 2 ? 4 : 0);
    }
    line(&d, "2\n3\n 2 1 2\n");
    for (int part = 0; part <= tb; part++) {
        for (int R = -1; R <= 1; R++) {
            line(&d, tb ? "\n %d 0 0\n" : "%.0d", tb ? R : 0);
            for (int j = 0; j < 2; j++) {
                for (int i = 0; i < 2; i++) {
                    const double value = element(R, i, j) * (R ? 2.0 : 1.0);
                    if (!tb) {
                        line(&d, "%d 0 0 %d %d %.10f 0.0\n", R, i + 1, j + 1, value);
                    } else if (part == 0) {
                        line(&d, "%d %d %.10f 0.0\n", i + 1, j + 1, value);
                    } else {
                        line(&d, "%d %d %.4f 0 %.4f 0 0 0\n", i + 1, j + 1, R == 0 && i == j ? 0.7 * i : 0.0, R == 0 && i == j ? 0.2 : 0.0);
                    }
                }
            }
        }
    }
    return d;
}

static qep_status try_text(const char *text, const char *centres, int dim, qep_bloch_model **model, qep_error *err) {
    static const double lattice[3][3] = {{4e-10, 0, 0}, {0, 4e-10, 0}, {0, 0, 4e-10}};
    char name[] = "/tmp/qep_wannier_XXXXXX", other[] = "/tmp/qep_centres_XXXXXX";
    const int fd = mkstemp(name), fd2 = mkstemp(other);
    assert_true(fd >= 0 && fd2 >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_true(!centres || write(fd2, centres, strlen(centres)) == (ssize_t)strlen(centres));
    close(fd);
    close(fd2);
    double x[3];
    const char *second = strchr(text, '\n');
    const int tb = second && sscanf(second, "%lf %lf %lf", &x[0], &x[1], &x[2]) == 3 && strcspn(second + 1, "\n") > 6;
    const qep_status status = qep_bloch_model_wannier90(model, name, centres ? other : NULL, tb ? NULL : lattice, dim, NULL, err);
    unlink(name);
    unlink(other);
    return status;
}

/* The same model from a _tb.dat, an _hr.dat with centres, and a list. */
static void three_ways_to_one_model(void **state) {
    (void)state;
    const document tb = small(1), hr = small(0);
    const double lattice[3][3] = {{4e-10, 0, 0}, {0, 4e-10, 0}, {0, 0, 4e-10}}, orbital[2][3] = {{0, 0.05, 0}, {0.175, 0.05, 0}},
                 onsite[2] = {-0.5 * QEP_E_CHARGE, 0.5 * QEP_E_CHARGE};
    const qep_bloch_hopping hopping[] = {{{0, 0, 0}, 0, 1, 0.05 * QEP_E_CHARGE}, {{1, 0, 0}, 0, 0, 0.3 * QEP_E_CHARGE},
                                         {{1, 0, 0}, 1, 1, 0.3 * QEP_E_CHARGE},  {{1, 0, 0}, 0, 1, 0.1 * QEP_E_CHARGE},
                                         {{1, 0, 0}, 1, 0, 0.1 * QEP_E_CHARGE}};
    qep_bloch_model *model[3] = {NULL};
    sample s[3];
    assert_int_equal(try_text(tb.text, NULL, 3, &model[0], NULL), QEP_OK);
    assert_int_equal(try_text(hr.text, "3\ncentres\nX 0 0.2 0\n X 0.7 0.2 0\nFe 0 0 0\n", 3, &model[1], NULL), QEP_OK);
    assert_int_equal(qep_bloch_model_list(&model[2], 3, lattice, 2, orbital, onsite, hopping, 5, NULL, NULL), QEP_OK);
    const size_t points[3] = {16, 2, 2};
    for (int i = 0; i < 3; i++) {
        s[i] = sample_model(model[i]);
        sample_sum(&s[i], points, NULL, 0.2, 1500, EVERYTHING);
    }
    for (int integral = 0; integral < QEP_BLOCH_TRACE; integral++) { /* the trace of d2H is that of the orbitals, not of the bands */
        double scale = 0.0;
        for (size_t c = s[2].sums.at[integral]; c < s[2].sums.at[integral + 1]; c++) {
            scale = fmax(scale, fabs(s[2].sums.value[c]));
        }
        for (size_t c = s[2].sums.at[integral]; c < s[2].sums.at[integral + 1]; c++) {
            for (int i = 0; i < 2; i++) {
                if (!(fabs(s[i].sums.value[c] - s[2].sums.value[c]) <= 1e-9 * scale + 1e-15)) {
                    fail_msg("way %d, integral %d: %.12g instead of %.12g", i, integral, s[i].sums.value[c], s[2].sums.value[c]);
                }
            }
        }
    }
    for (int i = 0; i < 3; i++) {
        sample_free(&s[i]);
    }
}

/* Replace the first occurrence. */
static document changed(document d, const char *from, const char *to) {
    document out = {""};
    char *at = strstr(d.text, from);
    assert_non_null(at);
    *at = 0;
    line(&out, "%s%s%s", d.text, to, at + strlen(from));
    return out;
}

static void broken_files_are_refused(void **state) {
    (void)state;
    static const struct {
        int tb;
        const char *from, *to, *word;
    } rows[] = {
        {1, "0.6000000000", "0.6000400000", "adjoint"},      {1, "\n 1 0 0\n", "\n 2 0 0\n", "differs"},
        {1, " 2 1 2\n", " 2 1\n", "degeneracies"},           {1, " 2 1 2\n", " 2 1 2 2\n", "more degeneracies"},
        {1, " 2 1 2\n", " 2 0 2\n", "positive"},             {1, "\n 1 0 0\n", "\n 0 0 0\n", "differs"},
        {1, "\n2\n3\n", "\n3\n3\n", "expected"},             {1, "0.6000000000", "NaN", "finite"},
        {1, "0.6000000000", "inf", "finite"},                {1, "0.6000000000", "6.0D-01", "D exponent"},
        {1, "0.6000000000", "************", "Fortran"},      {1, " 0.0 4.0 0.0", " 8.0 0.0 0.0", "volume"},
        {1, "1 1 0.0000 0 0.2000 0 0 0\n", "1 1 0 0\n", ""}, {0, " 2 1 2\n", " 2 1\n", "degeneracies"},
        {0, "0.6000000000", "6d-1", "D exponent"},           {0, "1 0 0 1 1", "2 0 0 1 1", ""},
        {0, "1 0 0 2 2", "1 0 0 2 3", "expected"},           {0, "\n2\n3\n", "\n2\n300\n", ""},
        {0, "\n2\n3\n", "\n-2\n3\n", "allowed"},             {0, "\n2\n3\n", "\n2.5\n3\n", "integer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const document d = changed(small(rows[i].tb), rows[i].from, rows[i].to);
        qep_bloch_model *model = NULL;
        qep_error err = {0};
        const qep_status status = try_text(d.text, NULL, 3, &model, &err);
        if (status != QEP_ERR_INPUT || err.count == 0 || !strstr(err.item[0].message, rows[i].word)) {
            fail_msg("case %zu (%s): status %d, \"%s\"", i, rows[i].to, status, err.count ? err.item[0].message : "");
        }
        assert_null(model);
    }
    static const char *const elements[] = {"\n1 0 0 1 1", "\n1 0 0 2 1", "\n1 0 0 1 2", "\n1 0 0 2 2"};
    for (int twice = 0; twice < 2; twice++) { /* R = (1, 0, 0) becomes (2, 0, 0) or (0, 0, 0) */
        document d = small(0);
        for (int e = 0; e < 4; e++) {
            char to[16];
            snprintf(to, sizeof to, "%s", elements[e]);
            to[1] = twice ? '0' : '2';
            d = changed(d, elements[e], to);
        }
        qep_error err = {0};
        qep_bloch_model *none = NULL;
        assert_int_equal(try_text(d.text, NULL, 3, &none, &err), QEP_ERR_INPUT);
        assert_non_null(strstr(err.item[0].message, twice ? "twice" : "partner"));
    }
    for (int tb = 0; tb < 2; tb++) { /* cut anywhere: never a model, never a crash */
        const document whole = small(tb);
        for (size_t length = 1; length + 3 < strlen(whole.text); length += 7) {
            document cut = whole;
            cut.text[length] = 0;
            qep_bloch_model *model = NULL;
            assert_int_equal(try_text(cut.text, NULL, 3, &model, NULL), QEP_ERR_INPUT);
        }
    }
}

static void sheets_and_centres(void **state) {
    (void)state;
    qep_bloch_model *model = NULL;
    const document tb = small(1), hr = small(0);
    assert_int_equal(try_text(tb.text, NULL, 2, &model, NULL), QEP_OK); /* nothing hops along the third vector */
    assert_true(model->dim == 2 && fabs(model->cell - 16e-20) < 1e-30);
    qep_bloch_model_destroy(model);
    document along = changed(changed(tb, " -1 0 0\n", " 0 0 -1\n"), "\n 1 0 0\n", "\n 0 0 1\n");
    along = changed(changed(along, " -1 0 0\n", " 0 0 -1\n"), "\n 1 0 0\n", "\n 0 0 1\n");
    qep_error err = {0};
    assert_int_equal(try_text(along.text, NULL, 2, &model, &err), QEP_ERR_INPUT);
    assert_non_null(strstr(err.item[0].message, "third"));
    assert_int_equal(try_text(tb.text, "2\n\nX 0 0 0\nX 0 0 0\n", 3, &model, NULL), QEP_ERR_INPUT);
    assert_int_equal(try_text(hr.text, "2\n\nX 0 0 0\nFe 0 0 0\n", 3, &model, NULL), QEP_ERR_INPUT);
    assert_int_equal(try_text(hr.text, "3\n\nX 0 0 0\nX 0 0 0\nX 0 0 0\n", 3, &model, NULL), QEP_ERR_INPUT);
    assert_int_equal(try_text(hr.text, NULL, 3, &model, NULL), QEP_OK);
    assert_int_equal(model->has_positions, 0);
    qep_bloch_model_destroy(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fe_has_the_hall_conductivity_of_postw90),
        cmocka_unit_test(three_ways_to_one_model),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(sheets_and_centres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
