/* Parser for unit expressions and quantities. A product is written with a space or *; "J/K/m^3" divides
 * twice, "J/(K m^3)" divides by the group, and "J/K m^3" is refused as ambiguous. */
#include "qep/base/units.h"

#include "qep/base/constants.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const qep_unit_row units[] = {
    {"m", "metre", 1, {{1, 0, 0, 0, 0, 0, 0}}, 1},
    {"g", "gram", 1e-3, {{0, 1, 0, 0, 0, 0, 0}}, 1},
    {"s", "second", 1, {{0, 0, 1, 0, 0, 0, 0}}, 1},
    {"A", "ampere", 1, {{0, 0, 0, 1, 0, 0, 0}}, 1},
    {"K", "kelvin", 1, {{0, 0, 0, 0, 1, 0, 0}}, 1},
    {"mol", "mole", 1, {{0, 0, 0, 0, 0, 1, 0}}, 1},
    {"cd", "candela", 1, {{0, 0, 0, 0, 0, 0, 1}}, 1},
    {"V", "volt", 1, {{2, 1, -3, -1, 0, 0, 0}}, 1},
    {"C", "coulomb", 1, {{0, 0, 1, 1, 0, 0, 0}}, 1},
    {"J", "joule", 1, {{2, 1, -2, 0, 0, 0, 0}}, 1},
    {"W", "watt", 1, {{2, 1, -3, 0, 0, 0, 0}}, 1},
    {"eV", "electronvolt", QEP_E_CHARGE, {{2, 1, -2, 0, 0, 0, 0}}, 1},
    {"F", "farad", 1, {{-2, -1, 4, 2, 0, 0, 0}}, 1},
    {"S", "siemens", 1, {{-2, -1, 3, 2, 0, 0, 0}}, 1},
    {"ohm", "ohm", 1, {{2, 1, -3, -2, 0, 0, 0}}, 1},
    {"T", "tesla", 1, {{0, 1, -2, -1, 0, 0, 0}}, 1},
    {"Hz", "hertz", 1, {{0, 0, -1, 0, 0, 0, 0}}, 1},
    {"Wb", "weber", 1, {{2, 1, -2, -1, 0, 0, 0}}, 1},
    {"N", "newton", 1, {{1, 1, -2, 0, 0, 0, 0}}, 1},
    {"Pa", "pascal", 1, {{-1, 1, -2, 0, 0, 0, 0}}, 1},
    {"angstrom", "angstrom", 1e-10, {{1, 0, 0, 0, 0, 0, 0}}, 0},
    {"m_e", "electron mass", QEP_ELECTRON_MASS, {{0, 1, 0, 0, 0, 0, 0}}, 0},
    {"u", "atomic mass unit", QEP_ATOMIC_MASS, {{0, 1, 0, 0, 0, 0, 0}}, 0},
    {"u_B", "Bohr magneton", QEP_BOHR_MAGNETON, {{2, 0, 0, 1, 0, 0, 0}}, 0},
    {"deg", "degree of angle", QEP_PI / 180, {{0, 0, 0, 0, 0, 0, 0}}, 0},
};

static const struct {
    const char *symbol;
    int power; /* of ten */
} prefixes[] = {{"f", -15}, {"p", -12}, {"n", -9}, {"u", -6}, {"\xc2\xb5", -6}, {"\xce\xbc", -6},
                {"m", -3},  {"c", -2},  {"k", 3},  {"M", 6},  {"G", 9},         {"T", 12}};

enum {
    UNIT_COUNT = sizeof units / sizeof *units,
    PREFIX_COUNT = sizeof prefixes / sizeof *prefixes
};

const qep_unit_row *qep_unit_table(size_t *count) {
    *count = UNIT_COUNT;
    return units;
}

/* Powers of ten are exact up to 10^22, so multiplying or dividing by them keeps decimal inputs
 * as exact as a double allows: 5 nm is 5 / 1e9, the double nearest to 5e-9. */
