#include "mpi/gather.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/agree.h"

void par_gather_own_local(struct par_gather *gather, const uint32_t *labels)
{
    if (gather->label_words > 0)
        memcpy(gather->labels + gather->first * gather->label_words, labels,
               (size_t)(gather->n_local * gather->label_words) * sizeof *labels);
}

static void begin_labels(struct par_gather *gather)
{
    par_allgather_begin(&gather->labels_flight, gather->par, &gather->rank_rows, gather->labels,
                        gather->label_words * (int64_t)sizeof *gather->labels);
}

void par_gather_begin_labels(struct par_gather *gather, const uint32_t *labels)
{
    par_gather_own_local(gather, labels);
    begin_labels(gather);
}

void par_gather_begin_codes(struct par_gather *gather)
{
    par_allgather_begin(&gather->codes_flight, gather->par, &gather->rank_rows, gather->rows,
                        gather->stride * (int64_t)sizeof *gather->rows);
}

static int init_flights(struct par_gather *gather, struct bl_error *err)
{
    if (!gather->in_flight)
        return BL_OK;
    begin_labels(gather); /* rehearsed */
    par_gather_begin_codes(gather);
    int code = par_flight_reserve(&gather->labels_flight, err);
    return code == BL_OK ? par_flight_reserve(&gather->codes_flight, err) : code;
}

int par_gather_init(struct par_gather *gather, struct par par, int64_t n_local, int64_t bits,
                    int64_t label_words, int with_places, int in_flight, struct bl_error *err)
{
    *gather = (struct par_gather){.par = par_as_local(par, PAR_TRAFFIC_CODES),
                                  .bits = bits,
                                  .label_words = label_words,
                                  .place_words = with_places != 0,
                                  .in_flight = in_flight,
                                  .stride = bits + (in_flight ? 0 : label_words) + (with_places != 0),
                                  .n_local = n_local};
    int code = par_agree(par, par_blocks_init(&gather->rank_rows, par.size, err), err);
    if (code != BL_OK)
        return code;
    par_blocks_gather(&gather->rank_rows, par, n_local);
    gather->first = gather->rank_rows.begin[par.rank];
    gather->n_global = gather->rank_rows.begin[par.size];
    code = bl_alloc(&gather->rows, gather->n_global * gather->stride, sizeof(float),
                    "codes of the global batch", err);
    if (code == BL_OK)
        code = bl_alloc(&gather->labels, gather->n_global * label_words, sizeof(uint32_t),
                        "labels of the global batch", err);
    if (code == BL_OK && with_places)
        code =
            bl_alloc(&gather->places, gather->n_global, sizeof(uint32_t), "places of the global batch", err);
    if (code == BL_OK)
        code = init_flights(gather, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_gather_free(gather);
    return code;
}

void par_gather_free(struct par_gather *gather)
{
    par_blocks_free(&gather->rank_rows);
    bl_free(&gather->rows);
    bl_free(&gather->labels);
    bl_free(&gather->places);
    par_flight_free(&gather->labels_flight);
    par_flight_free(&gather->codes_flight);
}

/* Words that travel in a row behind `column` floats, to or from a table of their own. */
static void pack(struct par_gather *gather, int64_t column, int64_t words, int64_t lo, int64_t hi,
                 const uint32_t *table)
{
    for (int64_t i = lo; i < hi && words > 0; i++)
        memcpy(gather->rows + i * gather->stride + column, table + (i - lo) * words,
               (size_t)words * sizeof *table);
}

static void unpack(const struct par_gather *gather, int64_t column, int64_t words, uint32_t *table)
{
    for (int64_t i = 0; i < gather->n_global && words > 0; i++)
        memcpy(table + i * words, gather->rows + i * gather->stride + column, (size_t)words * sizeof *table);
}

void par_gather_run(struct par_gather *gather, const uint32_t *labels)
{
    const int64_t lo = gather->first, hi = lo + gather->n_local, place = gather->bits + gather->label_words;
    pack(gather, gather->bits, gather->label_words, lo, hi, labels);
    if (gather->place_words > 0)
        pack(gather, place, gather->place_words, lo, hi, gather->places + lo);
    par_allgather(gather->par, &gather->rank_rows, gather->rows,
                  gather->stride * (int64_t)sizeof *gather->rows);
    unpack(gather, gather->bits, gather->label_words, gather->labels);
    unpack(gather, place, gather->place_words, gather->places);
}
