/* Nested dissection: a part is cut by a plane of a grid, or by a level of a breadth-first search of a list, until parts are small; the cuts
 * are eliminated last, the sites of all terminals after everything else. For L x W sites this takes of the order of L W^2 operations where
 * slices take L W^3, and without a magnetic field everything but the root is real. General partitioners were not needed: conductors are
 * grids, or lists that look like them. */
#include "dissection.h"

#include "qep/base/memory.h"
#include "system.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Parts of this size are eliminated at once. */
enum { LEAF = 40 };
/* Small fronts reach a fraction of the speed of large blocks: elimination by blocks must cost this many times more. */
static const double ADVANTAGE = 3.0;

typedef struct {
    const qep_system *s;
    const size_t *shape;
    qep_tree *tree;
    size_t *site;                 /* [sites] permuted sites, parts of it contiguous */
    size_t *part, *level, *queue; /* [sites] */
    size_t emitted, labels, capacity, border_count, border_capacity;
} cutter;

void qep_tree_destroy(qep_tree *tree) {
    if (tree) {
        qep_free(tree->front);
        qep_free(tree->rank);
        qep_free(tree->place);
        qep_free(tree->child);
        qep_free(tree->border);
        qep_free(tree->slot);
        qep_free(tree->at);
        qep_free(tree->value);
        qep_free(tree);
    }
}

/* ---- Cuts ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    size_t below, above, cut; /* numbers of sites; a part is reordered below, above, cut */
} division;

static size_t coordinate(const cutter *c, size_t place, int axis) {
    const size_t stride = axis == 0 ? 1 : axis == 1 ? c->shape[0] : c->shape[0] * c->shape[1];
    return c->s->order[place] / stride % c->shape[axis];
}

/* Reorder a part by the level of its sites: less, greater, equal to `at`, or to `also`. */
static division gather(cutter *c, size_t first, size_t count, size_t at, size_t also) {
    division d = {0};
    size_t *site = c->site + first;
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < count; i++) {
            const size_t v = c->level[site[i]];
            const int kind = v == at || v == also ? 2 : v < at ? 0 : 1;
            if (kind == pass) {
                c->queue[d.below + d.above + d.cut] = site[i];
                d.below += pass == 0;
                d.above += pass == 1;
                d.cut += pass == 2;
            }
        }
    }
    memcpy(site, c->queue, count * sizeof *site);
    return d;
}

static int compare_sizes(const void *a, const void *b) {
    const size_t p = *(const size_t *)a, q = *(const size_t *)b;
    return p < q ? -1 : p > q;
}

/* The plane in the middle of the longest side; around a periodic axis two planes. */
static division cut_box(cutter *c, size_t first, size_t count) {
    size_t low[3], high[3];
    int axis = 0;
    for (int d = 0; d < 3; d++) {
        low[d] = SIZE_MAX;
        high[d] = 0;
        for (size_t i = first; i < first + count; i++) {
            const size_t x = coordinate(c, c->site[i], d);
            low[d] = x < low[d] ? x : low[d];
            high[d] = x > high[d] ? x : high[d];
        }
        axis = high[d] - low[d] > high[axis] - low[axis] ? d : axis;
    }
    for (size_t i = 0; i < count; i++) {
        c->level[c->site[first + i]] = c->queue[i] = coordinate(c, c->site[first + i], axis);
    }
    qsort(c->queue, count, sizeof *c->queue, compare_sizes);
    const size_t middle = c->queue[count / 2];
    const int whole = high[axis] - low[axis] + 1 == c->shape[axis] &&
                      c->shape[axis] > 2; /* the ends may be neighbours */
    return gather(c, first, count, middle, whole ? low[axis] : SIZE_MAX);
}

