#include "mpi/process/signals.h"

#include <signal.h>
#include <stddef.h>

#include "io/unfinished.h"

/* docs/errors.md has the same table for users (tests/unit/process/signals.c compares). SIGPIPE: what a run or a
 * file needs is no pipe, and its messages are in the log. SIGXFSZ: the write then fails with EFBIG. SIGQUIT is for
 * those who want a core. */
static const struct signals_row table[] = {
    /*                    answer           file             run */
    {SIGHUP, "SIGHUP", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ASKS_STOP}},
    {SIGINT, "SIGINT", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ASKS_STOP}},
    {SIGTERM, "SIGTERM", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ASKS_STOP}},
    {SIGXCPU, "SIGXCPU", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ASKS_STOP}},
    {SIGUSR1, "SIGUSR1", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ASKS_CHECKPOINT}},
    {SIGUSR2, "SIGUSR2", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ASKS_STOP}},
    {SIGQUIT, "SIGQUIT", {SIGNALS_ENDS, SIGNALS_ENDS, SIGNALS_ENDS}},
    {SIGPIPE, "SIGPIPE", {SIGNALS_ENDS, SIGNALS_IGNORED, SIGNALS_IGNORED}},
    {SIGXFSZ, "SIGXFSZ", {SIGNALS_IGNORED, SIGNALS_IGNORED, SIGNALS_IGNORED}},
};

/* Flags only: a handler may call almost nothing safely. */
static volatile sig_atomic_t checkpoint_asked;
static volatile sig_atomic_t stop_asked;  /* the signal's number; 0: no */
static volatile sig_atomic_t interrupted; /* SIGINT came once already */

const struct signals_row *signals_row(int i)
{
    return i >= 0 && i < (int)(sizeof table / sizeof *table) ? &table[i] : NULL;
}

const char *signals_name(int signal_number)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].number == signal_number)
            return table[i].name;
    return NULL;
}

/* The default action waits until this handler returns. */
static void on_end(int number)
{
    io_unfinished_remove();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_checkpoint(int number)
{
    (void)number;
    checkpoint_asked = 1;
}

static void on_stop(int number)
{
    /* Ctrl-C again: the user doesn't want to wait for the checkpoint. */
    if (number == SIGINT && interrupted)
        on_end(number);
    interrupted |= number == SIGINT;
    stop_asked = number;
}

static void install(const struct signals_row *row, enum signals_effect effect)
{
    static void (*const handlers[])(int) = {[SIGNALS_IGNORED] = SIG_IGN,
                                            [SIGNALS_ENDS] = on_end,
                                            [SIGNALS_ASKS_CHECKPOINT] = on_checkpoint,
                                            [SIGNALS_ASKS_STOP] = on_stop};
    struct sigaction before;
    /* SA_RESTART: reads and writes that a signal interrupts go on, also inside MPI and HDF5. */
    struct sigaction action = {.sa_handler = handlers[effect], .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(row->number, NULL, &before);
    /* nohup is for runs, too; Ctrl-C asks a run in any case: shells ignore it for what they start with &. */
    const int is_kept = effect == SIGNALS_ENDS || row->number == SIGHUP;
    if (before.sa_handler != SIG_IGN || !is_kept)
        sigaction(row->number, &action, NULL);
}

void signals_install(enum signals_work work)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        install(&table[i], table[i].effect[work]);
}

enum signals_request signals_request(int *signal_number)
{
    *signal_number = stop_asked ? (int)stop_asked : checkpoint_asked ? SIGUSR1 : 0;
    return stop_asked ? SIGNALS_STOP : checkpoint_asked ? SIGNALS_CHECKPOINT : SIGNALS_NONE;
}

void signals_checkpoint_done(void)
{
    checkpoint_asked = 0;
}
