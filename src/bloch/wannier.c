/* Wannier90 files. `_tb.dat` holds lattice, H(R) and the position matrix r(R); `_hr.dat` holds H(R) alone, so that the lattice comes from the user or
 * from the .win file beside it, and positions from a _centres.xyz. Both divide by the degeneracies of the R vectors. Formats as Wannier90 3 writes them. */
#include "qep/bloch/model.h"

#include "bloch/text.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const double angstrom = 1e-10, bohr = 0.529177210903e-10; /* m */

enum { MOST_BANDS = 20000 };

static qep_status read_count(bloch_text *t, const char *what, long most, size_t *count) {
    long value = 0;
    QEP_TRY(bloch_text_line(t, what));
    char *at = t->line;
    QEP_TRY(bloch_text_integers(t, &at, 1, &value));
    QEP_TRY(bloch_text_end_of_line(t, at));
    if (value < 1 || value > most) {
        return bloch_text_fault(t, "out_of_range", "%s is %ld; from 1 to %ld is allowed", what, value, most);
    }
    *count = (size_t)value;
    return QEP_OK;
}

/* `count` positive integers over full lines, as many as there are lattice vectors. */
static qep_status read_degeneracies(bloch_text *t, size_t count, double *weight) {
    for (size_t used = 0; used < count;) {
        QEP_TRY(bloch_text_line(t, "the degeneracies of the lattice vectors"));
        char *at = t->line;
        if (bloch_text_blank(t) || strchr(t->line, '.')) {
            return bloch_text_fault(t, "degeneracies", "there are %zu degeneracies for %zu lattice vectors", used, count);
        }
        while (*(at += strspn(at, " \t"))) {
            long value = 0;
            if (used == count) {
                return bloch_text_fault(t, "degeneracies", "there are more degeneracies than the %zu lattice vectors", count);
            }
            QEP_TRY(bloch_text_integers(t, &at, 1, &value));
            if (value < 1) {
                return bloch_text_fault(t, "degeneracies", "degeneracy %zu is %ld; it must be positive (are there %zu of them, one for each vector?)",
                                        used + 1, value, count);
            }
            weight[used++] = 1.0 / (double)value;
        }
    }
    return QEP_OK;
}

static qep_status store_vector(const bloch_text *t, const long R[3], int *out) {
    for (int c = 0; c < 3; c++) {
        if (R[c] < -INT_MAX / 2 || R[c] > INT_MAX / 2) {
            return bloch_text_fault(t, "out_of_range", "the lattice vector is too long");
        }
        out[c] = (int)R[c];
    }
    return QEP_OK;
}

static qep_status check_order(const bloch_text *t, const long index[2], size_t i, size_t j) {
    if (index[0] != (long)i + 1 || index[1] != (long)j + 1) {
        return bloch_text_fault(t, "order", "element (%ld, %ld) came where (%zu, %zu) is expected (first index fastest); the number of Wannier functions may "
                                            "differ from that of the head",
                                index[0], index[1], i + 1, j + 1);
    }
    return QEP_OK;
}

/* ---- _tb.dat ---- */

/* Blank line, R, then bands^2 lines of i, j and `parts` complex numbers. out[part][shift][element]; first 0: R must be that of H. */
static qep_status read_block(bloch_text *t, qep_bloch_model *m, size_t s, int parts, double weight, double complex *out, int first) {
    const size_t n = m->bands, all = m->shifts * n * n;
    long R[3];
    int vector[3];
    QEP_TRY(bloch_text_filled_line(t, first ? "a block of H(R)" : "a block of r(R)"));
    char *at = t->line;
    QEP_TRY(bloch_text_integers(t, &at, 3, R));
    QEP_TRY(bloch_text_end_of_line(t, at));
    QEP_TRY(store_vector(t, R, vector));
    if (first) {
        memcpy(m->R + 3 * s, vector, sizeof vector);
    } else if (memcmp(m->R + 3 * s, vector, sizeof vector) != 0) {
        return bloch_text_fault(t, "order", "R = (%ld, %ld, %ld) of r(R) differs from that of H(R) at the same place", R[0], R[1], R[2]);
    }
    for (size_t e = 0; e < n * n; e++) {
        long index[2];
        double value[6];
        QEP_TRY(bloch_text_line(t, "a matrix element"));
        at = t->line;
        QEP_TRY(bloch_text_integers(t, &at, 2, index));
        QEP_TRY(check_order(t, index, e % n, e / n));
        QEP_TRY(bloch_text_numbers(t, &at, 2 * (size_t)parts, value));
        QEP_TRY(bloch_text_end_of_line(t, at));
        for (int c = 0; c < parts; c++) {
            out[(size_t)c * all + s * n * n + e] = weight * (value[2 * c] + I * value[2 * c + 1]);
        }
    }
    return QEP_OK;
}

