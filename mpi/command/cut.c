#include <inttypes.h>
#include <stdio.h>

#include "base/count.h"
#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/files/dataset_cut.h"

/* An option that replaces a number of the protocol, *value; `applies`: the protocol has such a number. */
static int take_number(const char *option, const char *text, const struct bl_protocol *protocol, int applies,
                       int64_t *value, struct bl_error *err)
{
    if (!text)
        return BL_OK;
    if (!applies)
        return bl_fail(err, BL_USAGE, "%s has no such number; leave out %s", protocol->name, option);
    return command_integer(option, text, 1, INT32_MAX, value, err);
}

struct given {
    const char *output, *force, *seed, *queries, *train, *unseen;
};

static const struct command_option options[] = {
    {.name = "--output|-o",
     .argument = "OUT",
     .values = COMMAND_FILES,
     .text = "the file to write",
     .at = offsetof(struct given, output)},
    COMMAND_FORCE(struct given),
    {.name = "--seed",
     .argument = "N",
     .text = "another seed draws other rows (0)",
     .at = offsetof(struct given, seed)},
    {.name = "--queries-per-class",
     .argument = "N",
     .text = "another number of queries (100)",
     .at = offsetof(struct given, queries)},
    {.name = "--train-per-class",
     .argument = "N",
     .text = "another number of training rows (500)",
     .at = offsetof(struct given, train)},
    {.name = "--unseen-classes",
     .argument = "N",
     .text = "another number of classes held back (a quarter)",
     .at = offsetof(struct given, unseen)},
    COMMAND_OPTIONS_END,
};

/* The protocol's own numbers first, then those that options replace. */
static int parse(int argc, char **argv, struct dataset_cut_request *request, struct bl_error *err)
{
    struct given given = {0};
    const char *positional[2];
    int code = command_parse(argc, argv, options, &given, positional, 2, 2, NULL, err);
    if (code != BL_OK)
        return code;
    request->output = given.output;
    request->replace = command_replace(given.force);
    if (!request->output)
        return bl_fail(err, BL_USAGE, "cut needs -o OUT: the file to write");
    const struct bl_protocol *protocol = bl_protocol_find(positional[0], err);
    if (!protocol)
        return BL_USAGE;
    request->protocol = protocol;
    request->source = positional[1];
    request->queries_per_class = protocol->queries_per_class;
    request->train_per_class = protocol->train_per_class;
    if (given.seed && !protocol->draws)
        return bl_fail(err, BL_USAGE, "%s draws nothing, so --seed has no meaning", protocol->name);
    if (given.seed &&
        (code = command_integer("--seed", given.seed, 0, INT64_MAX, &request->seed, err)) != BL_OK)
        return code;
    if ((code = take_number("--queries-per-class", given.queries, protocol, protocol->queries_per_class > 0,
                            &request->queries_per_class, err)) ||
        (code = take_number("--train-per-class", given.train, protocol, protocol->train_per_class > 0,
                            &request->train_per_class, err)) ||
        (code = take_number("--unseen-classes", given.unseen, protocol, protocol->holds_classes_back,
                            &request->unseen_classes, err)))
        return code;
    return command_check_output(request->output, &request->source, 1, err);
}

/* Says what was cut, and how many rows of the database are also training rows. */
static void say(const struct dataset_cut_request *request, const struct dataset_cut_result *result)
{
    char words[400], unused[80] = "";
    protocol_note_describe(&result->note, words, sizeof words);
    if (result->unused > 0)
        snprintf(unused, sizeof unused, "; %s left out", bl_count(result->unused, "row").text);
    bl_log_say("%s", words);
    bl_log_say("%s: %" PRId64 " training rows, %" PRId64 " queries, %" PRId64
               " database rows, %s of them also training rows%s",
               request->output, result->train, result->query, result->database,
               result->both == 0                  ? "none"
               : result->both == result->database ? "all"
                                                  : bl_count(result->both, "row").text,
               unused);
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct dataset_cut_request request = {0};
    struct dataset_cut_result result;
    (void)par;
    int code = parse(argc, argv, &request, err);
    if (code == BL_OK)
        code = dataset_cut(&request, &result, err);
    if (code == BL_OK)
        say(&request, &result);
    return code;
}

static const char *protocol_word(int i, char text[COMMAND_TEXT])
{
    const struct bl_protocol *protocol = &bl_protocol_table[i];
    if (!protocol->name)
        return NULL;
    snprintf(text, COMMAND_TEXT, "%s", protocol->summary);
    return protocol->name;
}

const struct command command_cut = {
    .name = "cut",
    .summary = "make a data set of train, query and database by a protocol",
    .usage = "PROTOCOL DATA -o OUT [OPTION]...\n",
    .text = "Copies the rows of DATA's splits train and test into the splits train, query and database of a "
            "new file, as a protocol wants them. "
            "If every database row is also trained on, the split train serves as the database. "
            "`bitloom evaluate MODEL OUT` then knows the rows. "
            "docs/protocols.md: who uses which, and pitfalls.\n",
    .operands = COMMAND_FILES,
    .word = protocol_word,
    .words = "protocols",
    .word_first = 1,
    .options = options,
    .examples = "bitloom cut 54k cifar10.h5 -o cifar10-54k.h5\n",
    .work = SIGNALS_FILE,
    .run = run,
};
