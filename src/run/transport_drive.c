/* "transport.drive": what the configuration says about a driven closed system, handed to the evolution; its tables and numbers. */
#include "transport.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* What the evolution borrows. */
typedef struct {
    qep_run_state *run;
    size_t sites;                /* of the conductor */
    qep_expression **expression; /* [expressions]: of one waveform, of one per site, or the potential */
    size_t expressions;
    double *whole; /* [grid] scratch of expressions of x, y, z */
    size_t *site;  /* [driven] */
    size_t driven;
    size_t *origin; /* [origins]: sites that a driven potential moves most */
    size_t origins;
    unsigned char *inside; /* [sites] */
} drive;

static const qep_config_drive *config_of(const drive *d) {
    return &d->run->config->transport.drive;
}

/* ---- Energies --------------------------------------------------------------------------------------------------------------- */

static qep_status waveforms(void *context, double t, double *added, qep_error *err) {
    const drive *d = context;
    double energy = 0.0;
    for (size_t k = 0; k < d->driven; k++) {
        if (k < d->expressions) {
            QEP_TRY(qep_expression_evaluate(d->expression[k], 0.0, 0.0, 0.0, t, &energy, err));
        }
        added[k] = energy;
    }
    return QEP_OK;
}

static qep_status potential(void *context, double t, double *added, qep_error *err) {
    const drive *d = context;
    QEP_TRY(qep_expression_fill(d->expression[0], d->run->grid, t, d->run->options->threads, d->whole, err));
    for (size_t i = 0; i < d->sites; i++) {
        added[i] = d->whole[qep_run_sample_of_site(d->run, &d->run->config->transport, i)];
    }
    return QEP_OK;
}

static qep_status compile(drive *d, qep_error *err) {
    const qep_config_drive *c = config_of(d);
    const size_t count = c->potential ? 1 : c->waveforms;
    QEP_TRY(qep_alloc((void **)&d->expression, count, sizeof *d->expression, "the drive", err));
    for (d->expressions = 0; d->expressions < count; d->expressions++) {
        QEP_TRY(qep_expression_create(&d->expression[d->expressions], c->potential ? c->potential : c->waveform[d->expressions], 1,
                                      &d->run->config->parameters, c->potential ? "/transport/drive/potential" : "/transport/drive/waveform", err));
    }
    return QEP_OK;
}

/* Sites whose energy moves by more than a percent of the largest move: from there the echo counts. */
static qep_status find_origins(drive *d, double *most, double *start, double *added, qep_error *err) {
    const qep_config_drive *c = config_of(d);
    double largest = 0.0;
    QEP_TRY(potential(d, 0.0, start, err));
    for (double t = 0.5 * c->step; c->step > 0.0 && t <= c->end; t += 0.5 * c->step) {
        QEP_TRY(potential(d, t, added, err));
        for (size_t i = 0; i < d->sites; i++) {
            most[i] = fmax(most[i], fabs(added[i] - start[i]));
            largest = fmax(largest, most[i]);
        }
    }
    for (size_t i = 0; i < d->sites; i++) {
        if (most[i] > 0.01 * largest) {
            d->origin[d->origins++] = i;
        }
    }
    return QEP_OK;
}

static qep_status set_driven(drive *d, qep_error *err) {
    const qep_config_drive *c = config_of(d);
    d->driven = c->potential ? d->sites : c->sites;
    QEP_TRY(qep_alloc((void **)&d->site, d->driven, sizeof *d->site, "driven sites", err));
    for (size_t k = 0; k < d->driven; k++) {
        d->site[k] = c->potential ? k : c->site[k];
    }
    if (!c->potential) {
        return QEP_OK;
    }
    double *work = NULL;
    QEP_TRY(qep_alloc((void **)&d->origin, d->sites, sizeof *d->origin, "driven sites", err));
    QEP_TRY(qep_alloc((void **)&work, 3 * d->sites, sizeof *work, "the drive", err));
    const qep_status status = find_origins(d, work, work + d->sites, work + 2 * d->sites, err);
    qep_free(work);
    return status;
}

/* ---- Region ----------------------------------------------------------------------------------------------------------------- */

static qep_status fill_where(drive *d, qep_error *err) {
    qep_expression *expression = NULL;
    QEP_TRY(qep_expression_create(&expression, config_of(d)->where, 1, &d->run->config->parameters, "/transport/drive/cut", err));
    const qep_status status = qep_expression_fill(expression, d->run->grid, 0.0, d->run->options->threads, d->whole, err);
    qep_expression_destroy(expression);
    for (size_t i = 0; status == QEP_OK && i < d->sites; i++) {
        d->inside[i] = d->whole[qep_run_sample_of_site(d->run, &d->run->config->transport, i)] != 0.0;
    }
    return status;
}

static qep_status set_region(drive *d, qep_error *err) {
    const qep_config_drive *c = config_of(d);
    QEP_TRY(qep_alloc((void **)&d->inside, d->sites, sizeof *d->inside, "the region", err));
    if (c->where) {
        return fill_where(d, err);
    }
    for (size_t k = 0; k < c->inside_count; k++) {
        d->inside[c->inside[k]] = 1;
    }
    for (size_t i = c->from; !c->inside && i < d->sites; i++) {
        d->inside[i] = 1;
    }
    return QEP_OK;
}

/* The drive's own hopping: magnitude of every bond of a driven site. */
static void set_hopping(qep_hamiltonian *h, const drive *d) {
    const qep_config_drive *c = config_of(d);
    for (size_t i = 0; i < h->count; i++) {
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            int touched = 0;
            for (size_t s = 0; s < d->driven; s++) {
                touched |= i == d->site[s] || h->column[k] == d->site[s];
            }
            if (touched) {
                h->value[k] *= cabs(h->value[k]) > 0.0 ? fabs(c->hopping) / cabs(h->value[k]) : 0.0;
            }
        }
    }
}

