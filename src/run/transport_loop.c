/* Conductor and field together: U = U_0 - e phi, where phi follows from the charge or the entropy that the conductor has in U. A fixed point by
 * Anderson's mixing of phi on the samples of the conductor. */
#include "transport.h"

#include "qep/base/anderson.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [QEP_LOOP_PHI] = "phi", [QEP_LOOP_PHI_RHO] = "phi_rho", [QEP_LOOP_PHI_S] = "phi_S"};

typedef struct {
    qep_run_state *run;
    qep_run_transport *t;
    const qep_config_loop *loop;
    const qep_quantity_row *row;
    size_t sites;
    double *x, *residual;      /* [sites] phi that U has, and what came out less that; V */
    double *whole;             /* [grid] scratch: phi, or the energy that it adds to U */
    double *kappa2;            /* [grid] screening */
    double *first_n, *first_s; /* [grid] without feedback: at the start */
    double *history;           /* [steps + 1] V */
    size_t steps;
} loop_state;

/* ---- Before anything is computed -------------------------------------------------------------------------------------------- */

static int uses(const qep_field_spec *spec) {
    return spec && qep_field_uses_source(spec, "transport");
}

static const char *const at = "/transport/self_consistency";

static qep_status judge_feedback(const qep_run_state *run, int potential, qep_error *err) {
    const int by_charge = uses(run->config->charge) && potential != QEP_LOOP_PHI_S;
    const int by_entropy = uses(run->config->entropy) && potential != QEP_LOOP_PHI_RHO;
    if (!by_charge && !by_entropy) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", at, NULL,
                             "nothing that %s follows from comes from the conductor: %s",
                             names[potential],
                             potential == QEP_LOOP_PHI_S ? "\"entropy\" has no source \"transport\""
                             : potential == QEP_LOOP_PHI_RHO
                                 ? "\"charge\" has no source \"transport\""
                                 : "neither \"charge\" nor \"entropy\" has a source \"transport\"");
    }
    return QEP_OK;
}

qep_status qep_run_transport_pose_loop(qep_run_state *run, qep_error *err) {
    const qep_config_loop *loop = &run->config->transport.loop;
    char unit[QEP_RUN_UNIT];
    if (!loop->given) {
        return QEP_OK;
    }
    if (run->config->reading != QEP_READING_POISSON) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", at, NULL,
                             "only reading \"poisson\" has a phi that U can follow; this is \"%s\"",
                             qep_reading_name(run->config->reading));
    }
    QEP_TRY(judge_feedback(run, loop->potential, err));
    const int with_S = loop->potential != QEP_LOOP_PHI_RHO && run->entropy_drives;
    if (with_S && !qep_dimension_equal(run->dimension.phi_S, QEP_DIM_VOLTAGE)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "unit", at, NULL,
                             "%s is in %s with closure \"%s\", but U = U_0 - e phi needs V; "
                             "closure \"cell\" gives V, \"custom\" with such a unit too; or "
                             "\"potential\": \"phi_rho\"",
                             names[loop->potential], qep_run_unit(run->dimension.phi_S, unit),
                             qep_closure_name(run->config->coupling.closure));
    }
    if (run->frames > 1) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", at, NULL,
                             "there are %zu frames, but one steady state; use a run for each",
                             run->frames);
    }
    run->needs |= qep_quantity_find(names[loop->potential])->needs;
    return QEP_OK;
}

/* ---- One turn --------------------------------------------------------------------------------------------------------------- */

/* -e x on the conductor, 0 beyond it. */
static void energy_of_phi(const loop_state *s, double *energy) {
    const qep_config_transport *c = &s->run->config->transport;
    memset(energy, 0, s->run->count * sizeof *energy);
    for (size_t i = 0; i < s->sites; i++) {
        energy[qep_run_sample_of_site(s->run, c, i)] = -QEP_E_CHARGE * s->x[i];
    }
}

static qep_status make_conductor(loop_state *s, qep_error *err) {
    energy_of_phi(s, s->whole);
    qep_run_conductor_free(&s->t->conductor);
    return qep_run_conductor_create(s->run, &s->run->config->transport, s->whole, &s->t->conductor,
                                    err);
}