static qep_status read_tb_body(bloch_text *t, qep_bloch_model *m, size_t shifts, const double *weight) {
    QEP_TRY(qep_bloch_model_allocate(m, shifts, 1, t->err));
    for (size_t s = 0; s < shifts; s++) {
        QEP_TRY(read_block(t, m, s, 1, weight[s], m->H, 1));
    }
    for (size_t s = 0; s < shifts; s++) {
        QEP_TRY(read_block(t, m, s, 3, weight[s] * angstrom, m->r, 0));
    }
    m->has_positions = 1;
    return QEP_OK;
}

/* ---- _hr.dat ---- */

static qep_status read_hr_body(bloch_text *t, qep_bloch_model *m, size_t shifts, const double *weight) {
    const size_t n = m->bands;
    QEP_TRY(qep_bloch_model_allocate(m, shifts, 0, t->err));
    for (size_t e = 0; e < shifts * n * n; e++) {
        const size_t s = e / (n * n);
        long index[5];
        int vector[3];
        double value[2];
        QEP_TRY(bloch_text_line(t, "a matrix element of H(R)"));
        char *at = t->line;
        QEP_TRY(bloch_text_integers(t, &at, 5, index));
        QEP_TRY(store_vector(t, index, vector));
        QEP_TRY(check_order(t, index + 3, e % n, e / n % n));
        QEP_TRY(bloch_text_numbers(t, &at, 2, value));
        QEP_TRY(bloch_text_end_of_line(t, at));
        if (e % (n * n) == 0) {
            memcpy(m->R + 3 * s, vector, sizeof vector);
        } else if (memcmp(m->R + 3 * s, vector, sizeof vector) != 0) {
            return bloch_text_fault(t, "order", "R changes to (%d, %d, %d) before the block of %zu elements is complete", vector[0], vector[1],
                                    vector[2], n * n);
        }
        m->H[e] = weight[s] * (value[0] + I * value[1]);
    }
    return QEP_OK;
}

/* _centres.xyz: a count, a comment, then "X x y z" per Wannier function in Angstrom, then the atoms. */
static qep_status read_centres(qep_bloch_model *m, const char *file, qep_error *err) {
    bloch_text t;
    size_t found = 0, lines = 0;
    QEP_TRY(bloch_text_open(&t, file, err));
    qep_status status = read_count(&t, "the number of lines", LONG_MAX / 4, &lines);
    status = status == QEP_OK ? bloch_text_line(&t, "a comment") : status;
    for (size_t i = 0; i < lines && status == QEP_OK; i++) {
        status = bloch_text_line(&t, "a centre");
        char *at = status == QEP_OK ? t.line + strspn(t.line, " \t") : NULL;
        if (status != QEP_OK || at[0] != 'X' || !isspace((unsigned char)at[1])) {
            continue;
        }
        double centre[3];
        at++;
        status = bloch_text_numbers(&t, &at, 3, centre);
        if (status == QEP_OK && found == m->bands) {
            status = bloch_text_fault(&t, "shape", "there are more centres than the %zu Wannier functions", m->bands);
        }
        for (int c = 0; c < 3 && status == QEP_OK; c++) {
            m->tau[3 * found + (size_t)c] = centre[c] * angstrom;
        }
        found++;
    }
    if (status == QEP_OK && found != m->bands) {
        status = bloch_text_fault(&t, "shape", "%zu centres (lines that begin with X) for %zu Wannier functions", found, m->bands);
    }
    m->has_positions = status == QEP_OK;
    bloch_text_close(&t);
    return status;
}

