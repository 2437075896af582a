/* Signals. The handler notes the number and restores the default action, so that a second signal
 * kills at once; the library asks through qep_log.interrupted, cleans up and returns, and the
 * program then dies by the same signal. */
#include "cli.h"

#include <signal.h>
#include <stddef.h>

static const int asks_to_stop[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOPS = sizeof asks_to_stop / sizeof *asks_to_stop };

/* The one piece of mutable global state: a handler can reach nothing else. */
static volatile sig_atomic_t caught;

static void set_action(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void note(int number) {
    caught = number;
    for (size_t i = 0; i < STOPS; i++) {
        set_action(asks_to_stop[i], SIG_DFL);
    }
}

void cli_signals_install(void) {
    for (size_t i = 0; i < STOPS; i++) {
        struct sigaction old;
        /* nohup and shells that start background jobs ignore some of these on purpose. No
         * SA_RESTART: waiting for standard input must end. */
        if (sigaction(asks_to_stop[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            set_action(asks_to_stop[i], note);
        }
    }
    set_action(SIGPIPE, SIG_IGN);
    set_action(SIGXFSZ, SIG_IGN);
}

int cli_signals_caught(void) {
    return (int)caught;
}

void cli_signals_reraise(void) {
    if (caught) {
        set_action((int)caught, SIG_DFL);
        raise((int)caught);
    }
}
