/* Kernel of open axes as a sum of separable products. With -A = sum of Lambda_d >= 0 and 1/Lambda = int_0^inf exp(-Lambda t) dt,
 *   K(k1,k2,k3) = - sum_q w_q  F_1(k1,t_q) F_2(k2,t_q) F_3(k3,t_q),
 * F = exp(t lambda(k)) on a closed axis and the cosine transform of the heat kernel over the distances -m < n <= m on an open one. So the whole
 * tensor is one matrix product of [modes1, nodes] with [nodes, modes2 modes3], in slabs. Where all closed eigenvalues vanish and fewer than
 * three axes are open, the integral of the one constant mode diverges, and only of that one: its value is set apart, by gauge. */
#include "qep/poisson/kernel.h"

#include "kernel_impl.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/spectral/series.h"
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <string.h>

enum {
    COLUMNS = 64,    /* modes of axis 1 per matrix product */
    NODES_GUESS = 256 /* for the memory of a kernel whose eigenvalues are not known yet */
};

struct qep_kernel {
    qep_kernel_axis axis[3];
    size_t modes[3], nodes;
    double gauge_length;
    qep_heat_node *node; /* [nodes] */
    double *factor[3];   /* F: [modes][nodes], NULL once the values are made */
    double *drop[3];     /* open: sum over the distances -m < n <= m of p(n) - p(0), [nodes]; likewise */
    double *values;
};

size_t qep_kernel_modes(const qep_kernel_axis *axis) {
    return axis->open ? axis->m + 1 : axis->modes;
}

static int meaningful(const qep_kernel_axis *axis) {
    if (axis->open) {
        return axis->m > 0 && axis->m < INT_MAX / 2 && isfinite(axis->h) && axis->h > 0.0 && (!axis->stencil || axis->stencil->order > 0);
    }
    int good = axis->modes > 0 && axis->modes < INT_MAX && axis->eigenvalues;
    for (size_t k = 0; good && k < axis->modes; k++) {
        good = isfinite(axis->eigenvalues[k]) && axis->eigenvalues[k] <= 0.0;
    }
    return good;
}

/* Factors so small reach no sum; as subnormal numbers they would slow the products down. */
static double flushed(double value) {
    return fabs(value) < 1e-100 ? 0.0 : value;
}

static void fill_closed(qep_kernel *kernel, int d) {
    const size_t nodes = kernel->nodes;
    for (size_t k = 0; k < kernel->modes[d]; k++) {
        for (size_t q = 0; q < nodes; q++) {
            kernel->factor[d][k * nodes + q] = flushed(exp(kernel->node[q].t * kernel->axis[d].eigenvalues[k]));
        }
    }
}

/* The heat kernel at all nodes: factor becomes the excess over p(m), which goes to far [nodes]; column [threads][m+1]. */
static void fill_distances(qep_kernel *kernel, int d, double *far, double *column, int threads) {
    const size_t nodes = kernel->nodes, m = kernel->axis[d].m;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t q = 0; q < nodes; q++) {
        double *excess = column + (size_t)omp_get_thread_num() * (m + 1), drop = 0.0;
        far[q] = qep_heat_kernel(&kernel->axis[d], kernel->node[q].t, excess);
        for (size_t n = m + 1; n-- > 0;) {
            kernel->factor[d][n * nodes + q] = excess[n];
            drop += (n == m ? 1.0 : 2.0) * (excess[n] - excess[0]);
        }
        kernel->drop[d][q] = drop;
    }
}

/* sum_{n=-m+1}^{m} p(n) cos(pi n k/m): the constant p(m) adds to k = 0 alone, so that the others lose nothing to it. */
static void to_modes(qep_kernel *kernel, int d, const double *far, const qep_series *series) {
    const size_t nodes = kernel->nodes, m = kernel->axis[d].m;
    double *factor = kernel->factor[d];
    qep_series_forward(series, factor);
    for (size_t k = 0; k <= m; k++) {
        const double scale = (k == 0 || k == m ? 2.0 : 1.0) * (double)m; /* the series' coefficients are normalised */
        for (size_t q = 0; q < nodes; q++) {
            factor[k * nodes + q] = flushed(factor[k * nodes + q] * scale + (k == 0 ? 2.0 * (double)m * far[q] : 0.0));
        }
    }
}

