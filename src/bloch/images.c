/* Images of minimal distance: Wannier90's `_wsvec.dat`. With use_ws_distance each element <i, 0| H |j, R> belongs to the vectors R + T that bring the two
 * Wannier functions closest, in equal shares; the file lists T for each R, i, j. H(R) and r(R) are dealt out anew. */
#include "qep/bloch/model.h"

#include "bloch/text.h"
#include "qep/base/memory.h"
#include <limits.h>
#include <stdint.h>

enum { LONGEST = 10000, MOST_IMAGES = 64, LARGEST_BOX = 1 << 26 };

/* One record: the element and its images R + T. */
typedef struct {
    size_t shift, element; /* of the old model */
    size_t count;
    int R[MOST_IMAGES][3];
} record;

typedef struct images images;
struct images {
    const qep_bloch_model *old;
    qep_bloch_model *fresh;
    int low[3], high[3]; /* of all R + T */
    size_t size[3];
    size_t *number; /* [box] 1 + number of the vector among the new ones; 0: none */
    size_t used, records;
    void (*visit)(images *im, const record *r);
};

static size_t place(const images *im, const int R[3]) {
    size_t at = 0;
    for (int c = 0; c < 3; c++) {
        at = at * im->size[c] + (size_t)(R[c] - im->low[c]);
    }
    return at;
}

static void bound(images *im, const record *r) {
    for (size_t k = 0; k < r->count; k++) {
        for (int c = 0; c < 3; c++) {
            im->low[c] = r->R[k][c] < im->low[c] ? r->R[k][c] : im->low[c];
            im->high[c] = r->R[k][c] > im->high[c] ? r->R[k][c] : im->high[c];
        }
    }
}

static void mark(images *im, const record *r) {
    for (size_t k = 0; k < r->count; k++) {
        size_t *number = &im->number[place(im, r->R[k])];
        *number = *number ? *number : ++im->used;
    }
}

static void deal(images *im, const record *r) {
    const size_t square = im->old->bands * im->old->bands, from = r->shift * square + r->element;
    for (size_t k = 0; k < r->count; k++) {
        const size_t shift = im->number[place(im, r->R[k])] - 1, to = shift * square + r->element;
        for (int c = 0; c < 3; c++) {
            im->fresh->R[3 * shift + (size_t)c] = r->R[k][c];
        }
        im->fresh->H[to] += im->old->H[from] / (double)r->count;
        for (size_t c = 0; im->old->r && c < 3; c++) {
            im->fresh->r[c * im->fresh->shifts * square + to] += im->old->r[c * im->old->shifts * square + from] / (double)r->count;
        }
    }
}

/* Number of a lattice vector of the old model; the one after `hint` is the likely one. */
static size_t shift_of(const qep_bloch_model *m, const long R[3], size_t hint) {
    for (size_t k = 0; k < m->shifts; k++) {
        const size_t s = (hint + k) % m->shifts;
        if (m->R[3 * s] == R[0] && m->R[3 * s + 1] == R[1] && m->R[3 * s + 2] == R[2]) {
            return s;
        }
    }
    return m->shifts;
}

static qep_status read_head(bloch_text *t, const images *im, long head[5]) {
    const long bands = (long)im->old->bands;
    char *at = t->line;
    QEP_TRY(bloch_text_integers(t, &at, 5, head));
    QEP_TRY(bloch_text_end_of_line(t, at));
    if (head[3] < 1 || head[3] > bands || head[4] < 1 || head[4] > bands) {
        return bloch_text_fault(t, "out_of_range", "Wannier functions %ld and %ld; the model has %ld", head[3], head[4], bands);
    }
    return QEP_OK;
}

