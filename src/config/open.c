/* What only open faces have: the kernel of "solver" and the length of its gauge. Open faces themselves are boundary kinds like the others (grid.c), and the entropy beyond them
 * is a plain row of "coupling". */
#include "config/reader.h"

#include <math.h>
#include <string.h>

static const char *const kernels[QEP_OPEN_KERNELS] = {"truncated", "lattice"};

const char *qep_kernel_name(qep_open_kernel kernel) {
    return kernels[kernel];
}

int read_kernel(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; \"truncated\" or \"lattice\" is needed", json_kind_name(node));
    }
    for (int k = 0; k < QEP_OPEN_KERNELS; k++) {
        if (strcmp(node->string, kernels[k]) == 0) {
            r->draft->config.kernel = (qep_open_kernel)k;
            return 1;
        }
    }
    return reject_choice(r, node, node->string, kernels, QEP_OPEN_KERNELS);
}

/* Nothing to say where every face is closed, unless the user did. */
int write_kernel(writer *w, const draft *d, const config_row *row) {
    (void)row;
    const int said = d->config.kernel_given || (d->config.grid.ndim > 0 && qep_grid_open_axes(&d->config.grid) > 0);
    if (w && said) {
        write_string(w, kernels[d->config.kernel]);
    }
    return said;
}

void finish_open(reader *r) {
    qep_config *config = &r->draft->config;
    config->derivative = (qep_derivative)r->draft->derivative;
    config->kernel_given = row_given(r->draft, "solver.kernel");
    const int spectral = config->derivative == QEP_SPECTRAL;
    if (!config->kernel_given) {
        config->kernel = spectral ? QEP_OPEN_TRUNCATED : QEP_OPEN_LATTICE;
    } else if (config->kernel == QEP_OPEN_LATTICE && spectral) {
        reject(r, blame(r, "solver.kernel"), "contradiction",
               "the lattice kernel inverts the stencil of a derivative fd2 to fd8, and \"spectral\" has none; use \"truncated\"");
    }
}

/* Only the logarithm of two open axes has a length in it. */
void finish_gauge_length(reader *r) {
    qep_config *config = &r->draft->config;
    const qep_grid *grid = &config->grid;
    const int used = config->gauge == QEP_GAUGE_FAR_FIELD && qep_grid_constant(grid) == QEP_CONSTANT_CONVENTION && qep_grid_open_axes(grid) == 2;
    if (row_given(r->draft, "solver.gauge_length")) {
        if (!used || config->reading != QEP_READING_POISSON) {
            reject(r, blame(r, "solver.gauge_length"), "inapplicable",
                   "only the far field of two open axes without Dirichlet faces has a length; the key would have no effect");
        }
        return;
    }
    if (used) {
        config->gauge_length = qep_grid_open_diagonal(grid);
    }
}
