#include "mpi/step/gather.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/agree.h"

enum { WORD_BYTES = 4 };

void par_gather_own_local(struct par_gather *gather, const uint32_t *labels)
{
    if (gather->row.label_words > 0)
        memcpy(gather->labels + gather->first * gather->row.label_words, labels,
               (size_t)(gather->n_local * gather->row.label_words) * sizeof *labels);
}

static void begin_labels(struct par_gather *gather)
{
    par_spread_begin(&gather->spread, &gather->labels_flight, PAR_TRAFFIC_CODES, gather->labels,
                     gather->row.label_words * WORD_BYTES);
}

static void begin_codes(struct par_gather *gather)
{
    par_spread_begin(&gather->spread, &gather->codes_flight, PAR_TRAFFIC_CODES, gather->rows,
                     gather->stride * WORD_BYTES);
}

void par_gather_begin_labels(struct par_gather *gather, const uint32_t *labels)
{
    par_gather_own_local(gather, labels);
    par_nodes_meet(gather->nodes); /* a lane sends rows of all ranks of its node */
    begin_labels(gather);
}

void par_gather_wait_labels(struct par_gather *gather)
{
    par_flight_wait(&gather->labels_flight);
    par_nodes_meet(gather->nodes); /* the other lanes have theirs too */
}

void par_gather_begin_codes(struct par_gather *gather)
{
    par_nodes_meet(gather->nodes);
    begin_codes(gather);
}

void par_gather_wait_codes(struct par_gather *gather)
{
    par_flight_wait(&gather->codes_flight);
    par_nodes_meet(gather->nodes);
}

static int init_flights(struct par_gather *gather, struct bl_error *err)
{
    if (!gather->row.in_flight)
        return BL_OK;
    begin_labels(gather); /* rehearsed */
    begin_codes(gather);
    int code = flight_reserve(&gather->labels_flight, err);
    return code == BL_OK ? flight_reserve(&gather->codes_flight, err) : code;
}

static int64_t stride_of(const struct gather_row *row)
{
    return row->bits + (row->in_flight ? 0 : row->label_words) + (row->with_places != 0);
}

int64_t par_gather_row_bytes_local(const struct gather_row *row)
{
    return (row->bits + row->label_words + (row->with_places != 0)) * WORD_BYTES;
}

int64_t par_gather_bytes_local(int64_t n_global, const struct gather_row *row)
{
    return par_window_align_local(n_global * stride_of(row) * WORD_BYTES) +
           par_window_align_local(n_global * row->label_words * WORD_BYTES) +
           (row->with_places ? n_global * WORD_BYTES : 0);
}

struct par_traffic_count par_gather_traffic_local(const struct gather_row *row, int64_t lane_rows,
                                                  int64_t own_rows, int n_nodes)
{
    const int64_t codes = stride_of(row) * WORD_BYTES, labels = row->label_words * WORD_BYTES;
    struct par_traffic_count count = {0};
    if (lane_rows == 0)
        return count;
    count = traffic_allgather(lane_rows * codes, own_rows * codes, n_nodes);
    if (row->in_flight && labels > 0) {
        const struct par_traffic_count before =
            traffic_allgather(lane_rows * labels, own_rows * labels, n_nodes);
        traffic_add(&count, &before);
    }
    return count;
}

/* One window for the three arrays, one behind the other. */
static int init_window(struct par_gather *gather, struct bl_error *err)
{
    const int64_t bytes = par_gather_bytes_local(gather->n_global, &gather->row);
    int code = par_window_init(&gather->window, gather->nodes, bytes, 0, "codes of the global batch", err);
    if (code != BL_OK)
        return code;
    char *at = gather->window.at;
    gather->rows = (float *)at;
    at += par_window_align_local(gather->n_global * gather->stride * WORD_BYTES);
    gather->labels = (uint32_t *)at;
    at += par_window_align_local(gather->n_global * gather->row.label_words * WORD_BYTES);
    gather->places = gather->row.with_places ? (uint32_t *)at : NULL;
    return BL_OK;
}

/* Which rows are whose. */
static int init_rows(struct par_gather *gather, int64_t n_local, struct bl_error *err)
{
    const struct par_nodes *nodes = gather->nodes;
    const struct par par = nodes->all;
    int code = par_agree(par, blocks_init(&gather->rank_rows, par.size, err), err);
    if (code != BL_OK)
        return code;
    par_blocks_gather(&gather->rank_rows, par, n_local);
    const int64_t *begin = gather->rank_rows.begin;
    gather->first = begin[par.rank];
    gather->n_global = begin[par.size];
    gather->node_first = begin[nodes->first[nodes->own]];
    gather->node_end = begin[nodes->first[nodes->own + 1]];
    return par_agree(par, par_spread_init_local(&gather->spread, nodes, begin, err), err);
}

int par_gather_init(struct par_gather *gather, const struct par_nodes *nodes, int64_t n_local,
                    const struct gather_row *row, struct bl_error *err)
{
    *gather = (struct par_gather){.nodes = nodes, .row = *row, .stride = stride_of(row), .n_local = n_local};
    int code = init_rows(gather, n_local, err);
    if (code == BL_OK)
        code = init_window(gather, err);
    if (code == BL_OK)
        code = par_agree(nodes->all, init_flights(gather, err), err);
    if (code != BL_OK)
        par_gather_free(gather);
    return code;
}

void par_gather_free(struct par_gather *gather)
{
    par_window_free(&gather->window);
    par_spread_free(&gather->spread);
    blocks_free(&gather->rank_rows);
    par_flight_free(&gather->labels_flight);
    par_flight_free(&gather->codes_flight);
}

/* Words that travel in rows [lo, hi) behind `column` floats, to or from a table of their own, which begins
 * with row `lo`. */
static void pack(struct par_gather *gather, int64_t column, int64_t words, int64_t lo, int64_t hi,
                 const uint32_t *table)
{
    for (int64_t i = lo; i < hi && words > 0; i++)
        memcpy(gather->rows + i * gather->stride + column, table + (i - lo) * words,
               (size_t)words * sizeof *table);
}

static void unpack(const struct par_gather *gather, int64_t column, int64_t words, int64_t lo, int64_t hi,
                   uint32_t *table)
{
    for (int64_t i = lo; i < hi && words > 0; i++)
        memcpy(table + (i - lo) * words, gather->rows + i * gather->stride + column,
               (size_t)words * sizeof *table);
}

static void unpack_carried(struct par_gather *gather)
{
    for (int k = 0; k < gather->nodes->n_nodes; k++) {
        int64_t lo, hi;
        par_spread_rows_local(&gather->spread, k, &lo, &hi);
        unpack(gather, gather->row.bits, gather->row.label_words, lo, hi,
               gather->labels + lo * gather->row.label_words);
        if (gather->row.with_places)
            unpack(gather, gather->row.bits + gather->row.label_words, 1, lo, hi, gather->places + lo);
    }
}

void par_gather_run(struct par_gather *gather, const uint32_t *labels)
{
    const int64_t lo = gather->first, hi = lo + gather->n_local;
    par_gather_own_local(gather, labels);
    if (gather->nodes->n_nodes > 1) {
        pack(gather, gather->row.bits, gather->row.label_words, lo, hi, labels);
        if (gather->row.with_places)
            pack(gather, gather->row.bits + gather->row.label_words, 1, lo, hi, gather->places + lo);
        par_nodes_meet(gather->nodes); /* a lane sends rows of all ranks of its node */
        par_spread_run(&gather->spread, PAR_TRAFFIC_CODES, gather->rows, gather->stride * WORD_BYTES);
        unpack_carried(gather);
    }
}
