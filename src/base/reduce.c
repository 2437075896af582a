/* Thread-count independent reductions. OpenMP's reduction clause was rejected: its order of additions,
 * and so the last bits, change with the number of threads and from run to run. */
#include "qep/base/reduce.h"

#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>

double qep_reduce_pairwise(double *values, size_t count) {
    if (count == 0) {
        return 0.0;
    }
    for (size_t stride = 1; stride < count; stride *= 2) {
        for (size_t i = 0; i + stride < count; i += 2 * stride) {
            values[i] += values[i + stride];
        }
    }
    return values[0];
}

qep_status qep_reduce_sum(size_t count,
                          double (*term)(const void *context, size_t begin, size_t end),
                          const void *context, int threads, double *sum, qep_error *err) {
    const size_t blocks = (count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
    double *partial = NULL;
    QEP_TRY(qep_alloc_doubles(&partial, blocks ? blocks : 1, "block sums", err));
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t b = 0; b < blocks; b++) {
        const size_t begin = b * QEP_REDUCE_BLOCK;
        const size_t end = begin + QEP_REDUCE_BLOCK < count ? begin + QEP_REDUCE_BLOCK : count;
        partial[b] = term(context, begin, end);
    }
    *sum = qep_reduce_pairwise(partial, blocks);
    qep_free(partial);
    return QEP_OK;
}

static double plain_sum(const void *context, size_t begin, size_t end) {
    const double *values = context;
    double sum = 0.0;
    for (size_t i = begin; i < end; i++) {
        sum += values[i];
    }
    return sum;
}

qep_status qep_reduce_array_sum(const double *values, size_t count, int threads, double *sum,
                                qep_error *err) {
    return qep_reduce_sum(count, plain_sum, values, threads, sum, err);
}

/* Eight running values side by side: without them each comparison waits for the one before. */
enum { LANES = 8 };

typedef struct {
    double low, high;
} extrema;

QEP_VARIANTS static extrema block_range(const double *values, size_t count) {
    double low[LANES], high[LANES];
    for (size_t k = 0; k < LANES; k++) {
        low[k] = INFINITY;
        high[k] = -INFINITY;
    }
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
            high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
        }
    }
    extrema result = {INFINITY, -INFINITY};
    for (; i < count; i++) {
        result.low = values[i] < result.low ? values[i] : result.low;
        result.high = values[i] > result.high ? values[i] : result.high;
    }
    for (size_t k = 0; k < LANES; k++) {
        result.low = low[k] < result.low ? low[k] : result.low;
        result.high = high[k] > result.high ? high[k] : result.high;
    }
    return result;
}

/* Extrema do not depend on the order, so OpenMP's reduction is safe here. */
void qep_reduce_array_range(const double *values, size_t count, int threads, double *min,
                            double *max) {
    double low = INFINITY, high = -INFINITY;
    const size_t blocks = (count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
#pragma omp parallel for num_threads(threads) schedule(static) reduction(min                       \
                                                                         : low) reduction(max      \
                                                                                          : high)
    for (size_t b = 0; b < blocks; b++) {
        const size_t begin = b * QEP_REDUCE_BLOCK,
                     size = count - begin < QEP_REDUCE_BLOCK ? count - begin : QEP_REDUCE_BLOCK;
        const extrema e = block_range(values + begin, size);
        low = e.low < low ? e.low : low;
        high = e.high > high ? e.high : high;
    }
    *min = low;
    *max = high;
}

/* 1 when all values are finite: 0 v is NaN otherwise, and sums keep it. */
QEP_VARIANTS static int block_finite(const double *values, size_t count) {
    double sum[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            sum[k] += 0.0 * values[i + k];
        }
    }
    double total = 0.0;
    for (; i < count; i++) {
        total += 0.0 * values[i];
    }
    for (size_t k = 0; k < LANES; k++) {
        total += sum[k];
    }
    return total == 0.0;
}

size_t qep_reduce_first_nonfinite(const double *values, size_t count, int threads) {
    size_t first = count;
    const size_t blocks = (count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
#pragma omp parallel for num_threads(threads) schedule(static) reduction(min : first)
    for (size_t b = 0; b < blocks; b++) {
        const size_t begin = b * QEP_REDUCE_BLOCK,
                     size = count - begin < QEP_REDUCE_BLOCK ? count - begin : QEP_REDUCE_BLOCK;
        if (begin >= first || block_finite(values + begin, size)) {
            continue;
        }
        for (size_t i = begin; i < begin + size; i++) {
            if (!isfinite(values[i])) {
                first = i;
                break;
            }
        }
    }
    return first;
}