/* The images of one element. On a sheet the third component counts for nothing. */
static qep_status read_images(bloch_text *t, const images *im, const long R[3], record *r) {
    long count = 0;
    QEP_TRY(bloch_text_filled_line(t, "the number of images"));
    char *at = t->line;
    QEP_TRY(bloch_text_integers(t, &at, 1, &count));
    if (count < 1 || count > MOST_IMAGES) {
        return bloch_text_fault(t, "out_of_range", "%ld images; from 1 to %d are allowed", count, MOST_IMAGES);
    }
    r->count = (size_t)count;
    for (size_t k = 0; k < r->count; k++) {
        long T[3];
        QEP_TRY(bloch_text_filled_line(t, "an image"));
        at = t->line;
        QEP_TRY(bloch_text_integers(t, &at, 3, T));
        QEP_TRY(bloch_text_end_of_line(t, at));
        for (int c = 0; c < 3; c++) {
            const long sum = R[c] + (T[c] > LONGEST || T[c] < -LONGEST ? 2 * LONGEST : T[c]);
            if (sum > LONGEST || sum < -LONGEST) {
                return bloch_text_fault(t, "out_of_range", "the image lies too far away");
            }
            r->R[k][c] = c < im->old->dim ? (int)sum : 0;
        }
    }
    return QEP_OK;
}

/* All records in turn. */
static qep_status scan(images *im, const char *file, qep_error *err) {
    bloch_text t;
    record r = {0};
    im->records = 0;
    QEP_TRY(bloch_text_open(&t, file, err));
    qep_status status = bloch_text_line(&t, "a title");
    while (status == QEP_OK && *t.next) {
        long head[5] = {0};
        status = bloch_text_line(&t, "a lattice vector and two Wannier functions");
        if (status != QEP_OK || bloch_text_blank(&t)) {
            continue;
        }
        status = read_head(&t, im, head);
        const size_t shift = status == QEP_OK ? shift_of(im->old, head, r.shift) : 0;
        const int flat = im->old->dim == 2 && head[2] != 0; /* left out of a sheet */
        if (status == QEP_OK && shift == im->old->shifts && !flat) {
            status = bloch_text_fault(&t, "format", "R = (%ld, %ld, %ld) is no lattice vector of the model: this file belongs to another one", head[0], head[1],
                                      head[2]);
        }
        r.element = status == QEP_OK ? (size_t)(head[3] - 1) + (size_t)(head[4] - 1) * im->old->bands : 0;
        status = status == QEP_OK ? read_images(&t, im, head, &r) : status;
        if (status == QEP_OK && !flat) {
            r.shift = shift;
            im->visit(im, &r);
            im->records++;
        }
    }
    const size_t expected = im->old->shifts * im->old->bands * im->old->bands;
    if (status == QEP_OK && im->records != expected) {
        status = bloch_text_fault(&t, "truncated", "images of %zu elements; the model has %zu", im->records, expected);
    }
    bloch_text_close(&t);
    return status;
}

static qep_status deal_all(images *im, const char *file, qep_error *err) {
    size_t box = 1;
    void *block = NULL;
    im->visit = bound;
    QEP_TRY(scan(im, file, err));
    for (int c = 0; c < 3; c++) {
        im->size[c] = (size_t)(im->high[c] - im->low[c]) + 1;
        if (!qep_size_multiply(box, im->size[c], &box) || box > LARGEST_BOX) {
            return qep_error_add(err, QEP_ERR_INPUT, "out_of_range", NULL, file, "the images spread over too many lattice vectors");
        }
    }
    QEP_TRY(qep_alloc(&block, box, sizeof(size_t), "images of lattice vectors", err));
    im->number = block;
    im->visit = mark;
    QEP_TRY(scan(im, file, err));
    QEP_TRY(qep_bloch_model_allocate(im->fresh, im->used, im->old->r != NULL, err));
    im->visit = deal;
    return scan(im, file, err);
}

qep_status qep_bloch_model_images(qep_bloch_model *model, const char *file, const qep_log *log, qep_error *err) {
    qep_bloch_model fresh = {.dim = model->dim, .bands = model->bands};
    images im = {.old = model, .fresh = &fresh, .low = {INT_MAX, INT_MAX, INT_MAX}, .high = {INT_MIN, INT_MIN, INT_MIN}};
    const qep_status status = deal_all(&im, file, err);
    qep_free(im.number);
    qep_free(status == QEP_OK ? (void *)model->R : fresh.R);
    qep_free(status == QEP_OK ? (void *)model->H : fresh.H);
    qep_free(status == QEP_OK ? (void *)model->r : fresh.r);
    qep_free(fresh.tau); /* positions stay */
    QEP_TRY(status);
    model->R = fresh.R;
    model->H = fresh.H;
    model->r = fresh.r;
    model->shifts = fresh.shifts;
    return qep_bloch_model_hermitian(model, NULL, file, log, err);
}
