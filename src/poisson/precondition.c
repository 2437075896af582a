/* Which method solves the system, and the fast solve with a constant coefficient as a preconditioner: the transforms invert the very stencil of the
 * finite volumes where the coefficient is constant, walls and half volumes included. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include "qep/spectral/passes.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Noise from cell to cell: contrast above `violent`, and at least this part of the faces join cells that differ by `jump` or more. Then aggregates of cells
 * mean little, and the multigrid takes hundreds of iterations. */
static const double violent = 1e4, jump = 10.0, noisy = 0.2;

/* Contrast up to which the transforms' iterations (about 6 sqrt(contrast)) cost less than the 10 of the multigrid. */
static const double mild = 4.0;

static const qep_method_row methods[QEP_METHOD_COUNT] = {
    [QEP_METHOD_AUTO] = {"auto", 1, "chosen from the materials and electrodes; the choice and its reason are reported"},
    [QEP_METHOD_FFT] = {"fft", 1, "direct, by fast transforms; materials must be constant"},
    [QEP_METHOD_PCG_FFT] = {"pcg-fft", 1, "conjugate gradients preconditioned by the fast solve with constant materials; mild contrast"},
    [QEP_METHOD_PCG_MG] = {"pcg-mg", 1, "conjugate gradients preconditioned by geometric multigrid; any contrast, insulators, electrodes"},
    [QEP_METHOD_PCG_AMG] = {"pcg-amg",
#ifdef QEP_HYPRE
                            1,
#else
                            0,
#endif
                            "conjugate gradients preconditioned by hypre's BoomerAMG; noise from cell to cell of contrast above 1e4"},
};

const qep_method_row *qep_method_table(void) {
    return methods;
}

typedef struct {
    const qep_elliptic *e;
    qep_passes *passes;
    const double *r; /* of the present application */
    double scale;    /* 1/coefficient */
    double sinks;    /* sum; the fast operator may have a constant mode where the true one has none */
    int singular;
} fast;

/* rows = -r/(c volume): the eigenvalues are those of the Laplacian. Ghost layers count as cells. */
static void load_rows(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    const fast *f = context;
    const qep_elliptic *e = f->e;
    const size_t nx = e->a.n[0];
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = 0; x < nx; x++) {
            const int node = e->grid.sampling == QEP_NODE;
            const size_t at[3] = {node ? x : 0, node ? y : 0, node ? z : 0};
            rows[(y - y0) * nx + x] = -f->scale * f->r[(z * e->a.n[1] + y) * nx + x] / qep_elliptic_volume(e, at);
        }
    }
}

static void apply_fast(void *data, const double *r, double *z) {
    fast *f = data;
    const qep_elliptic *e = f->e;
    double constant = 0.0, level = 0.0;
    f->r = r;
    qep_passes_solve(f->passes, load_rows, f, z, NULL, &constant);
    if (f->singular && f->sinks > 0.0) {
        for (size_t i = 0; i < e->a.count; i++) {
            level += r[i];
        }
        level /= f->sinks;
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->a.count; i++) {
        z[i] = e->a.inverse[i] > 0.0 ? z[i] + level : 0.0;
    }
}

static void destroy_fast(void *data) {
    fast *f = data;
    if (f) {
        qep_passes_destroy(f->passes);
    }
    qep_free(f);
}

static void fill_symbols(fast *f) {
    for (int d = 0; d < 3; d++) {
        const qep_line *line = qep_passes_line(f->passes, d);
        double *values = qep_passes_eigenvalues(f->passes, d);
        for (size_t k = 0; line && k < qep_line_unknowns(line); k++) {
            const double s = 2.0 * sin(0.5 * qep_line_theta(line, k)) / f->e->grid.axis[d].h;
            values[qep_line_first(line) + k] = -s * s;
        }
    }
}

/* Geometric mean of the extremes: the spectrum of the preconditioned operator lies evenly around 1. */
static double typical(const qep_elliptic *e) {
    double low = INFINITY, high = 0.0;
    for (size_t i = 0; e->c && i < e->samples; i++) {
        if (e->c[i] > 0.0) {
            low = fmin(low, e->c[i]);
            high = fmax(high, e->c[i]);
        }
    }
    return e->c ? sqrt(low) * sqrt(high) : e->c_value;
}

/* A contact over a whole face holds it like a Dirichlet wall. */
static int held_face(const qep_elliptic *e, int face) {
    const int d = face / 2;
    if (!e->face_owner[face] || e->low[d] || e->a.n[d] != e->grid.axis[d].n) {
        return 0;
    }
    for (size_t t = 0; t < e->samples / e->grid.axis[d].n; t++) {
        if (e->face_owner[face][t] < 0) {
            return 0;
        }
    }
    return 1;
}

