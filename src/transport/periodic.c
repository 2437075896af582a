/* Leads with a general cell: psi_m = lambda^m phi solves B^H phi + (H - E) lambda phi + lambda^2 B phi = 0, a generalised eigenproblem of
 * twice the size. Outgoing modes are those that decay outward and, among |lambda| = 1, those whose velocity -2 Im(lambda phi^H B phi)
 * points outward: no small imaginary energy decides. With F = Phi Lambda Phi^-1 over them, Sigma = B F. Decimation with a small imaginary
 * part was rejected: it leaks current in proportion to it. */
#include "terminal.h"

#include "qep/base/linear.h"
#include <math.h>
#include <string.h>

/* |lambda| this near to 1 counts as propagating: eigenvalues of a nearly double root are good to the square root of rounding. */
static const double ON_CIRCLE = 1e-7;
/* Modes whose lambda agree this well are made orthogonal with respect to the velocity. */
static const double SAME_LAMBDA = 1e-6;

typedef struct {
    size_t n;
    double complex *pencil_a, *pencil_b, *vectors; /* [2n, 2n] */
    double complex *alpha, *beta;                  /* [2n] */
    double complex *phi, *lambda;                  /* chosen modes [n, n], [n]: propagating first */
    double complex *tmp, *tmp2;                    /* [n, n] */
} modes;

size_t qep_periodic_work(size_t n) {
    return 3 * 4 * n * n + 2 * 2 * n + n * n + n + 2 * n * n;
}

static modes arrange(double complex *work, size_t n) {
    modes m = {.n = n, .pencil_a = work};
    m.pencil_b = m.pencil_a + 4 * n * n;
    m.vectors = m.pencil_b + 4 * n * n;
    m.alpha = m.vectors + 4 * n * n;
    m.beta = m.alpha + 2 * n;
    m.phi = m.beta + 2 * n;
    m.lambda = m.phi + n * n;
    m.tmp = m.lambda + n;
    m.tmp2 = m.tmp + n * n;
    return m;
}

/* A = [0 1; -B^H (E - H)], C = [1 0; 0 B], A x = lambda C x with x = (phi, lambda phi). */
static void fill_pencil(modes *m, const qep_terminal *t, double E) {
    const size_t n = m->n, ld = 2 * n;
    memset(m->pencil_a, 0, 4 * n * n * sizeof *m->pencil_a);
    memset(m->pencil_b, 0, 4 * n * n * sizeof *m->pencil_b);
    for (size_t b = 0; b < n; b++) {
        m->pencil_a[b + (n + b) * ld] = 1.0;
        m->pencil_b[b + b * ld] = 1.0;
        for (size_t a = 0; a < n; a++) {
            m->pencil_a[n + a + b * ld] = -conj(t->outward[b + a * n]);
            m->pencil_a[n + a + (n + b) * ld] = (a == b ? E : 0.0) - t->cell[a + b * n];
            m->pencil_b[n + a + (n + b) * ld] = t->outward[a + b * n];
        }
    }
}

/* out = lambda B phi, and the velocity element -2 Im for left and right vectors: i (l B r lambda - conj(lambda) (B l)^H r). */
static double complex velocity(const qep_terminal *t, const double complex *left, const double complex *right, double complex lambda) {
    const size_t n = t->count;
    double complex sum = 0.0;
    for (size_t b = 0; b < n; b++) {
        for (size_t a = 0; a < n; a++) {
            const double complex h = t->outward[a + b * n];
            sum += I * (lambda * conj(left[a]) * h * right[b] - conj(lambda) * conj(left[b]) * conj(h) * right[a]);
        }
    }
    return sum;
}

static void normalise(double complex *v, size_t n) {
    double norm = 0.0;
    for (size_t i = 0; i < n; i++) {
        norm += creal(v[i]) * creal(v[i]) + cimag(v[i]) * cimag(v[i]);
    }
    for (size_t i = 0; i < n; i++) {
        v[i] /= sqrt(norm);
    }
}

/* Orthonormalise `count` vectors of length n, [n, count] (modified Gram-Schmidt, twice). */
static void orthonormalise(double complex *v, size_t n, size_t count) {
    for (size_t k = 0; k < count; k++) {
        for (size_t j = 0; j < 2 * k; j++) {
            const double complex *u = v + (j % k) * n;
            double complex overlap = 0.0;
            for (size_t i = 0; i < n; i++) {
                overlap += conj(u[i]) * v[i + k * n];
            }
            for (size_t i = 0; i < n; i++) {
                v[i + k * n] -= overlap * u[i];
            }
        }
        normalise(v + k * n, n);
    }
}

/* Modes with one lambda on the unit circle, gathered in tmp [n, count]: diagonalise the velocity among them and keep the outgoing. Returns
 * how many were appended to phi, or -1. */
