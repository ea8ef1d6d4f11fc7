#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/command/command.h"
#include "mpi/command/run_config.h"
#include "mpi/command/slurm/slurm_template.h"
#include "mpi/files/output.h"

/* The template's language: a line "@TAG|text" is "text" in scripts of that kind (run or sweep, srun or
 * mpirun) and left out of others; @NAME@ is replaced by a value. */

struct value {
    const char *name; /* with its @ on both sides */
    char text[2 * BL_PATH_MAX];
};

enum { CONFIG, NODES, RANKS, THREADS, TIME, PARTITION, WARNING, BITS, SEEDS, LAST, COMMAND, VALUES };

/* A script being written; owns its text. */
struct script {
    const char *launcher; /* "srun" or "mpirun" */
    int sweep;            /* 1: an array job over bits and seeds */
    struct value value[VALUES];
    char *text;
    int64_t n, room; /* bytes used and allocated */
    int overflow;
};

static void append(struct script *script, const char *text, int64_t n)
{
    if (n >= script->room - script->n) {
        script->overflow = 1;
        return;
    }
    memcpy(script->text + script->n, text, (size_t)n);
    script->n += n;
    script->text[script->n] = '\0';
}

/* The line without its tag if it belongs in this script, otherwise NULL. */
static const char *choose_line(const struct script *script, const char *line)
{
    static const char *const tags[] = {"@srun|", "@mpirun|", "@run|", "@sweep|"};
    const int wanted[] = {strcmp(script->launcher, "srun") == 0, strcmp(script->launcher, "mpirun") == 0,
                          !script->sweep, script->sweep};
    for (size_t t = 0; t < sizeof tags / sizeof *tags; t++)
        if (strncmp(line, tags[t], strlen(tags[t])) == 0)
            return wanted[t] ? line + strlen(tags[t]) : NULL;
    return line;
}

/* Copies a line up to its end and replaces each @NAME@ on the way. */
static void append_line(struct script *script, const char *line)
{
    while (*line != '\n') {
        const struct value *found = NULL;
        for (int v = 0; v < VALUES && *line == '@' && !found; v++)
            if (strncmp(line, script->value[v].name, strlen(script->value[v].name)) == 0)
                found = &script->value[v];
        if (found)
            append(script, found->text, (int64_t)strlen(found->text));
        else
            append(script, line, 1);
        line += found ? strlen(found->name) : 1;
    }
    append(script, "\n", 1);
}

static int write_script(struct script *script, struct bl_error *err)
{
    script->room = (int64_t)strlen(command_slurm_template) + VALUES * (int64_t)sizeof script->value[0].text;
    int code = bl_alloc(&script->text, script->room, 1, "the batch script", err);
    if (code != BL_OK)
        return code;
    for (const char *line = command_slurm_template; *line; line = strchr(line, '\n') + 1) {
        const char *chosen = choose_line(script, line);
        if (chosen)
            append_line(script, chosen);
    }
    return script->overflow ? bl_fail(err, BL_DEFECT, "the batch script has no room for its values") : BL_OK;
}

/* Quotes a word for the shell, if it has characters that need it. */
static void quote(const char *word, char *text, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:%+=-";
    const int bare = *word && strspn(word, plain) == strlen(word);
    size_t n = 0;
    if (!bare)
        n += (size_t)snprintf(text, size, "'");
    for (; *word && n + 6 < size; word++)
        n += (size_t)snprintf(text + n, size - n, *word == '\'' ? "'\\''" : "%c", *word);
    snprintf(text + n, size - n, "%s", bare ? "" : "'");
}

/* The seconds of a time in one of Slurm's forms: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S. -1 for any other
 * text. */
static int64_t seconds_of(const char *text)
{
    static const int64_t plain[3][3] = {{60}, {60, 1}, {3600, 60, 1}}, with_days[4] = {86400, 3600, 60, 1};
    int64_t number[4], seconds = 0;
    int n = 0, days = 0;
    for (const char *at = text;; at++) {
        char *end;
        if (n == 4 || *at < '0' || *at > '9' || strspn(at, "0123456789") > 6)
            return -1;
        number[n++] = strtoll(at, &end, 10);
        at = end;
        if (*at == '\0')
            break;
        if (*at == '-' && n == 1)
            days = 1;
        else if (*at != ':')
            return -1;
    }
    if (days ? n < 2 : n > 3)
        return -1;
    for (int i = 0; i < n; i++)
        seconds += number[i] * (days ? with_days[i] : plain[n - 1][i]);
    return seconds;
}

