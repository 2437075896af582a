/* Regular k-grids, whose sums converge exponentially for smooth periodic integrands, and for continuum models polar or spherical products of
 * Gauss panels in the radius with equidistant azimuths. */
#include "bloch/points.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>

enum { PANEL = 16 }; /* Gauss points per radial panel, about */

void bloch_gauss(size_t n, double *x, double *w) {
    for (size_t i = 0; i < n; i++) {
        double t = -cos(QEP_PI * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1.0;
        for (int iteration = 0; iteration < 100; iteration++) {
            double p = 1.0, before = 0.0;
            for (size_t k = 1; k <= n; k++) {
                const double next = ((2.0 * (double)k - 1.0) * t * p - ((double)k - 1.0) * before) / (double)k;
                before = p;
                p = next;
            }
            slope = (double)n * (t * p - before) / (t * t - 1.0);
            const double step = p / slope;
            t -= step;
            if (fabs(step) < 1e-16) {
                break;
            }
        }
        x[i] = t;
        w[i] = 2.0 / ((1.0 - t * t) * slope * slope);
    }
}

/* `count` nodes of r^(dim-1) dr on [0, cutoff], in equal panels of about PANEL points. */
static qep_status fill_radius(bloch_points *set, qep_error *err) {
    const size_t count = set->n[0], panels = (count + PANEL - 1) / PANEL;
    double x[2 * PANEL], w[2 * PANEL];
    size_t done = 0;
    QEP_TRY(qep_alloc_doubles(&set->radius, count, "radial nodes", err));
    QEP_TRY(qep_alloc_doubles(&set->radius_weight, count, "radial nodes", err));
    for (size_t p = 0; p < panels; p++) {
        const size_t here = (count - done) / (panels - p);
        const double half = 0.5 * set->model->cutoff / (double)panels, middle = half * (double)(2 * p + 1);
        bloch_gauss(here, x, w);
        for (size_t i = 0; i < here; i++, done++) {
            const double r = middle + half * x[i];
            set->radius[done] = r;
            set->radius_weight[done] = half * w[i] * (set->model->dim == 2 ? r : r * r);
        }
    }
    return QEP_OK;
}

static qep_status fill_ball(bloch_points *set, qep_error *err) {
    QEP_TRY(fill_radius(set, err));
    if (set->model->dim == 3) {
        QEP_TRY(qep_alloc_doubles(&set->cosine, set->n[1], "polar nodes", err));
        QEP_TRY(qep_alloc_doubles(&set->cosine_weight, set->n[1], "polar nodes", err));
        bloch_gauss(set->n[1], set->cosine, set->cosine_weight);
    }
    return QEP_OK;
}

qep_status bloch_points_create(bloch_points *set, const qep_bloch_model *model, const size_t *points, const double *shift, const char *path,
                               qep_error *err) {
    *set = (bloch_points){.model = model, .n = {1, 1, 1}, .count = 1};
    for (int d = 0; d < model->dim; d++) {
        set->n[d] = points[d];
        set->shift[d] = shift ? shift[d] : 0.0;
        if (points[d] < 2) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", path, NULL, "%zu points along axis %d of the k-grid; at least 2 are needed",
                                 points[d], d + 1);
        }
        if (!isfinite(set->shift[d])) {
            return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", path, NULL, "the shift of the k-grid is not finite");
        }
        if (!qep_size_multiply(set->count, points[d], &set->count) || set->count > (size_t)1 << 48) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", path, NULL, "the k-grid has more points than can be counted");
        }
    }
    const qep_status status = model->function ? fill_ball(set, err) : QEP_OK;
    if (status != QEP_OK) {
        bloch_points_destroy(set);
    }
    return status;
}

void bloch_points_destroy(bloch_points *set) {
    qep_free(set->radius);
    qep_free(set->radius_weight);
    qep_free(set->cosine);
    qep_free(set->cosine_weight);
    qep_free(set->cell);
    qep_free(set->halved);
    *set = (bloch_points){0};
}

static double get_in_ball(const bloch_points *set, const size_t i[3], double k[3]) {
    const double turn = 2.0 * QEP_PI;
    const double r = set->radius[i[0]], w = set->radius_weight[i[0]];
    if (set->model->dim == 2) {
        const double angle = turn * ((double)i[1] + set->shift[1]) / (double)set->n[1];
        k[0] = r * cos(angle);
        k[1] = r * sin(angle);
        k[2] = 0.0;
        return w / (turn * (double)set->n[1]); /* d^2k/(2 pi)^2 */
    }
    const double angle = turn * ((double)i[2] + set->shift[2]) / (double)set->n[2], c = set->cosine[i[1]], s = sqrt(1.0 - c * c);
    k[0] = r * s * cos(angle);
    k[1] = r * s * sin(angle);
    k[2] = r * c;
    return w * set->cosine_weight[i[1]] / (turn * turn * (double)set->n[2]); /* d^3k/(2 pi)^3 */
}

static double get_in_cell(const bloch_points *set, size_t i, double k[3]) {
    const int dim = set->model->dim;
    size_t points = 1;
    for (int d = 0; d < dim; d++) {
        points *= set->nodes;
    }
    const size_t cell = i / points;
    const double size = ldexp(1.0, -(int)set->halved[cell]);
    double weight = 1.0 / set->model->cell;
    k[2] = 0.0;
    i %= points;
    for (int d = dim - 1; d >= 0; d--, i /= set->nodes) {
        k[d] = set->cell[cell][d] + set->node[i % set->nodes] * size / (double)set->n[d];
        weight *= set->node_weight[i % set->nodes] * size / (double)set->n[d];
    }
    return weight;
}

double bloch_points_get(const bloch_points *set, size_t i, double k[3]) {
    if (set->cell) {
        return get_in_cell(set, i, k);
    }
    const size_t index[3] = {i / (set->n[2] * set->n[1]), i / set->n[2] % set->n[1], i % set->n[2]};
    if (set->model->function) {
        return get_in_ball(set, index, k);
    }
    for (int d = 0; d < 3; d++) {
        k[d] = d < set->model->dim ? ((double)index[d] + set->shift[d]) / (double)set->n[d] : 0.0;
    }
    return 1.0 / (set->model->cell * (double)set->count);
}
