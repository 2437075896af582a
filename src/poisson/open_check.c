/* The free-space solution at a sample of each open face, by direct summation with the analytic kernel. Nothing of the transforms, of the
 * truncation or of the octant kernels is used, so a mistake in any of them shows. Closed axes are reduced to their lowest mode first, which leaves a
 * problem in one, two or three open dimensions for -lap + kappa^2. */
#include "qep/poisson/checks.h"

#include "calculus_impl.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/base/special.h"
#include "qep/stencil/stencil.h"
#include <math.h>
#include <string.h>

/* Green's function of -lap + kappa^2 in 1, 2, 3 dimensions and its derivative over r. */
typedef struct {
    double (*value)(double r, double kappa, double gauge);
    double (*slope)(double r, double kappa);
} kernel_row;

static double value_1(double r, double kappa, double gauge) {
    (void)gauge;
    return kappa > 0.0 ? exp(-kappa * r) / (2.0 * kappa) : -0.5 * r;
}

static double slope_1(double r, double kappa) {
    return -0.5 * exp(-kappa * r);
}

static double value_2(double r, double kappa, double gauge) {
    return (kappa > 0.0 ? qep_bessel_K0(kappa * r) : -log(r / gauge)) / (2.0 * QEP_PI);
}

static double slope_2(double r, double kappa) {
    return -(kappa > 0.0 ? kappa * qep_bessel_K1(kappa * r) : 1.0 / r) / (2.0 * QEP_PI);
}

static double value_3(double r, double kappa, double gauge) {
    (void)gauge;
    return exp(-kappa * r) / (4.0 * QEP_PI * r);
}

static double slope_3(double r, double kappa) {
    return -(1.0 + kappa * r) * exp(-kappa * r) / (4.0 * QEP_PI * r * r);
}

static const kernel_row kernels[4] = {{NULL, NULL}, {value_1, slope_1}, {value_2, slope_2}, {value_3, slope_3}};

/* The problem after the closed axes are gone: their modes, and coordinates and quadrature weights of the open ones. */
typedef struct {
    const qep_grid *grid;
    const qep_walls *walls;
    int threads;
    int open[3], axes;        /* is the axis open; how many are */
    qep_wall_kind kind[3][2]; /* NONE on open faces, periodic axes and axes of one sample */
    double kappa, gauge;
    double *mode[3];   /* closed axes [n]: lowest mode times weight over its norm, so that a sum projects */
    double *at[3];     /* coordinates [n] of open axes; one 0 for closed ones, which take no part in distances */
    double *weight[3]; /* the same with quadrature weights, m; 1 for closed ones */
} free_space;

/* What makes a potential: volume sources, or data on the wall of a half-open axis. */
typedef struct {
    size_t n[3];            /* 1 along closed axes and across a wall */
    const double *at[3];    /* [n] */
    const double *weight[3];
    const double *strength; /* [n2,n1,n0] times scale */
    double scale;
    int wall_axis;          /* -1 for volume sources */
    int dipole;             /* a Dirichlet wall: a layer of dipoles across wall_axis */
} cloud;

/* A point from which distances are taken; images about walls come with a sign. */
typedef struct {
    double at[3], sign;
} image;

static int dirichlet_ends(const qep_wall_kind kind[2]) {
    return (kind[0] == QEP_WALL_DIRICHLET) + (kind[1] == QEP_WALL_DIRICHLET);
}

/* Wave number of the lowest mode of a closed axis: 1, or a half or quarter wave that vanishes on Dirichlet faces. */
static double mode_wave(const free_space *fs, int d) {
    return 0.5 * QEP_PI * dirichlet_ends(fs->kind[d]) / fs->grid->axis[d].length;
}

static double mode_at(const free_space *fs, int d, double from_low) {
    const double phase = mode_wave(fs, d) * from_low;
    return fs->kind[d][0] == QEP_WALL_DIRICHLET ? sin(phase) : cos(phase);
}

