/* Expressions by muParser's C interface: compile, one value, a whole grid. The only file that
 * includes muParser; what reaches it has passed expression_scan.c. Parsers are not shared between
 * threads: each thread of a fill makes its own, under one lock, because creation and release touch
 * the library's static data. An evaluator of our own was measured 2 to 5 times faster per point and
 * not taken: reading and solving dominate a run. */
#include "qep/source/expression.h"

#include "expression_scan.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <math.h>
#include <muParserDLL.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 4096 }; /* points evaluated at a time by one thread */

/* Precedences of muParser for its own logical operators (muParserDef.h: prLOR, prLAND). */
enum { PRECEDENCE_OR = 1, PRECEDENCE_AND = 2 };

/* A compiled expression with the variables it reads, on a cache line of its own. */
typedef struct {
    _Alignas(64) double variable[4]; /* x y z t */
    muParserHandle_t parser;
} evaluator;

struct qep_expression {
    char *text, *path; /* as the user wrote it; JSON path */
    char *compiled;    /* text for muParser */
    unsigned uses;     /* bit i: coordinate i of x y z t */
    size_t constants;
    char **name; /* parameters used */
    double *value;
    evaluator *own; /* for single values, under the lock */
};

static double logical_and(double a, double b) {
    return a != 0.0 && b != 0.0;
}

static double logical_or(double a, double b) {
    return a != 0.0 || b != 0.0;
}

static void define_names(evaluator *e, const qep_expression *expression) {
    mupClearFun(e->parser);
    mupClearConst(e->parser);
    size_t count = 0;
    const qep_expression_function *functions = qep_expression_functions(&count);
    for (size_t i = 0; i < count; i++) {
        const qep_expression_function *f = &functions[i];
        if (f->one) {
            mupDefineFun1(e->parser, f->name, f->one, 1);
        } else if (f->two) {
            mupDefineFun2(e->parser, f->name, f->two, 1);
        } else {
            mupDefineMultFun(e->parser, f->name, f->many, 1);
        }
    }
    mupDefineOprt(e->parser, "|", logical_or, PRECEDENCE_OR, muOPRT_ASCT_LEFT, 1);
    mupDefineOprt(e->parser, "&", logical_and, PRECEDENCE_AND, muOPRT_ASCT_LEFT, 1);
    mupDefineConst(e->parser, "pi", 3.14159265358979323846);
    for (size_t i = 0; i < expression->constants; i++) {
        mupDefineConst(e->parser, expression->name[i], expression->value[i]);
    }
    for (int i = 0; i < 4; i++) {
        if (expression->uses >> i & 1u) {
            mupDefineVar(e->parser, qep_expression_variable[i], &e->variable[i]);
        }
    }
}

/* Unlocked; see evaluator_create. */
static qep_status compile(evaluator *e, const qep_expression *expression, qep_error *err) {
    e->parser = mupCreate(muBASETYPE_FLOAT);
    if (!e->parser) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", expression->path, NULL,
                             "no memory for a parser");
    }
    define_names(e, expression);
    mupSetExpr(e->parser, expression->compiled);
    mupEval(e->parser); /* compiles; the value is of no interest */
    if (!mupError(e->parser)) {
        return QEP_OK;
    }
    /* Message and token share one static buffer: it is used up before the next call. */
    const int position = mupGetErrorPos(e->parser);
    return qep_error_add(err, QEP_ERR_CONFIG, "bad_expression", expression->path, NULL,
                         "\"%.200s\", column %d: %.200s", expression->text,
                         position < 0 ? 1 : position + 1, mupGetErrorMsg(e->parser));
}

static void evaluator_release(evaluator *e) {
    if (e && e->parser) {
        mupRelease(e->parser);
    }
    qep_free(e);
}

static qep_status evaluator_create(evaluator **made, const qep_expression *expression,
                                   qep_error *err) {
    void *block = NULL;
    *made = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(evaluator), "expression", err));
    qep_status status = QEP_OK;
#pragma omp critical(qep_muparser)
    {
        status = compile(block, expression, err);
        if (status != QEP_OK) {
            evaluator_release(block);
        }
    }
    if (status == QEP_OK) {
        *made = block;
    }
    return status;
}

static void evaluator_destroy(evaluator *e) {
#pragma omp critical(qep_muparser)
    evaluator_release(e);
}

/* Keep the parameters that the expression uses: the caller's table may go away. */
static qep_status keep_parameters(qep_expression *expression, const qep_parameters *parameters,
                                  const unsigned char *used, qep_error *err) {
    const size_t count = parameters ? parameters->count : 0;
    void *names = NULL;
    QEP_TRY(qep_alloc(&names, count, sizeof(char *), "parameter names", err));
    expression->name = names;
    QEP_TRY(qep_alloc_doubles(&expression->value, count, "parameters", err));
    for (size_t i = 0; i < count; i++) {
        if (!used[i]) {
            continue;
        }
        char *name = qep_text_copy(parameters->name[i]);
        if (!name) {
            return qep_error_add(err, QEP_ERR_MEMORY, "memory", expression->path, NULL,
                                 "no memory for a name");
        }
        expression->name[expression->constants] = name;
        expression->value[expression->constants++] = parameters->value[i];
    }
    return QEP_OK;
}