/* Levels of a search through one part from `from`; returns the last site reached, and how many. */
static size_t search(cutter *c, size_t label, size_t from, size_t *reached) {
    size_t tail = 1;
    c->queue[0] = from;
    c->part[from] = label + 1;
    c->level[from] = 0;
    for (size_t head = 0; head < tail; head++) {
        const size_t p = c->queue[head];
        for (size_t e = c->s->row[p]; e < c->s->row[p + 1]; e++) {
            const size_t q = c->s->column[e];
            if (c->part[q] == label) {
                c->part[q] = label + 1;
                c->level[q] = c->level[p] + 1;
                c->queue[tail++] = q;
            }
        }
    }
    *reached = tail;
    return c->queue[tail - 1];
}

/* The level that is small and leaves two parts of some size; parts without a connection are told apart first. */
static division cut_levels(cutter *c, size_t first, size_t count) {
    size_t from = c->site[first], reached = 0;
    for (int round = 0; round < 3; round++) { /* the ends of a long way through the part */
        const size_t label = c->labels += 2;
        for (size_t i = first; i < first + count; i++) {
            c->part[c->site[i]] = label;
        }
        const size_t last = search(c, label, from, &reached);
        if (reached < count) {
            for (size_t i = first; i < first + count; i++) {
                c->level[c->site[i]] = c->part[c->site[i]] == label ? 2 : 0;
            }
            return gather(c, first, count, 1, SIZE_MAX);
        }
        from = round < 2 ? last : from;
    }
    double best = INFINITY;
    size_t at = SIZE_MAX;
    for (size_t a = 0; a < count;) { /* the queue holds the sites by level */
        size_t b = a;
        while (b < count && c->level[c->queue[b]] == c->level[c->queue[a]]) {
            b++;
        }
        const double below = (double)a, above = (double)(count - b), cut = (double)(b - a);
        const double cost =
            a > 0 && b < count
                ? cut * cut * cut * (1.0 + pow(fabs(below - above) / (double)count, 2.0) * 8.0)
                : INFINITY;
        if (cost < best) {
            best = cost;
            at = c->level[c->queue[a]];
        }
        a = b;
    }
    return at == SIZE_MAX ? (division){0, 0, count} : gather(c, first, count, at, SIZE_MAX);
}

/* ---- Fronts ---------------------------------------------------------------------------------------------------------------- */

static qep_status grow(void **array, size_t *capacity, size_t needed, size_t size, const char *what,
                       qep_error *err) {
    if (needed <= *capacity) {
        return QEP_OK;
    }
    const size_t more = 2 * needed + 256;
    void *grown = NULL;
    QEP_TRY(qep_alloc(&grown, more, size, what, err));
    if (*capacity) {
        memcpy(grown, *array, *capacity * size);
    }
    qep_free(*array);
    *array = grown;
    *capacity = more;
    return QEP_OK;
}

static qep_status emit(cutter *c, const size_t *site, size_t pivots, size_t children,
                       qep_error *err) {
    qep_tree *t = c->tree;
    void *fronts = t->front;
    const qep_status status =
        grow(&fronts, &c->capacity, t->fronts + 1, sizeof *t->front, "fronts", err);
    t->front = fronts;
    QEP_TRY(status);
    t->front[t->fronts++] =
        (qep_front){.first = c->emitted, .pivots = pivots, .children = children};
    for (size_t i = 0; i < pivots; i++) {
        t->place[c->emitted] = site[i];
        t->rank[site[i]] = c->emitted++;
    }
    return QEP_OK;
}

/* Fronts of a part; *made: how many of them still wait for a parent. */
static qep_status dissect(cutter *c, size_t first, size_t count, size_t *made, qep_error *err) {
    *made = count > 0;
    if (count == 0) {
        return QEP_OK;
    }
    const division d = count <= LEAF     ? (division){0, 0, count}
                       : c->shape[0] > 0 ? cut_box(c, first, count)
                                         : cut_levels(c, first, count);
    if (d.cut == count) {
        return emit(c, c->site + first, count, 0, err);
    }
    size_t below = 0, above = 0;
    QEP_TRY(dissect(c, first, d.below, &below, err));
    QEP_TRY(dissect(c, first + d.below, d.above, &above, err));
    *made = d.cut > 0 ? 1 : below + above;
    return d.cut > 0 ? emit(c, c->site + first + d.below + d.above, d.cut, below + above, err)
                     : QEP_OK;
}

