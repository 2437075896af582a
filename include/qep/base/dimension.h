/* Dimension algebra: a physical dimension is seven SI exponents, in openPMD's order
 * (length, mass, time, current, temperature, amount, luminous intensity). Units that the program writes
 * are computed from these, never typed in by hand. */
#ifndef QEP_BASE_DIMENSION_H
#define QEP_BASE_DIMENSION_H

#include <stddef.h>

typedef struct {
    int exponent[7];
} qep_dimension;

#define QEP_DIMENSION(L, M, T, I, K, N, J) ((qep_dimension){{(L), (M), (T), (I), (K), (N), (J)}})

#define QEP_DIM_NONE QEP_DIMENSION(0, 0, 0, 0, 0, 0, 0)
#define QEP_DIM_LENGTH QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0)
#define QEP_DIM_AREA QEP_DIMENSION(2, 0, 0, 0, 0, 0, 0)
#define QEP_DIM_VOLUME QEP_DIMENSION(3, 0, 0, 0, 0, 0, 0)
#define QEP_DIM_TIME QEP_DIMENSION(0, 0, 1, 0, 0, 0, 0)
#define QEP_DIM_FREQUENCY QEP_DIMENSION(0, 0, -1, 0, 0, 0, 0)
#define QEP_DIM_MASS QEP_DIMENSION(0, 1, 0, 0, 0, 0, 0)
#define QEP_DIM_CURRENT QEP_DIMENSION(0, 0, 0, 1, 0, 0, 0)
#define QEP_DIM_TEMPERATURE QEP_DIMENSION(0, 0, 0, 0, 1, 0, 0)
#define QEP_DIM_ENERGY QEP_DIMENSION(2, 1, -2, 0, 0, 0, 0)
#define QEP_DIM_VOLTAGE QEP_DIMENSION(2, 1, -3, -1, 0, 0, 0)
#define QEP_DIM_ELECTRIC_FIELD QEP_DIMENSION(1, 1, -3, -1, 0, 0, 0)
#define QEP_DIM_FLUX QEP_DIMENSION(2, 1, -2, -1, 0, 0, 0)             /* V s: hbar/e */
#define QEP_DIM_ENTROPY QEP_DIMENSION(2, 1, -2, 0, -1, 0, 0)          /* J/K */
#define QEP_DIM_ENTROPY_DENSITY QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0) /* J/(K m^3) */
#define QEP_DIM_ENTROPY_CURRENT QEP_DIMENSION(0, 1, -3, 0, -1, 0, 0)  /* W/(K m^2) */
#define QEP_DIM_CHARGE_DENSITY QEP_DIMENSION(-3, 0, 1, 1, 0, 0, 0)    /* C/m^3 */
#define QEP_DIM_CONDUCTIVITY QEP_DIMENSION(-3, -1, 3, 2, 0, 0, 0)     /* S/m */
#define QEP_DIM_PERMITTIVITY QEP_DIMENSION(-3, -1, 4, 2, 0, 0, 0)     /* F/m */
#define QEP_DIM_CURRENT_DENSITY QEP_DIMENSION(-2, 0, 0, 1, 0, 0, 0)   /* A/m^2 */

qep_dimension qep_dimension_multiply(qep_dimension a, qep_dimension b);
qep_dimension qep_dimension_divide(qep_dimension a, qep_dimension b);
qep_dimension qep_dimension_power(qep_dimension a, int power);
int qep_dimension_equal(qep_dimension a, qep_dimension b);

/* Write the SI unit of a dimension as readable text into text[size] ("V", "V/m", "V s J K^-1 m^-3",
 * "kg m s^-2 ..."); "1" when dimensionless. The text parses back to the same dimension. Returns text. */
char *qep_dimension_format(qep_dimension dimension, char *text, size_t size);

#endif
