/* One loop for all sources that are functions of a point. Blocks of fixed size are shared out to threads; each adds up its samples
 * in order and the block sums are added pairwise, so that integrals have the same bits for any number of threads. */
#include "pointwise.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"

/* Volume of a sample, m^ndim. */
static double sample_volume(const qep_grid *grid, size_t i) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    const size_t at[3] = {i % nx, i / nx % ny, i / nx / ny};
    double volume = 1.0;
    for (int d = 0; d < grid->ndim; d++) {
        volume *= grid->axis[d].h * qep_grid_weight(grid, d, at[d]);
    }
    return volume;
}

/* Samples [begin, end); returns the first bad one, or end. */
static size_t fill_block(const qep_pointwise *loop, size_t begin, size_t end, double *out, double sums[QEP_POINT_SUMS]) {
    for (size_t i = begin; i < end; i++) {
        if (!qep_source_wanted(loop->request, i)) {
            continue;
        }
        if (loop->judge(loop->model, i, NULL) != QEP_OK) {
            return i;
        }
        double density[QEP_POINT_SUMS] = {0};
        out[i] = loop->evaluate(loop->model, i, density);
        const double volume = sample_volume(loop->request->setting->grid, i);
        for (int k = 0; k < QEP_POINT_SUMS; k++) {
            sums[k] += density[k] * volume;
        }
    }
    return end;
}

qep_status qep_pointwise_fill(const qep_pointwise *loop, double *out, double integral[QEP_POINT_SUMS], qep_error *err) {
    const size_t count = qep_grid_count(loop->request->setting->grid);
    const size_t blocks = (count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
    double *sums = NULL;
    QEP_TRY(qep_alloc_doubles(&sums, QEP_POINT_SUMS * blocks, "sums of a source", err));
    size_t bad = count;
#pragma omp parallel for num_threads(loop->request->setting->threads) schedule(dynamic, 1) reduction(min : bad)
    for (size_t b = 0; b < blocks; b++) {
        double own[QEP_POINT_SUMS] = {0};
        const size_t begin = b * QEP_REDUCE_BLOCK, end = count - begin < QEP_REDUCE_BLOCK ? count : begin + QEP_REDUCE_BLOCK;
        const size_t stopped = fill_block(loop, begin, end, out, own);
        bad = stopped < end && stopped < bad ? stopped : bad;
        for (size_t k = 0; k < QEP_POINT_SUMS; k++) {
            sums[k * blocks + b] = own[k];
        }
    }
    for (size_t k = 0; k < QEP_POINT_SUMS; k++) {
        integral[k] = qep_reduce_pairwise(sums + k * blocks, blocks);
    }
    qep_free(sums);
    return bad == count ? QEP_OK : loop->judge(loop->model, bad, err);
}

qep_status qep_pointwise_report(const qep_source_request *request, const char *name, double integral, qep_dimension density, qep_error *err) {
    const qep_field_setting *set = request->setting;
    const int missing = 3 - set->grid->ndim;
    const double depth = missing == 2 ? set->cross_section : missing == 1 ? set->thickness : 1.0;
    const int known = depth > 0.0;
    const qep_dimension volume = qep_dimension_power(QEP_DIM_LENGTH, known ? 3 : set->grid->ndim);
    char unit[64];
    const qep_dimension total = qep_dimension_multiply(density, volume);
    qep_dimension_format(total, unit, sizeof unit);
    return qep_source_report(request, name, known ? integral * depth : integral, qep_dimension_equal(total, QEP_DIM_NONE) ? NULL : unit, err);
}
