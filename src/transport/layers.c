/* The order of sites that makes E - H - Sigma block tridiagonal: levels of a breadth-first search in which all sites of one lead, coupled
 * by its self-energy, count as one node. Searches from every lead, from all of them together, and from the faces of a grid are tried; the
 * cheapest wins, by the sum of cubes of the block sizes. Between two leads this gives the slices of a recursive Green function, and rings
 * for leads all around. */
#include "system.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static const size_t UNSEEN = SIZE_MAX;
enum { MOST_STARTS = 8 };

typedef struct {
    const qep_hamiltonian *h;
    size_t *next;  /* ring through the sites that belong together */
    size_t *level, *queue, *best;
    double best_cost;
} search;

/* Join the rings of two sites, unless they are one already. */
static void join(search *s, size_t a, size_t b) {
    for (size_t i = s->next[a]; i != a; i = s->next[i]) {
        if (i == b) {
            return;
        }
    }
    if (a != b) {
        const size_t after = s->next[a];
        s->next[a] = s->next[b];
        s->next[b] = after;
    }
}

static void put(search *s, size_t site, size_t level, size_t *tail) {
    size_t i = site;
    do {
        if (s->level[i] == UNSEEN) {
            s->level[i] = level;
            s->queue[(*tail)++] = i;
        }
        i = s->next[i];
    } while (i != site);
}

static size_t spread(search *s, size_t head, size_t tail) {
    for (; head < tail; head++) {
        const size_t i = s->queue[head];
        for (size_t k = s->h->row[i]; k < s->h->row[i + 1]; k++) {
            const size_t j = s->h->column[k];
            if (s->level[j] == UNSEEN) {
                put(s, j, s->level[i] + 1, &tail);
            }
        }
    }
    return tail;
}

/* Levels from the sites queued at level 0; parts not connected to them follow as levels of their own. */
static void finish(search *s, size_t tail) {
    tail = spread(s, 0, tail);
    for (size_t i = 0; i < s->h->count; i++) {
        if (s->level[i] == UNSEEN) {
            const size_t head = tail, level = tail ? s->level[s->queue[tail - 1]] + 1 : 0;
            put(s, i, level, &tail);
            tail = spread(s, head, tail);
        }
    }
    double cost = 0.0;
    for (size_t a = 0; a < tail;) {
        size_t b = a;
        while (b < tail && s->level[s->queue[b]] == s->level[s->queue[a]]) {
            b++;
        }
        cost += pow((double)(b - a), 3.0);
        a = b;
    }
    if (cost < s->best_cost) {
        s->best_cost = cost;
        memcpy(s->best, s->level, s->h->count * sizeof *s->best);
    }
}

static void begin(search *s) {
    memset(s->level, 0xff, s->h->count * sizeof *s->level);
}

static void try_terminals(search *s, const qep_system *system) {
    for (size_t a = 0; a <= system->terminals; a++) { /* the last round: all leads together */
        if (a >= MOST_STARTS && a < system->terminals) {
            continue; /* of many probes the first are enough */
        }
        size_t tail = 0;
        begin(s);
        for (size_t b = 0; b < system->terminals; b++) {
            const qep_terminal *t = system->terminal[b];
            for (size_t i = 0; i < t->count && (a == b || (a == system->terminals && t->kind != QEP_LEAD_WIDEBAND)); i++) {
                put(s, t->site[i], 0, &tail);
            }
        }
        if (tail > 0) {
            finish(s, tail);
        }
    }
}

static void try_faces(search *s) {
    const qep_hamiltonian *h = s->h;
    for (int d = 0; d < 3 && h->shape[0] > 0; d++) {
        const size_t stride = d == 0 ? 1 : d == 1 ? h->shape[0] : h->shape[0] * h->shape[1];
        size_t tail = 0;
        begin(s);
        for (size_t i = 0; i < h->count; i++) {
            if (h->shape[d] > 1 && i / stride % h->shape[d] == 0) {
                put(s, i, 0, &tail);
            }
        }
        if (tail > 0) {
            finish(s, tail);
        }
    }
}

/* From site 0, and from the site farthest from it. */
static void try_ends(search *s) {
    size_t from = 0;
    for (int round = 0; round < 2; round++) {
        size_t tail = 0;
        begin(s);
        put(s, from, 0, &tail);
        finish(s, tail);
        from = s->queue[s->h->count - 1];
    }
}

static void sort_into_blocks(qep_system *system, const size_t *level) {
    for (size_t i = 0; i < system->sites; i++) {
        system->start[level[i] + 1]++;
        system->blocks = level[i] + 1 > system->blocks ? level[i] + 1 : system->blocks;
    }
    for (size_t k = 0; k < system->blocks; k++) {
        system->largest = system->start[k + 1] > system->largest ? system->start[k + 1] : system->largest;
        system->start[k + 1] += system->start[k];
    }
    size_t *fill = system->place; /* borrowed as a counter per block, then overwritten */
    memcpy(fill, system->start, system->blocks * sizeof *fill);
    for (size_t i = 0; i < system->sites; i++) {
        const size_t p = fill[level[i]]++;
        system->order[p] = i;
        system->block[p] = level[i];
    }
    for (size_t p = 0; p < system->sites; p++) {
        system->place[system->order[p]] = p;
    }
}

static void search_all(search *s, const qep_system *system) {
    for (size_t i = 0; i < s->h->count; i++) {
        s->next[i] = i;
    }
    for (size_t a = 0; a < system->terminals; a++) {
        const qep_terminal *t = system->terminal[a];
        for (size_t i = 1; i < t->count && t->kind != QEP_LEAD_WIDEBAND; i++) {
            join(s, t->site[0], t->site[i]);
        }
    }
    s->best_cost = INFINITY;
    try_terminals(s, system);
    try_faces(s);
    try_ends(s);
}

qep_status qep_layers(qep_system *system, const qep_hamiltonian *h, qep_error *err) {
    search s = {.h = h};
    size_t *memory = NULL;
    QEP_TRY(qep_alloc((void **)&memory, 4 * h->count, sizeof *memory, "order of sites", err));
    s.next = memory;
    s.level = memory + h->count;
    s.queue = memory + 2 * h->count;
    s.best = memory + 3 * h->count;
    search_all(&s, system);
    sort_into_blocks(system, s.best);
    qep_free(memory);
    return QEP_OK;
}
