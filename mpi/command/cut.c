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

/* The protocol's own numbers first, then those that options replace. */
static int parse(int argc, char **argv, struct dataset_cut_request *request, struct bl_error *err)
{
    const char *seed = NULL, *queries = NULL, *train = NULL, *unseen = NULL, *positional[2];
    const struct command_option options[] = {
        {.name = "--output|-o", .takes_value = 1, .value = &request->output},
        {.name = "--seed", .takes_value = 1, .value = &seed},
        {.name = "--queries-per-class", .takes_value = 1, .value = &queries},
        {.name = "--train-per-class", .takes_value = 1, .value = &train},
        {.name = "--unseen-classes", .takes_value = 1, .value = &unseen},
    };
    int code = command_parse(argc, argv, options, 5, positional, 2, 2, NULL, err);
    if (code != BL_OK)
        return code;
    if (!request->output)
        return bl_fail(err, BL_USAGE, "cut needs -o OUT: the file to write");
    const struct bl_protocol *protocol = bl_protocol_find(positional[0], err);
    if (!protocol)
        return BL_USAGE;
    request->protocol = protocol;
    request->source = positional[1];
    request->queries_per_class = protocol->queries_per_class;
    request->train_per_class = protocol->train_per_class;
    if (seed && !protocol->draws)
        return bl_fail(err, BL_USAGE, "%s draws nothing, so --seed has no meaning", protocol->name);
    if (seed && (code = command_integer("--seed", seed, 0, INT64_MAX, &request->seed, err)) != BL_OK)
        return code;
    if ((code = take_number("--queries-per-class", queries, protocol, protocol->queries_per_class > 0,
                            &request->queries_per_class, err)) ||
        (code = take_number("--train-per-class", train, protocol, protocol->train_per_class > 0,
                            &request->train_per_class, err)) ||
        (code = take_number("--unseen-classes", unseen, protocol, protocol->holds_classes_back,
                            &request->unseen_classes, err)))
        return code;
    return command_check_output(request->output, &request->source, 1, err);
}

/* Says what was cut, and how many rows of the database are also training rows. */
static void say(const struct dataset_cut_request *request, const struct dataset_cut_result *result)
{
    char words[400], unused[80] = "";
    par_protocol_note_describe(&result->note, words, sizeof words);
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

const struct command command_cut = {
    .name = "cut",
    .summary = "make a data set of train, query and database by a protocol of the field",
    .help =
        "usage: bitloom cut PROTOCOL DATA -o OUT [OPTION]...\n"
        "\n"
        "Copies the rows of DATA's splits train and test into the splits train, query and database of a new\n"
        "file, as a protocol wants them. Where all that is searched is trained on, train is the database.\n"
        "`bitloom evaluate MODEL OUT` then knows the rows. docs/protocols.md: who uses which, and pitfalls.\n"
        "\n"
        "protocols:\n"
        "  test-train   the test rows ask, the train rows are searched and trained on\n"
        "  held-out     half of the test rows ask, the other half is searched\n"
        "  cvpr15       100 queries a class from both splits; all else is searched and trained on\n"
        "  59k          100 queries a class; all else is searched, 500 rows a class of it trained on\n"
        "  54k          the same, without the training rows in the database\n"
        "  50k          test-train, as CIFAR-10 has it\n"
        "  50k-5k       the test rows ask, the train rows are searched, 500 a class of them trained on\n"
        "  unseen       a quarter of the classes is held back from training: its test rows ask, its\n"
        "               train rows are searched\n"
        "\n"
        "options:\n"
        "  -o, --output OUT         the file to write, which must not exist\n"
        "  --seed N                 another seed draws other rows (0)\n"
        "  --queries-per-class N    another number of queries (100)\n"
        "  --train-per-class N      another number of training rows (500)\n"
        "  --unseen-classes N       another number of classes held back (a quarter)\n"
        "\n"
        "example:\n"
        "  bitloom cut 54k cifar10.h5 -o cifar10-54k.h5\n",
    .run = run,
};
