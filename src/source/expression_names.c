/* The names that expressions know: functions, coordinates, and what to write instead of names known from elsewhere. */
#include "expression_scan.h"

#include <math.h>
#include <string.h>

const char *const qep_expression_variable[4] = {"x", "y", "z", "t"};

/* 1 from 0 on, 0 below. */
static double step(double x) {
    return isnan(x) ? x : x >= 0.0;
}

/* A NaN among the arguments wins, so that it is reported instead of hidden. */
static double smallest(const double *values, int count) {
    double best = values[0];
    for (int i = 1; i < count; i++) {
        best = isnan(best) || best < values[i] ? best : values[i];
    }
    return best;
}

static double largest(const double *values, int count) {
    double best = values[0];
    for (int i = 1; i < count; i++) {
        best = isnan(best) || best > values[i] ? best : values[i];
    }
    return best;
}

/* clang-format off */
static const qep_expression_function functions[] = {
    {"abs",   1, fabs,  NULL,  NULL    },
    {"sqrt",  1, sqrt,  NULL,  NULL    },
    {"exp",   1, exp,   NULL,  NULL    },
    {"log",   1, log,   NULL,  NULL    },
    {"log10", 1, log10, NULL,  NULL    },
    {"sin",   1, sin,   NULL,  NULL    },
    {"cos",   1, cos,   NULL,  NULL    },
    {"tan",   1, tan,   NULL,  NULL    },
    {"asin",  1, asin,  NULL,  NULL    },
    {"acos",  1, acos,  NULL,  NULL    },
    {"atan",  1, atan,  NULL,  NULL    },
    {"atan2", 2, NULL,  atan2, NULL    },
    {"sinh",  1, sinh,  NULL,  NULL    },
    {"cosh",  1, cosh,  NULL,  NULL    },
    {"tanh",  1, tanh,  NULL,  NULL    },
    {"erf",   1, erf,   NULL,  NULL    },
    {"step",  1, step,  NULL,  NULL    },
    {"min",   0, NULL,  NULL,  smallest},
    {"max",   0, NULL,  NULL,  largest },
};
/* clang-format on */
enum { FUNCTIONS = sizeof functions / sizeof *functions };

const qep_expression_function *qep_expression_functions(size_t *count) {
    *count = FUNCTIONS;
    return functions;
}

/* Names that people know from elsewhere, and what says the same here. */
static const struct {
    const char *name, *instead;
} elsewhere[] = {
    /* clang-format off */
    {"ln",        "log(..) is the natural logarithm"                    },
    {"log2",      "write log(..)/log(2)"                                },
    {"pow",       "write a^b"                                           },
    {"exp2",      "write 2^(..)"                                        },
    {"asinh",     "write log(u+sqrt(u^2+1))"                            },
    {"acosh",     "write log(u+sqrt(u^2-1))"                            },
    {"atanh",     "write log((1+u)/(1-u))/2"                            },
    {"cbrt",      "write u^(1/3)"                                       },
    {"fabs",      "write abs(..)"                                       },
    {"erfc",      "write 1-erf(..)"                                     },
    {"sign",      "write 2*step(..)-1"                                  },
    {"heaviside", "write step(..)"                                      },
    {"theta",     "write step(..)"                                      },
    {"if",        "write condition ? a : b"                             },
    {"sum",       "write a+b"                                           },
    {"avg",       "write (a+b)/2"                                       },
    {"rint",      "rounding is not available"                           },
    {"_pi",       "write pi"                                            },
    {"PI",        "write pi"                                            },
    {"Pi",        "write pi"                                            },
    {"_e",        "write exp(1)"                                        },
    {"e",         "write exp(1)"                                        },
    {"r",         "write sqrt(x^2+y^2+z^2), or atan2(y,x) for the angle"},
    {"and",       "write &&"                                            },
    {"or",        "write ||"                                            },
    {"true",      "write 1"                                             },
    {"false",     "write 0"                                             },
    /* clang-format on */
};

const char *qep_expression_instead(const char *name) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        if (strcmp(elsewhere[i].name, name) == 0) {
            return elsewhere[i].instead;
        }
    }
    return NULL;
}

const qep_expression_function *qep_expression_find_function(const char *name) {
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

int qep_expression_find_variable(const char *name) {
    for (int i = 0; i < 4; i++) {
        if (strcmp(qep_expression_variable[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

int qep_expression_reserved(const char *name) {
    return qep_expression_find_function(name) || qep_expression_find_variable(name) >= 0 ||
           strcmp(name, "pi") == 0;
}
