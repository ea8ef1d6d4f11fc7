#include <inttypes.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "base/minmax.h"
#include "hash/bit_tally.h"
#include "mpi/command/command.h"
#include "mpi/command/run_path.h"
#include "mpi/command/search/search_output.h"

static int read_ids(struct search_side *side, struct bl_error *err)
{
    int code = bl_alloc_zero(&side->ids, side->info->rows * side->info->id_bytes, 1, "ids", err);
    if (code == BL_OK)
        code = par_codes_read_local(side->file, 0, side->info->rows, NULL, NULL, side->ids, err);
    return code;
}

/* Both sides are read into memory whole. */
static int load_side(struct search_side *side, const char *path, struct bl_error *err)
{
    side->path = path;
    int code = par_codes_open(&side->file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    side->info = codes_info(side->file);
    code = par_code_set_read(par_alone(), side->file, &side->codes, err);
    if (code == BL_OK && side->info->id_bytes > 0)
        code = read_ids(side, err);
    return code;
}

/* Codes that are all the same are found in the order of their rows, which says nothing. */
static void judge_side(const struct search_side *side)
{
    struct bl_bit_tally tally = {0};
    char text[BL_BIT_TALLY_TEXT];
    bl_bit_tally_words(&tally, side->codes.words, side->info->rows, side->info->bits);
    if (bl_bit_tally_doubt(&tally, side->info->bits, side->path, text))
        bl_log_warn("%s", text);
}

static void free_side(struct search_side *side)
{
    par_code_set_free(&side->codes);
    bl_free(&side->ids);
    par_codes_close(side->file);
    side->file = NULL;
}

/* Only codes of the same length can be compared. */
static int check_sides(const struct search_side *queries, const struct search_side *database,
                       struct search_wish *wish, struct bl_error *err)
{
    /* Within one file a query is one of the items. */
    const int self = wish->exclude_self && command_same_file(queries->path, database->path);
    const int64_t others = database->info->rows - self, most = bl_max(others, 1);
    if (queries->info->bits != database->info->bits)
        return bl_fail(err, BL_INPUT, "%s has codes of %s and %s of %s; compare codes of one model",
                       queries->path, bl_count(queries->info->bits, "bit").text, database->path,
                       bl_count(database->info->bits, "bit").text);
    if (others == 0)
        bl_log_say("%s has one row, and --exclude-self leaves nothing to find", database->path);
    else if (wish->k > most)
        bl_log_say("-k %" PRId64 " is lowered to %" PRId64 ": the database has no more%s items", wish->k,
                   most, self ? " other" : "");
    wish->k = bl_min(wish->k, most);
    return BL_OK;
}

struct given {
    const char *k, *radius, *output, *format, *exclude_self, *force;
};

static const struct command_option options[] = {
    {.name = "-k",
     .argument = "K",
     .text = "at most K neighbours of each query (default 10; with --radius all within it)",
     .at = offsetof(struct given, k)},
    {.name = "--radius",
     .argument = "R",
     .text = "all neighbours within distance R; with -k the nearest K of them",
     .at = offsetof(struct given, radius)},
    {.name = "--exclude-self",
     .text = "leave the query itself out: its row if both files are one, otherwise items with its id",
     .at = offsetof(struct given, exclude_self)},
    {.name = "--output|-o",
     .argument = "OUT",
     .values = COMMAND_FILES,
     .text = "the file to write; its ending .tsv, .json or .h5 is the format",
     .at = offsetof(struct given, output)},
    {.name = "--format",
     .argument = "F",
     .values = "tsv json hdf5",
     .text = "tsv, json or hdf5 (default: OUT's ending, tsv on standard output)",
     .at = offsetof(struct given, format)},
    COMMAND_FORCE(struct given),
    COMMAND_OPTIONS_END,
};

static int parse_wish(const struct given *given, struct search_wish *wish, struct bl_error *err)
{
    *wish = (struct search_wish){.k = given->radius ? 0 : 10,
                                 .radius = -1,
                                 .exclude_self = given->exclude_self != NULL,
                                 .replace = command_replace(given->force)};
    int code = given->k ? command_integer("-k", given->k, 1, INT32_MAX, &wish->k, err) : BL_OK;
    if (code == BL_OK && given->radius)
        code = command_integer("--radius", given->radius, 0, BL_CODE_BITS_MAX, &wish->radius, err);
    return code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *files[2];
    struct search_side queries = {0}, database = {0};
    struct search_wish wish;
    struct search_output *output = NULL;
    enum search_format format;
    (void)par;
    int code = command_parse(argc, argv, options, &given, files, 2, 2, NULL, err);
    if (code == BL_OK)
        code = parse_wish(&given, &wish, err);
    if (code == BL_OK)
        code = search_format_of(given.format, given.output, &format, err);
    if (code == BL_OK)
        code = command_check_output(given.output, files, 2, err);
    for (int i = 0; i < 2 && code == BL_OK; i++)
        code = command_refuse_run_as_codes(files[i], err);
    if (given.output)
        signals_install(SIGNALS_FILE);
    if (code == BL_OK)
        code = output_check(given.output, search_kind(format), command_replace(given.force), err);
    if (code == BL_OK)
        code = load_side(&queries, files[0], err);
    if (code == BL_OK)
        code = load_side(&database, files[1], err);
    if (code == BL_OK)
        code = check_sides(&queries, &database, &wish, err);
    if (code == BL_OK) {
        judge_side(&database);
        if (!command_same_file(queries.path, database.path))
            judge_side(&queries);
    }
    if (code == BL_OK)
        code = search_answer(&queries, &database, &wish, format, given.output, &output, err);
    if (code == BL_OK)
        code = search_output_commit(output, err);
    search_output_destroy(output);
    free_side(&database);
    free_side(&queries);
    return code;
}

const struct command command_search = {
    .name = "search",
    .summary = "find the nearest codes of queries",
    .usage = "QUERIES DATABASE [-k K] [--radius R] [--exclude-self] [-o OUT] [--format tsv|json|hdf5] "
             "[--force]\n",
    .text =
        "QUERIES and DATABASE are code files, as `bitloom encode` writes them. "
        "The answer is exact: by ascending Hamming distance, items at equal distance by their row in the "
        "database. "
        "A query that is itself in the database finds itself, unless --exclude-self is given: then a file against "
        "itself gives lists of near duplicates.\n"
        "Columns of TSV: query, rank, item, distance, label: ids and class names where they are known, "
        "otherwise rows and class numbers. "
        "A query without neighbours has no line. "
        "docs/file-formats.md describes the HDF5 file.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "bitloom search test-codes.h5 train-codes.h5 -k 5 -o neighbours.tsv\n"
                "bitloom search codes.h5 codes.h5 --exclude-self --radius 3 -o duplicates.tsv\n",
    .run = run,
};
