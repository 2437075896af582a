/* Random numbers by counter: the value depends on the seed and an index alone, so that a field has the same bits for any number of
 * threads and any order of evaluation. Philox4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3"
 * (SC 2011), whose published test vectors the tests compare. */
#ifndef QEP_BASE_RANDOM_H
#define QEP_BASE_RANDOM_H

#include <stdint.h>

/* Ten rounds on a counter with a key. */
void qep_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Number `index` of a stream: uniform in (0, 1), 53 bits, never 0 or 1. Streams of one seed are independent. */
double qep_random_uniform(uint64_t seed, uint32_t stream, uint64_t index);
/* Standard normal (Box-Muller). Its bits are machine independent as far as the C library's log and cos are. */
double qep_random_normal(uint64_t seed, uint32_t stream, uint64_t index);

#endif
