/* The algorithms of line.c. Cosine transforms by an N-point complex FFT of the permuted line: Makhoul, IEEE Trans. ASSP 28 (1980) 27; the
 * type-IV one by N/2 points per line. The textbook N-point algorithms for the types I were rejected: their error grows as sqrt(N); the even
 * (odd) extension to 2N costs no more here, since its spectrum needs no unpacking. Lines of even length are split into their even and odd modes
 * first, which are lines of half the length, again and again. */
#include "line_impl.h"

#include "qep/base/simd.h"
#include "vec4.h"
#include <string.h>

typedef qep_vec4 vec; /* two complex numbers */

static inline __attribute__((always_inline)) vec swap_lanes(vec v) {
    return __builtin_shufflevector(v, v, 1, 0, 3, 2);
}

static inline __attribute__((always_inline)) vec load(const double *p) {
    return qep_vec4_load(p);
}

static inline __attribute__((always_inline)) void store(double *p, vec v) {
    qep_vec4_store(p, v);
}

/* Packed spectrum Z = A + iB of two real lines <-> halfcomplex rows: with k' the row of the conjugate mode (n - k; n - 1 - k for the shifted
 * line), row k holds Re, row k' holds Im of (A, B): 2 Re A_k = Re(Z_k + Z_k'), 2 Im A_k = Im(Z_k - Z_k'), 2 Re B_k = Im(Z_k + Z_k'),
 * 2 Im B_k = Re(Z_k' - Z_k). Rows that are their own conjugate are real already. */
QEP_VARIANTS static void unpack_fourier(const qep_line *line, size_t first, double *block) {
    static const vec sign = {1.0, -1.0, 1.0, -1.0};
    const size_t total = line->n - 1 + first;
    for (size_t k = first; 2 * k < total; k++) {
        double *low = block + k * line->width, *high = block + (total - k) * line->width;
        for (size_t i = 0; i < line->width; i += 4) {
            const vec u = load(low + i), v = load(high + i);
            store(low + i, 0.5 * (u + v));
            store(high + i, 0.5 * sign * swap_lanes(u - v));
        }
    }
}

QEP_VARIANTS static void pack_fourier(const qep_line *line, size_t first, double *block) {
    static const vec sign = {1.0, -1.0, 1.0, -1.0};
    const size_t total = line->n - 1 + first;
    for (size_t k = first; 2 * k < total; k++) {
        double *low = block + k * line->width, *high = block + (total - k) * line->width;
        for (size_t i = 0; i < line->width; i += 4) {
            const vec u = load(low + i), v = swap_lanes(sign * load(high + i));
            store(low + i, u + v);
            store(high + i, u - v);
        }
    }
}

static void execute(fftw_plan plan, double *data) {
    fftw_execute_dft(plan, (fftw_complex *)(void *)data, (fftw_complex *)(void *)data);
}

static void copy_row(const qep_line *line, double *to, size_t r, const double *from, size_t s) {
    memcpy(to + r * line->width, from + s * line->width, line->width * sizeof *to);
}

/* Makhoul's permutation: even samples forward, odd samples backward. */
static size_t permuted(size_t j, size_t n) {
    return 2 * j < n ? 2 * j : 2 * (n - j) - 1;
}

/* X = DCT-II(x) in place, with X_k = 2 sum_j x_j cos(pi k (j + 1/2)/n). */
QEP_VARIANTS static void cosine2(const qep_line *line, double *block, double *work) {
    static const vec sign = {-1.0, 1.0, -1.0, 1.0};
    const size_t n = line->unknowns, width = line->width;
    for (size_t j = 0; j < n; j++) {
        copy_row(line, work, j, block, permuted(j, n));
    }
    execute(line->forward, work);
    for (size_t i = 0; i < width; i += 4) {
        store(block + i, 2.0 * load(work + i));
    }
    for (size_t k = 1; 2 * k <= n; k++) {
        const double *zk = work + k * width, *zn = work + (n - k) * width;
        double *xk = block + k * width, *xn = block + (n - k) * width;
        const double c = line->twiddle[k][0], s = line->twiddle[k][1];
        for (size_t i = 0; i < width; i += 4) {
            const vec even = load(zk + i) + load(zn + i), odd = swap_lanes(load(zk + i) - load(zn + i));
            /* w = c - i s: X_k = Re, X_{n-k} = -Im of w (V_k + conj V_{n-k}), for both lines at once */
            const vec a = c * even - s * sign * odd, b = c * sign * odd + s * even;
            store(xk + i, a);
            if (2 * k != n) {
                store(xn + i, b);
            }
        }
    }
}