static qep_status build(qep_expression *e, const char *text, int spatial,
                        const qep_parameters *parameters, const char *path, qep_error *err) {
    qep_expression_scan_result scan;
    QEP_TRY(qep_expression_scan(text, spatial, parameters, path, &scan, err));
    e->compiled = scan.text;
    e->uses = scan.uses;
    e->text = qep_text_copy(text);
    e->path = qep_text_copy(path ? path : "");
    qep_status status = keep_parameters(e, parameters, scan.parameter, err);
    qep_free(scan.parameter);
    if (status == QEP_OK && (!e->text || !e->path)) {
        status =
            qep_error_add(err, QEP_ERR_MEMORY, "memory", path, NULL, "no memory for an expression");
    }
    return status == QEP_OK ? evaluator_create(&e->own, e, err) : status;
}

qep_status qep_expression_create(qep_expression **expression, const char *text, int spatial,
                                 const qep_parameters *parameters, const char *path,
                                 qep_error *err) {
    void *block = NULL;
    *expression = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_expression), "expression", err));
    const qep_status status = build(block, text, spatial, parameters, path, err);
    if (status != QEP_OK) {
        qep_expression_destroy(block);
        return status;
    }
    *expression = block;
    return QEP_OK;
}

void qep_expression_destroy(qep_expression *expression) {
    if (!expression) {
        return;
    }
    evaluator_destroy(expression->own);
    for (size_t i = 0; i < expression->constants; i++) {
        qep_free(expression->name[i]);
    }
    qep_free(expression->name);
    qep_free(expression->value);
    qep_free(expression->compiled);
    qep_free(expression->text);
    qep_free(expression->path);
    qep_free(expression);
}

int qep_expression_uses(const qep_expression *expression, const char *variable) {
    for (int i = 0; i < 4; i++) {
        if (strcmp(qep_expression_variable[i], variable) == 0) {
            return (int)(expression->uses >> i & 1u);
        }
    }
    return 0;
}

qep_status qep_expression_evaluate(const qep_expression *expression, double x, double y, double z,
                                   double t, double *value, qep_error *err) {
    double result = 0.0;
#pragma omp critical(qep_muparser)
    {
        double *variable = expression->own->variable;
        variable[0] = x, variable[1] = y, variable[2] = z, variable[3] = t;
        result = mupEval(expression->own->parser);
    }
    if (!isfinite(result)) {
        return qep_error_add(
            err, QEP_ERR_INPUT, "not_finite", expression->path, NULL,
            expression->uses ? "\"%.200s\" is %g at x = %.9g m, y = %.9g m, z = %.9g m, t = %.9g s"
                             : "\"%.200s\" is %g; a finite number is needed",
            expression->text, result, x, y, z, t);
    }
    *value = result;
    return QEP_OK;
}

/* The points that must be evaluated: along an axis that the expression does not use, one. */
static void needed_points(const qep_expression *expression, const qep_grid *grid, size_t n[3]) {
    for (int d = 0; d < 3; d++) {
        n[d] = expression->uses >> d & 1u ? grid->axis[d].n : 1;
    }
}

/* What a fill works on. owner == NULL: every needed point, else those with owner[i] == which. */
typedef struct {
    const qep_grid *grid;
    size_t n[3]; /* needed points per axis */
    const uint32_t *owner;
    uint32_t which;
    double *out;
} fill_work;

/* Evaluate needed points [begin, end) (x fastest) into their places in out. Returns the index in
 * out of the first that is not finite, SIZE_MAX when all are finite. */
static size_t evaluate_range(evaluator *e, const fill_work *work, size_t begin, size_t end) {
    const size_t *n = work->n;
    for (size_t i = begin; i < end;) {
        const size_t y = i / n[0] % n[1], z = i / n[0] / n[1];
        size_t x = i % n[0];
        const size_t row_end = end - i < n[0] - x ? x + (end - i) : n[0];
        e->variable[1] = qep_grid_coordinate(work->grid, 1, y);
        e->variable[2] = qep_grid_coordinate(work->grid, 2, z);
        for (; x < row_end; x++, i++) {
            const size_t at = qep_grid_index(work->grid, x, y, z);
            if (work->owner && work->owner[at] != work->which) {
                continue;
            }
            e->variable[0] = qep_grid_coordinate(work->grid, 0, x);
            work->out[at] = mupEval(e->parser);
            if (!isfinite(work->out[at])) {
                return at;
            }
        }
    }
    return SIZE_MAX;
}

