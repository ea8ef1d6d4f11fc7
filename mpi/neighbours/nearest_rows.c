#include "mpi/neighbours/nearest_rows.h"

#include <float.h>
#include <inttypes.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/minmax.h"
#include "base/share.h"
#include "data/checks.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "neighbours/nearest.h"

enum {
    FRAME_ROWS = 1024, /* of the database, that choose centre and scale */
    TILE_ROWS = 1024,
    TILE_ROWS_LEAST = 16
};

/* Squares up to this can be added up for a difference of two rows. */
#define SQUARE_MAX (DBL_MAX / 16.0)

/* This rank's search. Owns all but par, the data sets, request and found. */
struct search {
    struct par_dataset *queries, *database;
    const struct par_nearest_request *request;
    struct par_nearest *found;
    struct bl_product product;
    struct bl_nearest nearest;
    int64_t dim, rows;                /* of the database */
    int64_t block_queries, part_rows; /* read at a time */
    int64_t held;                     /* first row of the part in memory; -1: none */
    char *query_rows, *part;          /* [block_queries, dim], [part_rows, dim] as stored */
    double *centre, *scratch;         /* [dim] */
    double begun, said;               /* seconds */
    int64_t blocks, block,
        first; /* of the progress: number of blocks, the one at hand, the part's first row */
};

static int check_request(const struct par_split *queries, const struct par_split *database,
                         const struct par_nearest_request *request, struct bl_error *err)
{
    const int64_t most = database->rows - (request->is_same ? 1 : 0);
    if (queries->dim != database->dim)
        return bl_fail(err, BL_INPUT, "%s has rows of %s and %s of %" PRId64 "; they can't be compared",
                       request->queries, bl_count(queries->dim, "feature").text, request->database,
                       database->dim);
    if (request->k > most)
        return bl_fail(err, BL_USAGE, "-k %" PRId64 ": %s has only %s%s to find; choose a smaller K",
                       request->k, request->database, bl_count(most, "row").text,
                       request->is_same ? " beside the query" : "");
    return BL_OK;
}

/* Rows [n, dim] that were just read: finite, and small enough for sums in double. Counts zero rows into *zero unless it
 * is NULL. */
static int check_rows(struct search *search, enum bl_type type, const char *rows, int64_t first, int64_t n,
                      const char *where, int64_t *zero, struct bl_error *err)
{
    const int64_t dim = search->dim, row_bytes = dim * (int64_t)bl_type_bytes(type);
    const int64_t bad = bl_first_not_finite(type, rows, n * dim);
    if (bad >= 0)
        return bl_fail(err, BL_NUMBERS,
                       "%s: row %" PRId64 " has a NaN or Inf in column %" PRId64
                       ", so it is at no distance from others; repair or remove it",
                       where, first + bad / dim, bad % dim);
    for (int64_t i = 0; i < n && (zero || type == BL_FLOAT64); i++) {
        bl_type_to_double(type, rows + i * row_bytes, dim, search->scratch);
        const double square = bl_metric_square(dim, search->scratch);
        if (!(square <= SQUARE_MAX))
            return bl_fail(err, BL_NUMBERS,
                           "%s: row %" PRId64
                           " is too long: its square isn't a number of double precision; scale the "
                           "data",
                           where, first + i);
        if (zero)
            *zero += square == 0.0;
    }
    return BL_OK;
}

static int read_rows(struct search *search, struct par_dataset *dataset, int64_t first, int64_t n, char *rows,
                     const char *where, int64_t *zero, struct bl_error *err)
{
    const int code = par_dataset_read_local(dataset, first, n, rows, NULL, NULL, err);
    if (code != BL_OK)
        return code;
    return check_rows(search, dataset_split(dataset)->type, rows, first, n, where, zero, err);
}

/* Half of the memory is for queries with their candidates, scores and tiles, half for rows of the database. */
static struct bl_nearest_shape choose_sizes(struct search *search, int64_t n_local)
{
    const struct par_split *queries = dataset_split(search->queries),
                           *database = dataset_split(search->database);
    const int64_t half = search->request->memory_bytes / 2;
    const int64_t row_bytes = search->dim * (int64_t)bl_type_bytes(database->type);
    struct bl_nearest_shape shape = {
        .k = search->request->k, .query_type = queries->type, .row_type = database->type};
    shape.tile_rows =
        bl_max(TILE_ROWS_LEAST, bl_min(TILE_ROWS, half / 8 / (search->dim * (int64_t)sizeof(float))));
    const int64_t left = half - bl_nearest_fixed_bytes(&shape, search->dim, search->request->threads);
    search->block_queries = bl_max(1, bl_min(n_local, left / bl_nearest_query_bytes(&shape, search->dim)));
    search->part_rows = bl_max(1, bl_min(bl_min(search->rows, INT32_MAX), half / row_bytes));
    search->blocks = (n_local + search->block_queries - 1) / search->block_queries;
    shape.queries = search->block_queries;
    return shape;
}