static qep_status add_border(cutter *c, size_t rank, qep_error *err) {
    void *borders = c->tree->border;
    const qep_status status = grow(&borders, &c->border_capacity, c->border_count + 1,
                                   sizeof *c->tree->border, "fronts", err);
    c->tree->border = borders;
    QEP_TRY(status);
    c->tree->border[c->border_count++] = rank;
    return QEP_OK;
}

/* Later neighbours of the pivots, and what children brought. waiting: fronts whose update has no taker yet. */
static qep_status find_border(cutter *c, size_t f, const size_t *waiting, qep_error *err) {
    qep_tree *t = c->tree;
    const size_t first = t->front[f].first, last = first + t->front[f].pivots,
                 start = c->border_count, label = c->labels += 2;
    for (size_t r = first; r < last; r++) {
        const size_t p = t->place[r];
        for (size_t e = c->s->row[p]; e < c->s->row[p + 1]; e++) {
            const size_t q = c->s->column[e];
            if (t->rank[q] >= last && c->part[q] != label) {
                c->part[q] = label;
                QEP_TRY(add_border(c, t->rank[q], err));
            }
        }
    }
    for (size_t k = 0; k < t->front[f].children; k++) {
        const qep_front child = t->front[waiting[k]];
        for (size_t b = 0; b < child.borders; b++) {
            const size_t r = t->border[child.border + b];
            if (r >= last && c->part[t->place[r]] != label) {
                c->part[t->place[r]] = label;
                QEP_TRY(add_border(c, r, err));
            }
        }
    }
    t->front[f].border = start;
    t->front[f].borders = c->border_count - start;
    if (t->front[f].borders > 0) {
        qsort(t->border + start, t->front[f].borders, sizeof *t->border, compare_sizes);
    }
    return QEP_OK;
}

/* Where a rank is in a front: among its pivots, or behind them in its border. */
static size_t slot_of(const qep_tree *t, const qep_front *f, size_t rank) {
    if (rank < f->first + f->pivots) {
        return rank - f->first;
    }
    size_t low = 0, high = f->borders;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (t->border[f->border + middle] < rank) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return f->pivots + low;
}

static qep_status find_borders(cutter *c, qep_error *err) {
    qep_tree *t = c->tree;
    size_t *waiting = c->queue, count = 0;
    for (size_t f = 0; f < t->fronts; f++) {
        count -= t->front[f].children;
        QEP_TRY(find_border(c, f, waiting + count, err));
        waiting[count++] = f;
    }
    QEP_TRY(qep_alloc((void **)&t->slot, c->border_count + 1, sizeof *t->slot, "fronts", err));
    QEP_TRY(qep_alloc((void **)&t->child, t->fronts, sizeof *t->child, "fronts", err));
    size_t listed = count = 0;
    for (size_t f = 0; f < t->fronts; f++) {
        t->front[f].child = listed;
        for (size_t k = 0; k < t->front[f].children; k++) { /* last first, as they lie on a stack */
            const qep_front child = t->front[waiting[--count]];
            t->child[listed++] = waiting[count];
            for (size_t b = child.border; b < child.border + child.borders; b++) {
                t->slot[b] = slot_of(t, &t->front[f], t->border[b]);
            }
        }
        waiting[count++] = f;
    }
    return QEP_OK;
}

