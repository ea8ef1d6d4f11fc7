#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "config/reference.h"
#include "io/config_file.h"
#include "mpi/command/command.h"
#include "mpi/command/init/init_choose.h"
#include "mpi/files/output.h"
#include "mpi/process/memory.h"

/* heads * bits = K: heads of 16 bits, or one head if 16 doesn't divide K. */
static int split_bits(const char *text, int64_t *heads, int64_t *bits, struct bl_error *err)
{
    enum { HEAD_BITS = 16 };
    int64_t all = 64;
    int code = text ? command_integer("--bits", text, 1, BL_CODE_BITS_MAX, &all, err) : BL_OK;
    *bits = all % HEAD_BITS == 0 ? HEAD_BITS : all;
    *heads = all / *bits;
    return code;
}

/* Whether the file that is written to, or else the folder that is worked in, is the folder of what is written. */
static int is_here(const char *output)
{
    return !output || !strchr(output, '/') || (strncmp(output, "./", 2) == 0 && !strchr(output + 2, '/'));
}

/* data.file is relative to the configuration's folder, and a path on the command line to the one that is worked in: *see
 * is where the data are now, and *write what the configuration says, both [BL_PATH_MAX]. 0 if there is no such file. */
static int find_data(const char *given, const char *output, char *see, char *write, struct bl_error *err)
{
    char resolved[PATH_MAX];
    const char *slash = output ? strrchr(output, '/') : NULL;
    int fits = snprintf(write, BL_PATH_MAX, "%s", given) < BL_PATH_MAX;
    snprintf(see, BL_PATH_MAX, "%s", given);
    if (access(see, F_OK) != 0 && slash && given[0] != '/')
        fits &= snprintf(see, BL_PATH_MAX, "%.*s/%s", (int)(slash - output), output, given) < BL_PATH_MAX;
    else if (!is_here(output) && given[0] != '/' && realpath(given, resolved))
        fits &= snprintf(write, BL_PATH_MAX, "%s", resolved) < BL_PATH_MAX;
    return fits ? BL_OK : bl_fail(err, BL_USAGE, "the path %.60s... is too long", given);
}

/* What the data need, if they are there. */
static int choose_for_data(const char *given, const char *output, int64_t bits, struct init_choices *choices,
                           char *write, struct bl_error *err)
{
    char see[BL_PATH_MAX];
    struct init_found found;
    int code = find_data(given, output, see, write, err);
    if (code == BL_OK && access(see, F_OK) != 0) {
        bl_log_warn("%s isn't there, so the configuration has the defaults; make it and run init again",
                    given);
        return BL_OK;
    }
    if (code == BL_OK)
        code = init_look(see, &found, err);
    if (code == BL_OK)
        code = init_choose(see, &found, bits, memory_of_host(), choices, err);
    return code;
}

/* The comment at the head, and the same on the terminal. */
static void say(const struct init_choices *choices, char *about, size_t size)
{
    size_t n = 0;
    about[0] = '\0';
    if (!choices->about[0])
        return;
    n = (size_t)snprintf(about, size, "#\n# Made for %s.\n", choices->about);
    bl_log_say("%s", choices->about);
    if (choices->warning[0]) {
        snprintf(about + n, size - n, "# Note: %s.\n", choices->warning);
        bl_log_warn("%s", choices->warning);
    }
    for (int64_t i = 0; i < choices->n; i++)
        if (choices->choice[i].why)
            bl_log_say("  %s: %s (%s)", choices->choice[i].key, choices->choice[i].value,
                       choices->choice[i].why);
}

static int make_config(const char *data, const char *bits_text, const char *output, char **text,
                       struct bl_error *err)
{
    int64_t heads, bits;
    char number[32], file[BL_PATH_MAX] = "data.h5", about[2 * INIT_TEXT_BYTES];
    struct init_choices choices;
    choices.n = 0;
    choices.about[0] = choices.warning[0] = '\0';
    int code = split_bits(bits_text, &heads, &bits, err);
    if (code == BL_OK && data)
        code = choose_for_data(data, output, heads * bits, &choices, file, err);
    if (code != BL_OK)
        return code;
    say(&choices, about, sizeof about);
    snprintf(number, sizeof number, "%" PRId64, heads);
    init_add(&choices, "model.heads", number, "%s", "");
    snprintf(number, sizeof number, "%" PRId64, bits);
    init_add(&choices, "model.bits", number, "%s", "");
    choices.choice[choices.n++] = (struct bl_choice){"data.file", file, NULL};
    return bl_reference_config(choices.choice, choices.n, about, text, err);
}

static int make_text(const char *reference, const char *data, const char *bits_text, const char *output,
                     char **text, struct bl_error *err)
{
    if (reference)
        return bl_reference_table(text, err);
    int code = make_config(data, bits_text, output, text, err);
    /* Parsed once more, so that what init writes is sure to be accepted. */
    struct bl_config config;
    if (code == BL_OK)
        code = io_config_parse(*text, "the new configuration", &config, err);
    return code;
}

struct given {
    const char *output, *bits, *data, *reference, *force;
};

static const struct command_option options[] = {
    {.name = "--output|-o",
     .argument = "FILE",
     .values = COMMAND_FILES,
     .text = "write it to a new file instead",
     .at = offsetof(struct given, output)},
    COMMAND_FORCE(struct given),
    {.name = "--bits",
     .argument = "K",
     .text = "length of the code (default 64)",
     .at = offsetof(struct given, bits)},
    {.name = "--data",
     .argument = "FILE",
     .values = COMMAND_FILES,
     .text = "the data set: its rows, labels, groups and scales decide what is written",
     .at = offsetof(struct given, data)},
    {.name = "--reference",
     .text = "the table of all keys in Markdown, as in docs/configuration.md",
     .at = offsetof(struct given, reference)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    char *text = NULL;
    (void)par;
    int code = command_parse(argc, argv, options, &given, NULL, 0, 0, NULL, err);
    const enum file_kind kind = given.reference ? FILE_REFERENCE : FILE_CONFIG;
    if (given.output && strcmp(given.output, "-") == 0)
        given.output = NULL;
    if (code == BL_OK)
        code = output_check(given.output, kind, command_replace(given.force), err);
    if (code == BL_OK)
        code = make_text(given.reference, given.data, given.bits, given.output, &text, err);
    if (code == BL_OK)
        code =
            output_write(given.output, kind, command_replace(given.force), text, (int64_t)strlen(text), err);
    bl_free(&text);
    return code;
}

const struct command command_init = {
    .name = "init",
    .summary = "print a first configuration with every key explained",
    .usage = "[-o FILE] [--bits K] [--data FILE] [--force]\n"
             "--reference [-o FILE]\n",
    .text =
        "Prints a complete configuration: every key with its value, what it may be, and a sentence. "
        "With --data it looks into the file, so that the configuration can be trained at once: the preset goes by "
        "what there is of classes, several labels or groups, shards and batch by the number of rows; "
        "what differs from the defaults is said, with the reason. "
        "A FILE that isn't there yet gets the defaults.\n",
    .options = options,
    .examples = "bitloom init --data fashion-mnist.h5 --bits 48 -o first.yaml\n",
    .run = run,
};
