/* The right side of a solve, row by row: the source, minus what known wall data add to the Laplacian. */
#include "solver_impl.h"

#include "lifting.h"
#include "open.h"
#include <math.h>
#include <string.h>

/* row -= what known wall data add to the Laplacian: ghosts of fdN, liftings of exact symbols. */
void qep_source_subtract_walls(const qep_source *in, size_t y, size_t z, double *row) {
    if (in->p->calculus->derivative == QEP_SPECTRAL) {
        qep_lifting_subtract(in->p->calculus, in->walls, y, z, row);
        qep_open_lift_subtract(in->p, in->walls, y, z, row);
    } else {
        qep_edge_terms_subtract(&in->p->grid, &in->p->edge, y, z, row);
    }
}

/* b = s f - (known wall terms), 0 on known nodes; context is a source. */
void qep_source_load_rows(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    const qep_source *in = context;
    const qep_grid *grid = &in->p->grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    for (size_t y = y0; y < y1; y++) {
        double *row = rows + (y - y0) * nx;
        int x_low = 0, x_high = 0;
        const int known = qep_known_row(grid, &in->p->kinds, y, z, &x_low, &x_high);
        double absolute = 0.0;
        for (size_t x = 0; x < nx; x++) {
            row[x] = in->f ? in->s * in->f[(z * ny + y) * nx + x] - in->mean : -in->mean;
        }
        if (in->absolute) {
            for (size_t x = 0; x < nx; x++) {
                absolute += qep_grid_weight(grid, 0, x) * fabs(row[x]);
            }
            in->absolute[z * ny + y] = absolute * qep_grid_weight(grid, 1, y) * qep_grid_weight(grid, 2, z);
        }
        qep_source_subtract_walls(in, y, z, row);
        if (known) {
            memset(row, 0, nx * sizeof *row);
        }
        row[0] = x_low ? 0.0 : row[0];
        row[nx - 1] = x_high ? 0.0 : row[nx - 1];
    }
}