typedef struct {
    double factor;
    int decade; /* power of ten kept apart until the end */
    qep_dimension dimension;
} unit_value;

typedef struct {
    const char *at;
    char *message;
    int depth;
} unit_parser;

__attribute__((format(printf, 2, 3))) static int fail(unit_parser *p, const char *format, ...) {
    if (p->message) {
        va_list args;
        va_start(args, format);
        vsnprintf(p->message, QEP_UNIT_MESSAGE, format, args);
        va_end(args);
    }
    return 0;
}

static int name_character(char c) {
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static const qep_unit_row *find_unit(const char *symbol) {
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strcmp(units[i].symbol, symbol) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

/* A whole name beats prefix + unit: "m" is metre, "T" tesla, "mol" mole; grams carry their decade. */
static int parse_symbol(unit_parser *p, unit_value *value) {
    char name[32];
    size_t length = 0;
    while (name_character(p->at[length]) && length + 1 < sizeof name) {
        name[length] = p->at[length];
        length++;
    }
    name[length] = 0;
    const qep_unit_row *row = find_unit(name);
    int decade = 0;
    for (size_t i = 0; !row && i < PREFIX_COUNT; i++) {
        const size_t skip = strlen(prefixes[i].symbol);
        const qep_unit_row *candidate =
            strncmp(name, prefixes[i].symbol, skip) == 0 ? find_unit(name + skip) : NULL;
        if (candidate && candidate->prefixable) {
            row = candidate;
            decade = prefixes[i].power;
        }
    }
    if (!row) {
        return fail(p, "unknown unit \"%s\"; `qep-solve --list units` shows them all", name);
    }
    const int gram = strcmp(row->symbol, "g") == 0;
    const int angstrom = strcmp(row->symbol, "angstrom") == 0;
    value->factor = gram || angstrom ? 1.0 : row->factor;
    value->decade = decade + (gram ? -3 : 0) + (angstrom ? -10 : 0);
    value->dimension = row->dimension;
    p->at += length;
    return 1;
}

static void skip_spaces(unit_parser *p) {
    while (*p->at == ' ' || *p->at == '\t') {
        p->at++;
    }
}

static int parse_product(unit_parser *p, unit_value *value);

static int parse_power(unit_parser *p, unit_value *value) {
    if (*p->at != '^') {
        return 1;
    }
    p->at++;
    char *end = NULL;
    const long power = strtol(p->at, &end, 10);
    if (end == p->at || power < -12 || power > 12 || isspace((unsigned char)*p->at)) {
        return fail(p, "\"^\" needs an integer between -12 and 12 at \"%s\"", p->at);
    }
    p->at = end;
    value->factor = pow(value->factor, (double)power);
    value->decade *= (int)power;
    value->dimension = qep_dimension_power(value->dimension, (int)power);
    return 1;
}

static int parse_factor(unit_parser *p, unit_value *value) {
    skip_spaces(p);
    if (*p->at == '(') {
        if (++p->depth > 16) {
            return fail(p, "parentheses are nested too deeply at \"%s\"", p->at);
        }
        p->at++;
        if (!parse_product(p, value)) {
            return 0;
        }
        skip_spaces(p);
        if (*p->at != ')') {
            return fail(p, "missing \")\" at \"%s\"", p->at);
        }
        p->at++;
        p->depth--;
    } else if (*p->at == '1' && !isdigit((unsigned char)p->at[1]) && p->at[1] != '.') {
        *value = (unit_value){.factor = 1.0};
        p->at++;
    } else if (name_character(*p->at)) {
        if (!parse_symbol(p, value)) {
            return 0;
        }
    } else if (*p->at) {
        return fail(p, "a unit is expected at \"%s\"", p->at);
    } else {
        return fail(p, "a unit is missing at the end");
    }
    return parse_power(p, value);
}

static int parse_product(unit_parser *p, unit_value *value) {
    int divided = 0;
    if (!parse_factor(p, value)) {
        return 0;
    }
    for (;;) {
        skip_spaces(p);
        const char c = *p->at;
        const int multiply = c == '*' || c == '(' || name_character(c);
        if (!multiply && c != '/') {
            return 1;
        }
        if (multiply && divided) {
            return fail(p,
                        "ambiguous product after \"/\" at \"%s\"; write J/(K m^3) or J K^-1 m^-3",
                        p->at);
        }
        p->at += c == '*' || c == '/';
        unit_value next = {.factor = 1.0};
        if (!parse_factor(p, &next)) {
            return 0;
        }
        if (c == '/') {
            divided = 1;
            value->factor /= next.factor;
            value->decade -= next.decade;
            value->dimension = qep_dimension_divide(value->dimension, next.dimension);
        } else {
            value->factor *= next.factor;
            value->decade += next.decade;
            value->dimension = qep_dimension_multiply(value->dimension, next.dimension);
        }
    }
}

static int parse_unit(const char *text, unit_value *value, char *message) {
    unit_parser parser = {.at = text, .message = message};
    if (!parse_product(&parser, value)) {
        return 0;
    }
    return *parser.at ? fail(&parser, "unexpected text at \"%s\"", parser.at) : 1;
}

/* x 10^decade with one rounding where 10^|decade| is exact. */
static double scale(double x, int decade) {
    return decade >= 0 ? x * pow(10.0, decade) : x / pow(10.0, -decade);
}

int qep_unit_parse(const char *text, double *factor, qep_dimension *dimension, char *message) {
    unit_value value = {.factor = 1.0};
    if (!parse_unit(text, &value, message)) {
        return 0;
    }
    *factor = scale(value.factor, value.decade);
    *dimension = value.dimension;
    return 1;
}

/* Length of a JSON-like number at the start of text, or 0. */
static size_t number_length(const char *text) {
    size_t i = text[0] == '-' || text[0] == '+';
    const size_t first = i;
    while (isdigit((unsigned char)text[i])) {
        i++;
    }
    size_t digits = i - first;
    if (text[i] == '.') {
        for (i++; isdigit((unsigned char)text[i]); i++) {
            digits++;
        }
    }
    if (digits == 0) {
        return 0;
    }
    if (text[i] == 'e' || text[i] == 'E') {
        size_t j = i + 1;
        j += text[j] == '-' || text[j] == '+';
        if (isdigit((unsigned char)text[j])) {
            while (isdigit((unsigned char)text[j])) {
                j++;
            }
            i = j;
        }
    }
    return i;
}

qep_quantity_result qep_quantity_parse(const char *text, double *value, qep_dimension *dimension,
                                       int *has_unit, char *message) {
    while (*text == ' ') {
        text++;
    }
    const size_t length = number_length(text);
    if (length == 0) {
        return QEP_QUANTITY_NO;
    }
    const char *rest = text + length;
    const int spaced = *rest == ' ' || *rest == '\t';
    while (*rest == ' ' || *rest == '\t') {
        rest++;
    }
    const double number = strtod(text, NULL);
    *has_unit = *rest != 0;
    *dimension = QEP_DIM_NONE;
    *value = number;
    if (!*has_unit) {
        return QEP_QUANTITY_YES;
    }
    if (!spaced || !(name_character(*rest) || strncmp(rest, "1/", 2) == 0)) {
        return QEP_QUANTITY_NO; /* "2*x", "3 + x": an expression */
    }
    unit_value unit = {.factor = 1.0};
    if (!parse_unit(rest, &unit, message)) {
        return QEP_QUANTITY_ERROR;
    }
    *value = scale(unit.factor == 1.0 ? number : number * unit.factor, unit.decade);
    *dimension = unit.dimension;
    return QEP_QUANTITY_YES;
}
