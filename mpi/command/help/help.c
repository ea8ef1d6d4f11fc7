#include <errno.h>
#include <stdio.h>

#include "mpi/command/command.h"
#include "mpi/command/help/page.h"

struct given {
    const char *man, *bash;
};

static const struct command_option options[] = {
    {.name = "--man",
     .text = "print the manual page, which `man -l -` shows",
     .at = offsetof(struct given, man)},
    {.name = "--bash",
     .text = "print a script by which bash completes commands, options, values and keys",
     .at = offsetof(struct given, bash)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const struct command *command = NULL;
    const char *name = NULL;
    (void)par;
    int code = command_parse(argc, argv, options, &given, &name, 0, 1, NULL, err);
    if (code == BL_OK && given.bash && (given.man || name))
        code = bl_fail(err, BL_USAGE, "help --bash is for all commands at once; leave out %s",
                       name ? name : "--man");
    if (code == BL_OK && name && !(command = command_find(name, err)))
        code = BL_USAGE;
    if (code != BL_OK)
        return code;
    if (given.bash)
        command_print_completion();
    else if (given.man)
        command_print_manual(command);
    else if (command)
        command_print_page(command);
    else
        command_print_all();
    return fflush(stdout) == 0 ? BL_OK : bl_fail_path(err, "write", "standard output", errno);
}

static const char *command_word(int i, char text[COMMAND_TEXT])
{
    const struct command *command = command_table[i];
    if (!command)
        return NULL;
    snprintf(text, COMMAND_TEXT, "%s", command->summary);
    return command->name;
}

const struct command command_help = {
    .name = "help",
    .summary = "print the list of commands, or how one is used",
    .usage = "[COMMAND] [--man]\n"
             "--bash\n",
    .text = "`bitloom COMMAND --help` prints the same page as `bitloom help COMMAND`.\n",
    .word = command_word,
    .words = "commands",
    .word_first = 1,
    .options = options,
    .examples = "bitloom help train\n"
                "bitloom help train --man | man -l -\n"
                "source <(bitloom help --bash)\n",
    .run = run,
};
