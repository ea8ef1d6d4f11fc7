#include "hash/search.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "hash/code.h"
#include "mpi/command/command.h"
#include "mpi/command/search/search_output.h"

enum { BLOCK_VALUES = 1 << 20 };

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

static void free_side(struct search_side *side)
{
    par_code_set_free(&side->codes);
    bl_free(&side->ids);
    par_codes_close(side->file);
    side->file = NULL;
}

/* Searches for all queries, in blocks of about BLOCK_VALUES neighbours to bound the memory. */
static int answer(const struct search_side *queries, const struct search_side *database, int64_t k,
                  int64_t radius, struct search_output *output, struct bl_error *err)
{
    const int64_t n_words = bl_code_words(queries->info->bits);
    const int64_t block = 1 + BLOCK_VALUES / (k + 1); /* queries */
    uint16_t *scratch = NULL;
    int64_t *rows = NULL;
    int32_t *distances = NULL;
    int code = bl_alloc(&scratch, database->info->rows, sizeof *scratch, "distances to the database", err);
    if (code == BL_OK)
        code = bl_alloc(&rows, block * k, sizeof *rows, "neighbours", err);
    if (code == BL_OK)
        code = bl_alloc(&distances, block * k, sizeof *distances, "distances", err);
    for (int64_t at = 0; at < queries->info->rows && code == BL_OK; at += block) {
        const int64_t n = queries->info->rows - at < block ? queries->info->rows - at : block;
        for (int64_t i = 0; i < n; i++)
            bl_search(&database->codes.set, queries->codes.words + (at + i) * n_words, k, radius, scratch,
                      rows + i * k, distances + i * k);
        struct search_block answered = {at, n, k, rows, distances};
        code = search_output_write(output, &answered, err);
    }
    bl_free(&distances);
    bl_free(&rows);
    bl_free(&scratch);
    return code;
}

/* Only codes of the same length can be compared. */
static int check_sides(const struct search_side *queries, const struct search_side *database, int64_t *k,
                       struct bl_error *err)
{
    if (queries->info->bits != database->info->bits)
        return bl_fail(err, BL_INPUT, "%s has codes of %s and %s of %s; compare codes of one model",
                       queries->path, bl_count(queries->info->bits, "bit").text, database->path,
                       bl_count(database->info->bits, "bit").text);
    if (*k > database->info->rows) {
        bl_log_say("-k %" PRId64 " is lowered to %" PRId64 ": the database has no more items", *k,
                   database->info->rows);
        *k = database->info->rows;
    }
    return BL_OK;
}

struct given {
    const char *k, *radius, *output, *format, *force;
};

static const struct command_option options[] = {
    {.name = "-k",
     .argument = "K",
     .text = "neighbours of each query (default 10)",
     .at = offsetof(struct given, k)},
    {.name = "--radius",
     .argument = "R",
     .text = "only neighbours within distance R",
     .at = offsetof(struct given, radius)},
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

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {.k = "10"};
    const char *files[2];
    struct search_side queries = {0}, database = {0};
    struct search_output *output = NULL;
    enum search_format format;
    int64_t k, radius = BL_CODE_BITS_MAX;
    (void)par;
    int code = command_parse(argc, argv, options, &given, files, 2, 2, NULL, err);
    if (code == BL_OK)
        code = command_integer("-k", given.k, 1, INT32_MAX, &k, err);
    if (code == BL_OK && given.radius)
        code = command_integer("--radius", given.radius, 0, BL_CODE_BITS_MAX, &radius, err);
    if (code == BL_OK)
        code = search_format_of(given.format, given.output, &format, err);
    if (code == BL_OK)
        code = command_check_output(given.output, files, 2, err);
    if (code == BL_OK)
        code = output_check(given.output, search_kind(format), command_replace(given.force), err);
    if (code == BL_OK)
        code = load_side(&queries, files[0], err);
    if (code == BL_OK)
        code = load_side(&database, files[1], err);
    if (code == BL_OK)
        code = check_sides(&queries, &database, &k, err);
    if (code == BL_OK)
        code = search_output_create(&output, format, given.output, command_replace(given.force), &queries,
                                    &database, k, err);
    if (code == BL_OK)
        code = answer(&queries, &database, k, radius, output, err);
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
    .usage = "QUERIES DATABASE [-k K] [--radius R] [-o OUT] [--format tsv|json|hdf5] [--force]\n",
    .text = "QUERIES and DATABASE are code files, as `bitloom encode` writes them. "
            "The answer is exact: by ascending Hamming distance, items at equal distance by their row in the "
            "database. "
            "A query that is itself in the database finds itself.\n"
            "Columns of TSV: query, rank, item, distance, label: ids and class names where they are known, "
            "otherwise rows and class numbers.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "bitloom search test-codes.h5 train-codes.h5 -k 5 -o neighbours.tsv\n",
    .run = run,
};
