/* One pass over k for the states of an atlas that are due. */
#include "bloch/atlas_build.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

qep_status bloch_atlas_add_state(bloch_atlas_builder *b, double T, double mu, qep_error *err) {
    if (b->states == b->room) {
        void *block = NULL;
        const size_t room = b->room ? 2 * b->room : 1024;
        QEP_TRY(qep_alloc(&block, room, sizeof *b->state, "points (mu, T)", err));
        memcpy(block, b->state ? b->state : block, b->states * sizeof *b->state);
        qep_free(b->state);
        b->state = block;
        b->room = room;
    }
    b->state[b->states++] = (qep_bloch_state_point){T, mu};
    return QEP_OK;
}

/* b->value of all states, on the k-grid points[]. */
qep_status bloch_atlas_sum(bloch_atlas_builder *b, const size_t *points, qep_error *err) {
    const qep_bloch_problem *p = b->problem;
    qep_bloch_atlas *a = b->atlas;
    qep_bloch_settings settings = p->settings;
    qep_bloch_sums sums = {0};
    settings.frequencies = 0;
    qep_bloch_request request = {.model = p->model, .points = points, .shift = p->shift, .state = b->state, .states = b->states,
                                 .tau = settings.tau, .refine = p->refine, .threads = p->threads, .log = p->log, .path = "/bloch/kgrid/points"};
    for (size_t q = 0; q < a->quantities; q++) {
        request.wanted |= a->quantity[q]->integrals;
    }
    request.wanted &= ~(1u << QEP_BLOCH_SEA); /* all are warm */
    qep_free(b->value);
    b->value = NULL;
    QEP_TRY(qep_alloc_doubles(&b->value, b->states * a->columns, "quantities over (T, mu)", err));
    QEP_TRY(qep_bloch_sum(&sums, &request, err));
    for (size_t s = 0; s < b->states; s++) {
        double *out = b->value + s * a->columns;
        for (size_t q = 0; q < a->quantities; out += a->width[q++]) {
            a->quantity[q]->value(&sums, s, b->state[s].T, 0, p->model->dim, &settings, out);
            for (size_t c = 0; c < a->width[q]; c++) {
                out[c] *= settings.spin_factor;
                a->largest[q] = fmax(a->largest[q], fabs(out[c]));
            }
        }
    }
    qep_bloch_sums_free(&sums);
    b->spent += b->states;
    return QEP_OK;
}
