/* Requests from outside: a handler sets a flag, the step loop reads it. Installed before MPI_Init. */
#ifndef PAR_PROCESS_SIGNALS_H
#define PAR_PROCESS_SIGNALS_H

/* What was asked for so far; a higher value includes the lower ones. */
enum signals_request {
    SIGNALS_NONE = 0,
    SIGNALS_CHECKPOINT = 1, /* SIGUSR1: write a checkpoint and go on */
    SIGNALS_STOP = 2, /* SIGUSR2, SIGTERM, SIGINT: write a checkpoint and stop; SIGINT again: stop at once */
};

/* Installs the handlers. Local. */
void signals_install(void);

/* The highest request that is open, and the signal that made it (0: none). Local. */
enum signals_request signals_request(int *signal_number);

/* Forgets a request for a checkpoint once it is met; a request to stop stays. Local. */
void signals_checkpoint_done(void);

#endif
