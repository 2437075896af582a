/* hypre's BoomerAMG as a preconditioner, where the build found hypre: for noise from cell to cell, where geometric aggregates mean nothing. The only
 * file that includes hypre or MPI, which Debian's hypre cannot do without. One process, one thread: bits do not depend on the number of threads. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include <stdio.h>

#ifndef QEP_HYPRE

void qep_elliptic_library_version(char *text, size_t size) {
    snprintf(text, size, "hypre (not built in)");
}

void qep_elliptic_libraries_finish(void) {
}

qep_status qep_amg_create(qep_elliptic *e, qep_error *err) {
    (void)e;
    return qep_error_add(err, QEP_ERR_CONFIG, "not_available", "/solver/method", NULL, "this build has no hypre");
}

#else

#include <HYPRE.h>
#include <HYPRE_IJ_mv.h>
#include <HYPRE_parcsr_ls.h>
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

/* What suits seven-point stencils with noise: HMIS coarsening, extended interpolation of at most 4 entries, a threshold for three dimensions, and one
 * symmetric Gauss-Seidel sweep each way, so that the cycle is symmetric. */
enum { HMIS = 10, EXTENDED = 6, SYMMETRIC_SWEEP = 6, ENTRIES = 4, DOWN = 1, UP = 2 };
static const double strong = 0.5;

void qep_elliptic_library_version(char *text, size_t size) {
    snprintf(text, size, "hypre %s", HYPRE_RELEASE_VERSION);
}

/* MPI in a process of its own: no launcher, no network, and no handlers for signals that are the program's. What the user has set stays. */
static int start_mpi(void) {
    static const char *const settings[][2] = {{"OMPI_MCA_plm", "isolated"}, {"OMPI_MCA_btl", "self"}, {"OMPI_MCA_opal_signal", ""}};
    int running = 0, over = 0;
    MPI_Initialized(&running);
    MPI_Finalized(&over);
    if (running || over) {
        return !over;
    }
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        setenv(settings[k][0], settings[k][1], 0);
    }
    return MPI_Init(NULL, NULL) == MPI_SUCCESS;
}

void qep_elliptic_libraries_finish(void) {
    int running = 0, over = 0;
    MPI_Initialized(&running);
    MPI_Finalized(&over);
    if (running && !over) {
        MPI_Finalize();
    }
}

typedef struct {
    HYPRE_IJMatrix matrix;
    HYPRE_IJVector right, left;
    HYPRE_Solver solver;
    uint32_t *cell; /* [count] mesh index of each equation */
    HYPRE_Int *row; /* [count] 0, 1, 2, ... */
    double *values; /* [count] */
    HYPRE_Int count;
} amg;

static void destroy(void *data) {
    amg *m = data;
    if (!m) {
        return;
    }
    if (m->solver) {
        HYPRE_BoomerAMGDestroy(m->solver);
    }
    if (m->matrix) {
        HYPRE_IJMatrixDestroy(m->matrix);
    }
    if (m->right) {
        HYPRE_IJVectorDestroy(m->right);
    }
    if (m->left) {
        HYPRE_IJVectorDestroy(m->left);
    }
    qep_free(m->cell);
    qep_free(m->row);
    qep_free(m->values);
    qep_free(m);
    HYPRE_ClearAllErrors();
}

static HYPRE_ParVector vector_of(HYPRE_IJVector v) {
    void *object = NULL;
    HYPRE_IJVectorGetObject(v, &object);
    return (HYPRE_ParVector)object;
}

static HYPRE_ParCSRMatrix matrix_of(HYPRE_IJMatrix a) {
    void *object = NULL;
    HYPRE_IJMatrixGetObject(a, &object);
    return (HYPRE_ParCSRMatrix)object;
}

/* One cycle from zero. That it has not converged to hypre's taste after one is no error; z is judged by the iteration around. */
static void apply(void *data, const double *r, double *z) {
    const amg *m = data;
    for (HYPRE_Int i = 0; i < m->count; i++) {
        m->values[i] = r[m->cell[i]];
    }
    HYPRE_IJVectorSetValues(m->right, m->count, m->row, m->values);
    HYPRE_ParVectorSetConstantValues(vector_of(m->left), 0.0);
    HYPRE_BoomerAMGSolve(m->solver, matrix_of(m->matrix), vector_of(m->right), vector_of(m->left));
    HYPRE_IJVectorGetValues(m->left, m->count, m->row, m->values);
    HYPRE_ClearAllErrors();
    for (HYPRE_Int i = 0; i < m->count; i++) {
        z[m->cell[i]] = m->values[i];
    }
}

