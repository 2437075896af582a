/* Walls before free space with exact symbols. The polynomials that serve between two walls grow towards infinity; here they fade out:
 * Q_k(n) = n^p/p! chi(n), p = 2k or 2k + 1, chi(n) = exp(-t) sum_{j <= J} t^j/j!, t = n^2/2a^2. chi is 1 up to n^(2J + 2), so Q_k has the p-th
 * derivative 1 at the wall and no other of its parity up to 2J + 1; it is an entire function that the grid resolves for a of a few steps. */
#include "open.h"

#include "lifting.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* Width of the fading: resolved to round-off from 3.5 steps; on short axes what still vanishes at the far end (t = 45). */
static double fading_width(const qep_axis *axis) {
    const double widest = 3.5 * axis->h, fitting = (double)(axis->n - 1) * axis->h / 9.5;
    return fmax(2.0 * axis->h, fmin(widest, fitting));
}

typedef struct {
    double value, first, second;
} profile;

/* Q_k and its derivatives at distance n from the wall. */
static profile fading_power(int power, int terms, double n, double a) {
    const double t = 0.5 * (n / a) * (n / a), decay = exp(-t);
    double chi = 0.0, term = 1.0, factorial = 1.0;
    for (int j = 0; j <= terms; j++) {
        chi += term;
        if (j < terms) {
            term *= t / (j + 1);
        }
    }
    chi *= decay;
    const double edge = decay * term; /* -d chi/dt = exp(-t) t^J/J! */
    const double first = -edge * n / (a * a), second = -edge * ((2.0 * terms + 1.0) / (a * a) - n * n / (a * a * a * a));
    for (int i = 2; i <= power; i++) {
        factorial *= i;
    }
    const double p = pow(n, power) / factorial, dp = power > 0 ? power * pow(n, power - 1) / factorial : 0.0;
    const double ddp = power > 1 ? power * (power - 1) * pow(n, power - 2) / factorial : 0.0;
    return (profile){p * chi, dp * chi + p * first, ddp * chi + 2.0 * dp * first + p * second};
}

static int has_data(const qep_poisson *p, const qep_walls *walls, int d, int side) {
    const qep_wall *wall = &walls->wall[d][side];
    return p->calculus->derivative == QEP_SPECTRAL && qep_open_half(&p->grid, d) && wall->kind != QEP_WALL_NONE && !wall->homogeneous;
}

static qep_status fill_profiles(qep_poisson *p, int d, int side, qep_wall_kind kind, qep_error *err) {
    qep_open_lift *lift = &p->open_lift[d][side];
    const qep_axis *axis = &p->grid.axis[d];
    const double a = fading_width(axis), wall = axis->origin + (side ? axis->length : 0.0);
    for (int k = 0; k < lift->levels; k++) {
        QEP_TRY(qep_alloc_doubles(&lift->value[k], axis->n, "lifting", err));
        QEP_TRY(qep_alloc_doubles(&lift->first[k], axis->n, "lifting", err));
        QEP_TRY(qep_alloc_doubles(&lift->second[k], axis->n, "lifting", err));
        const int power = 2 * k + (kind == QEP_WALL_NEUMANN);
        const double sign = side && power % 2 ? -1.0 : 1.0; /* derivatives are along +axis */
        for (size_t i = 0; i < axis->n; i++) {
            const profile q = fading_power(power, lift->levels, fabs(qep_grid_coordinate(&p->grid, d, i) - wall), a);
            lift->value[k][i] = sign * q.value;
            lift->first[k][i] = sign * (side ? -q.first : q.first);
            lift->second[k][i] = sign * q.second;
        }
    }
    return QEP_OK;
}

