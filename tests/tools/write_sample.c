/* Writes a result with known values, for the tests of the output file: phi (scalar), E (vector) and,
 * on request, H (tensor), component c of record r at the point with index i of frame k being
 * 1000 (k+1) + 100 r + 10 c + (7919 i mod 10007)/1003. usage: write_sample FILE [KEY=NUMBER ...] */
#include "qep/base/memory.h"
#include "qep/io/write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    const char *key;
    long value;
} setting;

enum {
    NDIM,
    FRAMES,
    N,
    DEFLATE,
    SINGLE,
    VIEWS,
    XDMF,
    THREADS,
    FORCE,
    NODE,
    TENSOR,
    PARTIAL,
    TIMING
};
enum { BIG = TIMING + 1, SETTINGS };

static setting settings[SETTINGS] = {
    [NDIM] = {"ndim", 3},       [FRAMES] = {"frames", 1},   [N] = {"n", 6},
    [DEFLATE] = {"deflate", 0}, [SINGLE] = {"single", 0},   [VIEWS] = {"views", 1},
    [XDMF] = {"xdmf", 1},       [THREADS] = {"threads", 1}, [FORCE] = {"force", 0},
    [NODE] = {"node", 0},       [TENSOR] = {"tensor", 0},   [PARTIAL] = {"partial", 0},
    [TIMING] = {"timing", 0},   [BIG] = {"big", 0},
};

static long value_of(int which) {
    return settings[which].value;
}

static int parse(const char *argument) {
    for (int i = 0; i < SETTINGS; i++) {
        const size_t length = strlen(settings[i].key);
        if (strncmp(argument, settings[i].key, length) == 0 && argument[length] == '=') {
            settings[i].value = strtol(argument + length + 1, NULL, 10);
            return 1;
        }
    }
    fprintf(stderr, "unknown setting %s\n", argument);
    return 0;
}

static const qep_record records[3] = {
    {"phi", "phi", "entropic potential", "T6", QEP_DIM_VOLTAGE, 0},
    {"E", "E", "electric field", "T6", QEP_DIM_ELECTRIC_FIELD, 1},
    {"H", "grad grad S", "Hessian", "T3", QEP_DIM_CURRENT_DENSITY, 2},
};

static qep_status make_grid(qep_grid *grid, qep_error *err) {
    const size_t n = (size_t)value_of(N);
    const size_t points[3] = {n + 2, n + 1, n};
    const double spacing[3] = {1e-9, 2e-9, 3e-9}, origin[3] = {1e-8, -2e-8, 0.0};
    static const qep_bc faces[3][2] = {{QEP_PERIODIC, QEP_PERIODIC}, {QEP_DIRICHLET, QEP_NEUMANN}};
    return qep_grid_init(grid, (int)value_of(NDIM), points, NULL, spacing, origin,
                         value_of(NODE) ? QEP_NODE : QEP_CELL, faces, err);
}

static qep_status write_frame(qep_writer *writer, const qep_grid *grid, size_t frame,
                              double *values, qep_error *err) {
    const int ndim = grid->ndim;
    const int components[3] = {1, ndim, ndim * ndim};
    QEP_TRY(qep_writer_frame_begin(writer, frame, 0.5 * (double)frame, 0.5, err));
    for (size_t r = 0; r < (value_of(TENSOR) ? 3 : 2); r++) {
        for (int c = 0; c < components[r]; c++) {
            const double base = 1000.0 * (double)(frame + 1) + 100.0 * (double)r + 10.0 * c;
            for (size_t i = 0; i < qep_grid_count(grid) && !value_of(TIMING); i++) {
                values[i] = base + (double)(i * 7919 % 10007) / 1003.0;
            }
            if (value_of(BIG)) {
                values[0] = 1e300;
            }
            QEP_TRY(qep_writer_component(writer, r, c, values, err));
        }
    }
    static const double table[6] = {1, 2, 3, 4, 5, 6};
    static const char *const leads[2] = {"left", "right lead"};
    QEP_TRY(qep_writer_result_number(writer, "", "residual", 1.5e-12, NULL, err));
    QEP_TRY(qep_writer_result_number(writer, "", "phi_max", 0.25, "V", err));
    QEP_TRY(qep_writer_result_number(writer, "electrodes/left", "current", 1e-6, "A", err));
    QEP_TRY(qep_writer_result_text(writer, "", "solver", "direct", err));
    QEP_TRY(qep_writer_result_table(writer, "bloch/sigma", table, 3, 2, "S/m", err));
    QEP_TRY(qep_writer_result_table(writer, "profile", table, 6, 1, "V", err));
    QEP_TRY(qep_writer_result_names(writer, "transport/leads", leads, 2, err));
    return qep_writer_frame_end(writer, err);
}

static qep_status write_provenance(qep_writer *writer, qep_error *err) {
    QEP_TRY(qep_writer_provenance_text(writer, "identity", "0123abcd", 1, err));
    QEP_TRY(qep_writer_provenance_text(writer, "inputs", "", 1, err));
    QEP_TRY(qep_writer_provenance_text(writer, "command_line", "qep-solve µ.json", 0, err));
    return qep_writer_provenance_number(writer, "threads", (double)value_of(THREADS), err);
}

static qep_status write_all(const char *file, const qep_grid *grid, double *values,
                            qep_error *err) {
    const qep_write_options options = {.file = file,
                                       .force = (int)value_of(FORCE),
                                       .deflate = (int)value_of(DEFLATE),
                                       .single_precision = (int)value_of(SINGLE),
                                       .views = (int)value_of(VIEWS),
                                       .xdmf = (int)value_of(XDMF),
                                       .threads = (int)value_of(THREADS)};
    qep_writer *writer = NULL;
    QEP_TRY(qep_writer_create(&writer, &options, grid, records, value_of(TENSOR) ? 3 : 2, err));
    qep_status status = QEP_OK;
    for (long k = 0; k < value_of(FRAMES) && status == QEP_OK; k++) {
        status = write_frame(writer, grid, (size_t)k, values, err);
    }
    if (status == QEP_OK) {
        status = write_provenance(writer, err);
    }
    if (status == QEP_OK && value_of(PARTIAL)) { /* interrupted in the next frame */
        status = qep_writer_frame_begin(writer, (size_t)value_of(FRAMES), 0.0, 0.0, err);
        if (status == QEP_OK) {
            status = qep_writer_component(writer, 0, 0, values, err);
        }
        if (status == QEP_OK && !qep_writer_keep_partial(writer, err)) {
            status = QEP_ERR_INTERRUPTED;
        }
    } else if (status == QEP_OK) {
        status = qep_writer_commit(writer, "complete", err);
    }
    qep_writer_destroy(writer);
    return status;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv) {
    static qep_error err;
    qep_grid grid;
    double *values = NULL;
    for (int i = 2; i < argc; i++) {
        if (!parse(argv[i])) {
            return 2;
        }
    }
    qep_status status = argc < 2 ? QEP_ERR_USAGE : make_grid(&grid, &err);
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&values, qep_grid_count(&grid), "sample", &err);
    }
    if (status == QEP_OK) {
        memset(values, 0, qep_grid_count(&grid) * sizeof *values);
        const double start = now();
        status = write_all(argv[1], &grid, values, &err);
        if (value_of(TIMING)) {
            printf("%.2f ms\n", 1e3 * (now() - start));
        }
    }
    for (size_t i = 0; i < err.count; i++) {
        fprintf(stderr, "%s: %s\n", err.item[i].file, err.item[i].message);
    }
    qep_free(values);
    return qep_status_exit_code(status);
}
