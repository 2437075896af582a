/* Multifrontal elimination. Inside the conductor E - H is Hermitian and has no right sides: a front needs F11 and F12 alone, gives
 * F22 - F12^H X with X = F11^-1 F12 to its parent, and its states are -X times those on its border. Parts cut off from all leads have real
 * levels, and where E is near one of them X grows and digits are lost: then the eigenvectors of F11 that are to blame are not eliminated but
 * handed to the parent as late unknowns z, x = -X y + V z, where the coupling to the neighbours moves the level away. Pivots inside a front
 * alone were not enough: errors of 1e-10 in T came from X of a few hundred. */
#include "fronts.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* Largest element of X that is let pass, and largest |row of V^H F12| / |eigenvalue| that is eliminated then. */
static const double MOST_GROWTH = 20.0, MOST_RATIO = 10.0;

void qep_fronts_free(qep_fronts *f) {
    void *const all[] = {f->state, f->panel, f->factor, f->work, f->update,   f->level, f->stack,
                         f->x,     f->slot,  f->pivots, f->root, f->gathered, f->solved};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        qep_free(all[k]);
    }
    *f = (qep_fronts){0};
}

typedef struct {
    size_t panel, square, update, stack, x, root;
} sizes;

/* Elements, with room for late unknowns. */
static sizes count_elements(const qep_tree *t, int keeps) {
    const size_t p = t->tallest + QEP_MOST_LATE, b = t->widest + QEP_MOST_LATE,
                 r = qep_tree_root(t)->pivots + QEP_MOST_LATE;
    return (sizes){.panel = p * (p + b),
                   .square = p * p,
                   .update = b * b,
                   .stack = t->stack + t->stack / 4 + 4 * b * b,
                   .x = keeps ? t->kept + t->kept / 4 + p * b : p * b,
                   .root = r * r};
}

size_t qep_fronts_bytes(const qep_tree *t, int keeps) {
    const sizes n = count_elements(t, keeps);
    return (t->real ? sizeof(double) : sizeof(double complex)) *
               (2 * n.panel + n.square + n.update + n.stack + n.x) +
           sizeof(double complex) * n.root;
}

qep_status qep_fronts_init(qep_fronts *f, const qep_tree *t, int keeps, qep_error *err) {
    const sizes n = count_elements(t, keeps);
    const size_t size = t->real ? sizeof(double) : sizeof(double complex),
                 p = t->tallest + QEP_MOST_LATE;
    *f = (qep_fronts){
        .tree = t, .size = size, .keeps = keeps, .stack_capacity = n.stack, .x_capacity = n.x};
    const struct {
        void **pointer;
        size_t count, size;
    } all[] = {{(void **)&f->state, t->fronts, sizeof *f->state},
               {(void **)&f->panel, n.panel, size},
               {(void **)&f->factor, n.square, size},
               {(void **)&f->work, n.panel, size},
               {(void **)&f->update, n.update, size},
               {(void **)&f->level, p, sizeof(double)},
               {(void **)&f->stack, n.stack, size},
               {(void **)&f->x, n.x, size},
               {(void **)&f->slot, t->widest + QEP_MOST_LATE, sizeof *f->slot},
               {(void **)&f->pivots, p, sizeof *f->pivots},
               {(void **)&f->root, n.root, sizeof *f->root}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        QEP_TRY(qep_alloc(all[k].pointer, all[k].count, all[k].size, "fronts", err));
    }
    return QEP_OK;
}

/* ---- Linear algebra of either kind ----------------------------------------------------------------------------------------- */

static void multiply(const qep_fronts *f, qep_linear_op op_a, size_t m, size_t n, size_t k,
                     double alpha, const char *a, size_t lda, const char *b, size_t ldb,
                     double beta, char *c, size_t ldc) {
    if (f->tree->real) {
        qep_dgemm(op_a, QEP_AS_IS, m, n, k, alpha, (const double *)a, lda, (const double *)b, ldb,
                  beta, (double *)c, ldc);
    } else {
        qep_zgemm(op_a, QEP_AS_IS, m, n, k, alpha, (const double complex *)a, lda,
                  (const double complex *)b, ldb, beta, (double complex *)c, ldc);
    }
}

