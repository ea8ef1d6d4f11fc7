#include "mpi/command/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"

enum { OPTIONS_MAX = 128 }; /* of a command */

const struct command *command_find(const char *name, struct bl_error *err)
{
    const char *near = NULL;
    for (const struct command *const *c = command_table; *c; c++) {
        if (strcmp((*c)->name, name) == 0)
            return *c;
        if (bl_nearest_better(name, (*c)->name, near))
            near = (*c)->name;
    }
    if (near)
        bl_fail(err, BL_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
    else
        bl_fail(err, BL_USAGE, "unknown command '%s'; bitloom --help lists them", name);
    return NULL;
}

int command_option_of(const struct command *command, int i, struct command_option *option)
{
    int n = 0;
    while (n <= i && command->options[n].name)
        n++;
    if (i >= n)
        return command->more_options ? command->more_options(i - n, option) : 0;
    *option = command->options[i];
    return 1;
}

/* Whether the argument is one of the names in "--output|-o". */
static int option_is(const char *names, const char *argument)
{
    size_t n = strlen(argument);
    for (const char *at = names; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, argument, n) == 0 && (at[n] == '\0' || at[n] == '|'))
            return 1;
    }
    return 0;
}

static int unknown_option(const char *argument, const struct command_option *options, struct bl_error *err)
{
    const char *near = NULL;
    for (const struct command_option *option = options; option->name; option++) {
        char name[64] = {0};
        strncpy(name, option->name, sizeof name - 1);
        name[strcspn(name, "|")] = '\0';
        if (bl_nearest_better(argument, name, near))
            near = option->name;
    }
    if (near)
        return bl_fail(err, BL_USAGE, "unknown option %s; did you mean %.*s?", argument,
                       (int)strcspn(near, "|"), near);
    return bl_fail(err, BL_USAGE, "unknown option %s; see --help", argument);
}

/* Which options of a table were given already. */
struct seen {
    unsigned char option[OPTIONS_MAX];
};

/* The last of two values would win in silence. An option with `each` may be given again. */
static int check_once(const struct command_option *options, const struct command_option *option,
                      struct seen *seen, struct bl_error *err)
{
    const ptrdiff_t i = option - options;
    if (i >= OPTIONS_MAX || option->each)
        return BL_OK;
    if (seen->option[i])
        return bl_fail(err, BL_USAGE, "%.*s is given twice; keep one", (int)strcspn(option->name, "|"),
                       option->name);
    seen->option[i] = 1;
    return BL_OK;
}

/* The option at argv[*at]. Its value comes after "=" or is the next argument, to which *at then moves. */
static int take_option(int argc, char **argv, int *at, const struct command_option *options, void *given,
                       struct seen *seen, struct bl_error *err)
{
    char *argument = argv[*at];
    char *equals = argument[1] == '-' ? strchr(argument, '=') : NULL;
    if (equals)
        *equals = '\0';
    const struct command_option *option = options;
    while (option->name && !option_is(option->name, argument))
        option++;
    if (!option->name)
        return unknown_option(argument, options, err);
    if (check_once(options, option, seen, err) != BL_OK)
        return BL_USAGE;
    const char *value = option->name;
    if (option->argument) {
        if (!equals && *at + 1 >= argc)
            return bl_fail(err, BL_USAGE, "%s needs a value; see --help", argument);
        value = equals ? equals + 1 : argv[++*at];
        if (value[0] == '\0')
            return bl_fail(err, BL_USAGE, "%s is empty; see --help", argument);
    } else if (equals) {
        return bl_fail(err, BL_USAGE, "%s takes no value", argument);
    }
    void *to = (char *)given + option->at;
    if (option->each)
        option->each(to, value);
    else
        *(const char **)to = value;
    return BL_OK;
}

int command_parse(int argc, char **argv, const struct command_option *options, void *given,
                  const char **positional, int n_min, int n_max, int *n_positional, struct bl_error *err)
{
    int n = 0, only_positional = 0;
    struct seen seen = {0};
    for (int i = 1; i < argc; i++) {
        if (!only_positional && strcmp(argv[i], "--") == 0) { /* what follows may begin with a dash */
            only_positional = 1;
        } else if (!only_positional && argv[i][0] == '-' && argv[i][1] != '\0') {
            int code = take_option(argc, argv, &i, options, given, &seen, err);
            if (code != BL_OK)
                return code;
        } else if (n == n_max) {
            return bl_fail(err, BL_USAGE, "%s: unexpected argument '%s'; see bitloom %s --help", argv[0],
                           argv[i], argv[0]);
        } else if (argv[i][0] == '\0') {
            return bl_fail(err, BL_USAGE, "%s: an argument is empty; see bitloom %s --help", argv[0],
                           argv[0]);
        } else {
            positional[n++] = argv[i];
        }
    }
    if (n < n_min)
        return bl_fail(err, BL_USAGE, "%s needs %d argument%s, got %d; see bitloom %s --help", argv[0], n_min,
                       n_min == 1 ? "" : "s", n, argv[0]);
    if (n_positional)
        *n_positional = n;
    return BL_OK;
}

int command_integer(const char *option, const char *text, int64_t min, int64_t max, int64_t *value,
                    struct bl_error *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max)
        return bl_fail(err, BL_USAGE, "%s must be a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
                       option, min, max, text);
    *value = number;
    return BL_OK;
}

int command_real(const char *option, const char *text, double min, double max, double *value,
                 struct bl_error *err)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= min && number <= max))
        return bl_fail(err, BL_USAGE, "%s must be a number from %g to %g, not '%s'", option, min, max, text);
    *value = number;
    return BL_OK;
}

int command_check_output(const char *output, const char *const *inputs, int n, struct bl_error *err)
{
    struct stat out, in;
    if (!output || stat(output, &out) != 0)
        return BL_OK;
    for (int i = 0; i < n; i++)
        if (inputs[i] && stat(inputs[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return bl_fail(err, BL_USAGE, "-o %s would replace the input %s; choose another name", output,
                           inputs[i]);
    return BL_OK;
}

int command_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return strcmp(a, b) == 0 || (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
                                 of_a.st_ino == of_b.st_ino);
}

enum io_replace command_replace(const char *force)
{
    return force ? IO_REPLACE_SAME : IO_REPLACE_NONE;
}
