/* Free space beyond open faces: the kernel that takes the place of 1/eigenvalue (kernel.h), in the order of axes and modes that the passes
 * want. docs/numerics.md, "Open boundaries". */
#include "open.h"

#include "kernel_store.h"
#include "qep/base/memory.h"
#include <omp.h>
#include <string.h>

int qep_open_half(const qep_grid *grid, int d) {
    return qep_grid_axis_open(grid, d) && grid->axis[d].bc[0] != grid->axis[d].bc[1];
}

/* Eigenvalues of a closed axis by the kernel's modes. */
static qep_status closed_eigenvalues(const qep_poisson *p, int d, double **out, qep_error *err) {
    const size_t modes = qep_passes_modes(p->passes, d);
    QEP_TRY(qep_alloc_doubles(out, modes, "eigenvalues", err));
    for (size_t k = 0; k < modes; k++) {
        (*out)[k] = qep_passes_line(p->passes, d) ? qep_poisson_symbol(p, d, qep_passes_mode_theta(p->passes, d, k)) : 0.0;
    }
    return QEP_OK;
}

static qep_status describe_axis(const qep_poisson *p, int d, qep_kernel_axis *axis, double **eigenvalues, qep_error *err) {
    const size_t half = qep_passes_half_period(p->passes, d);
    if (half) {
        const int exact = p->calculus->derivative == QEP_SPECTRAL;
        *axis = (qep_kernel_axis){.open = 1, .m = half, .h = p->grid.axis[d].h, .evens_first = 1, .stencil = exact ? NULL : &p->stencil.axis[d]};
        return QEP_OK;
    }
    QEP_TRY(closed_eigenvalues(p, d, eigenvalues, err));
    *axis = (qep_kernel_axis){.modes = qep_passes_modes(p->passes, d), .eigenvalues = *eigenvalues};
    return QEP_OK;
}

static qep_status make_kernel(const qep_poisson *p, double gauge_length, qep_kernel **kernel, qep_error *err) {
    qep_kernel_axis axis[3];
    double *eigenvalues[3] = {NULL, NULL, NULL};
    qep_status status = QEP_OK;
    for (int i = 0; i < 3 && status == QEP_OK; i++) { /* the kernel's axis 0 is the fastest */
        status = describe_axis(p, qep_passes_kernel_axis(p->passes, 2 - i), &axis[i], &eigenvalues[i], err);
    }
    if (status == QEP_OK) {
        status = qep_kernel_create(kernel, axis, gauge_length, p->calculus->threads, err);
    }
    for (int i = 0; i < 3; i++) {
        qep_free(eigenvalues[i]);
    }
    QEP_TRY(status);
    qep_passes_scale_kernel(p->passes, qep_kernel_values(*kernel));
    return QEP_OK;
}

static size_t kernel_bytes(const qep_poisson *p) {
    return sizeof(double) * qep_passes_modes(p->passes, 0) * qep_passes_modes(p->passes, 1) * qep_passes_modes(p->passes, 2);
}

qep_status qep_open_create(qep_poisson *p, const qep_poisson_options *options, qep_error *err) {
    const double start = omp_get_wtime(), gauge_length = options->gauge_length > 0.0 ? options->gauge_length : qep_grid_open_diagonal(&p->grid);
    const int reused = qep_kernel_store_has(options->store, p, gauge_length);
    qep_kernel *kernel = reused ? options->store->kernel : NULL;
    if (!reused) {
        qep_kernel_store_clear(options->store);
        QEP_TRY(make_kernel(p, gauge_length, &kernel, err));
        if (options->store) {
            qep_kernel_store_put(options->store, p, gauge_length, kernel);
        } else {
            p->kernel = kernel;
        }
    }
    qep_passes_use_kernel(p->passes, qep_kernel_values(kernel));
    p->open = (qep_poisson_open){.axes = qep_grid_open_axes(&p->grid),
                                 .kernel = p->calculus->derivative == QEP_SPECTRAL ? "truncated" : "lattice",
                                 .gauge_length = qep_kernel_gauge_length(kernel),
                                 .bytes = kernel_bytes(p),
                                 .nodes = qep_kernel_nodes(kernel),
                                 .seconds = omp_get_wtime() - start,
                                 .reused = reused};
    return QEP_OK;
}

size_t qep_open_memory(const qep_grid *grid, int threads) {
    qep_kernel_axis axis[3];
    for (int d = 0; d < 3; d++) {
        const qep_axis *source = &grid->axis[d];
        axis[d] = (qep_kernel_axis){.modes = source->bc[0] == QEP_PERIODIC ? source->n / 2 + 1 : source->n};
        if (qep_grid_axis_open(grid, d)) {
            const size_t half = qep_passes_padded(source->n) * (qep_open_half(grid, d) ? 2 : 1);
            axis[d] = (qep_kernel_axis){.open = 1, .m = half, .h = source->h};
        }
    }
    return qep_grid_open_axes(grid) ? qep_kernel_memory(axis, threads) : 0;
}
