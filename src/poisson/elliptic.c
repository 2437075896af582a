/* Variable-coefficient solver: makes the mesh, the couplings and the preconditioner once, then solves for one right side after another. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/spectral/passes.h"
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

static const char *const state_names[QEP_SOLVE_STATE_COUNT] = {"converged", "converged_at_rounding", "not_converged", "breakdown"};

const char *qep_solve_state_name(qep_solve_state state) {
    return state_names[state];
}

int qep_solve_state_accepted(qep_solve_state state) {
    return state == QEP_SOLVE_CONVERGED || state == QEP_SOLVE_CONVERGED_AT_ROUNDING;
}

static qep_status check_grid(const qep_grid *grid, qep_error *err) {
    for (int face = 0; face < 6; face++) {
        if (grid->axis[face / 2].bc[face % 2] == QEP_OPEN && grid->axis[face / 2].n > 1) {
            return qep_error_add(err, QEP_ERR_PROBLEM, "inapplicable", "/boundary", NULL,
                                 "open faces need constant materials; with materials that vary, close the faces (natural, dirichlet) farther away");
        }
    }
    return QEP_OK;
}

/* Copy c and learn its range. */
static qep_status take_coefficient(qep_elliptic *e, const double *c, double c_value, qep_error *err) {
    double low = INFINITY, high = 0.0;
    const double *const values = c ? c : &c_value;
    const size_t count = c ? e->samples : 1;
    size_t bad = count, excluded = 0;
#pragma omp parallel for num_threads(e->options.threads) schedule(static) reduction(min : low, bad) reduction(max : high) reduction(+ : excluded)
    for (size_t i = 0; i < count; i++) {
        const double value = values[i];
        bad = value >= 0.0 && value <= DBL_MAX ? bad : i < bad ? i : bad;
        low = value > 0.0 && value < low ? value : low;
        high = value > high ? value : high;
        excluded += value == 0.0;
    }
    if (bad < count) {
        return qep_error_add(err, QEP_ERR_INPUT, "range", "/materials", NULL, "sample %zu: a coefficient of %g; 0 (an insulator) or more is needed", bad, values[bad]);
    }
    e->about.excluded = excluded;
    if (high == 0.0) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "insulator", "/materials/conductivity", NULL,
                             "the conductivity is 0 everywhere: there is nothing that a current could flow through");
    }
    e->about.contrast = high / low;
    e->c_value = c_value;
    if (c) {
        QEP_TRY(qep_alloc_doubles(&e->c, e->samples, "coefficient", err));
        memcpy(e->c, c, e->samples * sizeof *c);
    }
    return QEP_OK;
}

/* Ghost layers behind the outer faces of a cell grid that carry floating contacts. */
static void size_mesh(qep_elliptic *e, const qep_terminals *terminals) {
    size_t ghosts[6] = {0};
    for (size_t i = 0; terminals && i < terminals->count; i++) {
        if (terminals->electrode[i].face >= 0 && !terminals->held[i] && e->grid.sampling == QEP_CELL) {
            ghosts[terminals->electrode[i].face] = 1;
        }
    }
    for (int d = 0; d < 3; d++) {
        e->low[d] = ghosts[2 * d];
        e->a.n[d] = e->grid.axis[d].n + ghosts[2 * d] + ghosts[2 * d + 1];
        e->a.periodic[d] = e->grid.axis[d].bc[0] == QEP_PERIODIC && e->a.n[d] > 1;
    }
}

/* Rows with an equation; the others (insulators, electrodes) are never visited. */
static qep_status list_rows(qep_elliptic *e, qep_error *err) {
    const size_t nx = e->a.n[0], rows = e->a.n[1] * e->a.n[2];
    QEP_TRY(qep_alloc((void **)&e->row, rows, sizeof *e->row, "rows of the mesh", err));
    for (size_t i = 0; i < rows; i++) {
        size_t x = 0;
        while (x < nx && !(e->a.inverse[i * nx + x] > 0.0)) {
            x++;
        }
        if (x < nx) {
            e->row[e->row_count++] = i;
        }
    }
    return QEP_OK;
}

static qep_status allocate_vectors(qep_elliptic *e, qep_error *err) {
    double **const vectors[] = {&e->x, &e->b, &e->r, &e->p, &e->q, e->m.out ? NULL : &e->z};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        if (vectors[i]) {
            QEP_TRY(qep_alloc((void **)vectors[i], e->a.count, sizeof(double), "vectors of the iteration", err));
        }
    }
    const size_t nets = e->net.count ? e->net.count : 1, parts = nets <= QEP_NET_FEW ? nets : 1;
    e->buffer_size = (e->a.n[0] + 7) / 8 * 8;
    QEP_TRY(qep_alloc_doubles(&e->buffer, e->buffer_size * (size_t)e->options.threads, "rows of the iteration", err));
    QEP_TRY(qep_alloc_doubles(&e->partial, parts * (e->row_count + 1), "sums of rows", err));
    double **const sums[] = {&e->net_sum, &e->net_diagonal, &e->net_defect, &e->absolute};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        QEP_TRY(qep_alloc((void **)sums[i], nets, sizeof(double), "sums over connected pieces", err));
    }
    return QEP_OK;
}