/* x = DCT-III(X) in place: x_j = X_0 + 2 sum_k X_k cos(pi k (j + 1/2)/n); undoes cosine2 up to 2n. */
QEP_VARIANTS static void cosine3(const qep_line *line, double *block, double *work) {
    static const vec sign = {-1.0, 1.0, -1.0, 1.0};
    const size_t n = line->unknowns, width = line->width;
    copy_row(line, work, 0, block, 0);
    for (size_t k = 1; 2 * k <= n; k++) {
        const double *xk = block + k * width, *xn = block + (n - k) * width;
        double *zk = work + k * width, *zn = work + (n - k) * width;
        const double c = line->twiddle[k][0], s = line->twiddle[k][1];
        for (size_t i = 0; i < width; i += 4) {
            const vec a = load(xk + i), b = load(xn + i);
            const vec even = c * a + s * b, odd = swap_lanes(sign * (c * b - s * a));
            store(zk + i, even + odd);
            if (2 * k != n) {
                store(zn + i, even - odd);
            }
        }
    }
    execute(line->backward, work);
    for (size_t j = 0; j < n; j++) {
        copy_row(line, block, permuted(j, n), work, j);
    }
}

/* DCT-IV of even length in place (its own inverse up to n/2): X_{2k} = Re C_k, X_{n-1-2k} = -Im C_k with
 * C_k = sum_j (x_{2j} + i x_{n-1-2j}) exp(-i pi (2j + 1/2)(2k + 1/2)/n). */
QEP_VARIANTS static void cosine4(const qep_line *line, double *block, double *work) {
    const size_t n = line->unknowns, width = line->width;
    for (size_t j = 0; 2 * j < n; j++) {
        const double *re = block + 2 * j * width, *im = block + (n - 1 - 2 * j) * width;
        const double c = line->twiddle[j][0], s = line->twiddle[j][1];
        double *to = work + 2 * j * width;
        for (size_t i = 0; i < width; i++) {
            to[2 * i] = c * re[i] + s * im[i];
            to[2 * i + 1] = c * im[i] - s * re[i];
        }
    }
    execute(line->forward, work);
    for (size_t k = 0; 2 * k < n; k++) {
        const double *from = work + 2 * k * width;
        const double c = line->twiddle[k][0], s = line->twiddle[k][1];
        double *even = block + 2 * k * width, *odd = block + (n - 1 - 2 * k) * width;
        for (size_t i = 0; i < width; i++) {
            even[i] = c * from[2 * i] + s * from[2 * i + 1];
            odd[i] = s * from[2 * i] - c * from[2 * i + 1];
        }
    }
}

static void odd_cosine4(const qep_line *line, double *block) {
    fftw_execute_r2r(line->forward, block, block);
}

/* Sum and difference of the line and its mirror image, y_j and z_j from x_j and x_{N-j}: sums give the even modes of cosines and the odd ones of
 * sines. The middle sample is its own mirror and counts twice in the sum. parts: [even unknowns + odd unknowns][width]. */
QEP_VARIANTS static void fold_halves(const qep_line *line, const double *block, double *parts) {
    const int sine = line->row->machine == SINE1;
    const size_t n = line->intervals, half = n / 2, width = line->width, first = line->row->first;
    double *sums = sine ? parts + line->even->unknowns * width : parts, *differences = sine ? parts : parts + line->even->unknowns * width;
    for (size_t j = first; j < half; j++) {
        const double *a = block + (j - first) * width, *b = block + (n - j - first) * width;
        double *sum = sums + (j - first) * width, *difference = differences + (j - first) * width;
        for (size_t i = 0; i < width; i += 4) {
            const vec u = load(a + i), v = load(b + i);
            store(sum + i, u + v);
            store(difference + i, u - v);
        }
    }
    for (size_t i = 0; i < width; i += 4) {
        store(sums + (half - first) * width + i, 2.0 * load(block + (half - first) * width + i));
    }
}