static qep_status make_closed(free_space *fs, int d, qep_error *err) {
    const qep_axis *a = &fs->grid->axis[d];
    double norm = 0.0;
    QEP_TRY(qep_alloc_doubles(&fs->mode[d], a->n, "mode of a closed axis", err));
    QEP_TRY(qep_alloc_doubles(&fs->at[d], 1, "coordinates", err));
    QEP_TRY(qep_alloc_doubles(&fs->weight[d], 1, "weights", err));
    fs->at[d][0] = 0.0;
    fs->weight[d][0] = 1.0;
    for (size_t i = 0; i < a->n; i++) {
        const double value = mode_at(fs, d, qep_grid_coordinate(fs->grid, d, i) - a->origin);
        fs->mode[d][i] = value * qep_grid_weight(fs->grid, d, i);
        norm += value * fs->mode[d][i];
    }
    for (size_t i = 0; i < a->n; i++) {
        fs->mode[d][i] /= norm;
    }
    fs->kappa = hypot(fs->kappa, mode_wave(fs, d));
    return QEP_OK;
}

static qep_status make_open(free_space *fs, int d, qep_error *err) {
    const qep_axis *a = &fs->grid->axis[d];
    QEP_TRY(qep_alloc_doubles(&fs->at[d], a->n, "coordinates", err));
    QEP_TRY(qep_alloc_doubles(&fs->weight[d], a->n, "weights", err));
    for (size_t i = 0; i < a->n; i++) {
        fs->at[d][i] = qep_grid_coordinate(fs->grid, d, i);
        fs->weight[d][i] = a->h * qep_grid_weight(fs->grid, d, i);
    }
    return QEP_OK;
}

static qep_status make_axes(free_space *fs, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        const qep_axis *a = &fs->grid->axis[d];
        for (int side = 0; side < 2 && a->n > 1; side++) {
            fs->open[d] |= a->bc[side] == QEP_OPEN;
            fs->kind[d][side] = a->bc[side] == QEP_OPEN ? QEP_WALL_NONE : fs->walls->wall[d][side].kind;
        }
        fs->axes += fs->open[d];
        QEP_TRY(fs->open[d] ? make_open(fs, d, err) : make_closed(fs, d, err));
    }
    return QEP_OK;
}

static void free_axes(free_space *fs) {
    for (int d = 0; d < 3; d++) {
        qep_free(fs->mode[d]);
        qep_free(fs->at[d]);
        qep_free(fs->weight[d]);
    }
}

/* Weight that projects sample i of an array with n samples along the axis; arrays of a face have one across it, which stays as it is. */
static double mode_weight(const free_space *fs, int d, size_t n, size_t i) {
    return !fs->open[d] && n == fs->grid->axis[d].n ? fs->mode[d][i] : 1.0;
}

/* Sum of `in` [n2,n1,n0] over the closed axes at the indices `at` of the open ones. */
static double project_point(const free_space *fs, const double *in, const size_t n[3], const size_t at[3]) {
    size_t low[3], high[3];
    for (int d = 0; d < 3; d++) {
        low[d] = fs->open[d] && n[d] > 1 ? at[d] : 0;
        high[d] = fs->open[d] && n[d] > 1 ? at[d] + 1 : n[d];
    }
    double sum = 0.0;
    for (size_t z = low[2]; z < high[2]; z++) {
        for (size_t y = low[1]; y < high[1]; y++) {
            const double row = mode_weight(fs, 2, n[2], z) * mode_weight(fs, 1, n[1], y);
            for (size_t x = low[0]; x < high[0]; x++) {
                sum += row * mode_weight(fs, 0, n[0], x) * in[(z * n[1] + y) * n[0] + x];
            }
        }
    }
    return sum;
}

