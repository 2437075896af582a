/* How long a closed system stands for an open one: until what left the driven sites is back from the far end. */
#include "evolve_impl.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Where something happens. */
static size_t list_sources(const qep_hamiltonian *h, const qep_drive *d, size_t *queue, size_t *level) {
    size_t tail = 0;
    for (size_t k = 0; k < (d->origin ? d->origins : d->driven); k++) {
        level[d->origin ? d->origin[k] : d->site[k]] = 0;
    }
    for (size_t i = 0; i < h->count; i++) {
        if (level[i] == 0) {
            queue[tail++] = i;
        }
    }
    return tail;
}

/* Farthest site from any of them, in bonds; 0 sources: 0. */
static qep_status reach(const qep_hamiltonian *h, const qep_drive *d, size_t *hops, qep_error *err) {
    size_t *queue = NULL;
    QEP_TRY(qep_alloc((void **)&queue, 2 * h->count, sizeof *queue, "sites", err));
    size_t *level = queue + h->count;
    memset(level, 0xff, h->count * sizeof *level);
    size_t tail = list_sources(h, d, queue, level);
    for (size_t head = 0; head < tail; head++) {
        for (size_t k = h->row[queue[head]]; k < h->row[queue[head] + 1]; k++) {
            if (level[h->column[k]] == SIZE_MAX) {
                level[h->column[k]] = level[queue[head]] + 1;
                queue[tail++] = h->column[k];
            }
        }
    }
    *hops = tail ? level[queue[tail - 1]] : 0;
    qep_free(queue);
    return QEP_OK;
}

/* Counted in bonds nothing moves faster than the sum of a site's |hoppings| over hbar: 2 t on a chain, 2 (t_x + t_y) on a plane. */
static double fastest(const qep_hamiltonian *h) {
    double most = 0.0;
    for (size_t i = 0; i < h->count; i++) {
        double sum = 0.0;
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            sum += cabs(h->value[k]);
        }
        most = fmax(most, sum);
    }
    return most / QEP_HBAR;
}

qep_status qep_evolve_judge_echo(const qep_hamiltonian *h, const qep_drive *d, qep_evolution *r, qep_error *err) {
    size_t hops = 0;
    QEP_TRY(reach(h, d, &hops, err));
    r->echo = hops ? 2.0 * (double)hops / fastest(h) : INFINITY;
    if (d->end > r->echo && !d->force) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/end", NULL,
                             "end = %.6g s lies behind the echo: after %.6g s what left the driven sites can be back from the far end, %zu bonds away; use a "
                             "longer chain or region, or \"force\": true where its walls belong to the question",
                             d->end, r->echo, hops);
    }
    return QEP_OK;
}
