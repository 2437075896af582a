/* Keys that are given and valid but reach nothing that this run computes: each is named in a
 * warning, so that nobody waits for an effect. Keys that contradict each other are refused earlier,
 * by the room config. One row per key: whether it was changed from its default, what would use it,
 * and why nothing does. */
#include "state.h"

#include <math.h>
#include <string.h>

static int writes(const qep_run_state *run, const char *name) {
    for (size_t q = 0; q < run->quantities; q++) {
        if (strcmp(run->quantity[q]->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int differs_from_one(const qep_field_spec *spec) {
    double value = 0.0;
    return spec && !(qep_field_is_constant(spec, &value) && value == 1.0);
}

static int face_values(const qep_run_state *run) {
    int any = 0;
    for (int face = 0; face < 6; face++) {
        any |= qep_run_face_has_value(&run->config->face[face / 2][face % 2]);
    }
    return any;
}

void qep_run_announce_idle_keys(const qep_run_state *run) {
    const qep_config *c = run->config;
    const int poses = run->solves_rho || run->solves_psi; /* T6 */
    const int solves = poses || run->conducts;
    const int iterates = run->by_volumes || run->conducts;
    if (!c->has_field) { /* whatever belongs to a field is refused there by the room config */
        if (c->grid.ndim > 0 && !qep_run_sections_use_grid(run)) {
            qep_log_write(run->log, QEP_LOG_WARNING, "/grid has no effect: nothing drives a field on it");
        }
        return;
    }
    const int kappa = run->has_entropy || writes(run, "kappa");
    const int permittivity = run->solves_rho || (run->solves_psi && run->by_volumes) ||
                             writes(run, "permittivity") || writes(run, "rho_S");
    const char *const unsolved = "no equation is solved here";
    const char *const direct = "the problem is solved directly, without iterations";
    const char *const unasked = "output.fields asks for nothing that depends on phi_rho";
    const struct {
        const char *path;
        int changed, used;
        const char *reason;
    } rows[] = {
        /* clang-format off */
        {"/solver/tolerance",        c->tolerance != 1e-10,                                                     solves,          unsolved                                     },
        {"/solver/keep_unconverged", c->keep_unconverged,                                                       solves || c->transport.loop.given,          unsolved                                     },
        {"/solver/max_iterations",   c->max_iterations != 500,                                                  iterates,        direct                                       },
        {"/solver/method",           c->method != QEP_METHOD_AUTO && c->method != QEP_METHOD_FFT,               iterates,        unsolved                                     },
        {"/solver/neutralize",       c->neutralize,                                                             poses,           unsolved                                     },
        {"/solver/compatibility",    c->compatibility >= 0.0,                                                   poses,           unsolved                                     },
        {"/solver/kernel",           c->kernel_given,                                                           run->open_axes && solves,
         run->open_axes ? unsolved : "there is no open face"                                                                                          },
        {"/coupling/entropy_at_infinity", !isnan(c->coupling.entropy_at_infinity),
         run->open_axes && run->has_entropy && c->reading == QEP_READING_POISSON,
         !run->open_axes ? "there is no open face" : "only phi_S of reading \"poisson\" is measured from it"                                            },
        {"/charge",                  run->has_charge,                                                           run->solves_rho, unasked                                      },
        {"/boundary",                face_values(run),                                                          run->solves_rho, unasked                                      },
        {"/entropy_current",         c->entropy_current[0] != NULL,
         (run->needs & QEP_NEEDS_ENTROPY_CURRENT) != 0,                                                                          "output.fields asks for nothing that follows from it"},
        {"/coupling",                c->coupling.closure != QEP_CLOSURE_LITERAL || c->coupling.profile != NULL,
         kappa,                                                                                                                  "there is no entropy that kappa could couple"},
        {"/materials/conductivity",  differs_from_one(c->conductivity),
         run->conducts || (run->needs & QEP_NEEDS_CONDUCTIVITY) != 0,                                                                           "output.fields asks for no current"          },
        {"/materials/permittivity",  differs_from_one(c->permittivity),                                         permittivity,
         "it matters to charge, to walls of phi_S, to rho_S and permittivity alone"                                                                                                                 },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].changed && !rows[i].used) {
            qep_log_write(run->log, QEP_LOG_WARNING, "%s has no effect: %s", rows[i].path,
                          rows[i].reason);
        }
    }
}