/* The lattice in x.win beside x_hr.dat: begin unit_cell_cart, perhaps a unit, three vectors. */
static qep_status read_win(qep_bloch_model *m, const char *file, qep_error *err) {
    bloch_text t;
    QEP_TRY(bloch_text_open(&t, file, err));
    double unit = angstrom;
    int inside = 0, row = 0;
    qep_status status = QEP_OK;
    while (row < 3 && (status = bloch_text_line(&t, "the block unit_cell_cart")) == QEP_OK) {
        char *at = t.line + strspn(t.line, " \t");
        if (!inside) {
            inside = strncasecmp(at, "begin", 5) == 0 && strcasestr(at, "unit_cell_cart");
        } else if (isalpha((unsigned char)*at)) {
            unit = strncasecmp(at, "bohr", 4) == 0 ? bohr : angstrom;
        } else if (*at) {
            status = bloch_text_numbers(&t, &at, 3, m->lattice[row]);
            if (status != QEP_OK) {
                break;
            }
            row++;
        }
    }
    for (int i = 0; i < 9; i++) {
        m->lattice[i / 3][i % 3] *= unit;
    }
    bloch_text_close(&t);
    return status;
}

static qep_status find_lattice(qep_bloch_model *m, const char *file, const double (*lattice)[3], qep_error *err) {
    if (lattice) {
        memcpy(m->lattice, lattice, sizeof m->lattice);
        return QEP_OK;
    }
    const char *end = strstr(file, "_hr.dat");
    char *stem = qep_text_copy_n(file, end ? (size_t)(end - file) : strlen(file));
    char *win = stem ? qep_text_format("%s.win", stem) : NULL;
    qep_status status = QEP_ERR_MEMORY;
    if (win && access(win, R_OK) == 0) {
        status = read_win(m, win, err);
    } else if (win) {
        status = qep_error_add(err, QEP_ERR_INPUT, "missing_lattice", NULL, file,
                               "an _hr.dat holds no lattice vectors, and %s is not there; give \"lattice\" beside \"wannier90\", or use the _tb.dat", win);
    }
    qep_free(stem);
    qep_free(win);
    return status;
}

/* ---- both ---- */

/* A sheet: nothing may hop along the third vector, and the plane must be x, y. */
static qep_status check_sheet(const bloch_text *t, const qep_bloch_model *m) {
    const size_t square = m->bands * m->bands;
    if (m->lattice[0][2] != 0.0 || m->lattice[1][2] != 0.0) {
        return qep_error_add(t->err, QEP_ERR_INPUT, "lattice", NULL, t->file,
                             "a k-grid of two numbers makes a sheet in the plane x, y, but the first two lattice vectors leave it; give three numbers");
    }
    for (size_t e = 0; e < m->shifts * square; e++) {
        if (m->R[3 * (e / square) + 2] != 0 && cabs(m->H[e]) > 1e-9) {
            return qep_error_add(t->err, QEP_ERR_INPUT, "lattice", NULL, t->file,
                                 "a k-grid of two numbers makes a sheet, but H(R) at R = (%d, %d, %d) hops along the third vector; give three numbers",
                                 m->R[3 * (e / square)], m->R[3 * (e / square) + 1], m->R[3 * (e / square) + 2]);
        }
    }
    return QEP_OK;
}

/* Shifts along the third vector are empty; what is left of them must not count twice. */
static void flatten(qep_bloch_model *m) {
    const size_t square = m->bands * m->bands, before = m->shifts;
    size_t used = 0;
    for (size_t s = 0; s < before; s++) {
        if (m->R[3 * s + 2] == 0) {
            memmove(m->R + 3 * used, m->R + 3 * s, 3 * sizeof(int));
            memmove(m->H + used * square, m->H + s * square, square * sizeof *m->H);
            for (size_t c = 0; m->r && c < 3; c++) {
                memmove(m->r + (c * before + used) * square, m->r + (c * before + s) * square, square * sizeof *m->r);
            }
            used++;
        }
    }
    for (size_t c = 1; m->r && c < 3; c++) {
        memmove(m->r + c * used * square, m->r + c * before * square, used * square * sizeof *m->r);
    }
    m->shifts = used;
}

static qep_status read_lattice_rows(bloch_text *t, qep_bloch_model *m) {
    for (int d = 0; d < 3; d++) {
        if (d > 0) {
            QEP_TRY(bloch_text_line(t, "a lattice vector"));
        }
        char *at = t->line;
        QEP_TRY(bloch_text_numbers(t, &at, 3, m->lattice[d]));
        QEP_TRY(bloch_text_end_of_line(t, at));
        for (int c = 0; c < 3; c++) {
            m->lattice[d][c] *= angstrom;
        }
    }
    return QEP_OK;
}