/* Neighbour of cell i along d, and the coupling to it; 0 where there is none. */
static double coupling(const qep_couplings *a, size_t i, int d, int side, size_t *to) {
    size_t stride = d == 0 ? 1 : d == 1 ? a->n[0] : a->n[0] * a->n[1];
    const size_t n = a->n[d], at = i / stride % n;
    if (!a->g[d]) {
        return 0.0;
    }
    if (side) {
        *to = at + 1 < n ? i + stride : i - at * stride;
        return a->g[d][i];
    }
    *to = at > 0 ? i - stride : i + (n - 1) * stride;
    return a->g[d][*to];
}

static uint32_t root(uint32_t *parent, uint32_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* Some pieces of the matrix have no sink (nothing fixes their constant, or only a load does, which is not in the couplings), and a singular matrix is not
 * hypre's: the cell of the largest diagonal of each gets a sink of that size. On right sides without a net source that changes the constant alone, which is
 * taken out of z anyway. anchor: 1 for those cells. */
static qep_status find_anchors(const qep_couplings *a, uint8_t *anchor, qep_error *err) {
    uint32_t *parent = NULL, *best = NULL;
    QEP_TRY(qep_alloc((void **)&parent, 2 * a->count, sizeof *parent, "connected pieces", err));
    best = parent + a->count; /* of a root: that cell, NONE where the piece has a sink */
    for (size_t i = 0; i < a->count; i++) {
        parent[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < a->count; i++) {
        for (int d = 0; d < 3; d++) {
            size_t to = 0;
            if (coupling(a, i, d, 1, &to) > 0.0) {
                parent[root(parent, (uint32_t)i)] = root(parent, (uint32_t)to);
            }
        }
    }
    for (size_t i = 0; i < a->count; i++) {
        best[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < a->count; i++) {
        const uint32_t top = root(parent, (uint32_t)i), now = best[top];
        best[top] = now == QEP_NET_NONE || a->sink[i] > 0.0 ? QEP_NET_NONE : a->inverse[i] < a->inverse[now] ? (uint32_t)i : now;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (parent[i] == i && best[i] != QEP_NET_NONE && a->inverse[i] > 0.0) {
            anchor[best[i]] = 1;
        }
    }
    qep_free(parent);
    return QEP_OK;
}

/* The row of a cell: diagonal and up to six neighbours; where an axis has two cells both faces go to the same one. */
static HYPRE_Int fill_row(const qep_elliptic *e, size_t i, int anchored, const HYPRE_Int *number, HYPRE_Int column[7], double value[7]) {
    HYPRE_Int used = 1;
    double diagonal = e->a.sink[i];
    for (int face = 0; face < 6; face++) {
        size_t to = 0;
        const double g = coupling(&e->a, i, face / 2, face % 2, &to);
        if (!(g > 0.0) || to == i) {
            continue;
        }
        HYPRE_Int at = 1;
        while (at < used && column[at] != number[to]) {
            at++;
        }
        value[at] = at < used ? value[at] - g : -g;
        column[at] = number[to];
        used += at == used;
        diagonal += g;
    }
    column[0] = number[i];
    value[0] = anchored ? 2.0 * diagonal : diagonal;
    return used;
}

static void fill_matrix(amg *m, const qep_elliptic *e, const HYPRE_Int *number, const uint8_t *anchor) {
    HYPRE_IJMatrixCreate(MPI_COMM_SELF, 0, m->count - 1, 0, m->count - 1, &m->matrix);
    HYPRE_IJMatrixSetObjectType(m->matrix, HYPRE_PARCSR);
    HYPRE_IJMatrixSetMaxOffProcElmts(m->matrix, 0);
    HYPRE_IJMatrixInitialize(m->matrix);
    for (HYPRE_Int k = 0; k < m->count; k++) {
        HYPRE_Int column[7];
        double value[7];
        HYPRE_Int used = fill_row(e, m->cell[k], anchor[m->cell[k]], number, column, value);
        HYPRE_IJMatrixSetValues(m->matrix, 1, &used, &k, column, value);
    }
    HYPRE_IJMatrixAssemble(m->matrix);
}

static void make_vector(HYPRE_IJVector *v, HYPRE_Int count) {
    HYPRE_IJVectorCreate(MPI_COMM_SELF, 0, count - 1, v);
    HYPRE_IJVectorSetObjectType(*v, HYPRE_PARCSR);
    HYPRE_IJVectorInitialize(*v);
    HYPRE_IJVectorAssemble(*v);
    HYPRE_ParVectorSetConstantValues(vector_of(*v), 0.0);
}

static void set_up(amg *m) {
    HYPRE_BoomerAMGCreate(&m->solver);
    HYPRE_BoomerAMGSetPrintLevel(m->solver, 0);
    HYPRE_BoomerAMGSetLogging(m->solver, 0);
    HYPRE_BoomerAMGSetCoarsenType(m->solver, HMIS);
    HYPRE_BoomerAMGSetInterpType(m->solver, EXTENDED);
    HYPRE_BoomerAMGSetPMaxElmts(m->solver, ENTRIES);
    HYPRE_BoomerAMGSetStrongThreshold(m->solver, strong);
    HYPRE_BoomerAMGSetCycleRelaxType(m->solver, SYMMETRIC_SWEEP, DOWN);
    HYPRE_BoomerAMGSetCycleRelaxType(m->solver, SYMMETRIC_SWEEP, UP);
    HYPRE_BoomerAMGSetRelaxOrder(m->solver, 0);
    HYPRE_BoomerAMGSetNumSweeps(m->solver, 1);
    HYPRE_BoomerAMGSetTol(m->solver, 0.0);
    HYPRE_BoomerAMGSetMaxIter(m->solver, 1);
    HYPRE_BoomerAMGSetup(m->solver, matrix_of(m->matrix), vector_of(m->right), vector_of(m->left));
}

static qep_status number_cells(amg *m, const qep_couplings *a, HYPRE_Int *number, qep_error *err) {
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++) {
        count += a->inverse[i] > 0.0;
    }
    if (count > INT_MAX / 7) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "too_large", "/solver/method", NULL,
                             "\"pcg-amg\": %zu equations; hypre counts to %d matrix entries, which are %d equations; \"pcg-mg\" has no such limit", count, INT_MAX, INT_MAX / 7);
    }
    QEP_TRY(qep_alloc((void **)&m->cell, count ? count : 1, sizeof *m->cell, "algebraic multigrid", err));
    QEP_TRY(qep_alloc((void **)&m->row, count ? count : 1, sizeof *m->row, "algebraic multigrid", err));
    QEP_TRY(qep_alloc_doubles(&m->values, count ? count : 1, "algebraic multigrid", err));
    for (size_t i = 0; i < a->count; i++) {
        number[i] = -1;
        if (a->inverse[i] > 0.0) {
            m->cell[m->count] = (uint32_t)i;
            m->row[m->count] = m->count;
            number[i] = m->count++;
        }
    }
    return QEP_OK;
}