/* out [open axes that `in` has] += scale times the projection of `in`. Each value is one sum in a fixed order, whatever the threads. */
static void project(const free_space *fs, const double *in, const size_t n[3], double scale, double *out) {
    size_t m[3];
    for (int d = 0; d < 3; d++) {
        m[d] = fs->open[d] ? n[d] : 1;
    }
#pragma omp parallel for num_threads(fs->threads) schedule(static)
    for (size_t i = 0; i < m[0] * m[1] * m[2]; i++) {
        const size_t at[3] = {i % m[0], i / m[0] % m[1], i / m[0] / m[1]};
        out[i] += scale * project_point(fs, in, n, at);
    }
}

/* Shape of the arrays on the faces across axis d. */
static void face_shape(const qep_grid *grid, int d, size_t n[3]) {
    for (int e = 0; e < 3; e++) {
        n[e] = e == d ? 1 : grid->axis[e].n;
    }
}

/* Data on the walls of a closed axis: by parts, the mode psi trades them for a source: [psi u' - psi' u] over the integral of psi^2. */
static void add_closed_walls(const free_space *fs, int d, double *source) {
    const double length = fs->grid->axis[d].length, wave = mode_wave(fs, d), norm = wave > 0.0 ? 0.5 * length : length;
    size_t n[3];
    face_shape(fs->grid, d, n);
    for (int side = 0; side < 2; side++) {
        const qep_wall *wall = &fs->walls->wall[d][side];
        if (wall->kind != QEP_WALL_NONE && !wall->homogeneous) {
            const double minus_slope = side ? wave : -wave; /* a mode rises from a Dirichlet face at the low end and falls to one at the high end */
            const double factor = wall->kind == QEP_WALL_DIRICHLET ? minus_slope : mode_at(fs, d, side ? length : 0.0);
            project(fs, wall->level[0], n, (side ? factor : -factor) / norm, source);
        }
    }
}

/* The point and its images about the walls of half-open axes, without the axis of the cloud itself. */
static int make_images(const free_space *fs, const size_t point[3], int without, image images[8]) {
    int count = 1;
    images[0].sign = 1.0;
    for (int d = 0; d < 3; d++) {
        images[0].at[d] = fs->at[d][fs->open[d] ? point[d] : 0];
    }
    for (int d = 0; d < 3; d++) {
        const qep_axis *a = &fs->grid->axis[d];
        const int side = fs->kind[d][1] != QEP_WALL_NONE;
        if (!fs->open[d] || d == without || fs->kind[d][side] == QEP_WALL_NONE) {
            continue;
        }
        for (int i = 0; i < count; i++) {
            images[count + i] = images[i];
            images[count + i].at[d] = 2.0 * (a->origin + (side ? a->length : 0.0)) - images[i].at[d];
            images[count + i].sign *= fs->kind[d][side] == QEP_WALL_DIRICHLET ? -1.0 : 1.0;
        }
        count *= 2;
    }
    return count;
}

typedef struct {
    const free_space *fs;
    const cloud *from;
    const image *to;
} pair;

/* By far the most frequent kernel, 1/r: a loop that the compiler turns into vectors. */
static double coulomb_row(const double *strength, const double *at, const double *weight, size_t n, double x0, double across2) {
    double sum = 0.0;
    for (size_t x = 0; x < n; x++) {
        const double r2 = (at[x] - x0) * (at[x] - x0) + across2;
        sum += r2 > 0.0 ? strength[x] * weight[x] / sqrt(r2) : 0.0;
    }
    return sum / (4.0 * QEP_PI);
}

static double kernel_row_sum(const pair *p, const double *strength, double across2) {
    const free_space *fs = p->fs;
    const cloud *c = p->from;
    const kernel_row *kernel = &kernels[fs->axes];
    const double away = c->dipole ? fabs(c->at[c->wall_axis][0] - p->to->at[c->wall_axis]) : 0.0;
    double sum = 0.0;
    for (size_t x = 0; x < c->n[0]; x++) {
        const double dx = c->at[0][x] - p->to->at[0], r = sqrt(dx * dx + across2);
        if (strength[x] != 0.0 && (r > 0.0 || fs->axes == 1)) {
            const double green = c->dipole ? -2.0 * kernel->slope(r, fs->kappa) * (fs->axes == 1 ? 1.0 : away / r)
                                           : kernel->value(r, fs->kappa, fs->gauge);
            sum += strength[x] * c->weight[0][x] * green;
        }
    }
    return sum;
}