/* A `_tb.dat` has three numbers on its second line, an `_hr.dat` one. */
static int is_tb(const char *line) {
    double x[3];
    return sscanf(line, "%lf %lf %lf", &x[0], &x[1], &x[2]) == 3;
}

static qep_status read_numbers_of(bloch_text *t, qep_bloch_model *m, int tb, double **weight, size_t *shifts) {
    void *block = NULL;
    if (tb) {
        QEP_TRY(read_lattice_rows(t, m));
        QEP_TRY(read_count(t, "the number of Wannier functions", MOST_BANDS, &m->bands));
    } else {
        char *at = t->line;
        long bands = 0;
        QEP_TRY(bloch_text_integers(t, &at, 1, &bands));
        QEP_TRY(bloch_text_end_of_line(t, at));
        if (bands < 1 || bands > MOST_BANDS) {
            return bloch_text_fault(t, "out_of_range", "the number of Wannier functions is %ld; from 1 to %d is allowed", bands, MOST_BANDS);
        }
        m->bands = (size_t)bands;
    }
    QEP_TRY(read_count(t, "the number of lattice vectors", 100000000, shifts));
    /* A head that promises more than the file can hold would only cost memory. */
    if (*shifts > strlen(t->next) / 2 || m->bands * m->bands > strlen(t->next) / 8 + 1 || *shifts * m->bands * m->bands > strlen(t->next) / 8 + 1) {
        return bloch_text_fault(t, "truncated", "%zu lattice vectors of %zu x %zu elements are more than the file holds", *shifts, m->bands, m->bands);
    }
    QEP_TRY(qep_alloc(&block, *shifts, sizeof(double), "degeneracies", t->err));
    *weight = block;
    return read_degeneracies(t, *shifts, *weight);
}

static qep_status read_tail(bloch_text *t) {
    while (*t->next) {
        QEP_TRY(bloch_text_line(t, "the end"));
        if (!bloch_text_blank(t)) {
            return bloch_text_fault(t, "format", "the file goes on where its head lets it end");
        }
    }
    return QEP_OK;
}

static qep_status read_file(bloch_text *t, qep_bloch_model *m, const char *centres, const double (*lattice)[3], double **weight) {
    size_t shifts = 0;
    QEP_TRY(bloch_text_line(t, "a title"));
    QEP_TRY(bloch_text_line(t, "lattice vectors or the number of Wannier functions"));
    const int tb = is_tb(t->line);
    if (tb && (centres || lattice)) {
        return bloch_text_fault(t, "contradiction", "a _tb.dat holds its own lattice and positions; \"%s\" belongs to an _hr.dat",
                                centres ? "centres" : "lattice");
    }
    QEP_TRY(read_numbers_of(t, m, tb, weight, &shifts));
    QEP_TRY(tb ? read_tb_body(t, m, shifts, *weight) : read_hr_body(t, m, shifts, *weight));
    QEP_TRY(read_tail(t));
    return tb ? QEP_OK : find_lattice(m, t->file, lattice, t->err);
}

static qep_status build(qep_bloch_model *m, bloch_text *t, const char *centres, const double (*lattice)[3], const qep_log *log, double **weight) {
    QEP_TRY(read_file(t, m, centres, lattice, weight));
    if (m->dim == 2) {
        QEP_TRY(check_sheet(t, m));
        flatten(m);
    }
    QEP_TRY(qep_bloch_model_lattice(m, NULL, t->file, t->err));
    QEP_TRY(qep_bloch_model_hermitian(m, NULL, t->file, log, t->err));
    return centres ? read_centres(m, centres, t->err) : QEP_OK;
}

qep_status qep_bloch_model_wannier90(qep_bloch_model **model, const char *file, const char *centres, const double (*lattice)[3], int dim,
                                     const qep_log *log, qep_error *err) {
    void *block = NULL;
    bloch_text t;
    double *weight = NULL;
    *model = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_bloch_model), "a Bloch model", err));
    qep_bloch_model *made = block;
    const char *slash = strrchr(file, '/');
    snprintf(made->name, sizeof made->name, "%s", slash ? slash + 1 : file);
    made->dim = dim;
    qep_status status = bloch_text_open(&t, file, err);
    if (status == QEP_OK) {
        status = build(made, &t, centres, lattice, log, &weight);
        bloch_text_close(&t);
    }
    qep_free(weight);
    if (status != QEP_OK) {
        qep_bloch_model_destroy(made);
        return status;
    }
    *model = made;
    return QEP_OK;
}
