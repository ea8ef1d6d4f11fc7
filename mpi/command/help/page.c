#include "mpi/command/help/page.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, NAME_BYTES = 64 };

const struct command_option command_common_options[] = {
    {.name = "--quiet|-q", .text = "say only warnings, and how a run ended"},
    {.name = "--help|-h", .text = "print a page of help, this one or a command's"},
    COMMAND_OPTIONS_END,
};

const struct command_option command_own_options[] = {
    {.name = "--version", .text = "print the version on one line"},
    {.name = "-V", .text = "print also what it was built with, like `bitloom version`"},
    COMMAND_OPTIONS_END,
};

const char *command_status(int i, int *status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {BL_OK, "finished"},
        {BL_USAGE, "the command line or configuration can't be carried out as it stands"},
        {BL_INPUT, "a file was opened but isn't a whole, valid file of its kind"},
        {BL_PATH, "a path can't be opened, read or written"},
        {BL_NUMBERS, "NaN or infinity in the data, a loss, a gradient or an output"},
        {BL_STALLED, "no progress for train.stall_minutes"},
        {BL_MEMORY, "memory ran out"},
        {BL_LAUNCH, "MPI can't start"},
        {BL_DEFECT, "a mistake in bitloom itself"},
        {BL_STOPPED, "stopped on request with a complete checkpoint: the same command continues"},
    };
    if (i < 0 || i >= (int)(sizeof rows / sizeof *rows))
        return NULL;
    *status = rows[i].status;
    return rows[i].text;
}

void command_option_text(const struct command_option *option, char *text, size_t size)
{
    const char *bar = strchr(option->name, '|');
    const char *value = option->argument ? option->argument : "";
    const char *space = option->argument ? " " : "";
    if (bar)
        snprintf(text, size, "%s, %.*s%s%s", bar + 1, (int)(bar - option->name), option->name, space, value);
    else
        snprintf(text, size, "%s%s%s", option->name, space, value);
}

/* Bytes up to where a line may be broken: before any word, or with `whole` only before one that begins with a
 * bracket or a dash, so that an option keeps its value. */
static size_t unit(const char *text, int whole)
{
    int depth = 0;
    size_t n = 0;
    for (; text[n] && text[n] != '\n'; n++) {
        depth += (text[n] == '[') - (text[n] == ']');
        if (text[n] == ' ' && (!whole || (depth == 0 && strchr("[-", text[n + 1]))))
            break;
    }
    return n;
}

/* Prints one line of text from `column` on, in as many lines as it takes; later ones begin at `indent`. */
static const char *wrap(const char *text, int column, int indent, int whole)
{
    int first = 1;
    while (*text && *text != '\n') {
        const size_t n = unit(text, whole);
        if (!first && column + 1 + (int)n > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
            first = 1;
        }
        printf("%s%.*s", first ? "" : " ", (int)n, text);
        column += (int)n + !first;
        first = 0;
        text += n;
        text += *text == ' ';
    }
    printf("\n");
    return text + (*text == '\n');
}

/* A list of names and texts, the texts one below the other. */
static void print_row(const char *name, const char *text, int width)
{
    printf("  %-*s", width, name);
    wrap(text, width + 2, width + 2, 0);
}

/* The column of the texts, if an option as wide as this one is to fit. */
static int column_of(const struct command_option *option, int column)
{
    char name[NAME_BYTES];
    command_option_text(option, name, sizeof name);
    return (int)strlen(name) + 2 > column ? (int)strlen(name) + 2 : column;
}

static void print_option(const struct command_option *option, int column)
{
    char name[NAME_BYTES];
    command_option_text(option, name, sizeof name);
    print_row(name, option->text, column);
}

static void print_options_of(const struct command *command)
{
    struct command_option option;
    int column = 0;
    for (int i = 0; command_option_of(command, i, &option); i++)
        column = column_of(&option, column);
    for (int i = 0; command_option_of(command, i, &option); i++)
        print_option(&option, column);
}

static void print_options(const struct command_option *options)
{
    int column = 0;
    for (const struct command_option *option = options; option->name; option++)
        column = column_of(option, column);
    for (const struct command_option *option = options; option->name; option++)
        print_option(option, column);
}

static void print_options_of_all(void)
{
    int column = 0;
    for (const struct command_option *option = command_common_options; option->name; option++)
        column = column_of(option, column);
    for (const struct command_option *option = command_common_options; option->name; option++)
        print_option(option, column);
    for (const struct command_option *option = command_own_options; option->name; option++)
        print_option(option, column);
}

static void print_usage(const struct command *command)
{
    const int indent = (int)strlen("usage: bitloom  ") + (int)strlen(command->name);
    const char *at = command->usage, *lead = "usage:";
    while (*at) {
        printf("%s bitloom %s ", lead, command->name);
        at = wrap(at, indent, indent, 1);
        lead = "      ";
    }
}

static void print_words(const struct command *command)
{
    const char *name;
    char text[COMMAND_TEXT];
    int width = 0;
    for (int i = 0; (name = command->word(i, text)); i++)
        width = (int)strlen(name) + 2 > width ? (int)strlen(name) + 2 : width;
    printf("\n%s:\n", command->words);
    for (int i = 0; (name = command->word(i, text)); i++)
        print_row(name, text, width);
}

static void print_examples(const struct command *command)
{
    printf("\nexamples:\n");
    for (const char *at = command->examples; *at; at += strcspn(at, "\n") + 1)
        printf("  %.*s\n", (int)strcspn(at, "\n"), at);
}

void command_print_page(const struct command *command)
{
    print_usage(command);
    for (const char *at = command->text ? command->text : ""; *at;) {
        printf("\n");
        at = wrap(at, 0, 0, 0);
    }
    if (command->word)
        print_words(command);
    printf("\noptions:\n");
    print_options_of(command);
    printf("\noptions of all commands:\n");
    print_options(command_common_options);
    if (command->status) {
        printf("\nexit status:\n  ");
        wrap(command->status, 2, 2, 0);
    }
    print_examples(command);
}

void command_print_all(void)
{
    int status;
    const char *text;
    printf("bitloom " BITLOOM_VERSION ": learns compact binary codes, data-parallel over MPI\n\n"
           "usage: bitloom COMMAND [ARGUMENT]... [-q]\n"
           "       mpirun -n RANKS bitloom COMMAND ...   (commands marked *)\n\ncommands:\n");
    for (const struct command *const *c = command_table; *c; c++)
        printf("  %-9s%s %s\n", (*c)->name, (*c)->parallel ? "*" : " ", (*c)->summary);
    printf("\noptions:\n");
    print_options_of_all();
    printf("\nexit status:\n");
    for (int i = 0; (text = command_status(i, &status)); i++)
        printf("  %2d  %s\n", status, text);
}