/* Potential of one row (y, z) of a cloud. */
static double row_potential(const pair *p, size_t row) {
    const cloud *c = p->from;
    const size_t y = row % c->n[1], z = row / c->n[1];
    const double dy = c->at[1][y] - p->to->at[1], dz = c->at[2][z] - p->to->at[2], across2 = dy * dy + dz * dz;
    const double *strength = c->strength + row * c->n[0];
    const int coulomb = p->fs->axes == 3 && p->fs->kappa == 0.0 && !c->dipole;
    return c->weight[1][y] * c->weight[2][z] *
           (coulomb ? coulomb_row(strength, c->at[0], c->weight[0], c->n[0], p->to->at[0], across2) : kernel_row_sum(p, strength, across2));
}

/* Potential of a cloud at a sample: rows in parallel, added pairwise. */
static double potential(const free_space *fs, const cloud *from, const size_t point[3], double *sums) {
    image images[8];
    const int count = make_images(fs, point, from->wall_axis, images);
    const size_t rows = from->n[1] * from->n[2];
    double total = 0.0;
    for (int i = 0; i < count; i++) {
        const pair p = {fs, from, &images[i]};
#pragma omp parallel for num_threads(fs->threads) schedule(static)
        for (size_t row = 0; row < rows; row++) {
            sums[row] = row_potential(&p, row);
        }
        total += images[i].sign * qep_reduce_pairwise(sums, rows);
    }
    return from->scale * total;
}

/* Data on the wall of a half-open axis: a layer of charges (Neumann) or dipoles (Dirichlet); the image doubles both. */
static double wall_potential(const free_space *fs, int d, const size_t point[3], double *sums, double *strength) {
    const int side = fs->kind[d][1] != QEP_WALL_NONE;
    const qep_wall *wall = &fs->walls->wall[d][side];
    if (!fs->open[d] || fs->kind[d][side] == QEP_WALL_NONE || wall->homogeneous) {
        return 0.0;
    }
    const qep_axis *a = &fs->grid->axis[d];
    const double plane = a->origin + (side ? a->length : 0.0), one = 1.0;
    const int dipole = wall->kind == QEP_WALL_DIRICHLET;
    cloud layer = {.strength = strength, .scale = 1.0, .wall_axis = d, .dipole = dipole};
    size_t n[3], count = 1;
    face_shape(fs->grid, d, n);
    for (int e = 0; e < 3; e++) {
        layer.n[e] = fs->open[e] ? n[e] : 1;
        layer.at[e] = e == d ? &plane : fs->at[e];
        layer.weight[e] = e == d ? &one : fs->weight[e];
        count *= layer.n[e];
    }
    memset(strength, 0, count * sizeof *strength);
    project(fs, wall->level[0], n, dipole ? 1.0 : (side ? 2.0 : -2.0), strength); /* level 0 is along +axis, charges act along the outward normal */
    return potential(fs, &layer, point, sums);
}

/* The sample of a face that is compared: off its centre, so that no symmetry of the source hides anything. */
static void choose_point(const free_space *fs, int d, int side, size_t point[3]) {
    for (int e = 0; e < 3; e++) {
        point[e] = fs->open[e] ? (2 * fs->grid->axis[e].n) / 5 : 0;
    }
    point[d] = side ? fs->grid->axis[d].n - 1 : 0;
}

/* The sum over samples is exact to rounding where the kernel, seen from the face, is smooth on the scale of the steps along it: with ten of them
 * along the axis. Else it would say nothing of the solution. */
