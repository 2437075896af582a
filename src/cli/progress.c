/* The progress bar: one line on standard error, redrawn at most ten times a second and taken off
 * again by overwriting it with blanks, so that it needs no terminal codes (colour apart, which
 * NO_COLOR and TERM=dumb switch off). */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CELLS = 24 };
static const double interval = 0.1; /* s */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int terminal_is_dumb(void) {
    const char *const term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

int cli_color_wanted(void) {
    const char *const forbidden =
        getenv("NO_COLOR"); /* no-color.org: any value that is not empty */
    return !(forbidden && *forbidden) && !terminal_is_dumb() && isatty(STDERR_FILENO);
}

void cli_progress_init(cli_progress *progress, cli_progress_mode mode, int quiet) {
    *progress = (cli_progress){.color = cli_color_wanted()};
    if (mode != CLI_PROGRESS_ALWAYS) {
        progress->drawn = now(); /* short runs stay without a bar */
    }
    const int here = isatty(STDERR_FILENO) && !terminal_is_dumb() && !quiet;
    progress->enabled = mode == CLI_PROGRESS_ALWAYS || (mode == CLI_PROGRESS_AUTO && here);
}

void cli_progress_erase(cli_progress *progress) {
    if (progress->width) {
        fprintf(stderr, "\r%*s\r", progress->width, "");
        fflush(stderr);
        progress->width = 0;
    }
}

/* Time left as m:ss, from the steps done so far. */
static void format_eta(char *text, size_t size, double elapsed, double fraction) {
    const double left = fraction > 0 ? elapsed * (1 - fraction) / fraction : 0;
    if (!(fraction > 0) || left > 359999) {
        snprintf(text, size, "ETA --:--");
        return;
    }
    const long seconds = lround(left);
    if (seconds >= 3600) {
        snprintf(text, size, "ETA %ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
    } else {
        snprintf(text, size, "ETA %ld:%02ld", seconds / 60, seconds % 60);
    }
}

static void draw(cli_progress *progress, double fraction, double elapsed) {
    char bar[CELLS + 1], eta[32];
    const int full = (int)(fraction * CELLS);
    memset(bar, '.', CELLS);
    memset(bar, '#', (size_t)full);
    bar[CELLS] = 0;
    format_eta(eta, sizeof eta, elapsed, fraction);
    const int before = progress->width;
    const char *const on = progress->color ? "\033[32m" : "", *const off =
                                                                  progress->color ? "\033[0m" : "";
    const int width = fprintf(stderr, "\r%-8s [%s%s%s] %3.0f %%  %s", progress->stage, on, bar, off,
                              100 * fraction, eta) -
                      1 - (int)(strlen(on) + strlen(off));
    if (width < before) {
        fprintf(stderr, "%*s", before - width, "");
    }
    fflush(stderr);
    progress->width = width > before ? width : before;
}

void cli_progress_update(cli_progress *progress, const char *stage, size_t done, size_t total) {
    if (!progress->enabled || total == 0) {
        return;
    }
    const double time = now();
    if (strcmp(stage, progress->stage) != 0) {
        snprintf(progress->stage, sizeof progress->stage, "%s", stage);
        progress->started = time;
    }
    if (time - progress->drawn < interval) {
        return;
    }
    progress->drawn = time;
    draw(progress, done < total ? (double)done / (double)total : 1.0, time - progress->started);
}
