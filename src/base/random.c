/* Philox4x32-10 and the numbers made from it. */
#include "qep/base/random.h"

#include "qep/base/constants.h"
#include <math.h>

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low) {
    const uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

void qep_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        uint32_t high[2], low[2];
        multiply(0xD2511F53U, c[0], &high[0], &low[0]);
        multiply(0xCD9E8D57U, c[2], &high[1], &low[1]);
        c[0] = high[1] ^ c[1] ^ k[0];
        c[2] = high[0] ^ c[3] ^ k[1];
        c[1] = low[1];
        c[3] = low[0];
        k[0] += 0x9E3779B9U;
        k[1] += 0xBB67AE85U;
    }
    for (int i = 0; i < 4; i++) {
        out[i] = c[i];
    }
}

/* Upper 53 of 64 bits, in the middle of their interval. */
static double unit(uint32_t high, uint32_t low) {
    const uint64_t bits = (((uint64_t)high << 32) | low) >> 11;
    return ((double)bits + 0.5) * 0x1p-53;
}

static void draw(uint64_t seed, uint32_t stream, uint64_t index, double u[2]) {
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), stream, 0};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t word[4];
    qep_philox(counter, key, word);
    u[0] = unit(word[0], word[1]);
    u[1] = unit(word[2], word[3]);
}

double qep_random_uniform(uint64_t seed, uint32_t stream, uint64_t index) {
    double u[2];
    draw(seed, stream, index, u);
    return fmin(u[0], 0x1.fffffffffffffp-1); /* the last interval rounds to 1 */
}

double qep_random_normal(uint64_t seed, uint32_t stream, uint64_t index) {
    double u[2];
    draw(seed, stream, index, u);
    return sqrt(-2.0 * log(u[0])) * cos(2.0 * QEP_PI * u[1]);
}
