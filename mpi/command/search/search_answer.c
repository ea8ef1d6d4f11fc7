#include "mpi/command/search/search_answer.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "base/minmax.h"
#include "hash/code.h"
#include "hash/search.h"
#include "mpi/command/search/search_output.h"
#include "mpi/command/search/search_self.h"

/* Answers are written in blocks of so many neighbours and queries at most, to bound the memory; but at least one
 * query, however many it has. */
enum { BLOCK_VALUES = 1 << 20, BLOCK_QUERIES = 1 << 16 };

struct engine {
    const struct search_side *queries;
    struct search_wish wish;
    int64_t radius; /* that of the wish, or all bits */
    struct bl_search search;
    struct search_self self;
    int64_t n_left_out, n_cut;
    int64_t room; /* of rows and distances */
    int64_t *rows, *at;
    int32_t *distances;
};

static void engine_free(struct engine *engine)
{
    search_self_free(&engine->self);
    bl_free(&engine->search.distances);
    bl_free(&engine->rows);
    bl_free(&engine->distances);
    bl_free(&engine->at);
}

static int make_room(struct engine *engine, int64_t n, struct bl_error *err)
{
    if (n <= engine->room)
        return BL_OK;
    bl_free(&engine->rows);
    bl_free(&engine->distances);
    engine->room = 0;
    int code = bl_alloc(&engine->rows, n, sizeof *engine->rows, "neighbours", err);
    if (code == BL_OK)
        code = bl_alloc(&engine->distances, n, sizeof *engine->distances, "distances", err);
    if (code == BL_OK)
        engine->room = n;
    return code;
}

static int engine_init(struct engine *engine, const struct search_side *queries,
                       const struct search_side *database, const struct search_wish *wish,
                       struct bl_error *err)
{
    *engine = (struct engine){.queries = queries, .wish = *wish, .search.database = &database->codes.set};
    engine->radius = wish->radius >= 0 ? wish->radius : BL_CODE_BITS_MAX;
    int code = bl_alloc(&engine->search.distances, database->info->rows, sizeof *engine->search.distances,
                        "distances to the database", err);
    if (code == BL_OK)
        code = bl_alloc(&engine->at, BLOCK_QUERIES + 1, sizeof *engine->at, "places of answers", err);
    if (code == BL_OK && wish->exclude_self)
        code = search_self_init(&engine->self, queries, database, err);
    if (code == BL_OK)
        code = make_room(engine, BLOCK_VALUES, err);
    return code;
}

/* Measures one query; how many places its answer takes. */
static int64_t measure(struct engine *engine, int64_t query)
{
    const int64_t *skip = NULL;
    const int64_t n_words = bl_code_words(engine->queries->info->bits);
    const int64_t n_skip = engine->wish.exclude_self ? search_self_of(&engine->self, query, &skip) : 0;
    bl_search_measure(&engine->search, engine->queries->codes.words + query * n_words, skip, n_skip);
    engine->n_left_out += n_skip;
    return engine->wish.k > 0 ? engine->wish.k : bl_search_within(&engine->search, engine->radius);
}

/* Where the neighbours of each query begin, [queries + 1], for a file that must be made in its whole size. Measuring
 * twice costs less than keeping all answers. */
static int find_offsets(struct engine *engine, int64_t **offsets, struct bl_error *err)
{
    const int64_t n = engine->queries->info->rows;
    int code = bl_alloc(offsets, n + 1, sizeof **offsets, "places of answers", err);
    if (code != BL_OK)
        return code;
    (*offsets)[0] = 0;
    for (int64_t i = 0; i < n; i++)
        (*offsets)[i + 1] = (*offsets)[i] + measure(engine, i);
    engine->n_left_out = 0;
    return BL_OK;
}

static int flush(struct engine *engine, struct search_block *block, struct search_output *output,
                 struct bl_error *err)
{
    block->at = engine->at;
    block->rows = engine->rows;
    block->distances = engine->distances;
    int code = block->n > 0 ? search_output_write(output, block, err) : BL_OK;
    block->first += block->n;
    block->n = 0;
    return code;
}

static int answer_all(struct engine *engine, struct search_output *output, struct bl_error *err)
{
    struct search_block block = {0};
    int code = BL_OK;
    engine->at[0] = 0;
    for (int64_t i = 0; i < engine->queries->info->rows && code == BL_OK; i++) {
        const int64_t n = measure(engine, i);
        if (block.n == BLOCK_QUERIES || (block.n > 0 && engine->at[block.n] + n > engine->room))
            code = flush(engine, &block, output, err);
        if (code == BL_OK)
            code = make_room(engine, engine->at[block.n] + n, err);
        if (code != BL_OK)
            break;
        const int64_t at = engine->at[block.n];
        bl_search_take(&engine->search, n, engine->radius, engine->rows + at, engine->distances + at);
        engine->at[++block.n] = at + n;
        engine->n_cut += bl_search_within(&engine->search, engine->radius) > n;
    }
    return code == BL_OK ? flush(engine, &block, output, err) : code;
}

/* What the answers alone don't show. */
static void say(const struct engine *engine)
{
    const int64_t n = engine->queries->info->rows;
    if (engine->wish.radius >= 0 && engine->n_cut > 0)
        bl_log_say("%" PRId64 " of %s have more than %s within distance %" PRId64
                   " and were cut to the nearest; leave out -k for all",
                   engine->n_cut, bl_count(n, "query").text, bl_count(engine->wish.k, "neighbour").text,
                   engine->wish.radius);
    if (engine->wish.exclude_self && engine->n_left_out == 0)
        bl_log_warn("--exclude-self left nothing out: no id of a query is one of the database");
}

int search_answer(const struct search_side *queries, const struct search_side *database,
                  const struct search_wish *wish, enum search_format format, const char *path,
                  struct search_output **out, struct bl_error *err)
{
    struct engine engine;
    int64_t *offsets = NULL;
    *out = NULL;
    int code = engine_init(&engine, queries, database, wish, err);
    if (code == BL_OK && format == SEARCH_HDF5 && wish->k == 0)
        code = find_offsets(&engine, &offsets, err);
    if (code == BL_OK)
        code = search_output_create(out, format, path, queries, database, wish, offsets, err);
    if (code == BL_OK)
        code = answer_all(&engine, *out, err);
    if (code == BL_OK)
        say(&engine);
    bl_free(&offsets);
    engine_free(&engine);
    return code;
}