static int set_up(struct search *search, int64_t n_local, struct bl_error *err)
{
    const struct par_split *database = dataset_split(search->database);
    const struct bl_nearest_shape shape = choose_sizes(search, n_local);
    const int64_t sample = bl_min(search->part_rows, FRAME_ROWS);
    const struct bl_buffer buffers[] = {
        {&search->query_rows, shape.queries * search->dim, bl_type_bytes(shape.query_type), "queries", 0},
        {&search->part, search->part_rows * search->dim, bl_type_bytes(shape.row_type),
         "rows of the database", 0},
        {&search->centre, search->dim, sizeof(double), "a centre", 1},
        {&search->scratch, search->dim, sizeof(double), "a row", 0},
    };
    search->held = -1;
    int code = bl_alloc_all(buffers, (int64_t)(sizeof buffers / sizeof *buffers), err);
    if (code == BL_OK)
        code = read_rows(search, search->database, 0, sample, search->part, search->request->database, NULL,
                         err);
    if (code == BL_OK)
        code = bl_product_init(&search->product, BL_PRODUCT_BLAS, search->request->threads, err);
    if (code != BL_OK)
        return code;
    const struct bl_frame frame = bl_frame_of(search->request->metric, database->type, search->part, sample,
                                              search->dim, search->centre, search->scratch);
    return bl_nearest_init(&search->nearest, &shape, &frame, &search->product, err);
}

static void tear_down(struct search *search)
{
    bl_nearest_free(&search->nearest);
    bl_product_free(&search->product);
    bl_free(&search->query_rows);
    bl_free(&search->part);
    bl_free(&search->centre);
    bl_free(&search->scratch);
}

/* Shows how far this rank is, twice a second. */
static void show_progress(void *context, int64_t done)
{
    struct search *search = context;
    const double now = bl_clock_seconds(), all = (double)search->blocks * (double)search->rows;
    const double part = ((double)search->block * (double)search->rows + (double)(search->first + done)) / all;
    char left[32];
    if (now - search->said < 0.5)
        return;
    search->said = now;
    bl_duration((now - search->begun) * (1.0 - part) / part, left, sizeof left);
    bl_log_progress("neighbours: %.0f %%, %s left", 100.0 * part, left);
}

/* All rows of the database pass by the block of queries. If they are one part, it is read once. */
static int pass_rows(struct search *search, struct bl_error *err)
{
    int64_t *zero =
        search->request->metric == BL_METRIC_COSINE && search->block == 0 ? &search->found->zero_rows : NULL;
    for (int64_t first = 0; first < search->rows; first += search->part_rows) {
        const int64_t n = bl_min(search->rows - first, search->part_rows);
        int code = search->held == first ? BL_OK
                                         : read_rows(search, search->database, first, n, search->part,
                                                     search->request->database, zero, err);
        if (code != BL_OK)
            return code;
        search->held = search->first = first;
        bl_nearest_rows(&search->nearest, search->part, n, first, show_progress, search);
    }
    return BL_OK;
}

static int search_blocks(struct search *search, struct bl_error *err)
{
    struct par_nearest *found = search->found;
    int64_t *zero = search->request->metric == BL_METRIC_COSINE ? &found->zero_queries : NULL;
    search->begun = search->said = bl_clock_seconds();
    for (int64_t lo = found->lo; lo < found->hi; lo += search->block_queries, search->block++) {
        const int64_t n = bl_min(found->hi - lo, search->block_queries);
        int code = read_rows(search, search->queries, lo, n, search->query_rows, search->request->queries,
                             zero, err);
        if (code == BL_OK) {
            bl_nearest_begin(&search->nearest, search->query_rows, n, search->request->is_same ? lo : -1);
            code = pass_rows(search, err);
        }
        if (code != BL_OK)
            return code;
        for (int64_t i = 0; i < n; i++)
            bl_nearest_take(&search->nearest, i, found->rows + (lo - found->lo + i) * found->k,
                            found->distances + (lo - found->lo + i) * found->k);
    }
    return BL_OK;
}

/* All that this rank does by itself. */
static int search_local(struct search *search, struct bl_error *err)
{
    struct par_nearest *found = search->found;
    const int64_t n = found->hi - found->lo;
    int code = bl_alloc(&found->rows, n * found->k, sizeof *found->rows, "neighbours", err);
    if (code == BL_OK)
        code = bl_alloc(&found->distances, n * found->k, sizeof *found->distances, "distances", err);
    if (code == BL_OK && n > 0)
        code = set_up(search, n, err);
    if (code == BL_OK && n > 0)
        code = search_blocks(search, err);
    tear_down(search);
    return code;
}

int par_nearest_rows(struct par par, struct par_dataset *queries, struct par_dataset *database,
                     const struct par_nearest_request *request, struct par_nearest *found,
                     struct bl_error *err)
{
    struct search search = {.queries = queries, .database = database, .request = request, .found = found};
    *found = (struct par_nearest){.k = request->k};
    search.dim = dataset_split(database)->dim;
    search.rows = dataset_split(database)->rows;
    int code = check_request(dataset_split(queries), dataset_split(database), request, err);
    if (code != BL_OK)
        return code; /* on all ranks */
    bl_share(dataset_split(queries)->rows, par.rank, par.size, &found->lo, &found->hi);
    code = par_agree(par, search_local(&search, err), err);
    if (code != BL_OK) {
        par_nearest_free(found);
        return code;
    }
    par_sum_integers(par, &found->zero_queries, 1);
    found->zero_rows = par_max_integer(par, found->zero_rows); /* every rank with queries has seen all rows */
    return BL_OK;
}

void par_nearest_free(struct par_nearest *found)
{
    bl_free(&found->rows);
    bl_free(&found->distances);
}
