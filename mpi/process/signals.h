/* What a signal does to this process: one table for all commands. A run is asked: a handler sets a flag, and the
 * training loop reads it between steps. Any other command ends, after its unfinished files are removed. */
#ifndef PAR_PROCESS_SIGNALS_H
#define PAR_PROCESS_SIGNALS_H

/* What a command is about. */
enum signals_work {
    SIGNALS_ANSWER, /* what it writes to standard output: it ends with its reader */
    SIGNALS_FILE,   /* a file: nobody has to read what it says meanwhile */
    SIGNALS_RUN,    /* training */
    SIGNALS_WORKS
};

/* What this process was asked to do; a higher value includes the lower ones. */
enum signals_request {
    SIGNALS_NONE = 0,
    SIGNALS_CHECKPOINT = 1, /* write a checkpoint and continue */
    SIGNALS_STOP = 2,       /* write a checkpoint and stop; SIGINT again: stop at once */
};

enum signals_effect {
    SIGNALS_IGNORED, /* the call that it is about fails with an error instead */
    SIGNALS_ENDS,    /* removes unfinished files and ends the process by the signal: status 128 + number. One
                        that was ignored at the start (nohup, trap) stays ignored; so does SIGHUP in a run */
    SIGNALS_ASKS_CHECKPOINT,
    SIGNALS_ASKS_STOP,
};

/* One row of the table: a signal and its effect on each work. */
struct signals_row {
    int number;
    const char *name;
    enum signals_effect effect[SIGNALS_WORKS];
};

/* The i-th row; NULL behind the last. Local. */
const struct signals_row *signals_row(int i);

/* Installs what the table says; called before MPI_Init. Called again it changes the work. Local. */
void signals_install(enum signals_work work);

/* The highest pending request; *signal_number is the signal that made it, 0 for none. Local. */
enum signals_request signals_request(int *signal_number);

/* "SIGHUP"; NULL if the table hasn't got it. Local. */
const char *signals_name(int signal_number);

/* Clears a request for a checkpoint, once one has begun; a request to stop stays. Local. */
void signals_checkpoint_done(void);

#endif