/* The order in which the two branches of an open axis have its modes. */
static qep_status put_evens_first(qep_kernel *kernel, int d, qep_error *err) {
    const size_t nodes = kernel->nodes, modes = kernel->modes[d], evens = kernel->axis[d].m / 2 + 1;
    double *ordered = NULL;
    QEP_TRY(qep_alloc_doubles(&ordered, modes * nodes, "kernel of one axis", err));
    for (size_t k = 0; k < modes; k++) {
        memcpy(ordered + (k % 2 ? evens + k / 2 : k / 2) * nodes, kernel->factor[d] + k * nodes, nodes * sizeof *ordered);
    }
    qep_free(kernel->factor[d]);
    kernel->factor[d] = ordered;
    return QEP_OK;
}

static qep_status fill_open(qep_kernel *kernel, int d, int threads, qep_error *err) {
    const size_t columns = kernel->modes[d] * (size_t)threads;
    double *work = NULL;
    qep_series *series = NULL;
    QEP_TRY(qep_series_create(&series, QEP_WALL_NEUMANN, QEP_WALL_NEUMANN, QEP_NODE, kernel->modes[d], 1.0, kernel->nodes,
                              QEP_EFFORT_ESTIMATE, err));
    const qep_status status = qep_alloc((void **)&work, columns + kernel->nodes, sizeof *work, "heat kernel", err);
    if (status == QEP_OK) {
        fill_distances(kernel, d, work + columns, work, threads);
        to_modes(kernel, d, work + columns, series);
    }
    qep_free(work);
    qep_series_destroy(series);
    return status;
}

/* values[k2][k1 of a block][:] = - factor0^T diag(w factor2[k2]) factor1; scaled [COLUMNS][nodes]. */
static void fill_block(const qep_kernel *kernel, size_t k2, size_t first, double *scaled) {
    const size_t nodes = kernel->nodes, n0 = kernel->modes[0], n1 = kernel->modes[1];
    const size_t count = n1 - first < COLUMNS ? n1 - first : COLUMNS;
    for (size_t k = 0; k < count; k++) {
        for (size_t q = 0; q < nodes; q++) {
            scaled[k * nodes + q] = kernel->node[q].w * kernel->factor[2][k2 * nodes + q] * kernel->factor[1][(first + k) * nodes + q];
        }
    }
    qep_dgemm(QEP_TRANSPOSED, QEP_AS_IS, n0, count, nodes, -1.0, kernel->factor[0], nodes, scaled, nodes, 0.0,
              kernel->values + (k2 * n1 + first) * n0, n0);
}

static qep_status multiply(qep_kernel *kernel, int threads, qep_error *err) {
    const size_t blocks = (kernel->modes[1] + COLUMNS - 1) / COLUMNS, size = COLUMNS * kernel->nodes;
    double *scaled = NULL;
    QEP_TRY(qep_alloc((void **)&scaled, size * (size_t)threads, sizeof *scaled, "kernel block", err));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t i = 0; i < blocks * kernel->modes[2]; i++) {
        fill_block(kernel, i / blocks, i % blocks * COLUMNS, scaled + (size_t)omp_get_thread_num() * size);
    }
    qep_free(scaled);
    return QEP_OK;
}

/* 2 open axes a, b: int [p p - h h exp(-R^2/4t)/(4 pi t)] dt -> -(h h/2 pi) ln(r/R). Summed with R = the diagonal, which the nodes resolve. */
static double plane_constant(const qep_kernel *kernel, int a, int b) {
    const qep_kernel_axis *x = &kernel->axis[a], *y = &kernel->axis[b];
    const double count = 4.0 * (double)x->m * (double)y->m, area = x->h * y->h, diagonal = hypot((double)x->m * x->h, (double)y->m * y->h);
    double sum = 0.0;
    for (size_t q = kernel->nodes; q-- > 0;) {
        const double t = kernel->node[q].t, continuum = area / (4.0 * M_PI * t) * exp(-0.25 * diagonal * diagonal / t);
        sum += kernel->node[q].w * (kernel->factor[a][q] * kernel->factor[b][q] - count * continuum);
    }
    return -(sum + count * area / (2.0 * M_PI) * log(kernel->gauge_length / diagonal));
}