/* Repeat what was evaluated along the axes that the expression does not use. */
static void repeat(const qep_grid *grid, const size_t n[3], int threads, double *out) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, nz = grid->axis[2].n, plane = nx * ny;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t z = 0; z < n[2]; z++) {
        for (size_t y = 0; y < ny; y++) {
            double *row = out + z * plane + y * nx;
            if (y >= n[1]) {
                memcpy(row, out + z * plane, nx * sizeof *row);
                continue;
            }
            for (size_t x = n[0]; x < nx; x++) {
                row[x] = row[0];
            }
        }
    }
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t z = n[2]; z < nz; z++) {
        memcpy(out + z * plane, out, plane * sizeof *out);
    }
}

static qep_status not_finite_at(const qep_expression *expression, const qep_grid *grid, size_t at,
                                double t, double value, qep_error *err) {
    const size_t x = at % grid->axis[0].n, y = at / grid->axis[0].n % grid->axis[1].n,
                 z = at / grid->axis[0].n / grid->axis[1].n;
    return qep_error_add(err, QEP_ERR_INPUT, "not_finite", expression->path, NULL,
                         "\"%.200s\" is %g at index [z,y,x] = [%zu,%zu,%zu]: x = %.9g m, y = %.9g "
                         "m, z = %.9g m, t = %.9g s",
                         expression->text, value, z, y, x, qep_grid_coordinate(grid, 0, x),
                         qep_grid_coordinate(grid, 1, y), qep_grid_coordinate(grid, 2, z), t);
}

/* All blocks, one parser per thread; *first receives the lowest index that is not finite, or
 * SIZE_MAX. */
static qep_status evaluate_blocks(const qep_expression *expression, const fill_work *work, double t,
                                  int threads, size_t *first) {
    const size_t count = work->n[0] * work->n[1] * work->n[2], blocks = (count + BLOCK - 1) / BLOCK;
    const int team = threads < 1 ? 1 : (size_t)threads < blocks ? threads : (int)blocks;
    size_t lowest = SIZE_MAX;
    qep_status worst = QEP_OK;
#pragma omp parallel num_threads(team)
    {
        evaluator *e = NULL;
        size_t bad = SIZE_MAX;
        const qep_status status = evaluator_create(&e, expression, NULL);
        if (e) {
            e->variable[3] = t;
        }
        /* Blocks go to a thread in rising order, so its first fault is its lowest. */
#pragma omp for schedule(static)
        for (size_t b = 0; b < blocks; b++) {
            const size_t begin = b * BLOCK, end = count - begin < BLOCK ? count : begin + BLOCK;
            if (e && bad == SIZE_MAX) {
                bad = evaluate_range(e, work, begin, end);
            }
        }
#pragma omp critical(qep_expression_result)
        {
            lowest = bad < lowest ? bad : lowest;
            worst = status == QEP_OK ? worst : status;
        }
        evaluator_destroy(e);
    }
    *first = lowest;
    return worst;
}

static qep_status fill(const qep_expression *expression, const fill_work *work, double t,
                       int threads, qep_error *err) {
    size_t first = SIZE_MAX;
    const qep_status status = evaluate_blocks(expression, work, t, threads, &first);
    if (status != QEP_OK) {
        return qep_error_add(err, status, "memory", expression->path, NULL,
                             "no memory for the parsers of \"%.200s\"", expression->text);
    }
    return first == SIZE_MAX
               ? QEP_OK
               : not_finite_at(expression, work->grid, first, t, work->out[first], err);
}

qep_status qep_expression_fill(const qep_expression *expression, const qep_grid *grid, double t,
                               int threads, double *out, qep_error *err) {
    fill_work work = {.grid = grid, .out = out};
    needed_points(expression, grid, work.n);
    QEP_TRY(fill(expression, &work, t, threads, err));
    repeat(grid, work.n, threads < 1 ? 1 : threads, out);
    return QEP_OK;
}

qep_status qep_expression_fill_where(const qep_expression *expression, const qep_grid *grid,
                                     double t, int threads, const uint32_t *owner, uint32_t which,
                                     double *out, qep_error *err) {
    const fill_work work = {.grid = grid,
                            .n = {grid->axis[0].n, grid->axis[1].n, grid->axis[2].n},
                            .owner = owner,
                            .which = which,
                            .out = out};
    return fill(expression, &work, t, threads, err);
}

/* muParser says its version only to a parser. */
void qep_expression_library_version(char *text, size_t size) {
    muParserHandle_t parser = mupCreate(muBASETYPE_FLOAT);
    snprintf(text, size, "muParser %s", parser ? mupGetVersion(parser) : "");
    if (parser) {
        mupRelease(parser);
    }
}
