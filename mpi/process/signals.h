/* Requests from outside: a handler sets a flag, the step loop reads it. Installed before MPI_Init. */
#ifndef PAR_PROCESS_SIGNALS_H
#define PAR_PROCESS_SIGNALS_H

/* What was asked for so far; a higher value includes the lower ones. */
enum par_request {
    PAR_REQUEST_NONE = 0,
    PAR_REQUEST_CHECKPOINT = 1, /* SIGUSR1: write a checkpoint and go on */
    PAR_REQUEST_STOP =
        2, /* SIGUSR2, SIGTERM, SIGINT: write a checkpoint and stop; SIGINT again: stop at once */
};

/* Installs the handlers. Local. */
void par_signals_install_local(void);

/* The highest request that is open, and the signal that made it (0: none). Local. */
enum par_request par_signals_request_local(int *signal_number);

/* Forgets a request for a checkpoint once it is met; a request to stop stays. Local. */
void par_signals_checkpoint_done_local(void);

#endif
