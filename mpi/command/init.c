#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/reference.h"
#include "io/config_file.h"
#include "mpi/command/command.h"
#include "mpi/files/output.h"

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

static int make_text(const char *reference, const char *data, const char *bits_text, char **text,
                     struct bl_error *err)
{
    int64_t heads, bits;
    if (reference)
        return bl_reference_table(text, err);
    int code = split_bits(bits_text, &heads, &bits, err);
    if (code == BL_OK)
        code = bl_reference_config(data ? data : "data.h5", heads, bits, text, err);
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
     .text = "the data-set file, relative to the configuration's folder",
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
    if (code == BL_OK)
        code = make_text(given.reference, given.data, given.bits, &text, err);
    if (code == BL_OK)
        code = output_write(given.output, given.reference ? FILE_REFERENCE : FILE_CONFIG,
                            command_replace(given.force), text, (int64_t)strlen(text), err);
    bl_free(&text);
    return code;
}

const struct command command_init = {
    .name = "init",
    .summary = "print a first configuration with every key explained",
    .usage = "[-o FILE] [--bits K] [--data FILE] [--force]\n"
             "--reference [-o FILE]\n",
    .text = "Prints a complete configuration: every key with its default, what it may be, and a sentence.\n",
    .options = options,
    .examples = "bitloom init --data fashion-mnist.h5 --bits 48 -o first.yaml\n",
    .run = run,
};
