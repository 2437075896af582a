/* Rows of taps from Fornberg's recursion, so that every order, the one-sided rows and the extrapolations to a face come from one formula. */
#include "qep/stencil/stencil.h"

#include <math.h>
#include <string.h>

void qep_stencil_weights(double at, const double *x, int count, int m, double *w) {
    double c[QEP_STENCIL_WIDTH][QEP_STENCIL_FACE + 1];
    memset(c, 0, sizeof c);
    memset(w, 0, (size_t)(count > 0 ? count : 0) * sizeof *w);
    if (count < 1 || m >= count || m > QEP_STENCIL_FACE) {
        return;
    }
    double c1 = 1.0, c4 = x[0] - at;
    c[0][0] = 1.0;
    for (int i = 1; i < count; i++) {
        const int top = i < m ? i : m;
        double c2 = 1.0;
        const double c5 = c4;
        c4 = x[i] - at;
        for (int j = 0; j < i; j++) {
            const double c3 = x[i] - x[j];
            c2 *= c3;
            if (j == i - 1) {
                for (int k = top; k > 0; k--) {
                    c[i][k] = c1 * (k * c[i - 1][k - 1] - c5 * c[i - 1][k]) / c2;
                }
                c[i][0] = -c1 * c5 * c[i - 1][0] / c2;
            }
            for (int k = top; k > 0; k--) {
                c[j][k] = (c4 * c[j][k] - k * c[j][k - 1]) / c3;
            }
            c[j][0] = c4 * c[j][0] / c3;
        }
        c1 = c2;
    }
    for (int j = 0; j < count; j++) {
        w[j] = c[j][m];
    }
}

static void central(qep_stencil_axis *axis) {
    double x[2 * QEP_STENCIL_HALF + 1], w[2 * QEP_STENCIL_HALF + 1];
    const int half = axis->half, count = 2 * half + 1;
    for (int j = 0; j < count; j++) {
        x[j] = j - half;
    }
    qep_stencil_weights(0.0, x, count, 1, w);
    for (int m = 1; m <= half; m++) {
        axis->first[m] = w[half + m] / axis->h;
    }
    qep_stencil_weights(0.0, x, count, 2, w);
    for (int m = 1; m <= half; m++) {
        axis->second[m] = w[half + m] / (axis->h * axis->h);
    }
}

static int smaller(int a, size_t b) {
    return (size_t)a < b ? a : (int)b;
}

static void onesided(qep_stencil_axis *axis) {
    double x[QEP_STENCIL_WIDTH];
    for (int j = 0; j < QEP_STENCIL_WIDTH; j++) {
        x[j] = j;
    }
    for (int m = 1; m <= 2; m++) {
        axis->width[m] = smaller(axis->order + m, axis->n);
        for (int i = 0; i < axis->half; i++) {
            qep_stencil_weights(i, x, axis->width[m], m, axis->onesided[m][i]);
            for (int j = 0; j < axis->width[m]; j++) {
                axis->onesided[m][i][j] /= pow(axis->h, m);
            }
        }
    }
}

/* Order + 3 points: enough that the error of every level stays below that of the ghost expansion. */
static void face(qep_stencil_axis *axis) {
    double x[QEP_STENCIL_WIDTH];
    axis->face_points = smaller(axis->order + 3, axis->n);
    for (int j = 0; j < axis->face_points; j++) {
        x[j] = j + (axis->sampling == QEP_CELL ? 0.5 : 0.0);
    }
    for (int d = 0; d < QEP_STENCIL_FACE; d++) {
        qep_stencil_weights(0.0, x, axis->face_points, d, axis->face[d]);
        qep_stencil_weights(0.0, x, axis->face_points - 1, d, axis->fewer[d]);
        for (int j = 0; j < axis->face_points; j++) {
            axis->face[d][j] /= pow(axis->h, d);
            axis->fewer[d][j] /= pow(axis->h, d);
        }
    }
}

void qep_stencil_init(qep_stencil *stencil, const qep_grid *grid, int order) {
    order = order < 2 * QEP_STENCIL_HALF ? order : 2 * QEP_STENCIL_HALF; /* the table ends there */
    memset(stencil, 0, sizeof *stencil);
    stencil->grid = *grid;
    for (int d = 0; d < 3; d++) {
        qep_stencil_axis *axis = &stencil->axis[d];
        const qep_axis *source = &grid->axis[d];
        axis->n = source->n;
        axis->h = source->h;
        axis->periodic = source->bc[0] == QEP_PERIODIC;
        axis->sampling = grid->sampling;
        if (source->n < 2) {
            continue;
        }
        /* Central rows need order + 1 distinct samples; one-sided second differences one more. */
        const size_t spare = axis->periodic ? 1 : 2;
        axis->order = order;
        while (axis->order > 2 && (size_t)axis->order + spare > source->n) {
            axis->order -= 2;
        }
        axis->half = axis->order / 2;
        central(axis);
        onesided(axis);
        face(axis);
    }
}

double qep_stencil_symbol2(const qep_stencil_axis *axis, double theta) {
    double symbol = 0.0;
    for (int m = 1; m <= axis->half; m++) {
        const double s = sin(0.5 * m * theta); /* cos(m theta) - 1 = -2 sin^2: no cancellation at small theta */
        symbol -= 4.0 * axis->second[m] * s * s;
    }
    return symbol;
}