/* Converts "16,32" to "16 32" for the shell; *n: how many numbers. */
static int list_of(const char *option, const char *text, int64_t max, struct value *value, int64_t *n,
                   struct bl_error *err)
{
    char number[24];
    int64_t ignored;
    *n = 0;
    value->text[0] = '\0';
    for (const char *at = text;; at++) {
        const size_t digits = strcspn(at, ",");
        snprintf(number, sizeof number, "%.*s", (int)(digits < 20 ? digits : 20), at);
        int code = command_integer(option, number, 0, max, &ignored, err);
        if (code != BL_OK)
            return code;
        const size_t used = strlen(value->text);
        snprintf(value->text + used, sizeof value->text - used, "%s%s", used ? " " : "", number);
        ++*n;
        at += digits;
        if (*at == '\0')
            return BL_OK;
    }
}

struct options {
    const char *config, *nodes, *ranks, *time, *partition, *launcher, *bits, *seeds, *output, *force;
};

static int set_size(struct script *script, const struct options *given, const struct bl_config *config,
                    struct bl_error *err)
{
    int64_t nodes, ranks;
    int code = command_integer("--nodes", given->nodes, 1, 1000000, &nodes, err);
    if (code == BL_OK)
        code = command_integer("--ranks", given->ranks, 1, 1000000, &ranks, err);
    if (code != BL_OK)
        return code;
    if (ranks < nodes)
        return bl_fail(err, BL_USAGE,
                       "--ranks %" PRId64 " can't fill --nodes %" PRId64
                       "; a node needs at least one rank (--ranks counts those of all nodes)",
                       ranks, nodes);
    if (ranks > config->data.shards)
        return bl_fail(err, BL_USAGE,
                       "--ranks %" PRId64 " is more than data.shards = %" PRId64
                       " of %s; ask for that many at most or raise data.shards",
                       ranks, config->data.shards, given->config);
    snprintf(script->value[NODES].text, sizeof script->value[NODES].text, "%" PRId64, nodes);
    snprintf(script->value[RANKS].text, sizeof script->value[RANKS].text, "%" PRId64, ranks);
    snprintf(script->value[THREADS].text, sizeof script->value[THREADS].text, "%" PRId64,
             config->train.threads);
    return BL_OK;
}

static int set_time(struct script *script, const char *time, struct bl_error *err)
{
    const int64_t seconds = seconds_of(time);
    if (seconds < 0)
        return bl_fail(err, BL_USAGE,
                       "--time must be MINUTES, HOURS:MINUTES:SECONDS or DAYS-HOURS:MINUTES:SECONDS as Slurm "
                       "has it, not '%s'",
                       time);
    if (seconds < 120)
        return bl_fail(err, BL_USAGE, "--time %s is too short; ask for 2 minutes at least", time);
    /* Slurm's signal before the limit: an eighth of the time, from 30 to 120 s. */
    const int64_t warning = seconds / 8;
    snprintf(script->value[WARNING].text, sizeof script->value[WARNING].text, "%" PRId64,
             warning > 120  ? (int64_t)120
             : warning < 30 ? (int64_t)30
                            : warning);
    snprintf(script->value[TIME].text, sizeof script->value[TIME].text, "%s", time);
    return BL_OK;
}

/* A sweep is an array of jobs 0 to LAST = bits * seeds - 1; a list that isn't given has the
 * configuration's value. */
static int set_sweep(struct script *script, const struct options *given, const struct bl_config *config,
                     struct bl_error *err)
{
    char bits[24], seed[24];
    int64_t n_bits, n_seeds;
    snprintf(bits, sizeof bits, "%" PRId64, config->model.bits);
    snprintf(seed, sizeof seed, "%" PRId64, config->train.seed);
    script->sweep = given->bits || given->seeds;
    int code = list_of("--bits", given->bits ? given->bits : bits, BL_CODE_BITS_MAX, &script->value[BITS],
                       &n_bits, err);
    if (code == BL_OK)
        code = list_of("--seeds", given->seeds ? given->seeds : seed, INT64_MAX, &script->value[SEEDS],
                       &n_seeds, err);
    if (code == BL_OK)
        snprintf(script->value[LAST].text, sizeof script->value[LAST].text, "%" PRId64, n_bits * n_seeds - 1);
    return code;
}

/* The command line that makes this script again, without options at their default. */
static void set_command(struct script *script, const struct options *given)
{
    const struct {
        const char *name, *value;
    } parts[] = {{"", given->config},
                 {"--nodes ", given->nodes},
                 {"--ranks ", given->ranks},
                 {"--time ", given->time},
                 {"--partition ", given->partition},
                 {"--launcher ", strcmp(given->launcher, "srun") == 0 ? NULL : given->launcher},
                 {"--bits ", given->bits},
                 {"--seeds ", given->seeds}};
    char *text = script->value[COMMAND].text, word[BL_PATH_MAX];
    const size_t size = sizeof script->value[COMMAND].text;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].value)
            continue;
        quote(parts[i].value, word, sizeof word);
        const size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s%s", used ? " " : "", parts[i].name, word);
    }
}

