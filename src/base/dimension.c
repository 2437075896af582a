/* Dimension algebra and the readable unit of a dimension. */
#include "qep/base/dimension.h"

#include <stdio.h>
#include <string.h>

qep_dimension qep_dimension_multiply(qep_dimension a, qep_dimension b) {
    for (int i = 0; i < 7; i++) {
        a.exponent[i] += b.exponent[i];
    }
    return a;
}

qep_dimension qep_dimension_power(qep_dimension a, int power) {
    for (int i = 0; i < 7; i++) {
        a.exponent[i] *= power;
    }
    return a;
}

qep_dimension qep_dimension_divide(qep_dimension a, qep_dimension b) {
    return qep_dimension_multiply(a, qep_dimension_power(b, -1));
}

int qep_dimension_equal(qep_dimension a, qep_dimension b) {
    return memcmp(a.exponent, b.exponent, sizeof a.exponent) == 0;
}

/* Names physicists expect; anything else is written in base units. The coupling hbar/e is a flux (V s), so
 * the literal closure meets V s times an entropy density and its derivatives. */
static const struct {
    qep_dimension dimension;
    const char *text;
} names[] = {
    {{{0, 0, 0, 0, 0, 0, 0}}, "1"},
    {{{2, 1, -3, -1, 0, 0, 0}}, "V"},
    {{{1, 1, -3, -1, 0, 0, 0}}, "V/m"},
    {{{0, 1, -3, -1, 0, 0, 0}}, "V/m^2"},
    {{{2, 1, -2, -1, 0, 0, 0}}, "V s"},
    {{{-1, 1, -2, 0, -1, 0, 0}}, "J/(K m^3)"},
    {{{-2, 1, -2, 0, -1, 0, 0}}, "J/(K m^4)"},
    {{{-3, 1, -2, 0, -1, 0, 0}}, "J/(K m^5)"},
    {{{-1, 1, -3, 0, -1, 0, 0}}, "W/(K m^3)"},
    {{{2, 1, -2, 0, -1, 0, 0}}, "J/K"},
    {{{2, 1, -3, 0, -1, 0, 0}}, "W/K"},
    {{{1, 2, -4, -1, -1, 0, 0}}, "V s J K^-1 m^-3"},
    {{{0, 2, -4, -1, -1, 0, 0}}, "V s J K^-1 m^-4"},
    {{{-1, 2, -4, -1, -1, 0, 0}}, "V s J K^-1 m^-5"},
    {{{-3, 0, 1, 1, 0, 0, 0}}, "C/m^3"},
    {{{0, 0, 1, 1, 0, 0, 0}}, "C"},
    {{{-2, 0, 0, 1, 0, 0, 0}}, "A/m^2"},
    {{{-1, 0, 0, 1, 0, 0, 0}}, "A/m"},
    {{{-3, 0, 0, 1, 0, 0, 0}}, "A/m^3"},
    {{{-3, 1, -1, 1, -1, 0, 0}}, "A s J K^-1 m^-5"},
    {{{-3, -1, 3, 2, 0, 0, 0}}, "S/m"},
    {{{-2, -1, 3, 2, 0, 0, 0}}, "S"},
    {{{-4, -1, 3, 2, 0, 0, 0}}, "S/m^2"},
    {{{2, 1, -3, -2, 0, 0, 0}}, "ohm"},
    {{{-3, -1, 4, 2, 0, 0, 0}}, "F/m"},
    {{{-2, -1, 4, 2, 0, 0, 0}}, "F"},
    {{{2, 1, -2, 0, 0, 0, 0}}, "J"},
    {{{2, 1, -3, 0, 0, 0, 0}}, "W"},
    {{{1, 1, -3, 0, 0, 0, 0}}, "W/m"},
    {{{0, 1, -3, 0, 0, 0, 0}}, "W/m^2"},
    {{{-1, 1, -3, 0, 0, 0, 0}}, "W/m^3"},
    {{{1, 1, -2, 0, 0, 0, 0}}, "N"},
    {{{-1, 1, -2, 0, 0, 0, 0}}, "Pa"},
    {{{0, 1, -2, -1, 0, 0, 0}}, "T"},
    {{{0, 0, -1, 0, 0, 0, 0}}, "1/s"},
    {{{-3, 0, 0, 0, 0, 0, 0}}, "1/m^3"},
    {{{-2, 0, 0, 0, 0, 0, 0}}, "1/m^2"},
    {{{-1, 0, 0, 0, 0, 0, 0}}, "1/m"},
    {{{0, 1, -2, 0, -1, 0, 0}}, "J/(K m^2)"},
    {{{0, 1, -3, 0, -1, 0, 0}}, "W/(K m^2)"},
    {{{0, 0, 0, 1, -1, 0, 0}}, "A/K"},
    {{{-1, 0, 0, 1, -1, 0, 0}}, "A/(K m)"},
    {{{-4, -2, 6, 3, 0, 0, 0}}, "A/V^2"},
    {{{-3, -2, 6, 3, 0, 0, 0}}, "A m/V^2"},
    {{{-5, -1, 2, 0, 0, 0, 0}}, "1/(J m^3)"},
    {{{-4, -1, 2, 0, 0, 0, 0}}, "1/(J m^2)"},
    {{{-3, -1, 2, 0, 0, 0, 0}}, "1/(J m)"},
    {{{-2, -1, 2, 0, 0, 0, 0}}, "1/J"},
};

static void append_base(char *text, size_t size, const char *symbol, int power) {
    const size_t used = strlen(text);
    if (power == 0 || used >= size) {
        return;
    }
    if (power == 1) {
        snprintf(text + used, size - used, "%s%s", used ? " " : "", symbol);
    } else {
        snprintf(text + used, size - used, "%s%s^%d", used ? " " : "", symbol, power);
    }
}

char *qep_dimension_format(qep_dimension dimension, char *text, size_t size) {
    static const char *const base[7] = {"m", "kg", "s", "A", "K", "mol", "cd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (qep_dimension_equal(dimension, names[i].dimension)) {
            snprintf(text, size, "%s", names[i].text);
            return text;
        }
    }
    text[0] = 0;
    static const int order[7] = {1, 0, 2, 3,
                                 4, 5, 6}; /* kg m s A K mol cd, as the SI brochure lists */
    for (int i = 0; i < 7; i++) {
        append_base(text, size, base[order[i]], dimension.exponent[order[i]]);
    }
    return text;
}