qep_status qep_open_lift_fill(qep_poisson *p, const qep_walls *walls, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            if (!has_data(p, walls, d, side)) {
                continue;
            }
            qep_open_lift *lift = &p->open_lift[d][side];
            if (!lift->levels) {
                lift->levels = qep_lift_levels(&p->grid);
                QEP_TRY(fill_profiles(p, d, side, walls->wall[d][side].kind, err));
            }
            for (int k = 0; k < lift->levels; k++) {
                if (!lift->bend[k]) {
                    QEP_TRY(qep_alloc_doubles(&lift->bend[k], walls->wall[d][side].count, "lifting", err));
                }
            }
            QEP_TRY(qep_lifting_bends(p->calculus, &walls->wall[d][side], d, lift->levels, lift->bend, err));
        }
    }
    return QEP_OK;
}

/* Coefficient along x, or the same for the whole row. */
static void combine_row(const qep_grid *grid, int d, size_t y, size_t z, const double *along, const double *face, double sign, double *row) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    if (d == 0) {
        const double w = sign * face[z * ny + y];
        for (size_t x = 0; x < nx; x++) {
            row[x] += along[x] * w;
        }
        return;
    }
    const double c = sign * along[d == 1 ? y : z];
    const double *w = face + (d == 1 ? z : y) * nx;
    for (size_t x = 0; x < nx; x++) {
        row[x] += c * w[x];
    }
}

void qep_open_lift_subtract(const qep_poisson *p, const qep_walls *walls, size_t y, size_t z, double *row) {
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        const qep_open_lift *lift = &p->open_lift[d][side];
        for (int k = 0; k < lift->levels && has_data(p, walls, d, side); k++) {
            combine_row(&p->grid, d, y, z, lift->second[k], walls->wall[d][side].level[k], -1.0, row);
            combine_row(&p->grid, d, y, z, lift->value[k], lift->bend[k], -1.0, row);
        }
    }
}

/* out += value[k] x face for all rows. */
static void add_everywhere(const qep_poisson *p, int d, const double *value, const double *face, double *out) {
    const size_t nx = p->grid.axis[0].n, ny = p->grid.axis[1].n, rows = ny * p->grid.axis[2].n;
#pragma omp parallel for num_threads(p->calculus->threads) schedule(static)
    for (size_t r = 0; r < rows; r++) {
        combine_row(&p->grid, d, r % ny, r / ny, value, face, 1.0, out + r * nx);
    }
}

static qep_status add_slopes(const qep_poisson *p, int d, const qep_wall *wall, const qep_open_lift *lift, double *const gradient[3],
                             qep_error *err) {
    double *slope = NULL;
    int along[2] = {0, 0};
    qep_stencil_transverse(d, &along[0], &along[1]);
    QEP_TRY(qep_alloc_doubles(&slope, wall->count, "lifting", err));
    qep_status status = QEP_OK;
    for (int t = 0; t < 2; t++) {
        for (int k = 0; k < lift->levels && gradient[along[t]] && status == QEP_OK; k++) {
            status = qep_lifting_face_slope(p->calculus, wall->level[k], d, t, slope, err);
            if (status == QEP_OK) {
                add_everywhere(p, d, lift->value[k], slope, gradient[along[t]]);
            }
        }
    }
    qep_free(slope);
    return status;
}

qep_status qep_open_lift_add(const qep_poisson *p, const qep_walls *walls, double *u, double *const gradient[3], qep_error *err) {
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        const qep_open_lift *lift = &p->open_lift[d][side];
        if (!lift->levels || !has_data(p, walls, d, side)) {
            continue;
        }
        for (int k = 0; k < lift->levels; k++) {
            add_everywhere(p, d, lift->value[k], walls->wall[d][side].level[k], u);
            if (gradient[d]) {
                add_everywhere(p, d, lift->first[k], walls->wall[d][side].level[k], gradient[d]);
            }
        }
        QEP_TRY(add_slopes(p, d, &walls->wall[d][side], lift, gradient, err));
    }
    return QEP_OK;
}

void qep_open_lift_free(qep_poisson *p) {
    for (int i = 0; i < 6; i++) {
        qep_open_lift *lift = &p->open_lift[i / 2][i % 2];
        for (int k = 0; k < QEP_WALL_LEVELS; k++) {
            qep_free(lift->value[k]);
            qep_free(lift->first[k]);
            qep_free(lift->second[k]);
            qep_free(lift->bend[k]);
        }
    }
}