static int make_script(struct script *script, const struct options *given, struct bl_error *err)
{
    static const char *const names[VALUES] = {"@CONFIG@", "@NODES@",     "@RANKS@",   "@THREADS@",
                                              "@TIME@",   "@PARTITION@", "@WARNING@", "@BITS@",
                                              "@SEEDS@",  "@LAST@",      "@COMMAND@"};
    struct command_run_config sets = {0};
    struct bl_config config;
    char data_path[BL_PATH_MAX];
    for (int v = 0; v < VALUES; v++)
        script->value[v].name = names[v];
    script->launcher = given->launcher;
    if (!given->ranks || !given->time)
        return bl_fail(err, BL_USAGE, "slurm needs --ranks and --time; see bitloom slurm --help");
    if (strcmp(given->launcher, "srun") != 0 && strcmp(given->launcher, "mpirun") != 0)
        return bl_fail(err, BL_USAGE, "--launcher must be srun or mpirun, not '%s'", given->launcher);
    int code = command_read_config(given->config, &sets, &config, data_path, err);
    if (code == BL_OK)
        code = set_size(script, given, &config, err);
    if (code == BL_OK)
        code = set_time(script, given->time, err);
    if (code == BL_OK)
        code = set_sweep(script, given, &config, err);
    if (code != BL_OK)
        return code;
    quote(given->config, script->value[CONFIG].text, sizeof script->value[CONFIG].text);
    snprintf(script->value[PARTITION].text, sizeof script->value[PARTITION].text, "%s#SBATCH --partition=%s",
             given->partition ? "" : "#", given->partition ? given->partition : "PARTITION");
    set_command(script, given);
    return write_script(script, err);
}

static const struct command_option options[] = {
    {.name = "--ranks",
     .argument = "R",
     .text = "ranks on all nodes together, at most data.shards",
     .at = offsetof(struct options, ranks)},
    {.name = "--time",
     .argument = "T",
     .text = "limit of one job as Slurm has it: MINUTES, H:M:S, D-H:M:S",
     .at = offsetof(struct options, time)},
    {.name = "--nodes", .argument = "N", .text = "nodes (default 1)", .at = offsetof(struct options, nodes)},
    {.name = "--partition",
     .argument = "P",
     .text = "the partition (default: the site's)",
     .at = offsetof(struct options, partition)},
    {.name = "--launcher",
     .argument = "L",
     .values = "srun mpirun",
     .text = "srun (default; Slurm built with PMIx) or mpirun",
     .at = offsetof(struct options, launcher)},
    {.name = "--bits",
     .argument = "LIST",
     .text = "an array job: a run for each of these model.bits, e.g. 16,32,64",
     .at = offsetof(struct options, bits)},
    {.name = "--seeds",
     .argument = "LIST",
     .text = "likewise for each of these train.seed; with --bits for each pair",
     .at = offsetof(struct options, seeds)},
    {.name = "--output|-o",
     .argument = "FILE",
     .values = COMMAND_FILES,
     .text = "write it to a new file instead",
     .at = offsetof(struct options, output)},
    COMMAND_FORCE(struct options),
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct options given = {.nodes = "1", .launcher = "srun"};
    struct script *script = NULL;
    (void)par;
    int code = command_parse(argc, argv, options, &given, &given.config, 1, 1, NULL, err);
    if (code == BL_OK)
        code = bl_alloc_zero(&script, 1, sizeof *script, "the batch script", err);
    if (code == BL_OK)
        code = make_script(script, &given, err);
    if (code == BL_OK)
        code = output_write(given.output, FILE_SCRIPT, command_replace(given.force), script->text,
                            (int64_t)strlen(script->text), err);
    if (script)
        bl_free(&script->text);
    bl_free(&script);
    return code;
}

const struct command command_slurm = {
    .name = "slurm",
    .summary = "write a batch script for a configuration, a time and a size",
    .usage = "CONFIG --ranks R --time T [--nodes N] [--partition P] [--launcher L] [--bits LIST] "
             "[--seeds LIST] [-o FILE] [--force]\n",
    .text = "Prints a batch script for Slurm's sbatch that trains the configuration for as many jobs as it "
            "takes: it stops in time before a limit or a preemption, requeues itself and continues. "
            "docs/slurm.md explains it.\n",
    .operands = COMMAND_CONFIGS,
    .options = options,
    .examples = "bitloom slurm run.yaml --nodes 2 --ranks 16 --time 4:00:00 -o job.sbatch\n"
                "sbatch job.sbatch\n",
    .run = run,
};