QEP_VARIANTS static void unfold_halves(const qep_line *line, const double *parts, double *block) {
    const int sine = line->row->machine == SINE1;
    const size_t n = line->intervals, half = n / 2, width = line->width, first = line->row->first;
    const double *symmetric = sine ? parts + line->even->unknowns * width : parts;
    const double *antisymmetric = sine ? parts : parts + line->even->unknowns * width;
    for (size_t j = first; j < half; j++) {
        const double *s = symmetric + (j - first) * width, *t = antisymmetric + (j - first) * width;
        double *a = block + (j - first) * width, *b = block + (n - j - first) * width;
        for (size_t i = 0; i < width; i += 4) {
            const vec u = load(s + i), v = load(t + i);
            store(a + i, u + v);
            store(b + i, u - v);
        }
    }
    copy_row(line, block, half - first, symmetric, half - first);
}

static void split_forward(const qep_line *line, double *block, double *work) {
    const size_t evens = line->even->unknowns, total = evens + line->odd->unknowns;
    double *below = work + ((line->unknowns + 1) * line->width + 7) / 8 * 8;
    fold_halves(line, block, work);
    qep_line_forward_packed(line->even, work, below);
    qep_line_forward_packed(line->odd, work + evens * line->width, below);
    memcpy(block, work, total * line->width * sizeof *block);
}

static void split_backward(const qep_line *line, double *block, double *work) {
    const size_t evens = line->even->unknowns;
    qep_line_backward_packed(line->even, block, work);
    qep_line_backward_packed(line->odd, block + evens * line->width, work);
    memcpy(work, block, line->unknowns * line->width * sizeof *work);
    unfold_halves(line, work, block);
}

/* DCT-I: the even extension to 2N has a real spectrum, so the packed spectrum is the answer for both lines. */
static void cosine1(const qep_line *line, double *block, double *work) {
    const size_t m = line->unknowns, n = line->intervals;
    memcpy(work, block, m * line->width * sizeof *work);
    for (size_t j = 1; j < n; j++) {
        copy_row(line, work, 2 * n - j, block, j);
    }
    execute(line->forward, work);
    memcpy(block, work, m * line->width * sizeof *work);
}

/* DST-I: the odd extension has an imaginary spectrum -i X: Re Z = X of line b, Im Z = -X of line a. */
QEP_VARIANTS static void sine1(const qep_line *line, double *block, double *work) {
    static const vec sign = {-1.0, 1.0, -1.0, 1.0};
    const size_t m = line->unknowns, n = line->intervals, width = line->width;
    memset(work, 0, width * sizeof *work);
    memset(work + n * width, 0, width * sizeof *work);
    memcpy(work + width, block, m * width * sizeof *work);
    for (size_t j = 1; j < n; j++) {
        for (size_t i = 0; i < width; i++) {
            work[(2 * n - j) * width + i] = -block[(j - 1) * width + i];
        }
    }
    execute(line->forward, work);
    for (size_t i = 0; i < m * width; i += 4) {
        store(block + i, sign * swap_lanes(load(work + width + i)));
    }
}

static void reverse_rows(const qep_line *line, double *block) {
    for (size_t j = 0; 2 * j + 1 < line->unknowns; j++) {
        double *a = block + j * line->width, *b = block + (line->unknowns - 1 - j) * line->width;
        for (size_t i = 0; i < line->width; i++) {
            const double t = a[i];
            a[i] = b[i];
            b[i] = t;
        }
    }
}

static void alternate_rows(const qep_line *line, double *block) {
    for (size_t j = 1; j < line->unknowns; j += 2) {
        for (size_t i = 0; i < line->width; i++) {
            block[j * line->width + i] = -block[j * line->width + i];
        }
    }
}

/* Sines become cosines by reversing or alternating the samples. */
static void fold(const qep_line *line, double *block) {
    if (line->row->reverse) {
        reverse_rows(line, block);
    }
    if (line->row->alternate) {
        alternate_rows(line, block);
    }
}

static void fourier_forward(const qep_line *line, double *block, double *work) {
    (void)work;
    execute(line->forward, block);
}

static void fourier_backward(const qep_line *line, double *block, double *work) {
    (void)work;
    execute(line->backward, block);
}