static qep_status create(drive *d, qep_error *err) {
    const qep_config_drive *c = config_of(d);
    if (d->run->config->transport.on_grid) {
        QEP_TRY(qep_alloc_doubles(&d->whole, d->run->count, "the drive", err));
    }
    QEP_TRY(compile(d, err));
    QEP_TRY(set_region(d, err));
    return c->step > 0.0 && isfinite(c->end) ? set_driven(d, err) : QEP_OK;
}

static void release(drive *d) {
    for (size_t k = 0; d->expression && k < d->expressions; k++) {
        qep_expression_destroy(d->expression[k]);
    }
    void *const all[] = {d->expression, d->whole, d->site, d->origin, d->inside};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        qep_free(all[k]);
    }
}

/* ---- Results ---------------------------------------------------------------------------------------------------------------- */

static qep_status put_evolution(qep_run_state *run, const qep_evolution *e, qep_error *err) {
    const size_t frames[2] = {e->frames, e->sites}, steps = e->steps;
    const struct {
        const char *name, *text, *unit;
        const double *value;
    } sites[] = {{"drive/n", "particles per site", "1", e->n}, {"drive/s", "entropy per site", "J K^-1", e->s}, {"drive/e", "energy per site", "J", e->e}},
      flows[] = {{"drive/t_step", "start of the step", "s", e->flow_t},
                 {"drive/J_N", "particle current into the region", "s^-1", e->J_N},
                 {"drive/J_S", "entropy current into them", "W K^-1", e->J_S},
                 {"drive/J_E", "energy current into them", "W", e->J_E}};
    QEP_TRY(qep_run_transport_put(run, "drive/t", "time", "s", "", e->t, 1, frames, err));
    for (size_t i = 0; i < 3; i++) {
        QEP_TRY(qep_run_transport_put(run, sites[i].name, sites[i].text, sites[i].unit, "drive/t site", sites[i].value, 2, frames, err));
    }
    for (size_t i = 0; i < 4; i++) {
        QEP_TRY(qep_run_transport_put(run, flows[i].name, flows[i].text, flows[i].unit, i ? "drive/t_step" : "", flows[i].value, 1, &steps, err));
    }
    const struct {
        const char *name, *unit;
        double value;
    } rows[] = {{"drive_delta_N", NULL, e->delta_N}, {"drive_delta_S", "J K^-1", e->delta_S}, {"drive_delta_E", "J", e->delta_E}, {"drive_heat", "J", e->heat},
                {"drive_heat_by_entropy", "J", e->heat_by_entropy}, {"drive_missing_heat", "J", e->missing}, {"drive_work", "J", e->work}, {"drive_work_by_force", "J", e->work_by_force},
                {"drive_residual_N", NULL, e->residual_N}, {"drive_residual_S", NULL, e->residual_S}, {"drive_residual_E", NULL, e->residual_E}, {"drive_residual_W", NULL, e->residual_W},
                {"drive_entropy_drift", NULL, e->entropy_drift}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(qep_run_number(run, 0, "transport", rows[i].name, rows[i].value, rows[i].unit, err));
    }
    return QEP_OK;
}

/* A log line of what was checked, and a word where the finite system shows. */
static void report(const qep_run_state *run, const qep_evolution *e, const double *temperature, int parts) {
    qep_log_write(run->log, QEP_LOG_INFO, "transport: %zu steps; continuity holds to N %.1e, S %.1e, E %.1e, work of the forces to %.1e, sum of s to %.1e", e->steps,
                  e->residual_N, e->residual_S, e->residual_E, e->residual_W, e->entropy_drift);
    const double kT = QEP_BOLTZMANN * (parts == 2 ? fmin(temperature[0], temperature[1]) : temperature[0]);
    if (kT < e->level_spacing) {
        qep_log_write(run->log, QEP_LOG_WARNING, "transport: k_B T = %.3g J is below the spacing of levels, about %.3g J: numbers depend on the size of the system",
                      kT, e->level_spacing);
    }
}

static qep_status evolve(drive *d, const qep_hamiltonian *h, qep_error *err) {
    const qep_config_drive *c = config_of(d);
    const qep_drive request = {.driven = d->driven, .site = d->site, .energies = c->potential ? potential : waveforms, .context = d,
                               .origins = d->origins, .origin = d->origin, .joined = c->joined, .mu = {c->mu[0], c->mu[1]},
                               .temperature = {c->temperature[0], c->temperature[1]}, .step = c->step, .end = c->end, .inside = d->inside,
                               .every = c->every, .force = c->force, .spin = d->run->config->transport.spin_factor,
                               .threads = d->run->options->threads, .log = d->run->log};
    qep_evolution e;
    QEP_TRY(qep_evolve(h, &request, &e, err));
    report(d->run, &e, c->temperature, 1 + c->joined);
    const qep_status status = put_evolution(d->run, &e, err);
    qep_evolution_free(&e);
    return status;
}

qep_status qep_run_transport_drive(qep_run_state *run, qep_run_transport *t, qep_error *err) {
    drive d = {.run = run, .sites = t->conductor.h.count};
    qep_status status = create(&d, err);
    if (status == QEP_OK && config_of(&d)->has_hopping) {
        set_hopping(&t->conductor.h, &d);
    }
    status = status == QEP_OK ? evolve(&d, &t->conductor.h, err) : status;
    release(&d);
    return status;
}
