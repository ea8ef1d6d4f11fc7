/* What a command says of itself, in three shapes: pages for a terminal, manual pages, completion. All of it
 * comes from the rows of command_table. */
#ifndef PAR_COMMAND_HELP_PAGE_H
#define PAR_COMMAND_HELP_PAGE_H

#include "mpi/command/command.h"

/* Options that main takes out of every line, and words that stand in a command's place. */
extern const struct command_option command_common_options[], command_own_options[];

/* Exit statuses: the i-th and its text; NULL behind the last. */
const char *command_status(int i, int *status);

/* "-o, --output FILE" from "--output|-o" and "FILE". */
void command_option_text(const struct command_option *option, char *text, size_t size);

/* The page of all commands, and that of one. They print to standard output. */
void command_print_all(void);
void command_print_page(const struct command *command);

/* The manual page of a command, or of the program where command is NULL, for man(7). */
void command_print_manual(const struct command *command);

/* A script for bash that completes commands, options, values, and keys of --set. */
void command_print_completion(void);

#endif