static qep_status steady_state(loop_state *s, qep_error *err) {
    qep_run_transport *t = s->t;
    QEP_TRY(make_conductor(s, err));
    qep_steady_free(&t->steady);
    QEP_TRY(qep_run_transport_steady(s->run, t, &t->conductor, 0, err));
    return qep_run_transport_place_fields(s->run, t, err);
}

/* What phi this state has, less the phi it lives in; *largest of it. */
static qep_status turn(loop_state *s, double *largest, qep_error *err) {
    qep_run_state *run = s->run;
    QEP_TRY(steady_state(s, err));
    QEP_TRY(qep_run_load_materials(run, 0, err));
    QEP_TRY(qep_run_solve_parts(run, 0, err));
    QEP_TRY(qep_quantity_compute(s->row, &run->solution, 0, s->whole, err));
    *largest = 0.0;
    for (size_t i = 0; i < s->sites; i++) {
        s->residual[i] =
            s->whole[qep_run_sample_of_site(run, &run->config->transport, i)] - s->x[i];
        *largest = fmax(*largest, fabs(s->residual[i]));
    }
    return QEP_OK;
}

/* The residual as the screened gas will take it. */
static qep_status screen(loop_state *s, qep_error *err) {
    const qep_config_transport *c = &s->run->config->transport;
    memset(s->whole, 0, s->run->count * sizeof *s->whole);
    for (size_t i = 0; i < s->sites; i++) {
        s->whole[qep_run_sample_of_site(s->run, c, i)] = s->residual[i];
    }
    QEP_TRY(qep_run_transport_screen(s->run, s->kappa2, s->whole, err));
    for (size_t i = 0; i < s->sites; i++) {
        s->residual[i] = s->whole[qep_run_sample_of_site(s->run, c, i)];
    }
    return QEP_OK;
}

static const double *entropy_of(const loop_state *s) {
    return s->t->fields.s[s->t->fields.entropy];
}

static qep_status start(loop_state *s, qep_error *err) {
    qep_run_state *run = s->run;
    const qep_config_transport *c = &run->config->transport;
    memset(s->x, 0, s->sites * sizeof *s->x);
    if (s->loop->start) {
        const qep_field_setting setting = qep_run_setting(run, 0);
        QEP_TRY(qep_field_check_in(s->loop->start, &setting, err));
        QEP_TRY(qep_field_evaluate(s->loop->start, &setting, s->whole, err));
        for (size_t i = 0; i < s->sites; i++) {
            s->x[i] = s->whole[qep_run_sample_of_site(run, c, i)];
        }
    }
    return QEP_OK;
}

static qep_status iterate(loop_state *s, qep_anderson *mixer, qep_error *err) {
    QEP_TRY(start(s, err));
    QEP_TRY(make_conductor(s, err));
    QEP_TRY(qep_run_transport_screening(s->run, s->t, s->kappa2, err));
    for (s->steps = 0;; s->steps++) {
        double *largest = &s->history[s->steps];
        QEP_TRY(turn(s, largest, err));
        if (s->steps == 0) {
            memcpy(s->first_n, s->t->fields.n, s->run->count * sizeof *s->first_n);
            memcpy(s->first_s, entropy_of(s), s->run->count * sizeof *s->first_s);
        }
        qep_log_write(s->run->log, QEP_LOG_DETAIL,
                      "transport: step %zu of self-consistency: %s changes by up to %.3g V",
                      s->steps, names[s->loop->potential], *largest);
        if (*largest <= s->loop->tolerance || s->steps == s->loop->max_iterations ||
            qep_log_interrupted(s->run->log)) {
            return QEP_OK;
        }
        QEP_TRY(screen(s, err));
        qep_anderson_next(mixer, s->x, s->residual);
    }
}

/* ---- Afterwards ------------------------------------------------------------------------------------------------------------- */

static double change(const double *now, const double *before, size_t count) {
    double largest = 0.0, size = 0.0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(now[i] - before[i]));
        size = fmax(size, fabs(now[i]));
    }
    return size > 0.0 ? largest / size : 0.0;
}