static qep_status build(qep_elliptic *e, const double *c, double c_value, const qep_terminals *terminals, qep_error *err) {
    QEP_TRY(take_coefficient(e, c, c_value, err));
    size_mesh(e, terminals);
    QEP_TRY(qep_couplings_allocate(&e->a, err));
    QEP_TRY(qep_alloc((void **)&e->role, e->a.count, 1, "roles of cells", err));
    QEP_TRY(qep_elliptic_assign_roles(e, terminals, err));
    QEP_TRY(qep_elliptic_fill_couplings(e, terminals, err));
    QEP_TRY(qep_networks_find(e, err));
    e->about.components = e->net.components;
    e->about.floating = e->net.floating;
    QEP_TRY(list_rows(e, err));
    QEP_TRY(qep_elliptic_choose(e, err));
    QEP_TRY(allocate_vectors(e, err));
    qep_elliptic_sum_diagonals(e);
    return QEP_OK;
}

qep_status qep_elliptic_build(qep_elliptic **out, const qep_grid *grid, const double *c, double c_value, const qep_elliptic_options *options,
                              const qep_terminals *terminals, const qep_log *log, qep_error *err) {
    *out = NULL;
    const double start = omp_get_wtime();
    QEP_TRY(check_grid(grid, err));
    qep_elliptic *e = NULL;
    QEP_TRY(qep_alloc((void **)&e, 1, sizeof *e, "solver", err));
    e->grid = *grid;
    e->options = *options;
    e->options.threads = options->threads > 0 ? options->threads : 1;
    e->extent = options->extent > 0.0 ? options->extent : 1.0;
    e->samples = qep_grid_count(grid);
    e->cell_volume = e->extent;
    for (int d = 0; d < 3; d++) {
        e->cell_area[d] = e->extent;
        for (int k = 0; k < grid->ndim; k++) {
            e->cell_area[d] *= k == d ? 1.0 : grid->axis[k].h;
        }
        e->cell_volume *= d < grid->ndim ? grid->axis[d].h : 1.0;
    }
    const qep_status status = build(e, c, c_value, terminals, err);
    if (status != QEP_OK) {
        qep_elliptic_destroy(e);
        return status;
    }
    e->about.seconds_setup = omp_get_wtime() - start;
    qep_log_write(log, QEP_LOG_DETAIL, "method %s: %s", qep_method_table()[e->about.method].name, e->about.reason);
    *out = e;
    return QEP_OK;
}

qep_status qep_elliptic_create(qep_elliptic **out, const qep_grid *grid, const double *c, double c_value, const qep_elliptic_options *options,
                               const qep_log *log, qep_error *err) {
    return qep_elliptic_build(out, grid, c, c_value, options, NULL, log, err);
}

void qep_elliptic_destroy(qep_elliptic *e) {
    if (!e) {
        return;
    }
    if (e->m.destroy) {
        e->m.destroy(e->m.data);
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        qep_free(e->pad[p].cells);
    }
    for (int face = 0; face < 6; face++) {
        qep_free(e->face_owner[face]);
    }
    qep_couplings_free(&e->a);
    qep_networks_free(&e->net);
    void *const arrays[] = {e->c, e->role, e->owner, e->contact, e->pad, e->link, e->x, e->b, e->r, e->p, e->q, e->z, e->row, e->partial, e->buffer, e->net_sum, e->net_diagonal, e->absolute, e->net_defect, e->history};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        qep_free(arrays[i]);
    }
    qep_free(e);
}

size_t qep_elliptic_memory(const qep_grid *grid, qep_method method, int varies, int threads) {
    const size_t count = qep_grid_count(grid);
    size_t faces = 0;
    for (int d = 0; d < 3; d++) {
        faces += grid->axis[d].n > 1 ? 2 * (count / grid->axis[d].n) : 0;
    }
    const size_t n[3] = {grid->axis[0].n, grid->axis[1].n, grid->axis[2].n};
    const double h[3] = {grid->axis[0].h, grid->axis[1].h, grid->axis[2].h};
    const int transforms = method == QEP_METHOD_FFT || method == QEP_METHOD_PCG_FFT || (method == QEP_METHOD_AUTO && !varies);
    /* c, three couplings, sink, diagonal, six vectors; roles, labels; contacts */
    const size_t own = count * (12 * sizeof(double) + 1 + sizeof(uint32_t)) + 2 * faces * sizeof(qep_contact);
    /* hypre: matrix and hierarchy, measured at 300 bytes per cell */
    return own + (transforms ? qep_passes_memory(grid, threads) : method == QEP_METHOD_PCG_AMG ? 300 * count : qep_multigrid_memory(n, h));
}

