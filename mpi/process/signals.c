#include "mpi/process/signals.h"

#include <signal.h>
#include <stddef.h>

/* Flags only: a handler may call almost nothing safely. */
static volatile sig_atomic_t checkpoint_asked;
static volatile sig_atomic_t stop_asked;  /* the signal's number; 0: no */
static volatile sig_atomic_t interrupted; /* SIGINT came once already */

static void on_checkpoint(int number)
{
    (void)number;
    checkpoint_asked = 1;
}

static void on_stop(int number)
{
    /* Ctrl-C again: the user doesn't want to wait for the checkpoint, so the default action ends the
     * process. */
    if (number == SIGINT && interrupted) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    interrupted |= number == SIGINT;
    stop_asked = number;
}

static void install(int number, void (*handler)(int))
{
    /* SA_RESTART: reads and writes that a signal interrupts go on, also inside MPI and HDF5. */
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_install(void)
{
    install(SIGUSR1, on_checkpoint);
    install(SIGUSR2, on_stop);
    install(SIGTERM, on_stop);
    install(SIGINT, on_stop);
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
