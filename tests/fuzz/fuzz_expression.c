/* libFuzzer target: any text as an expression. Whatever the scan lets through, muParser must take without a fault, and its value must not depend
 * on being asked twice. */
#include "qep/source/expression.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"w", "T_0"};
    static const double values[] = {2e-9, 300.0};
    static const qep_parameters parameters = {2, names, values};
    static qep_error err;
    char text[5000];
    if (size >= sizeof text) {
        return -1;
    }
    memcpy(text, data, size);
    text[size] = 0;
    qep_error_clear(&err);
    qep_expression *expression = NULL;
    if (qep_expression_create(&expression, text, 1, &parameters, "/x", &err) == QEP_OK) {
        double first = 0.0, again = 0.0;
        const qep_status status =
            qep_expression_evaluate(expression, 1.5, -2.0, 0.25, 3.0, &first, &err);
        if (qep_expression_evaluate(expression, 1.5, -2.0, 0.25, 3.0, &again, &err) != status ||
            first != again) {
            abort();
        }
    }
    qep_expression_destroy(expression);
    return 0;
}