/* Row j times exp(-i way pi j/n). */
QEP_VARIANTS static void turn(const qep_line *line, double way, double *block) {
    static const vec sign = {1.0, -1.0, 1.0, -1.0};
    for (size_t j = 1; j < line->n; j++) {
        double *row = block + j * line->width;
        const double c = line->twiddle[j][0], s = way * line->twiddle[j][1];
        for (size_t i = 0; i < line->width; i += 4) {
            const vec v = load(row + i);
            store(row + i, c * v + s * sign * swap_lanes(v));
        }
    }
}

static void shifted_forward(const qep_line *line, double *block, double *work) {
    (void)work;
    turn(line, 1.0, block);
    execute(line->forward, block);
}

static void shifted_backward(const qep_line *line, double *block, double *work) {
    (void)work;
    execute(line->backward, block);
    turn(line, -1.0, block);
}

static void any_cosine4(const qep_line *line, double *block, double *work) {
    line->use_r2r ? odd_cosine4(line, block) : cosine4(line, block, work);
}

/* Types II and III undo each other; types I and IV and the sine undo themselves. */
static const struct {
    void (*forward)(const qep_line *line, double *block, double *work);
    void (*backward)(const qep_line *line, double *block, double *work);
} machines[] = {
    [FOURIER] = {fourier_forward, fourier_backward},
    [SHIFTED] = {shifted_forward, shifted_backward},
    [COSINE2] = {cosine2, cosine3},
    [COSINE3] = {cosine3, cosine2},
    [COSINE4] = {any_cosine4, any_cosine4},
    [COSINE1] = {cosine1, cosine1},
    [SINE1] = {sine1, sine1},
};

void qep_line_forward_packed(const qep_line *line, double *block, double *scratch) {
    fold(line, block);
    if (line->even) {
        split_forward(line, block, scratch);
        return;
    }
    machines[line->row->machine].forward(line, block, scratch);
}

void qep_line_backward_packed(const qep_line *line, double *block, double *scratch) {
    if (line->even) {
        split_backward(line, block, scratch);
        return; /* types I are neither reversed nor alternated */
    }
    machines[line->row->machine].backward(line, block, scratch);
    fold(line, block);
}

/* Rows without walls that are their own conjugate before the first pair: mode 0 of the periodic line. */
static size_t real_rows(const qep_line *line) {
    return line->row->machine == FOURIER;
}

static int is_fourier(const qep_line *line) {
    return line->row->machine == FOURIER || line->row->machine == SHIFTED;
}

void qep_line_forward(const qep_line *line, double *block, double *scratch) {
    qep_line_forward_packed(line, block, scratch);
    if (is_fourier(line)) {
        unpack_fourier(line, real_rows(line), block);
    }
}

void qep_line_backward(const qep_line *line, double *block, double *scratch) {
    if (is_fourier(line)) {
        pack_fourier(line, real_rows(line), block);
    }
    qep_line_backward_packed(line, block, scratch);
}

size_t qep_line_conjugate(const qep_line *line, size_t k) {
    return is_fourier(line) && k >= real_rows(line) ? line->n - 1 + real_rows(line) - k : k;
}

/* i theta/h times the modes: the packed rows k and k' are modes k and -k; taken apart they hold real and imaginary parts. */
QEP_VARIANTS void qep_line_differentiate(const qep_line *line, int packed, double h, double *block) {
    static const vec turned = {-1.0, 1.0, -1.0, 1.0};
    const size_t first = real_rows(line), total = line->n - 1 + first, width = line->width;
    memset(block, 0, first * width * sizeof *block);
    for (size_t k = first; 2 * k < total; k++) {
        const double factor = qep_line_theta(line, k) / h;
        double *low = block + k * width, *high = block + (total - k) * width;
        for (size_t i = 0; i < width; i += 4) {
            const vec a = load(low + i), b = load(high + i);
            store(low + i, packed ? factor * turned * swap_lanes(a) : -factor * b);
            store(high + i, packed ? -factor * turned * swap_lanes(b) : factor * a);
        }
    }
    if (total % 2 == 0 && total > 0) { /* its own conjugate */
        memset(block + total / 2 * width, 0, width * sizeof *block);
    }
}
