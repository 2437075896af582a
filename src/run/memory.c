/* How much memory a run will hold, checked against the limit before anything is allocated, and the arrays themselves:
 * inputs, solved parts, one component. A quantity is computed and written one component at a time. */
#include "state.h"

#include "qep/base/memory.h"
#include <stdint.h>

/* What the run holds as full fields, beside the solver's own. One row per array: who, when. */
typedef struct {
    const char *name;
    size_t offset; /* of the pointer in qep_run_state */
    int (*wanted)(const qep_run_state *run);
} array_row;

static int wants_S(const qep_run_state *run) {
    return run->has_entropy;
}

static int wants_charge(
    const qep_run_state *run) { /* otherwise the buffer carries it until the solve is done */
    return run->solves_rho && run->has_charge && (run->needs & QEP_NEEDS_SOURCE) &&
           !run->solves_psi;
}

static int wants_rho(const qep_run_state *run) {
    return run->solves_rho;
}

static int wants_psi(const qep_run_state *run) {
    return run->solves_psi;
}

static int wants_sigma(const qep_run_state *run) {
    double value = 0.0;
    const qep_field_spec *spec = run->config->conductivity;
    return spec && (run->conducts || (run->needs & QEP_NEEDS_CONDUCTIVITY)) &&
           !qep_field_is_constant(spec, &value);
}

static int wants_profile(const qep_run_state *run) {
    return run->profile_varies;
}

static int wants_eps(const qep_run_state *run) {
    return run->eps_varies;
}

static int wants_V(const qep_run_state *run) {
    return run->conducts;
}

static int wants_work(const qep_run_state *run) {
    return run->uses_work;
}

static int always(const qep_run_state *run) {
    (void)run;
    return 1;
}

/* clang-format off */
static const array_row arrays[] = {
    {"entropy density",               offsetof(qep_run_state, S),       wants_S      },
    {"charge density",                offsetof(qep_run_state, charge),  wants_charge },
    {"phi_rho",                       offsetof(qep_run_state, rho),     wants_rho    },
    {"psi = phi_S - kappa S",         offsetof(qep_run_state, psi),     wants_psi    },
    {"conductivity",                  offsetof(qep_run_state, sigma),   wants_sigma  },
    {"kappa profile",                 offsetof(qep_run_state, profile), wants_profile},
    {"permittivity",                  offsetof(qep_run_state, eps),     wants_eps    },
    {"V",                             offsetof(qep_run_state, V),       wants_V      },
    {"psi of the impressed current",  offsetof(qep_run_state, drive),   qep_run_wants_drive},
    {"component being derived",       offsetof(qep_run_state, buffer),  always       },
    {"scratch for mixed derivatives", offsetof(qep_run_state, work),    wants_work   },
};
/* clang-format on */

static size_t add(size_t a, size_t b) {
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* What the field that needs most holds while it is evaluated, bytes per sample. */
static size_t scratch_per_sample(const qep_config *c) {
    const qep_field_spec *const specs[] = {c->entropy, c->charge, c->conductivity, c->permittivity,
                                           c->coupling.profile};
    size_t most = 0;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        const size_t one = specs[i] ? qep_field_scratch(specs[i]) : 0;
        most = one > most ? one : most;
    }
    return most;
}

/* The solver gives exact derivatives along axes with an open face: it knows phi beyond. */
static int wants_gradient(const qep_run_state *run, int slopes, int d) {
    return slopes && run->config->derivative == QEP_SPECTRAL && qep_grid_axis_open(run->grid, d);
}

static size_t estimate(const qep_run_state *run) {
    const size_t field = run->count * sizeof(double); /* checked when the grid was made */
    size_t bytes = qep_run_sections_memory(run);
    if (!run->config->has_field) {
        return bytes;
    }
    const int varies = run->eps_varies;
    if (run->by_volumes) {
        bytes = add(bytes, qep_elliptic_memory(run->grid, run->config->method, varies, run->options->threads));
    } else if (run->solves_rho || run->solves_psi) {
        bytes = add(bytes, qep_poisson_memory(run->grid, run->config->derivative, run->options->threads));
    }
    if (run->conducts) {
        const qep_conduction_setup setup = qep_run_conduction_setup(run);
        bytes = add(bytes, qep_conduction_memory(&setup));
    }
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        bytes = arrays[i].wanted(run) ? add(bytes, field) : bytes;
    }
    for (int d = 0; d < 3; d++) {
        bytes = wants_gradient(run, run->slopes_rho, d) ? add(bytes, field) : bytes;
        bytes = wants_gradient(run, run->slopes_psi, d) ? add(bytes, field) : bytes;
    }
    bytes = add(bytes, qep_run_response_memory(run));
    size_t scratch = 0;
    const int fits = qep_size_multiply(run->count, scratch_per_sample(run->config), &scratch);
    return add(bytes, fits ? scratch : SIZE_MAX);
}

qep_status qep_run_check_memory(qep_run_state *run, qep_error *err) {
    const size_t available = qep_memory_available();
    const size_t given = run->config->memory_limit;
    const size_t limit = given ? given : (available == SIZE_MAX ? SIZE_MAX : available / 5 * 4);
    run->report->estimated_bytes = estimate(run);
    if (run->report->estimated_bytes <= limit) {
        return QEP_OK;
    }
    return qep_error_add(err, QEP_ERR_MEMORY, "memory", given ? "/limits/memory" : run->config->has_field ? "/grid/points" : "",
                         NULL,
                         "the run needs about %.4g GB, the limit is %.4g GB (%s); use fewer points "
                         "or fewer parts, or "
                         "raise limits.memory",
                         1e-9 * (double)run->report->estimated_bytes, 1e-9 * (double)limit,
                         given ? "limits.memory" : "80 % of what is available");
}

qep_status qep_run_allocate(qep_run_state *run, qep_error *err) {
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (arrays[i].wanted(run)) {
            double **pointer = (double **)(void *)((char *)run + arrays[i].offset);
            QEP_TRY(qep_alloc_doubles(pointer, run->count, arrays[i].name, err));
        }
    }
    for (int d = 0; d < 3; d++) {
        if (wants_gradient(run, run->slopes_rho, d)) {
            QEP_TRY(qep_alloc_doubles(&run->rho_gradient[d], run->count, "gradient of phi_rho", err));
        }
        if (wants_gradient(run, run->slopes_psi, d)) {
            QEP_TRY(qep_alloc_doubles(&run->psi_gradient[d], run->count, "gradient of psi", err));
        }
    }
    return QEP_OK;
}
