/* The commands of the program: each is one file (or folder) here and one line in table.c. */
#ifndef PAR_COMMAND_COMMAND_H
#define PAR_COMMAND_COMMAND_H

#include "base/error.h"
#include "mpi/ranks/comm.h"

/* A command; all texts are string literals. */
struct command {
    const char *name;
    const char *summary; /* one line for the list of commands */
    const char *help;    /* usage, options and an example */
    int parallel;        /* 1: starts MPI; 0: starts MPI only under a launcher such as mpirun */
    int heeds_signals;   /* 1: reads signals_request; 0: signals end it as they end any program */
    /* NULL, or returns 0 if a parallel command doesn't need MPI for these arguments. Local. */
    int (*needs_mpi)(int argc, char **argv);
    /* Runs it; argv[0] is the command's name. Returns the exit status, and fills err unless it is BL_OK.
     * Prints results on rank 0 only. Collective if parallel, otherwise on one rank. */
    int (*run)(struct par par, int argc, char **argv, struct bl_error *err);
};

/* All commands in the order in which help lists them; ends with NULL. */
extern const struct command *const command_table[];

/* An option that a command takes; command_parse takes a table of them. */
struct command_option {
    const char *name; /* "--queries"; a one-letter form may follow a bar: "--output|-o" */
    int takes_value;
    const char **value; /* set to the value, or to the option's name if it takes none; the last one wins */
    void (*each)(void *context, const char *value); /* if set, called for each occurrence instead */
    void *context;
};

/* Splits argv into options and positional arguments, of which n_min to n_max are stored in positional;
 * *n_positional (or NULL) gets their number. Values point into argv. Local. Errors: BL_USAGE an unknown
 * option (with the nearest known one), a missing value, too few or too many arguments. */
int command_parse(int argc, char **argv, const struct command_option *options, int n_options,
                  const char **positional, int n_min, int n_max, int *n_positional, struct bl_error *err);

/* Reads an option's text as an integer or real number from min to max. Local. Errors: BL_USAGE, naming the
 * option. */
int command_integer(const char *option, const char *text, int64_t min, int64_t max, int64_t *value,
                    struct bl_error *err);
int command_real(const char *option, const char *text, double min, double max, double *value,
                 struct bl_error *err);

/* BL_USAGE if output is the same file as one of the n inputs, also by another path; each may be NULL.
 * Local, so its outcome must be agreed. */
int command_check_output(const char *output, const char *const *inputs, int n, struct bl_error *err);

/* Writes a text to a new file. Local. Errors: BL_PATH, also if the path exists. */
int command_write_new(const char *path, const char *text, struct bl_error *err);

#endif
