/* "time": instants given one by one or as start, step and frames. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static int append_times(reader *r) {
    draft *d = r->draft;
    if (qep_alloc_doubles(&d->config.times, d->frames, "times", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    d->config.time_count = d->frames;
    for (size_t i = 0; i < d->frames; i++) {
        d->config.times[i] = d->start + (double)i * d->step;
    }
    const double last = d->config.times[d->frames - 1];
    return isfinite(last) || reject(r, blame(r, "time.step"), "out_of_range",
                                    "the last instant is too large for a double");
}

static int copy_times(reader *r) {
    draft *d = r->draft;
    if (qep_alloc_doubles(&d->config.times, d->times.count, "times", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    d->config.time_count = d->times.count;
    memcpy(d->config.times, d->times.value, d->times.count * sizeof(double));
    const json_node *node = row_node(r, "time.times");
    for (size_t i = 1; i < d->times.count; i++) {
        if (!(d->times.value[i] > d->times.value[i - 1])) {
            return reject(r, node->child[i], "out_of_range",
                          "%g s does not come after %g s; instants must increase",
                          d->times.value[i], d->times.value[i - 1]);
        }
    }
    return 1;
}

void finish_time(reader *r) {
    draft *d = r->draft;
    const json_node *node = json_member(r->json->root, "time");
    const int times = row_given(d, "time.times"), start = row_given(d, "time.start"),
              step = row_given(d, "time.step"), frames = row_given(d, "time.frames");
    if (!node || node->kind != JSON_OBJECT) {
        return;
    }
    if (times && (start || step || frames)) {
        reject(r, node, "contradiction",
               "give either \"times\" or \"start\", \"step\" and \"frames\", not both");
    } else if (times && d->times.count) {
        copy_times(r);
    } else if (!times && (!step || !frames)) {
        reject_missing(r, node, step ? "frames" : "step",
                       "a series needs \"times\", or \"start\", \"step\" and \"frames\"");
    } else if (!times && d->frames) {
        append_times(r);
    }
}