static int keep_outgoing(modes *m, const qep_terminal *t, size_t count, double complex lambda, size_t kept, double *values) {
    const size_t n = m->n;
    orthonormalise(m->tmp, n, count);
    for (size_t b = 0; b < count; b++) {
        for (size_t a = 0; a < count; a++) {
            m->tmp2[a + b * count] = velocity(t, m->tmp + a * n, m->tmp + b * n, lambda);
        }
    }
    if (qep_zheevd(count, m->tmp2, count, values, 1) != 0) {
        return -1;
    }
    int added = 0;
    for (size_t k = 0; k < count; k++) {
        if (values[k] > 0.0) {
            if (kept + (size_t)added >= n) {
                return -1;
            }
            qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, 1, count, 1.0, m->tmp, n, m->tmp2 + k * count, count, 0.0, m->phi + (kept + (size_t)added) * n, n);
            m->lambda[kept + (size_t)added] = lambda;
            added++;
        }
    }
    return added;
}

static double complex ratio(const modes *m, size_t k) {
    return m->alpha[k] / m->beta[k];
}

static int is_infinite(const modes *m, size_t k) {
    return cabs(m->beta[k]) * 1e12 <= cabs(m->alpha[k]);
}

static int on_circle(const modes *m, size_t k) {
    return !is_infinite(m, k) && fabs(cabs(ratio(m, k)) - 1.0) < ON_CIRCLE;
}

static void copy_mode(const modes *m, size_t k, double complex *to) {
    memcpy(to, m->vectors + k * 2 * m->n, m->n * sizeof *to);
    normalise(to, m->n);
}

/* Propagating modes, groups of equal lambda together. Returns how many are outgoing, or -1. */
static int collect_propagating(modes *m, const qep_terminal *t, double *values) {
    const size_t n = m->n;
    size_t kept = 0;
    for (size_t k = 0; k < 2 * n; k++) {
        if (!on_circle(m, k)) {
            continue;
        }
        const double complex lambda = ratio(m, k);
        size_t count = 0;
        for (size_t j = k; j < 2 * n && count < n; j++) {
            if (on_circle(m, j) && cabs(ratio(m, j) - lambda) < SAME_LAMBDA) {
                copy_mode(m, j, m->tmp + count * n);
                count++;
                m->beta[j] = j == k ? m->beta[j] : 0.0; /* taken */
            }
        }
        m->beta[k] = 0.0;
        const int added = keep_outgoing(m, t, count, lambda / cabs(lambda), kept, values);
        if (added < 0) {
            return -1;
        }
        kept += (size_t)added;
    }
    return (int)kept;
}

static size_t collect_decaying(modes *m, size_t kept) {
    for (size_t k = 0; k < 2 * m->n; k++) {
        if (!is_infinite(m, k) && cabs(ratio(m, k)) < 1.0) {
            if (kept < m->n) {
                copy_mode(m, k, m->phi + kept * m->n);
                m->lambda[kept] = ratio(m, k);
            }
            kept++;
        }
    }
    return kept;
}

/* Sigma = (B Phi Lambda) Phi^-1: solved transposed. */
static int solve_sigma(modes *m, const qep_terminal *t, qep_self_energy *s) {
    const size_t n = m->n;
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            m->tmp[i + k * n] = m->phi[i + k * n] * m->lambda[k];
        }
    }
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, n, n, 1.0, t->outward, n, m->tmp, n, 0.0, m->tmp2, n);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            m->tmp[k + i * n] = m->tmp2[i + k * n];
        }
    }
    if (qep_zgetrf(n, m->phi, n, s->pivots) != 0 || qep_zgetrs(QEP_TRANSPOSED, n, n, m->phi, n, s->pivots, m->tmp, n) != 0) {
        return 1;
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            s->sigma[i + k * n] = m->tmp[k + i * n];
        }
    }
    return 0;
}

/* Gamma has rank `open`: its largest eigenpairs give the factor. */
static int factor_gamma(modes *m, qep_self_energy *s) {
    const size_t n = m->n;
    for (size_t b = 0; b < n; b++) {
        for (size_t a = 0; a < n; a++) {
            m->tmp[a + b * n] = I * (s->sigma[a + b * n] - conj(s->sigma[b + a * n]));
        }
    }
    if (s->open > 0 && qep_zheevd(n, m->tmp, n, s->values, 1) != 0) {
        return 1;
    }
    for (size_t k = 0; k < s->open; k++) {
        const size_t from = n - s->open + k;
        const double root = sqrt(fmax(s->values[from], 0.0));
        for (size_t i = 0; i < n; i++) {
            s->factor[i + k * n] = root * m->tmp[i + from * n];
        }
    }
    return 0;
}

int qep_periodic_self_energy(qep_self_energy *s, const qep_terminal *t, double E) {
    modes m = arrange(s->work, s->count);
    const size_t n = m.n;
    fill_pencil(&m, t, E);
    if (qep_zggev(2 * n, m.pencil_a, 2 * n, m.pencil_b, 2 * n, m.alpha, m.beta, m.vectors, 2 * n) != 0) {
        return 1;
    }
    const int open = collect_propagating(&m, t, s->values);
    if (open < 0 || collect_decaying(&m, (size_t)open) != n) {
        return 1;
    }
    s->open = (size_t)open;
    return solve_sigma(&m, t, s) || factor_gamma(&m, s);
}
