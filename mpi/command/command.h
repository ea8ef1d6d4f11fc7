/* The commands of the program: each is one file in this folder, or a folder in it, and one line of
 * commands.def. */
#ifndef PAR_COMMAND_COMMAND_H
#define PAR_COMMAND_COMMAND_H

#include "base/error.h"
#include "mpi/ranks/comm.h"

#define COMMAND_LIST "{list}\n"

struct command {
    const char *name;
    const char *summary; /* one line for the list of commands */
    const char *help;    /* usage, options and an example; COMMAND_LIST where list() prints */
    void (*list)(void);  /* NULL, or prints what comes from a table of methods or formats */
    int parallel;        /* 1: starts MPI; 0: only when launched by it */
    int heeds_signals;   /* 1: asks signals_request; 0: signals end it as they end any program */
    /* NULL, or whether a parallel command needs MPI for these arguments. */
    int (*needs_mpi)(int argc, char **argv);
    /* argv[0] is the command's name. Collective when parallel. Returns the exit status and fills err. Prints
     * its results on rank 0 only. */
    int (*run)(struct par par, int argc, char **argv, struct bl_error *err);
};

/* All commands in the order in which help lists them; ends with NULL. */
extern const struct command *const command_table[];

/* Prints help with its list. Local. */
void command_print_help(const struct command *command);

/* Options: a table of what a command takes, parsed by one function. */
struct command_option {
    const char *name; /* "--queries"; a one-letter form may follow a bar: "--output|-o" */
    int takes_value;
    const char **value; /* set to the argument, or to name when it takes none; last one wins */
    void (*each)(void *context, const char *value); /* if set, called for each occurrence instead */
    void *context;
};

/* Splits argv into options and positional arguments (n_positional_min..max, stored in positional).
 * Errors: BL_USAGE with the unknown option and the nearest known one, a missing value, too few or many
 * arguments. */
int command_parse(int argc, char **argv, const struct command_option *options, int n_options,
                  const char **positional, int n_min, int n_max, int *n_positional, struct bl_error *err);

/* Whole and real numbers of options, with range; BL_USAGE names the option. */
int command_integer(const char *option, const char *text, int64_t min, int64_t max, int64_t *value,
                    struct bl_error *err);
int command_real(const char *option, const char *text, double min, double max, double *value,
                 struct bl_error *err);

/* BL_USAGE if output is one of the n inputs, also by another name; NULLs are passed over. Local: agree. */
int command_check_output(const char *output, const char *const *inputs, int n, struct bl_error *err);

/* Writes a text to a file that is not there yet. Local. Errors: BL_PATH, also when the path exists. */
int command_write_new(const char *path, const char *text, struct bl_error *err);

#endif
