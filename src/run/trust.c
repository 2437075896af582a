/* Numbers by which a run can be trusted or not, besides the residual: are the sources resolved, do they end inside open faces, what does the solution do
 * at its walls, and what does free space say it should be. All are measured on the samples, none by the solver's own means. */
#include "state.h"

#include "qep/stencil/tail.h"
#include <math.h>
#include <stdio.h>

/* Above it, what was cut off at the open faces shows in phi to about the same relative size. */
static const double OPEN_SHARE_LIMIT = 1e-6;

qep_status qep_run_trust_source(qep_run_state *run, qep_run_trust *trust, const char *name, const double *values, double offset, qep_error *err) {
    const double start = qep_run_seconds();
    *trust = (qep_run_trust){.loaded = 1};
    QEP_TRY(qep_tail(run->grid, values, offset, run->options->threads, &trust->tail, err));
    qep_log_write(run->log, QEP_LOG_DETAIL, "%s: %.3g of its variation in the highest modes of the grid", name, trust->tail);
    if (run->open_axes) {
        QEP_TRY(qep_run_open_share(run, values, offset, &trust->open_share, err));
        qep_log_write(run->log, trust->open_share > OPEN_SHARE_LIMIT ? QEP_LOG_WARNING : QEP_LOG_DETAIL,
                      "%s: %.3g of it lies in the outermost samples at open faces%s", name, trust->open_share,
                      trust->open_share > OPEN_SHARE_LIMIT ? ", where free space was assumed; enlarge the grid" : "");
    }
    run->report->seconds_derive += qep_run_seconds() - start;
    return QEP_OK;
}

/* A potential that is so far from that of its own sources has not been found. */
static const double OPEN_CHECK_LIMIT = 1e-2;

static void warn_of_far_field(const qep_run_state *run, const qep_run_trust *trust) {
    double most = 0.0;
    for (int i = 0; i < 6; i++) {
        most = fmax(most, trust->open[i / 2][i % 2].relative);
    }
    if (most > OPEN_CHECK_LIMIT) {
        qep_log_write(run->log, QEP_LOG_WARNING,
                      "%s at open faces differs by %.2g of its largest value from a direct sum over its sources: they are not resolved, or do not end inside the "
                      "grid",
                      trust == &run->trust_rho ? "phi_rho" : "phi_S", most);
    }
}

qep_status qep_run_trust_part(qep_run_state *run, qep_run_trust *trust, const qep_part *part, qep_error *err) {
    if (!part->report.compatible) {
        return QEP_OK; /* nothing was solved */
    }
    const double start = qep_run_seconds();
    trust->solved = 1;
    QEP_TRY(qep_check_walls(run->calculus, part->walls, part->values, trust->wall, err));
    QEP_TRY(qep_check_open(run->calculus, part->walls, part->source, part->scale, run->config->gauge_length, part->values, trust->open, err));
    warn_of_far_field(run, trust);
    run->report->seconds_derive += qep_run_seconds() - start;
    return QEP_OK;
}

static void face_name(const char *start, int d, int side, char name[48]) {
    snprintf(name, 48, "%s%c-%s", start, "xyz"[d], side ? "high" : "low");
}

/* One kind of check on the six faces, as faces/<face>/<check>_<part>; keeps the largest. */
static qep_status face_numbers(qep_run_state *run, size_t frame, const qep_face_check check[3][2], const char *what, const char *part, double *largest,
                               int *any, qep_error *err) {
    for (int i = 0; i < 6; i++) {
        const qep_face_check *one = &check[i / 2][i % 2];
        char group[48], name[48];
        if (!one->checked) {
            continue;
        }
        face_name("faces/", i / 2, i % 2, group);
        snprintf(name, sizeof name, "%s_%s", what, part);
        QEP_TRY(qep_run_number(run, frame, group, name, one->relative, NULL, err));
        qep_log_write(run->log, QEP_LOG_DETAIL, "%s: %s at %s %.3g", part, what, group + 6, one->relative);
        *largest = fmax(*largest, one->relative);
        *any = 1;
    }
    return QEP_OK;
}

static qep_status source_numbers(qep_run_state *run, size_t frame, const qep_run_trust *trust, const char *name, qep_error *err) {
    char text[48];
    if (!trust->loaded) {
        return QEP_OK;
    }
    snprintf(text, sizeof text, "%s_tail", name);
    QEP_TRY(qep_run_number(run, frame, "", text, trust->tail, NULL, err));
    snprintf(text, sizeof text, "open_%s_share", name);
    return run->open_axes ? qep_run_number(run, frame, "", text, trust->open_share, NULL, err) : QEP_OK;
}

qep_status qep_run_trust_numbers(qep_run_state *run, size_t frame, qep_error *err) {
    const struct {
        const qep_run_trust *trust;
        const char *source, *part;
    } parts[2] = {{&run->trust_rho, "charge", "phi_rho"}, {&run->trust_S, "entropy", "phi_S"}};
    double wall = 0.0, open = 0.0;
    int any_wall = 0, any_open = 0;
    for (int i = 0; i < 2; i++) {
        const qep_run_trust *trust = parts[i].trust;
        QEP_TRY(source_numbers(run, frame, trust, parts[i].source, err));
        if (trust->solved) {
            QEP_TRY(face_numbers(run, frame, (const qep_face_check(*)[2])trust->wall, "boundary_residual", parts[i].part, &wall, &any_wall, err));
            QEP_TRY(face_numbers(run, frame, (const qep_face_check(*)[2])trust->open, "open_check", parts[i].part, &open, &any_open, err));
        }
    }
    if (any_wall) {
        QEP_TRY(qep_run_number(run, frame, "", "boundary_residual", wall, NULL, err));
    }
    return any_open ? qep_run_number(run, frame, "", "open_check", open, NULL, err) : QEP_OK;
}

qep_status qep_run_write_faces(qep_run_state *run, qep_error *err) {
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        if (!run->trust_rho.wall[d][side].checked && !run->trust_S.wall[d][side].checked && !run->trust_rho.open[d][side].checked &&
            !run->trust_S.open[d][side].checked) {
            continue;
        }
        char group[48];
        face_name("faces/", d, side, group);
        QEP_TRY(qep_writer_result_text(run->writer, group, "boundary", qep_bc_table()[run->grid->axis[d].bc[side]].name, err));
    }
    return QEP_OK;
}
