/* The scan in front of muParser: numbers, names, operators and parentheses in an order that makes
 * sense, within bounds. muParser alone would accept assignments, strings, stray commas and
 * functions that are not part of the contract, and its positions are approximate; here every
 * complaint has the column where the fault is. */
#include "expression_scan.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { OPERAND, OPERATOR } expectation;
typedef enum { GROUP, CALL } bracket_kind;

typedef struct {
    bracket_kind kind;
    const qep_expression_function *function;
    int commas;
    size_t at, questions;
} bracket;

typedef struct {
    const char *text;
    char *copy;
    size_t at, questions; /* questions: "?" without ":" so far inside the current bracket */
    expectation next;
    size_t depth;
    bracket open[QEP_EXPRESSION_NESTING];
    const char *path;
    int spatial;
    const qep_parameters *parameters;
    qep_expression_scan_result *result;
    qep_error *err;
} scan;

static qep_status refuse(scan *s, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static qep_status refuse(scan *s, size_t at, const char *format, ...) {
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return qep_error_add(s->err, QEP_ERR_CONFIG, "bad_expression", s->path, NULL,
                         "\"%.200s\"%s, column %zu: %s", s->text,
                         strlen(s->text) > 200 ? "..." : "", at + 1, reason);
}

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static qep_status scan_number(scan *s) {
    const char *begin = s->text + s->at, *end = begin;
    size_t digits = 0;
    for (; is_digit(*end); end++) {
        digits++;
    }
    if (*end == '.') {
        for (end++; is_digit(*end); end++) {
            digits++;
        }
    }
    if (!digits) {
        return refuse(s, s->at, "a point without digits");
    }
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1;
        exponent += *exponent == '+' || *exponent == '-';
        if (!is_digit(*exponent)) {
            return refuse(s, s->at, "the exponent of \"%.*s\" has no digits",
                          (int)(exponent - begin), begin);
        }
        for (end = exponent; is_digit(*end); end++) {
        }
    }
    if (isinf(strtod(begin, NULL))) {
        return refuse(s, s->at, "\"%.*s\" exceeds the largest double, 1.797e308",
                      (int)(end - begin > 40 ? 40 : end - begin), begin);
    }
    s->at += (size_t)(end - begin);
    s->next = OPERATOR;
    return QEP_OK;
}

static qep_status unknown_name(scan *s, const char *name) {
    const char *instead = qep_expression_instead(name);
    if (instead) {
        return refuse(s, s->at, "unknown name \"%s\"; %s", name, instead);
    }
    size_t function_count = 0;
    const qep_expression_function *functions = qep_expression_functions(&function_count);
    const size_t own = s->parameters ? s->parameters->count : 0;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, own + function_count + 1, sizeof(char *), "names", s->err));
    const char **names = block;
    for (size_t i = 0; i < own; i++) {
        names[i] = s->parameters->name[i];
    }
    for (size_t i = 0; i < function_count; i++) {
        names[own + i] = functions[i].name;
    }
    names[own + function_count] = "pi";
    const char *near = qep_text_suggest(name, names, own + function_count + 1);
    const qep_status status =
        near ? refuse(s, s->at, "unknown name \"%s\"; did you mean \"%s\"?", name, near)
             : refuse(s, s->at,
                      "unknown name \"%s\"; allowed are %s, the names under \"parameters\", and "
                      "the functions abs sqrt exp "
                      "log log10 sin cos tan asin acos atan atan2 sinh cosh tanh erf step min max",
                      name, s->spatial ? "x, y, z, t, pi" : "pi");
    qep_free(block);
    return status;
}

static qep_status open_bracket(scan *s, bracket_kind kind,
                               const qep_expression_function *function) {
    if (s->depth == QEP_EXPRESSION_NESTING) {
        return refuse(s, s->at, "more than %d nested parentheses", QEP_EXPRESSION_NESTING);
    }
    s->open[s->depth++] =
        (bracket){.kind = kind, .function = function, .at = s->at, .questions = s->questions};
    s->questions = 0;
    s->next = OPERAND;
    s->at++;
    return QEP_OK;
}

static qep_status scan_call(scan *s, const qep_expression_function *function, size_t length) {
    const size_t after = s->at + length + strspn(s->text + s->at + length, " \t\n\r");
    if (s->text[after] != '(') {
        return refuse(s, s->at, "\"%s\" is a function; write %s(..)", function->name,
                      function->name);
    }
    /* muParser wants the parenthesis right behind the name: blanks go before it. */
    memset(s->copy + s->at, ' ', after - s->at);
    memcpy(s->copy + after - length, function->name, length);
    s->at = after;
    return open_bracket(s, CALL, function);
}