/* Columns of an update that are computed together. */
enum { STRIP = 48 };

/* Lower triangle of F22 -= F12^H X, strip by strip: the upper one is never read, and what reaches the root is Hermitian to the last bit, so
 * that transmissions add up whatever rounding did. */
static void update_lower(const qep_fronts *f, size_t b, size_t rows, const char *f12,
                         const char *x) {
    for (size_t c = 0; c < b; c += STRIP) {
        const size_t width = b - c < STRIP ? b - c : STRIP;
        multiply(f, QEP_ADJOINT, b - c, width, rows, -1.0, f12 + c * rows * f->size, rows,
                 x + c * rows * f->size, rows, 1.0, f->update + (c + c * b) * f->size, b);
    }
}

/* x = a^-1 x; a is destroyed. */
static int solve(const qep_fronts *f, size_t n, size_t columns, char *a, char *x) {
    if (f->tree->real) {
        return qep_dgetrf(n, (double *)a, n, f->pivots) != 0 ||
               qep_dgetrs(QEP_AS_IS, n, columns, (double *)a, n, f->pivots, (double *)x, n) != 0;
    }
    return qep_zgetrf(n, (double complex *)a, n, f->pivots) != 0 ||
           qep_zgetrs(QEP_AS_IS, n, columns, (double complex *)a, n, f->pivots, (double complex *)x,
                      n) != 0;
}

static int diagonalise(const qep_fronts *f, size_t n, char *a) {
    return f->tree->real ? qep_dsyevd(n, (double *)a, n, f->level, 1)
                         : qep_zheevd(n, (double complex *)a, n, f->level, 1);
}

static double largest(const qep_fronts *f, const char *x, size_t count) {
    const double *v = (const double *)x;
    double most = 0.0;
    for (size_t k = 0; k < count * (f->size / sizeof *v); k++) {
        const double a = fabs(v[k]);
        most = a <= most ? most : a; /* NaN too */
    }
    return most;
}

/* ---- Assembly -------------------------------------------------------------------------------------------------------------- */

/* E - H between the pivots of a front and what comes later: m [rows, ...], the late unknowns between pivots and border. */
static void add_elements(const qep_fronts *f, const qep_front *front, size_t rows, double E,
                         const double *onsite, char *m, int is_root) {
    const qep_tree *t = f->tree;
    const size_t p = front->pivots, shift = rows - p;
    const int real = t->real && !is_root;
    double *r = (double *)m;
    double complex *c = (double complex *)m;
    for (size_t i = 0; i < p; i++) {
        const double d = E - onsite[t->place[front->first + i]];
        if (real) {
            r[i + i * rows] = d;
        } else {
            c[i + i * rows] = d;
        }
    }
    for (size_t e = front->entry; e < front->entry + front->entries; e++) {
        const size_t row = t->at[e] % p, column = t->at[e] / p,
                     at = row + (column < p ? column : column + shift) * rows;
        if (real) {
            r[at] += creal(t->value[e]);
        } else {
            c[at] += t->value[e];
        }
    }
}

/* Where the update of a child goes: pivots and late unknowns below `rows`, the border behind them. late: where its late unknowns go. */
static size_t find_slots(qep_fronts *f, const qep_front *front, size_t rows, size_t which,
                         size_t late) {
    const qep_front *child = &f->tree->front[which];
    const size_t n = child->borders + f->state[which].late;
    for (size_t k = 0; k < n; k++) {
        const size_t s = k < child->borders ? f->tree->slot[child->border + k] : 0;
        f->slot[k] = k >= child->borders ? late + k - child->borders
                     : s < front->pivots ? s
                                         : s + rows - front->pivots;
    }
    return n;
}

/* Add the lower triangle of an update [n, n] to F11 (both sides), F12 and the lower triangle of F22. */
static void add_real(const size_t *slot, const double *update, size_t n, size_t rows, size_t b,
                     double *m, double *rest) {
    for (size_t c = 0; c < n; c++) {
        const size_t q = slot[c];
        for (size_t r = c; r < n; r++) {
            const size_t p = slot[r], low = p < q ? p : q, high = p < q ? q : p;
            const double v = update[r + c * n];
            if (low >= rows) {
                rest[high - rows + (low - rows) * b] += v;
                continue;
            }
            m[low + high * rows] += v;
            if (high < rows && high != low) {
                m[high + low * rows] += v;
            }
        }
    }
}