/* Elements of -H in [F11 F12] of every front: rows of its pivots, columns not eliminated before. */
static qep_status place_elements(cutter *c, qep_error *err) {
    qep_tree *t = c->tree;
    size_t used = 0;
    QEP_TRY(qep_alloc((void **)&t->at, c->s->row[c->s->sites] + 1, sizeof *t->at, "fronts", err));
    QEP_TRY(
        qep_alloc((void **)&t->value, c->s->row[c->s->sites] + 1, sizeof *t->value, "fronts", err));
    t->real = 1;
    for (size_t f = 0; f < t->fronts; f++) {
        qep_front *front = &t->front[f];
        front->entry = used;
        for (size_t i = 0; i < front->pivots; i++) {
            const size_t p = t->place[front->first + i];
            for (size_t e = c->s->row[p]; e < c->s->row[p + 1]; e++) {
                if (t->rank[c->s->column[e]] >= front->first) {
                    t->at[used] = i + slot_of(t, front, t->rank[c->s->column[e]]) * front->pivots;
                    t->value[used++] = -c->s->value[e];
                    t->real = t->real && cimag(c->s->value[e]) == 0.0;
                }
            }
        }
        front->entries = used - front->entry;
    }
    return QEP_OK;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Sizes and operations; the root is dense, complex and without a border. */
static void measure(qep_tree *t) {
    size_t held = 0;
    for (size_t f = 0; f < t->fronts; f++) {
        const qep_front *front = &t->front[f];
        const size_t p = front->pivots, b = front->borders;
        const int inner = f + 1 < t->fronts;
        const double dp = (double)p, db = (double)b, factor = t->real && inner ? 1.0 : 4.0;
        t->tallest = inner ? larger(t->tallest, p) : t->tallest;
        t->widest = larger(t->widest, b);
        t->kept += p * b;
        t->work += factor * (2.0 / 3.0 * dp * dp * dp + 2.0 * dp * dp * db + 2.0 * dp * db * db);
        for (size_t k = 0; k < front->children; k++) {
            const size_t other = t->front[t->child[front->child + k]].borders;
            held -= other * other;
        }
        held += b * b;
        t->stack = larger(t->stack, held);
    }
}

static double block_work(const qep_system *s) {
    double work = 0.0;
    for (size_t k = 0; k < s->blocks; k++) {
        work += 8.0 * pow((double)(s->start[k + 1] - s->start[k]), 3.0);
    }
    return work;
}

static qep_status build(cutter *c, qep_error *err) {
    const qep_system *s = c->s;
    qep_tree *t = c->tree;
    size_t root = 0, inner = 0, made = 0;
    QEP_TRY(qep_alloc((void **)&t->rank, s->sites, sizeof *t->rank, "fronts", err));
    QEP_TRY(qep_alloc((void **)&t->place, s->sites, sizeof *t->place, "fronts", err));
    for (size_t a = 0; a < s->terminals; a++) {
        for (size_t i = 0; i < s->terminal[a]->count; i++) {
            c->part[s->where[a][i]] = 1;
        }
    }
    for (size_t p = 0; p < s->sites; p++) {
        inner += c->part[p] == 0;
    }
    for (size_t p = 0, k = 0; p < s->sites; p++) {
        c->site[c->part[p] ? inner + root++ : k++] = p;
    }
    c->labels = 2;
    QEP_TRY(dissect(c, 0, inner, &made, err));
    QEP_TRY(emit(c, c->site + inner, root, made, err));
    QEP_TRY(find_borders(c, err));
    QEP_TRY(place_elements(c, err));
    measure(t);
    return QEP_OK;
}

int qep_tree_is_faster(const qep_tree *tree, const qep_system *system) {
    return ADVANTAGE * tree->work < block_work(system);
}

qep_status qep_tree_create(qep_tree **tree, const qep_system *system, const size_t *shape,
                           qep_error *err) {
    *tree = NULL;
    cutter c = {.s = system, .shape = shape};
    size_t *memory = NULL;
    QEP_TRY(qep_alloc((void **)&memory, 4 * system->sites + 4, sizeof *memory, "fronts", err));
    c.site = memory;
    c.part = memory + system->sites;
    c.level = memory + 2 * system->sites;
    c.queue = memory + 3 * system->sites; /* fronts never outnumber sites */
    qep_status status = qep_alloc((void **)&c.tree, 1, sizeof *c.tree, "fronts", err);
    status = status == QEP_OK ? build(&c, err) : status;
    qep_free(memory);
    if (status != QEP_OK) {
        qep_tree_destroy(c.tree);
        return status;
    }
    *tree = c.tree;
    return QEP_OK;
}