static qep_status report(loop_state *s, qep_error *err) {
    const size_t count = s->steps + 1;
    const double n = change(s->t->fields.n, s->first_n, s->run->count),
                 S = change(entropy_of(s), s->first_s, s->run->count);
    const qep_run_table history = {.section = "transport",
                                   .name = "self_consistency/residual",
                                   .unit = "V",
                                   .long_name = "largest change of phi in each step",
                                   .axes = "step",
                                   .rank = 1,
                                   .shape = {count},
                                   .value = s->history};
    const struct {
        const char *name, *unit;
        double value;
    } rows[] = {{"self_consistency_steps", NULL, (double)s->steps},
                {"self_consistency_residual", "V", s->history[s->steps]},
                {"self_consistency_n_response", NULL, n},
                {"self_consistency_S_response", NULL, S}};
    QEP_TRY(qep_run_add_table(s->run, &history, err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(
            qep_run_number(s->run, 0, "transport", rows[i].name, rows[i].value, rows[i].unit, err));
    }
    qep_log_write(s->run->log, QEP_LOG_INFO,
                  "transport: self-consistency: stopped after %zu step%s, residual %.3g V; from "
                  "the start on n changed by %.3g and S by %.3g of their largest value%s",
                  s->steps, s->steps == 1 ? "" : "s", s->history[s->steps], n, S,
                  S < 1e-9 ? ": S did not respond" : "");
    return QEP_OK;
}

/* The last residuals, oldest first. */
static qep_status refuse(const loop_state *s, qep_error *err) {
    char message[QEP_ERROR_TEXT];
    int used =
        snprintf(message, sizeof message,
                 "%s still changes by %.3g V after %zu steps (tolerance %.3g V); residuals",
                 names[s->loop->potential], s->history[s->steps], s->steps, s->loop->tolerance);
    for (size_t k = s->steps > 7 ? s->steps - 7 : 0;
         k <= s->steps && used > 0 && (size_t)used < sizeof message - 120; k++) {
        used += snprintf(message + used, sizeof message - (size_t)used, " %.3g", s->history[k]);
    }
    const int left_out =
        s->t->steady.bound_states > 0 && !s->run->config->transport.fill_bound_states;
    snprintf(message + used, sizeof message - (size_t)used, " V; %s",
             left_out
                 ? "levels below the bands are left out and make the charge jump: "
                   "\"bound_states\": \"fill\""
                 : "a smaller \"mixing\", a longer \"history\" or a closer \"start\" may help");
    return qep_run_unconverged_at(s->run, "/transport/self_consistency/max_iterations", message,
                                  err);
}

static qep_status run_loop(loop_state *s, qep_error *err) {
    const size_t count = s->run->count;
    qep_anderson *mixer = NULL;
    QEP_TRY(qep_alloc_doubles(&s->x, s->sites, "self-consistency", err));
    QEP_TRY(qep_alloc_doubles(&s->residual, s->sites, "self-consistency", err));
    QEP_TRY(qep_alloc_doubles(&s->whole, count, "self-consistency", err));
    QEP_TRY(qep_alloc_doubles(&s->kappa2, count, "self-consistency", err));
    QEP_TRY(qep_alloc_doubles(&s->first_n, count, "self-consistency", err));
    QEP_TRY(qep_alloc_doubles(&s->first_s, count, "self-consistency", err));
    QEP_TRY(qep_alloc_doubles(&s->history, s->loop->max_iterations + 1, "self-consistency", err));
    QEP_TRY(qep_anderson_create(&mixer, s->sites, s->loop->history, s->loop->mixing, err));
    const qep_status status = iterate(s, mixer, err);
    qep_anderson_destroy(mixer);
    QEP_TRY(status);
    if (qep_log_interrupted(s->run->log)) {
        return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL,
                             "stopped by a signal");
    }
    QEP_TRY(s->history[s->steps] <= s->loop->tolerance ? QEP_OK : refuse(s, err));
    return report(s, err);
}

qep_status qep_run_transport_iterate(qep_run_state *run, qep_run_transport *t, qep_error *err) {
    loop_state s = {.run = run,
                    .t = t,
                    .loop = &run->config->transport.loop,
                    .row = qep_quantity_find(names[run->config->transport.loop.potential]),
                    .sites = t->conductor.h.count};
    const qep_status status = run_loop(&s, err);
    double *const arrays[] = {s.x, s.residual, s.whole, s.kappa2, s.first_n, s.first_s, s.history};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        qep_free(arrays[i]);
    }
    return status;
}

size_t qep_run_transport_loop_memory(const qep_run_state *run) {
    const qep_config_loop *loop = &run->config->transport.loop;
    return loop->given ? (15 * run->count + (4 + 4 * loop->history) * run->count) * sizeof(double)
                       : 0;
}