/* The same of a Hermitian update, real or complex, into complex numbers. */
static void add_complex(const size_t *slot, const char *update, int real, size_t n, size_t rows,
                        size_t b, double complex *m, double complex *rest) {
    for (size_t c = 0; c < n; c++) {
        const size_t q = slot[c];
        for (size_t r = c; r < n; r++) {
            const size_t p = slot[r], low = p < q ? p : q, high = p < q ? q : p;
            const double complex given = real ? ((const double *)update)[r + c * n]
                                              : ((const double complex *)update)[r + c * n];
            const double complex v =
                r == c
                    ? creal(given)
                    : given; /* an imaginary diagonal is rounding, and grows from front to front */
            const double complex below = p < q ? conj(v) : v; /* element (high, low) */
            if (low >= rows) {
                rest[high - rows + (low - rows) * b] += below;
                continue;
            }
            m[low + high * rows] += conj(below);
            if (high < rows && high != low) {
                m[high + low * rows] += below;
            }
        }
    }
}

static void add_child(qep_fronts *f, const qep_front *front, size_t rows, size_t which, size_t late,
                      char *m, int is_root) {
    const size_t n = find_slots(f, front, rows, which, late), b = front->borders;
    const char *update = f->stack + f->state[which].update * f->size;
    if (f->tree->real && !is_root) {
        add_real(f->slot, (const double *)update, n, rows, b, (double *)m, (double *)f->update);
    } else {
        add_complex(f->slot, update, f->tree->real, n, rows, b, (double complex *)m,
                    (double complex *)f->update);
    }
}

/* Unknowns that the children of a front hand on. */
static size_t late_unknowns(const qep_fronts *f, const qep_front *front) {
    size_t late = 0;
    for (size_t k = 0; k < front->children; k++) {
        late += f->state[f->tree->child[front->child + k]].late;
    }
    return late;
}

static void assemble(qep_fronts *f, const qep_front *front, size_t rows, double E,
                     const double *onsite, char *m, int is_root) {
    size_t late = front->pivots;
    memset(m, 0, rows * (rows + front->borders) * (is_root ? sizeof(double complex) : f->size));
    memset(f->update, 0, front->borders * front->borders * f->size);
    add_elements(f, front, rows, E, onsite, m, is_root);
    for (size_t k = 0; k < front->children; k++) {
        const size_t which = f->tree->child[front->child + k];
        add_child(f, front, rows, which, late, m, is_root);
        late += f->state[which].late;
    }
}

/* ---- Elimination ----------------------------------------------------------------------------------------------------------- */

static double row_norm(const qep_fronts *f, const char *m, size_t row, size_t rows,
                       size_t columns) {
    const size_t parts = f->size / sizeof(double);
    const double *v = (const double *)m + row * parts;
    double sum = 0.0;
    for (size_t c = 0; c < columns; c++) {
        for (size_t k = 0; k < parts; k++) {
            sum += v[c * rows * parts + k] * v[c * rows * parts + k];
        }
    }
    return sqrt(sum);
}

static void scale_row(const qep_fronts *f, char *m, size_t row, size_t rows, size_t columns,
                      double factor) {
    const size_t parts = f->size / sizeof(double);
    double *v = (double *)m + row * parts;
    for (size_t c = 0; c < columns; c++) {
        for (size_t k = 0; k < parts; k++) {
            v[c * rows * parts + k] *= factor;
        }
    }
}

/* The row of a late unknown below the update, out [n, n]: its coupling to the border, and its level. */
static void extend_update(const qep_fronts *f, size_t b, size_t at, const char *g, size_t row,
                          size_t rows, double level, char *out, size_t n) {
    for (size_t c = 0; c < b; c++) {
        memcpy(out + (at + c * n) * f->size, g + (row + c * rows) * f->size, f->size);
    }
    if (f->tree->real) {
        ((double *)out)[at + at * n] = level;
    } else {
        ((double complex *)out)[at + at * n] = level;
    }
}