static qep_status build(amg *m, const qep_elliptic *e, HYPRE_Int *number, uint8_t *anchor, qep_error *err) {
    QEP_TRY(number_cells(m, &e->a, number, err));
    QEP_TRY(find_anchors(&e->a, anchor, err));
    HYPRE_ClearAllErrors();
    fill_matrix(m, e, number, anchor);
    make_vector(&m->right, m->count);
    make_vector(&m->left, m->count);
    set_up(m);
    const HYPRE_Int code = HYPRE_GetError();
    HYPRE_ClearAllErrors();
    return code == 0 ? QEP_OK
                     : qep_error_add(err, QEP_ERR_UNCONVERGED, "hypre", "/solver/method", NULL,
                                     "BoomerAMG could not be set up (error %d of hypre); \"pcg-mg\" does without it", (int)code);
}

qep_status qep_amg_create(qep_elliptic *e, qep_error *err) {
    amg *m = NULL;
    HYPRE_Int *number = NULL;
    uint8_t *anchor = NULL;
    if (!start_mpi()) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_available", "/solver/method", NULL,
                             "\"pcg-amg\": MPI, which hypre needs, does not start (or has ended) in this process; \"pcg-mg\" does without");
    }
    QEP_TRY(qep_alloc((void **)&m, 1, sizeof *m, "algebraic multigrid", err));
    e->m = (qep_preconditioner){.data = m, .apply = apply, .destroy = destroy};
    qep_status status = qep_alloc((void **)&number, e->a.count, sizeof *number, "algebraic multigrid", err);
    status = status == QEP_OK ? qep_alloc((void **)&anchor, e->a.count, 1, "algebraic multigrid", err) : status;
    status = status == QEP_OK ? build(m, e, number, anchor, err) : status;
    qep_free(number);
    qep_free(anchor);
    return status;
}

#endif
