#include <stdio.h>
#include <string.h>

#include "config/keys.h"
#include "mpi/command/command.h"

/* Template of a command, here mpi/command/keys.c. Its line in mpi/command/commands.def:
 *
 *   COMMAND(keys)
 *
 * A command parses its arguments, fails with a sentence that says what to do, and prints its result on rank
 * 0. This one starts no MPI; one with .parallel = 1 runs on all ranks, which come to every par_ function
 * together. */
struct given {
    const char *brief;
};

/* The parser, help, the manual page and completion read this table. */
static const struct command_option options[] = {
    {.name = "--brief", .text = "names alone", .at = offsetof(struct given, brief)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *word;
    int found = 0;
    int code = command_parse(argc, argv, options, &given, &word, 1, 1, NULL, err);
    if (code != BL_OK || par.rank != 0)
        return code;
    for (const struct bl_key *key = bl_keys; key->name; key++)
        if (strstr(key->name, word)) {
            printf("%s%s%s\n", key->name, given.brief ? "" : ": ", given.brief ? "" : key->sentence);
            found++;
        }
    return found > 0
               ? BL_OK
               : bl_fail(err, BL_USAGE, "no key has '%s' in its name; see bitloom init --reference", word);
}

const struct command command_keys = {
    .name = "keys",
    .summary = "find configuration keys by a part of their names",
    .usage = "WORD [--brief]\n",
    .options = options,
    .examples = "bitloom keys momentum\n",
    .run = run,
};