static qep_status scan_name(scan *s) {
    const char *begin = s->text + s->at;
    size_t length = 0;
    while (starts_name(begin[length]) || is_digit(begin[length])) {
        length++;
    }
    if (length >= QEP_EXPRESSION_NAME) {
        return refuse(s, s->at, "a name of %zu characters; at most %d", length,
                      QEP_EXPRESSION_NAME - 1);
    }
    char name[QEP_EXPRESSION_NAME];
    snprintf(name, sizeof name, "%.*s", (int)length, begin);
    if (s->next == OPERATOR) {
        double factor = 0.0;
        qep_dimension dimension;
        char message[QEP_UNIT_MESSAGE];
        const int unit = qep_unit_parse(name, &factor, &dimension, message);
        return refuse(
            s, s->at, "\"%s\" where an operator should be; %s", name,
            unit ? "expressions carry no units: give the quantity a name under \"parameters\""
                 : "multiplication is written with *");
    }
    const qep_expression_function *function = qep_expression_find_function(name);
    if (function) {
        return scan_call(s, function, length);
    }
    const int variable = qep_expression_find_variable(name);
    int known = strcmp(name, "pi") == 0;
    if (variable >= 0 && !s->spatial) {
        return refuse(s, s->at,
                      "\"%s\" is a coordinate, but this value must be one number; parameters and "
                      "pi are allowed",
                      name);
    }
    if (variable >= 0) {
        s->result->uses |= 1u << variable;
        known = 1;
    }
    for (size_t i = 0; !known && s->parameters && i < s->parameters->count; i++) {
        if (strcmp(s->parameters->name[i], name) == 0) {
            s->result->parameter[i] = 1;
            known = 1;
        }
    }
    if (!known) {
        return unknown_name(s, name);
    }
    s->at += length;
    s->next = OPERATOR;
    return QEP_OK;
}

static qep_status close_bracket(scan *s) {
    if (!s->depth) {
        return refuse(s, s->at, "\")\" without \"(\"");
    }
    const bracket *b = &s->open[s->depth - 1];
    if (s->next == OPERAND) {
        return refuse(s, s->at, "a value is missing before \")\"");
    }
    if (s->questions) {
        return refuse(s, s->at, "\"?\" without its \":\"; write condition ? a : b");
    }
    const int arguments = b->commas + 1;
    if (b->kind == CALL && b->function->arguments == 0 && arguments < 2) {
        return refuse(s, b->at, "%s takes two or more arguments; came 1", b->function->name);
    }
    if (b->kind == CALL && b->function->arguments > 0 && arguments != b->function->arguments) {
        return refuse(s, b->at, "%s takes %d argument%s; came %d", b->function->name,
                      b->function->arguments, b->function->arguments > 1 ? "s" : "", arguments);
    }
    s->questions = b->questions;
    s->depth--;
    s->at++;
    s->next = OPERATOR;
    return QEP_OK;
}

static qep_status scan_comma(scan *s) {
    if (!s->depth || s->open[s->depth - 1].kind != CALL) {
        return refuse(s, s->at,
                      "a comma outside a function call; decimals are written with a point");
    }
    if (s->next == OPERAND || s->questions) {
        return refuse(s, s->at,
                      s->questions ? "\"?\" without its \":\"" : "a value is missing before \",\"");
    }
    s->open[s->depth - 1].commas++;
    s->at++;
    s->next = OPERAND;
    return QEP_OK;
}

/* Binary operators, longest first. The logical ones of muParser cut their operands to whole numbers
 * (0.5 || 0 would be false), so they become & and |, which expression.c defines; the text keeps its
 * length. */
static const struct {
    const char *text, *copy, *complaint;
} operators[] = {
    /* clang-format off */
    {"**", NULL, "powers are written with ^"                             },
    {"==", NULL, NULL                                                    },
    {"!=", NULL, NULL                                                    },
    {"<=", NULL, NULL                                                    },
    {">=", NULL, NULL                                                    },
    {"&&", "& ", NULL                                                    },
    {"||", "| ", NULL                                                    },
    {"+",  NULL, NULL                                                    },
    {"-",  NULL, NULL                                                    },
    {"*",  NULL, NULL                                                    },
    {"/",  NULL, NULL                                                    },
    {"^",  NULL, NULL                                                    },
    {"<",  NULL, NULL                                                    },
    {">",  NULL, NULL                                                    },
    {"?",  NULL, NULL                                                    },
    {":",  NULL, NULL                                                    },
    {"=",  NULL, "assignment is not possible; a comparison is written =="},
    {"&",  NULL, "\"and\" is written &&"                                 },
    {"|",  NULL, "\"or\" is written ||"                                  },
    {"!",  NULL, "\"not a\" is written a == 0"                           },
    {"%",  NULL, "the remainder is not available"                        },
    {"\"", NULL, "text is not possible in an expression"                 },
    {"'",  NULL, "text is not possible in an expression"                 },
    {"[",  NULL, "brackets are written ( )"                              },
    {"{",  NULL, "brackets are written ( )"                              },
    /* clang-format on */
};