qep_status qep_fast_create(qep_elliptic *e, qep_error *err) {
    fast *f = NULL;
    QEP_TRY(qep_alloc((void **)&f, 1, sizeof *f, "fast solve", err));
    e->m = (qep_preconditioner){.data = f, .apply = apply_fast, .destroy = destroy_fast};
    f->e = e;
    f->scale = 1.0 / typical(e);
    qep_grid grid = e->grid;
    f->singular = 1;
    for (int face = 0; face < 6; face++) {
        qep_axis *axis = &grid.axis[face / 2];
        axis->n = e->a.n[face / 2];
        if (held_face(e, face)) {
            axis->bc[face % 2] = QEP_DIRICHLET;
        }
        f->singular &= axis->n == 1 || axis->bc[face % 2] != QEP_DIRICHLET;
    }
    for (size_t k = 0; k < e->contact_count; k++) {
        const int32_t electrode = e->contact[k].electrode;
        int floats = 0;
        for (size_t p = 0; p < e->pad_count; p++) {
            floats |= electrode == (int32_t)e->pad[p].electrode;
        }
        f->sinks += floats ? 0.0 : e->contact[k].g;
    }
    for (size_t k = 0; k < e->link_count; k++) {
        f->sinks += e->link[k].pad[1] == SIZE_MAX ? e->link[k].conductance : 0.0;
    }
    qep_walls walls;
    qep_walls_init(&walls, &grid);
    QEP_TRY(qep_passes_create(&f->passes, &grid, &walls, e->options.threads, (qep_effort)e->options.effort, err));
    fill_symbols(f);
    return QEP_OK;
}

/* What speaks against the fast solve. */
static int has_regions(const qep_elliptic *e) {
    for (size_t i = 0; i < e->a.count; i++) {
        if (e->role[i] == QEP_ELECTRODE_CELL) {
            return 1;
        }
    }
    for (int face = 0; face < 6; face++) {
        if (e->face_owner[face] && !held_face(e, face)) {
            return 1;
        }
    }
    return 0;
}

static void __attribute__((format(printf, 3, 4))) choose(qep_elliptic *e, qep_method method, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(e->about.reason, sizeof e->about.reason, format, list);
    va_end(list);
    e->about.method = method;
}

/* Part of the faces between conducting samples whose coefficients differ by `jump` or more. */
static double roughness(const qep_elliptic *e) {
    size_t faces = 0, jumps = 0;
    for (int d = 0; d < 3 && e->c; d++) {
        const size_t stride = qep_grid_stride(&e->grid, d), n = e->grid.axis[d].n;
#pragma omp parallel for num_threads(e->options.threads) schedule(static) reduction(+ : faces, jumps)
        for (size_t i = 0; i < e->samples; i++) {
            if (i / stride % n + 1 < n && e->c[i] > 0.0 && e->c[i + stride] > 0.0) {
                const double a = e->c[i], b = e->c[i + stride];
                faces++;
                jumps += a >= jump * b || b >= jump * a;
            }
        }
    }
    return faces ? (double)jumps / (double)faces : 0.0;
}

static void choose_automatically(qep_elliptic *e) {
    const double contrast = e->about.contrast, rough = contrast > violent ? roughness(e) : 0.0;
    if (rough > noisy && methods[QEP_METHOD_PCG_AMG].available) {
        choose(e, QEP_METHOD_PCG_AMG, "contrast %.3g from cell to cell: %.0f %% of the faces join cells that differ by %g or more", contrast, 100.0 * rough, jump);
    } else if (rough > noisy) {
        choose(e, QEP_METHOD_PCG_MG, "contrast %.3g from cell to cell (%.0f %% of the faces): pcg-amg would suit, but this build has no hypre", contrast, 100.0 * rough);
    } else if (e->about.excluded) {
        choose(e, QEP_METHOD_PCG_MG, "insulating samples are left out");
    } else if (has_regions(e)) {
        choose(e, QEP_METHOD_PCG_MG, "electrodes that are regions, parts of faces or floating");
    } else if (contrast == 1.0) {
        choose(e, QEP_METHOD_FFT, "constant coefficient");
    } else if (contrast <= mild) {
        choose(e, QEP_METHOD_PCG_FFT, "contrast %.3g is at most %g and there are no electrode regions", contrast, mild);
    } else {
        choose(e, QEP_METHOD_PCG_MG, "contrast %.3g is above %g", contrast, mild);
    }
}

qep_status qep_elliptic_choose(qep_elliptic *e, qep_error *err) {
    const qep_method asked = e->options.method;
    if (!methods[asked].available) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_available", "/solver/method", NULL,
                             "\"%s\": this build has no hypre (libhypre-dev on Debian, then build again); \"auto\", \"pcg-mg\" and \"pcg-fft\" do without", methods[asked].name);
    }
    if (asked == QEP_METHOD_AUTO) {
        choose_automatically(e);
    } else {
        choose(e, asked, "as asked");
    }
    if (e->about.method == QEP_METHOD_FFT && (e->about.contrast != 1.0 || e->about.excluded || has_regions(e))) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "inapplicable", "/solver/method", NULL,
                             "\"fft\" solves constant materials without electrode regions or floating electrodes; here the contrast is %.3g%s; "
                             "\"auto\", \"pcg-fft\" or \"pcg-mg\" solve this",
                             e->about.contrast, e->about.excluded ? " and insulators are left out" : "");
    }
    if (e->about.method == QEP_METHOD_PCG_MG) {
        double h[3];
        for (int d = 0; d < 3; d++) {
            h[d] = e->grid.axis[d].h;
        }
        return qep_multigrid_create(&e->m, &e->a, h, e->options.threads, err);
    }
    if (e->about.method == QEP_METHOD_PCG_AMG) {
        return qep_amg_create(e, err);
    }
    return qep_fast_create(e, err);
}