/* 1 open axis: the sum over distances of G(n) = G(0) + int [p(n) - p(0)] dt, where G(0) is such that G -> -|z| h/2. */
static double line_constant(const qep_kernel *kernel, int d) {
    const qep_kernel_axis *axis = &kernel->axis[d];
    double sum = 2.0 * (double)axis->m * axis->h * axis->h * qep_heat_constant(axis);
    for (size_t q = kernel->nodes; q-- > 0;) {
        sum += kernel->node[q].w * kernel->drop[d][q];
    }
    return -sum;
}

/* The mode of a closed axis with eigenvalue 0, or its number of modes. The constant mode of an open axis. */
static size_t zero_mode(const qep_kernel_axis *axis) {
    size_t k = 0;
    while (!axis->open && k < axis->modes && axis->eigenvalues[k] != 0.0) {
        k++;
    }
    return k;
}

/* Set the one mode whose integral diverges: constant along open axes, and of eigenvalue 0 along the closed ones. */
static void set_constant_mode(qep_kernel *kernel) {
    int open[3], count = 0;
    size_t at = 0;
    for (int d = 2; d >= 0; d--) {
        const size_t k = zero_mode(&kernel->axis[d]);
        if (k == kernel->modes[d]) {
            kernel->gauge_length = 0.0;
            return;
        }
        at = at * kernel->modes[d] + k;
        if (kernel->axis[d].open) {
            open[count++] = d;
        }
    }
    if (count == 2) {
        kernel->values[at] = plane_constant(kernel, open[0], open[1]);
    } else if (count == 1) {
        kernel->values[at] = line_constant(kernel, open[0]);
    }
    kernel->gauge_length = count == 2 ? kernel->gauge_length : 0.0;
}

/* Count of the values, 0 when it overflows. */
static size_t count_values(const qep_kernel_axis axis[3]) {
    size_t count = 1;
    for (int d = 0; d < 3; d++) {
        count = qep_size_multiply(count, qep_kernel_modes(&axis[d]), &count) ? count : 0;
    }
    return count;
}

static qep_status allocate(qep_kernel *kernel, qep_error *err) {
    const size_t nodes = qep_heat_nodes(kernel->axis, NULL);
    kernel->nodes = nodes;
    QEP_TRY(qep_alloc((void **)&kernel->node, nodes, sizeof *kernel->node, "nodes of the kernel", err));
    qep_heat_nodes(kernel->axis, kernel->node);
    for (int d = 0; d < 3; d++) {
        kernel->modes[d] = qep_kernel_modes(&kernel->axis[d]);
        size_t size = 0;
        if (!qep_size_multiply(kernel->modes[d], nodes, &size)) {
            size = SIZE_MAX; /* refused by the allocation */
        }
        QEP_TRY(qep_alloc_doubles(&kernel->factor[d], size, "kernel of one axis", err));
        QEP_TRY(qep_alloc_doubles(&kernel->drop[d], nodes, "kernel of one axis", err));
    }
    const size_t count = count_values(kernel->axis);
    return qep_alloc_doubles(&kernel->values, count ? count : SIZE_MAX, "kernel of open axes", err);
}

static void release_factors(qep_kernel *kernel) {
    for (int d = 0; d < 3; d++) {
        qep_free(kernel->factor[d]);
        qep_free(kernel->drop[d]);
        kernel->factor[d] = kernel->drop[d] = NULL;
        kernel->axis[d].eigenvalues = NULL;
        kernel->axis[d].stencil = NULL;
    }
}

