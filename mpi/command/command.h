/* The commands of the program: each is one file (or folder) here and one line of commands.def. */
#ifndef PAR_COMMAND_COMMAND_H
#define PAR_COMMAND_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/output.h"
#include "mpi/process/signals.h"
#include "mpi/ranks/comm.h"

/* What `values` of an option or `operands` of a command may be beside words: a shell completes these. */
#define COMMAND_FILES   "<file>"
#define COMMAND_FOLDERS "<folder>"
#define COMMAND_CONFIGS "<config>" /* files *.yaml and *.yml */
#define COMMAND_KEYS    "<key>"    /* KEY= of a configuration, and what may stand behind it */
#define COMMAND_WORDS   "<word>"   /* one of the command's words */

/* One option. The parser, --help, the manual pages and the completion of shells read this row. */
struct command_option {
    const char *name;     /* "--queries"; a one-letter form may follow a bar: "--output|-o" */
    const char *argument; /* what help calls its value; NULL: it takes none */
    const char *values;   /* words with blanks between, or one of the above; NULL: nothing is completed */
    const char *text;     /* a phrase for help */
    size_t at; /* offset, in the struct given to command_parse, of a const char * that is set to the
                  value, or to the name when there is none; the last one wins */
    void (*each)(void *at, const char *value); /* if set: called for each occurrence instead */
};

/* A row that ends a table of options. */
#define COMMAND_OPTIONS_END                                                                                  \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

/* The row of --force, in a command that writes one file; `force` is a member of the struct of options. */
#define COMMAND_FORCE(type)                                                                                  \
    {                                                                                                        \
        .name = "--force", .text = "replace a file of the same kind; another kind never is",                 \
        .at = offsetof(type, force)                                                                          \
    }

enum { COMMAND_TEXT = 200 };

struct command {
    const char *name;
    const char *summary;  /* one line for the list of commands */
    const char *usage;    /* what follows the name: the forms of a line, one each */
    const char *text;     /* paragraphs, one a line however long; NULL: none */
    const char *operands; /* what the arguments that are no options are, as in command_option.values */
    /* Words from a table, which help lists: the i-th, with its text; NULL behind the last. NULL: none. */
    const char *(*word)(int i, char text[COMMAND_TEXT]);
    const char *words;                    /* what they are called, e.g. "protocols" */
    int word_first;                       /* 1: the first argument is one of them */
    const struct command_option *options; /* ends with COMMAND_OPTIONS_END */
    /* The i-th option beyond these, from a table of the command's own (`at` is unset); 0 behind the last.
     * NULL: none. */
    int (*more_options)(int i, struct command_option *option);
    const char *status;     /* a paragraph on exit statuses; NULL: the usual ones */
    const char *examples;   /* one a line */
    int parallel;           /* 1: all ranks run it; 0: rank 0 alone */
    enum signals_work work; /* what signals do to it; SIGNALS_RUN asks signals_request */
    /* Runs it; argv[0] is the command's name. Returns the exit status, and fills err unless it is BL_OK.
     * Prints results on rank 0 only. Collective if parallel, otherwise on one rank. */
    int (*run)(struct par par, int argc, char **argv, struct bl_error *err);
};

/* All commands in the order in which help lists them; ends with NULL. */
extern const struct command *const command_table[];

/* The i-th option of a command, of both kinds; 0 behind the last. Local. */
int command_option_of(const struct command *command, int i, struct command_option *option);

/* The command by that name; NULL and BL_USAGE with the nearest known name. Local. */
const struct command *command_find(const char *name, struct bl_error *err);

/* Splits argv into options, which fill the struct at `given`, and positional arguments (n_min to n_max,
 * stored in positional). Local. Errors: BL_USAGE with the unknown option and the nearest known one, a missing
 * value, too few or many arguments. */
int command_parse(int argc, char **argv, const struct command_option *options, void *given,
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

/* What the option --force, or its absence (NULL), lets a command replace. */
enum io_replace command_replace(const char *force);

/* Whether both paths lead to one file: by device and inode, since a file can have two paths. Local. */
int command_same_file(const char *a, const char *b);

#endif