static int sees_clearly(const free_space *fs, int d) {
    for (int e = 0; e < 3; e++) {
        if (fs->open[e] && e != d && fs->grid->axis[d].length < 10.0 * fs->grid->axis[e].h) {
            return 0;
        }
    }
    return 1;
}

static void check_faces(const free_space *fs, const cloud *volume, const double *u, double size, double *sums, double *strength,
                        qep_face_check check[3][2]) {
    const size_t n[3] = {fs->grid->axis[0].n, fs->grid->axis[1].n, fs->grid->axis[2].n};
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        check[d][side] = (qep_face_check){.checked = n[d] > 1 && fs->grid->axis[d].bc[side] == QEP_OPEN && sees_clearly(fs, d)};
        if (!check[d][side].checked) {
            continue;
        }
        size_t point[3];
        choose_point(fs, d, side, point);
        double direct = volume->strength ? potential(fs, volume, point, sums) : 0.0;
        for (int e = 0; e < 3; e++) {
            direct += wall_potential(fs, e, point, sums, strength);
        }
        check[d][side].difference = fabs(direct - project_point(fs, u, n, point));
        check[d][side].relative = size > 0.0 ? check[d][side].difference / size : 0.0;
        if (!isfinite(check[d][side].difference)) {
            check[d][side].relative = INFINITY;
        }
    }
}

/* Sources over the open axes: -s f itself where no axis is closed, else its projection and what the walls of closed axes add. */
static qep_status gather(const free_space *fs, const double *f, double s, cloud *volume, double **owned, qep_error *err) {
    const size_t n[3] = {fs->grid->axis[0].n, fs->grid->axis[1].n, fs->grid->axis[2].n};
    *volume = (cloud){.strength = f, .scale = -s, .wall_axis = -1};
    for (int d = 0; d < 3; d++) {
        volume->n[d] = fs->open[d] ? n[d] : 1;
        volume->at[d] = fs->at[d];
        volume->weight[d] = fs->weight[d];
    }
    const size_t count = volume->n[0] * volume->n[1] * volume->n[2];
    if (count == qep_grid_count(fs->grid)) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc_doubles(owned, count, "sources of the free-space check", err));
    memset(*owned, 0, count * sizeof **owned);
    if (f) {
        project(fs, f, n, -s, *owned);
    }
    for (int d = 0; d < 3; d++) {
        if (!fs->open[d]) {
            add_closed_walls(fs, d, *owned);
        }
    }
    volume->strength = *owned;
    volume->scale = 1.0;
    return QEP_OK;
}

qep_status qep_check_open(const qep_calculus *c, const qep_walls *walls, const double *f, double s, double gauge_length, const double *u,
                          qep_face_check check[3][2], qep_error *err) {
    memset(check, 0, 6 * sizeof check[0][0]);
    if (qep_grid_open_axes(&c->grid) == 0) {
        return QEP_OK;
    }
    free_space fs = {.grid = &c->grid, .walls = walls, .threads = c->threads, .gauge = gauge_length > 0.0 ? gauge_length : 1.0};
    cloud volume;
    double *sources = NULL, *sums = NULL, *strength = NULL, low = 0.0, high = 0.0;
    const size_t nx = c->grid.axis[0].n, ny = c->grid.axis[1].n, nz = c->grid.axis[2].n;
    qep_status status = make_axes(&fs, err);
    if (status == QEP_OK) {
        status = gather(&fs, f, s, &volume, &sources, err);
    }
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&sums, ny * nz, "row sums", err);
    }
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&strength, nx * ny + ny * nz + nz * nx, "wall sources", err);
    }
    if (status == QEP_OK) {
        qep_reduce_array_range(u, nx * ny * nz, c->threads, &low, &high);
        check_faces(&fs, &volume, u, fmax(fabs(low), fabs(high)), sums, strength, check);
    }
    free_axes(&fs);
    qep_free(sources);
    qep_free(sums);
    qep_free(strength);
    return status;
}