/* x = [X, -V of the late unknowns] through the eigenvectors of F11; the update, bordered by the late unknowns, goes to `out`. Returns how
 * many there are, or SIZE_MAX. */
static size_t eliminate_by_levels(qep_fronts *f, size_t rows, size_t b, char *x, size_t room,
                                  char *out) {
    char *f12 = f->panel + rows * rows * f->size, *g = f->work;
    size_t late = 0, which[QEP_MOST_LATE];
    memcpy(f->factor, f->panel, rows * rows * f->size);
    if (diagonalise(f, rows, f->factor) != 0) {
        return (size_t)-1;
    }
    multiply(f, QEP_ADJOINT, rows, b, rows, 1.0, f->factor, rows, f12, rows, 0.0, g,
             rows); /* V^H F12 */
    for (size_t k = 0; k < rows; k++) {
        if (row_norm(f, g, k, rows, b) > MOST_RATIO * fabs(f->level[k])) {
            if (late == QEP_MOST_LATE) {
                return (size_t)-1;
            }
            which[late++] = k;
        }
    }
    const size_t n = b + late;
    if (rows * n > room) {
        return (size_t)-1;
    }
    memset(out, 0, n * n * f->size);
    for (size_t k = 0; k < late; k++) {
        extend_update(f, b, b + k, g, which[k], rows, f->level[which[k]], out, n);
        scale_row(f, g, which[k], rows, b, 0.0);
        memcpy(x + rows * (b + k) * f->size, f->factor + which[k] * rows * f->size, rows * f->size);
    }
    for (size_t k = 0; k < late * rows * (f->size / sizeof(double)); k++) {
        ((double *)(x + rows * b * f->size))[k] *= -1.0;
    }
    for (size_t k = 0, next = 0; k < rows; k++) {
        const int is_late = next < late && which[next] == k;
        next += (size_t)is_late;
        if (!is_late) {
            scale_row(f, g, k, rows, b, 1.0 / f->level[k]);
        }
    }
    multiply(f, QEP_AS_IS, rows, b, rows, 1.0, f->factor, rows, g, rows, 0.0, x, rows);
    update_lower(f, b, rows, f12, x);
    for (size_t c = 0; c < b; c++) {
        memcpy(out + c * n * f->size, f->update + c * b * f->size, b * f->size);
    }
    return late;
}

/* One front: X, and the update at the end of the stack. Returns nonzero when there is no room. */
static int eliminate(qep_fronts *f, const qep_front *front, qep_front_state *state, size_t rows,
                     size_t top) {
    const size_t b = front->borders, most = b + QEP_MOST_LATE, room = f->x_capacity - state->x;
    char *x = f->x + state->x * f->size, *f12 = f->panel + rows * rows * f->size;
    state->late = 0;
    state->update = top;
    if (b == 0) { /* a part without a way to any lead */
        return 0;
    }
    if (rows * b > room || top + most * most > f->stack_capacity) {
        return 1;
    }
    memcpy(f->factor, f->panel, rows * rows * f->size);
    memcpy(x, f12, rows * b * f->size);
    if (solve(f, rows, b, f->factor, x) == 0 && largest(f, x, rows * b) <= MOST_GROWTH) {
        update_lower(f, b, rows, f12, x);
        memcpy(f->stack + top * f->size, f->update, b * b * f->size);
        return 0;
    }
    const size_t late = eliminate_by_levels(f, rows, b, x, room, f->stack + top * f->size);
    if (late == (size_t)-1) {
        return 1;
    }
    state->late = late;
    return 0;
}

