/* dS/dt between frames: derivative of the parabola through three neighbouring frames (central inside, one-sided at the
 * ends, a straight line when there are only two), for equal and unequal steps. */
#include "rows.h"

/* d/dt at t of the Lagrange polynomial number m through n <= 3 nodes. */
static double lagrange_slope(const double *node, int n, int m, double t) {
    double slope = 0.0;
    for (int k = 0; k < n; k++) {
        if (k == m) {
            continue;
        }
        double term = 1.0 / (node[m] - node[k]);
        for (int l = 0; l < n; l++) {
            term *= l == m || l == k ? 1.0 : (t - node[l]) / (node[m] - node[l]);
        }
        slope += term;
    }
    return slope;
}

qep_status qep_derive_dS_dt(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j;
    const size_t count = qep_grid_count(s->grid);
    const int n = s->frames < 3 ? 2 : 3;
    const size_t last = s->frames - (size_t)n;
    const size_t centred = s->frame > 0 ? s->frame - 1 : 0;
    const size_t first = centred < last ? centred : last;
    qep_pass_set(0.0, count, s->threads, out);
    for (int m = 0; m < n; m++) {
        const size_t frame = first + (size_t)m;
        if (frame !=
            s->frame) { /* weights sum to zero, so S of this frame enters as a difference: constant S gives exactly 0 */
            QEP_TRY(s->entropy_at(s->user, frame, s->work, err));
            const double weight = lagrange_slope(s->times + first, n, m, s->times[s->frame]);
            qep_pass_add_difference(s->work, s->S, weight, count, s->threads, out);
        }
    }
    return QEP_OK;
}