static qep_status fill(qep_kernel *kernel, int threads, qep_error *err) {
    QEP_TRY(allocate(kernel, err));
    for (int d = 0; d < 3; d++) {
        if (kernel->axis[d].open) {
            QEP_TRY(fill_open(kernel, d, threads, err));
            if (kernel->axis[d].evens_first) {
                QEP_TRY(put_evens_first(kernel, d, err));
            }
        } else {
            fill_closed(kernel, d);
        }
    }
    QEP_TRY(multiply(kernel, threads, err));
    set_constant_mode(kernel);
    return QEP_OK;
}

static double open_diagonal(const qep_kernel_axis axis[3]) {
    double diagonal = 0.0;
    for (int d = 0; d < 3; d++) {
        diagonal = axis[d].open ? hypot(diagonal, (double)axis[d].m * axis[d].h) : diagonal;
    }
    return diagonal;
}

qep_status qep_kernel_create(qep_kernel **out, const qep_kernel_axis axis[3], double gauge_length, int threads, qep_error *err) {
    *out = NULL;
    int open = 0, good = isfinite(gauge_length) && gauge_length >= 0.0;
    for (int d = 0; d < 3; d++) {
        good &= meaningful(&axis[d]);
        open += axis[d].open != 0;
    }
    if (!good || open == 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "kernel", "/boundary", NULL, "the kernel of open axes was asked for axes that mean nothing");
    }
    qep_kernel *kernel = NULL;
    QEP_TRY(qep_alloc((void **)&kernel, 1, sizeof *kernel, "kernel of open axes", err));
    for (int d = 0; d < 3; d++) {
        kernel->axis[d] = axis[d];
    }
    kernel->gauge_length = gauge_length > 0.0 ? gauge_length : open_diagonal(axis);
    const qep_status status = fill(kernel, threads > 0 ? threads : 1, err);
    release_factors(kernel);
    if (status != QEP_OK) {
        qep_kernel_destroy(kernel);
        return status;
    }
    *out = kernel;
    return QEP_OK;
}

void qep_kernel_destroy(qep_kernel *kernel) {
    if (kernel) {
        release_factors(kernel);
        qep_free(kernel->node);
        qep_free(kernel->values);
        qep_free(kernel);
    }
}

double *qep_kernel_values(qep_kernel *kernel) {
    return kernel->values;
}

size_t qep_kernel_nodes(const qep_kernel *kernel) {
    return kernel->nodes;
}

double qep_kernel_gauge_length(const qep_kernel *kernel) {
    return kernel->gauge_length;
}

size_t qep_kernel_bytes(const qep_kernel_axis axis[3]) {
    size_t bytes = count_values(axis);
    return bytes && qep_size_multiply(bytes, sizeof(double), &bytes) ? bytes : SIZE_MAX;
}

static size_t expected_nodes(const qep_kernel_axis axis[3]) {
    for (int d = 0; d < 3; d++) {
        if (!axis[d].open && !axis[d].eigenvalues) {
            return NODES_GUESS;
        }
    }
    return qep_heat_nodes(axis, NULL);
}

size_t qep_kernel_memory(const qep_kernel_axis axis[3], int threads) {
    const size_t nodes = expected_nodes(axis), several = threads > 0 ? (size_t)threads : 1, bytes = qep_kernel_bytes(axis);
    size_t sum = 0, longest = 0, factors = 0;
    for (int d = 0; d < 3; d++) {
        const size_t modes = qep_kernel_modes(&axis[d]);
        sum += modes + 1;
        longest = axis[d].open && modes > longest ? modes : longest;
    }
    const size_t lines = (longest + 2) * nodes, blocks = several * COLUMNS * nodes; /* planning space of a series; factors of the product */
    const size_t work = (lines > blocks ? lines : blocks) + several * longest + nodes;
    if (bytes == SIZE_MAX || !qep_size_multiply(sum, nodes, &factors) || factors + work > (SIZE_MAX - bytes) / sizeof(double)) {
        return SIZE_MAX;
    }
    return bytes + sizeof(double) * (factors + work) + nodes * sizeof(qep_heat_node);
}