int qep_fronts_eliminate(qep_fronts *f, double E, const double *onsite) {
    const qep_tree *t = f->tree;
    size_t top = 0, kept = 0;
    f->late = 0;
    for (size_t k = 0; k < t->fronts; k++) {
        const qep_front *front = &t->front[k];
        qep_front_state *state = &f->state[k];
        const size_t late = late_unknowns(f, front), rows = front->pivots + late;
        if (late > QEP_MOST_LATE) {
            return 1;
        }
        if (k + 1 == t->fronts) {
            f->root_size = rows;
            assemble(f, front, rows, E, onsite, (char *)f->root, 1);
            return 0;
        }
        assemble(f, front, rows, E, onsite, f->panel, 0);
        if (front->children > 0) { /* the last listed lies deepest */
            top = f->state[t->child[front->child + front->children - 1]].update;
        }
        state->x = f->keeps ? kept : 0;
        if (eliminate(f, front, state, rows, top) != 0) {
            return 1;
        }
        const size_t n = front->borders + state->late;
        state->late_first = t->front[t->fronts - 1].first + qep_tree_root(t)->pivots + f->late;
        f->late += state->late;
        top += n * n;
        kept += rows * n;
    }
    return 1;
}

/* ---- States ---------------------------------------------------------------------------------------------------------------- */

/* Rows of a solved front to its sites, and to the late unknowns of its children. */
static void scatter(const qep_fronts *f, const qep_front *front, const double *rows, size_t width,
                    double *psi) {
    memcpy(psi + front->first * width, rows, front->pivots * width * sizeof *psi);
    rows += front->pivots * width;
    for (size_t k = 0; k < front->children; k++) {
        const qep_front_state *child = &f->state[f->tree->child[front->child + k]];
        memcpy(psi + child->late_first * width, rows, child->late * width * sizeof *psi);
        rows += child->late * width;
    }
}

static qep_status reserve(qep_fronts *f, size_t count, qep_error *err) {
    if (count <= f->gathered_capacity) {
        return QEP_OK;
    }
    qep_free(f->gathered);
    qep_free(f->solved);
    f->gathered = f->solved = NULL;
    f->gathered_capacity = 0;
    QEP_TRY(qep_alloc_doubles(&f->gathered, count, "scattering states", err));
    QEP_TRY(qep_alloc_doubles(&f->solved, count, "scattering states", err));
    f->gathered_capacity = count;
    return QEP_OK;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

qep_status qep_fronts_spread(qep_fronts *f, const double complex *root, double complex *psi,
                             size_t columns, qep_error *err) {
    const qep_tree *t = f->tree;
    const size_t width = 2 * columns;
    double *states = (double *)psi;
    QEP_TRY(reserve(
        f,
        width * (larger(larger(t->widest, t->tallest), qep_tree_root(t)->pivots) + QEP_MOST_LATE),
        err));
    for (size_t i = 0; i < f->root_size; i++) {
        for (size_t k = 0; k < columns; k++) {
            ((double complex *)f->solved)[i * columns + k] = root[i + k * f->root_size];
        }
    }
    scatter(f, qep_tree_root(t), f->solved, width, states);
    for (size_t k = t->fronts - 1; k-- > 0;) {
        const qep_front *front = &t->front[k];
        const qep_front_state *state = &f->state[k];
        const size_t rows = front->pivots + late_unknowns(f, front), b = front->borders,
                     n = b + state->late;
        double *out = rows == front->pivots ? states + front->first * width : f->solved;
        for (size_t i = 0; i < b; i++) {
            memcpy(f->gathered + i * width, states + t->border[front->border + i] * width,
                   width * sizeof *states);
        }
        memcpy(f->gathered + b * width, states + state->late_first * width,
               state->late * width * sizeof *states);
        const char *x = f->x + state->x * f->size;
        if (b == 0) {
            memset(out, 0, rows * width * sizeof *out);
        } else if (t->real) { /* real and imaginary parts as columns of their own */
            qep_dgemm(QEP_AS_IS, QEP_TRANSPOSED, width, rows, n, -1.0, f->gathered, width,
                      (const double *)x, rows, 0.0, out, width);
        } else {
            qep_zgemm(QEP_AS_IS, QEP_TRANSPOSED, columns, rows, n, -1.0,
                      (const double complex *)f->gathered, columns, (const double complex *)x, rows,
                      0.0, (double complex *)out, columns);
        }
        if (out == f->solved) {
            scatter(f, front, out, width, states);
        }
    }
    return QEP_OK;
}
