/* Requests by signal: the handler sets a flag, and the training loop reads it between steps. */
#ifndef PAR_PROCESS_SIGNALS_H
#define PAR_PROCESS_SIGNALS_H

/* What this process was asked to do; a higher value includes the lower ones. */
enum signals_request {
    SIGNALS_NONE = 0,
    SIGNALS_CHECKPOINT = 1, /* SIGUSR1: write a checkpoint and continue */
    SIGNALS_STOP = 2, /* SIGUSR2, SIGTERM, SIGINT: write a checkpoint and stop; SIGINT again: stop at once */
};

/* Installs the handlers; called before MPI_Init. Local. */
void signals_install(void);

/* The highest pending request; *signal_number is the signal that made it, 0 for none. Local. */
enum signals_request signals_request(int *signal_number);

/* Clears a request for a checkpoint, once one has begun; a request to stop stays. Local. */
void signals_checkpoint_done(void);

#endif