static qep_status apply_operator(scan *s, size_t row) {
    const char *op = operators[row].text;
    const size_t length = strlen(op);
    /* A sign before an operand: one, as in -x or 2*-x. muParser takes no second one. */
    if (s->next == OPERAND && (*op == '-' || *op == '+')) {
        const size_t after = s->at + 1 + strspn(s->text + s->at + 1, " \t\n\r");
        if (s->text[after] == '-' || s->text[after] == '+') {
            return refuse(s, after, "two signs in a row; use parentheses, as in -(-x)");
        }
        s->at++;
        return QEP_OK;
    }
    if (s->next == OPERAND) {
        return refuse(s, s->at, "a value is missing before \"%s\"", op);
    }
    if (*op == ':' && !s->questions) {
        return refuse(s, s->at, "\":\" without \"?\"; write condition ? a : b");
    }
    s->questions += *op == '?';
    s->questions -= *op == ':';
    if (operators[row].copy) {
        memcpy(s->copy + s->at, operators[row].copy, length);
    }
    s->at += length;
    s->next = OPERAND;
    return QEP_OK;
}

static qep_status scan_operator(scan *s) {
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (strncmp(s->text + s->at, operators[i].text, strlen(operators[i].text)) == 0) {
            return operators[i].complaint
                       ? refuse(s, s->at, "\"%s\": %s", operators[i].text, operators[i].complaint)
                       : apply_operator(s, i);
        }
    }
    const int length = (int)qep_text_utf8_length(s->text + s->at);
    return refuse(s, s->at, "unexpected character \"%.*s\" (0x%02x)", length ? length : 1,
                  s->text + s->at, (unsigned)(unsigned char)s->text[s->at]);
}

static qep_status scan_token(scan *s) {
    const char c = s->text[s->at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        s->copy[s->at++] = ' ';
        return QEP_OK;
    }
    if (starts_name(c)) {
        return scan_name(s);
    }
    if ((is_digit(c) || c == '.' || c == '(') && s->next == OPERATOR) {
        return refuse(s, s->at, "an operator is missing before \"%c\"", c);
    }
    if (is_digit(c) || c == '.') {
        return scan_number(s);
    }
    switch (c) {
    case '(':
        return open_bracket(s, GROUP, NULL);
    case ')':
        return close_bracket(s);
    case ',':
        return scan_comma(s);
    default:
        return scan_operator(s);
    }
}

static qep_status scan_all(scan *s, size_t length) {
    while (s->at < length) {
        QEP_TRY(scan_token(s));
    }
    if (s->depth) {
        return refuse(s, s->open[s->depth - 1].at, "\"(\" is never closed");
    }
    if (s->next == OPERAND) {
        return refuse(s, length, "the expression ends where a value should be");
    }
    if (s->questions) {
        return refuse(s, length, "\"?\" without its \":\"; write condition ? a : b");
    }
    return QEP_OK;
}

qep_status qep_expression_scan(const char *text, int spatial, const qep_parameters *parameters,
                               const char *path, qep_expression_scan_result *result,
                               qep_error *err) {
    *result = (qep_expression_scan_result){0};
    const size_t length = strlen(text), own = parameters ? parameters->count : 0;
    if (length > QEP_EXPRESSION_LENGTH) {
        return qep_error_add(err, QEP_ERR_CONFIG, "bad_expression", path, NULL,
                             "an expression of %zu characters; at most %d", length,
                             QEP_EXPRESSION_LENGTH);
    }
    void *used = NULL;
    QEP_TRY(qep_alloc(&used, own, 1, "names used", err));
    result->parameter = used;
    result->text = qep_text_copy(text);
    scan s = {.text = text,
              .copy = result->text,
              .path = path,
              .spatial = spatial,
              .parameters = parameters,
              .result = result,
              .err = err};
    const qep_status status = result->text ? scan_all(&s, length)
                                           : qep_error_add(err, QEP_ERR_MEMORY, "memory", path,
                                                           NULL, "no memory for an expression");
    if (status != QEP_OK) {
        qep_free(result->text);
        qep_free(result->parameter);
        *result = (qep_expression_scan_result){0};
    }
    return status;
}