void qep_elliptic_describe(const qep_elliptic *e, qep_elliptic_report *report) {
    *report = e->about;
    report->compatible = 1;
}

/* Imbalance of each floating network against what the rule allows; the worst is reported. What passes is taken out by the projection of b. */
static void judge_compatibility(qep_elliptic *e, const qep_elliptic_control *control, double spread, qep_elliptic_report *report) {
    const qep_networks *net = &e->net;
    report->compatible = 1;
    memset(e->net_sum, 0, net->count * sizeof *e->net_sum);
    if (net->floating) {
        qep_elliptic_sum_networks(e, &(qep_vector){.wide = e->b}, e->net_sum);
    }
    memcpy(e->net_defect, e->net_sum, net->count * sizeof *e->net_sum);
    for (size_t k = 0; k < net->count; k++) {
        const double scale = e->absolute[k] + control->data_scale;
        const double relative = net->singular[k] && scale > 0.0 ? fabs(e->net_sum[k]) / scale : 0.0;
        const double uncertain = scale > 0.0 ? 10.0 * (spread + control->data_uncertainty) / scale : 0.0;
        if (relative > report->defect_relative) {
            report->defect_component = k;
            report->defect = e->net_sum[k];
            report->defect_relative = relative;
            report->defect_allowed = control->compatibility > 0.0 ? control->compatibility : fmax(1e-10, uncertain);
            report->compatible &= control->neutralize || relative <= report->defect_allowed;
        }
    }
    if (report->defect_relative > 0.0) {
        const size_t first = net->first[report->defect_component], nx = e->a.n[0], ny = e->a.n[1];
        size_t at[3] = {first % nx, first / nx % ny, first / nx / ny};
        for (int d = 0; d < 3; d++) { /* a ghost cell becomes its neighbour */
            const size_t n = e->grid.axis[d].n;
            at[d] = at[d] < e->low[d] ? 0 : at[d] - e->low[d] < n ? at[d] - e->low[d] : n - 1;
        }
        report->defect_sample = qep_grid_index(&e->grid, at[0], at[1], at[2]);
        report->defect_count = net->size[report->defect_component];
    }
}

/* Imbalance, relative to the sources, that rounding explains: pcg.c spreads it, no background is added. */
static const double rounding = 1e-12;

/* A uniform background takes the imbalance of every floating network. */
static void neutralize(qep_elliptic *e) {
    const qep_networks *net = &e->net;
    int any = 0;
    for (size_t k = 0; k < net->count; k++) {
        any |= net->singular[k] && fabs(e->net_defect[k]) > rounding * e->absolute[k];
    }
    if (!any) {
        return;
    }
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n;
    for (size_t i = 0; i < e->samples && net->floating; i++) {
        const size_t at[3] = {i % nx, i / nx % ny, i / nx / ny}, here = qep_mesh_index(e, at[0], at[1], at[2]);
        const uint32_t k = net->label ? net->label[here] : 0;
        if (e->role[here] == QEP_UNKNOWN && k != QEP_NET_NONE && net->singular[k] && fabs(e->net_defect[k]) > rounding * e->absolute[k]) {
            e->b[here] -= e->net_defect[k] * (qep_elliptic_volume(e, at) / net->weight[k]);
        }
    }
}

static void load_start(qep_elliptic *e, const qep_elliptic_control *control, const double *u) {
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n;
    memset(e->x, 0, e->a.count * sizeof *e->x);
    for (size_t i = 0; control->warm && i < e->samples; i++) {
        const size_t here = qep_mesh_index(e, i % nx, i / nx % ny, i / nx / ny);
        e->x[here] = e->a.inverse[here] > 0.0 && isfinite(u[i]) ? u[i] : 0.0;
    }
    for (size_t k = 0; k < e->contact_count && control->warm; k++) { /* ghosts start where their cells do */
        const qep_contact *contact = &e->contact[k];
        for (size_t p = 0; contact->other == SIZE_MAX && p < e->pad_count; p++) {
            if (contact->electrode == (int32_t)e->pad[p].electrode) {
                for (size_t j = 0; j < e->pad[p].count; j++) {
                    e->x[e->pad[p].cells[j]] = e->x[contact->cell];
                }
            }
        }
    }
}

/* Zero mean, by volume, of every floating network; the means stay in net_sum, times the weights. */
static void zero_means(const qep_elliptic *e, double *u) {
    const qep_networks *net = &e->net;
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n, rows = ny * e->grid.axis[2].n;
    memset(e->net_sum, 0, (net->count ? net->count : 1) * sizeof *e->net_sum);
    if (!net->floating) {
        return;
    }
    double *const contents = e->q; /* free after the iteration */
    memset(contents, 0, e->a.count * sizeof *contents);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (size_t x = 0; x < nx; x++) {
            const size_t at[3] = {x, i % ny, i / ny}, here = qep_mesh_index(e, x, at[1], at[2]);
            contents[here] = e->role[here] == QEP_UNKNOWN ? u[i * nx + x] * qep_elliptic_volume(e, at) : 0.0;
        }
    }
    qep_elliptic_sum_networks(e, &(qep_vector){.wide = contents}, e->net_sum);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (size_t x = 0; x < nx; x++) {
            const uint32_t k = net->label ? net->label[qep_mesh_index(e, x, i % ny, i / ny)] : 0;
            if (k != QEP_NET_NONE && net->singular[k] && net->weight[k] > 0.0) {
                u[i * nx + x] -= e->net_sum[k] / net->weight[k];
            }
        }
    }
}

static double known_at(const qep_elliptic *e, const qep_elliptic_drive *drive, const size_t at[3]) {
    double sum = 0.0, count = 0.0;
    for (int face = 0; face < 6; face++) {
        const int d = face / 2, side = face % 2;
        const qep_axis *axis = &e->grid.axis[d];
        if (axis->n > 1 && axis->bc[side] == QEP_DIRICHLET && at[d] == (side ? axis->n - 1 : 0)) {
            const double *level = drive->walls ? drive->walls->wall[d][side].level[0] : NULL;
            sum += level ? level[qep_elliptic_transverse(&e->grid, d, at)] : 0.0;
            count += 1.0;
        }
    }
    return count > 0.0 ? sum / count : 0.0;
}

static void store(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, double *u) {
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n, rows = ny * e->grid.axis[2].n;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (size_t x = 0; x < nx; x++) {
            const size_t at[3] = {x, i % ny, i / ny}, here = qep_mesh_index(e, x, at[1], at[2]);
            const uint8_t role = e->role[here];
            const int held = role == QEP_ELECTRODE_CELL && !(e->a.inverse[here] > 0.0);
            u[i * nx + x] = role == QEP_EXCLUDED ? NAN : role == QEP_KNOWN_NODE ? known_at(e, drive, at) : held ? terminal_values[e->owner[here]] : e->x[here];
        }
    }
    zero_means(e, u);
}

static qep_status check_finite(const char *what, const double *values, size_t count, int threads, qep_error *err) {
    const size_t bad = values ? qep_reduce_first_nonfinite(values, count, threads) : count;
    return bad == count ? QEP_OK : qep_error_add(err, QEP_ERR_INPUT, "not_finite", NULL, NULL, "%s at sample %zu is not finite", what, bad);
}

qep_status qep_elliptic_run(qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, const qep_elliptic_control *control,
                            double *u, qep_elliptic_report *report, qep_error *err) {
    const double start = omp_get_wtime();
    double spread = 0.0;
    qep_elliptic_describe(e, report);
    QEP_TRY(check_finite("the charge", drive->charge, e->samples, e->options.threads, err));
    QEP_TRY(check_finite("S", drive->S, e->samples, e->options.threads, err));
    QEP_TRY(check_finite("the profile of the coupling", drive->kappa, e->samples, e->options.threads, err));
    qep_elliptic_fill_source(e, drive, terminal_values, &spread);
    judge_compatibility(e, control, spread, report);
    if (!report->compatible) {
        return QEP_OK;
    }
    neutralize(e);
    load_start(e, control, u);
    QEP_TRY(qep_elliptic_pcg(e, control, report, err));
    store(e, drive, terminal_values, u);
    report->seconds_solve = omp_get_wtime() - start;
    return QEP_OK;
}

qep_status qep_elliptic_solve(qep_elliptic *e, const qep_elliptic_drive *drive, const qep_elliptic_control *control, double *u,
                              qep_elliptic_report *report, qep_error *err) {
    QEP_TRY(qep_elliptic_run(e, drive, NULL, control, u, report, err));
    return report->compatible ? qep_elliptic_balance(e, drive, u, report, err) : QEP_OK;
}

const double *qep_elliptic_history(const qep_elliptic *e, size_t *count) {
    *count = e->history_count;
    return e->history;
}
