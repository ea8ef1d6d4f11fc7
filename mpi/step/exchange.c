#include "mpi/step/exchange.h"

#include "mpi/ranks/agree.h"

static void poke_codes(void *context)
{
    struct par_exchange *exchange = context;
    par_flight_poke_local(&exchange->gather.codes_flight);
}

static void wait_for_codes(void *context)
{
    struct par_exchange *exchange = context;
    phases_enter(exchange->phases, PHASE_GATHER);
    par_gather_wait_codes(&exchange->gather);
    phases_enter(exchange->phases, PHASE_OBJECTIVE);
}

static int init_pairs(struct par_exchange *exchange, const struct par_exchange_parts *parts,
                      struct bl_error *err)
{
    const struct par_nodes *nodes = exchange->nodes;
    const int64_t *rows = exchange->gather.rank_rows.begin;
    if (!par_pair_return_wanted_local(parts->config, exchange->gather.n_global))
        return BL_OK;
    int code = par_pair_return_init(&exchange->pairs, nodes, rows, parts->objective->bits,
                                    (int)parts->config->train.threads, err);
    if (code != BL_OK)
        return code;
    code = bl_objective_visit_once(parts->objective, rows + nodes->first[nodes->own], nodes->node.size,
                                   nodes->node.rank, exchange->pairs.part, err);
    return par_agree(nodes->all, code, err);
}

int par_exchange_init(struct par_exchange *exchange, const struct par_nodes *nodes,
                      const struct par_exchange_parts *parts, struct bl_error *err)
{
    const struct bl_objective *objective = parts->objective;
    *exchange = (struct par_exchange){.nodes = nodes,
                                      .phases = parts->phases,
                                      .memory = parts->memory,
                                      .wants_codes = bl_objective_needs_gather(objective)};
    const struct gather_row row = {.bits = objective->bits,
                                   .label_words = parts->label_words,
                                   .with_places = parts->memory->rows > 0,
                                   .in_flight = parts->in_flight};
    int code = par_gather_init(&exchange->gather, nodes, parts->n_local, &row, err);
    if (code == BL_OK)
        code = init_pairs(exchange, parts, err);
    if (code == BL_OK)
        code = par_sums_init(&exchange->sums, nodes, bl_objective_n_sums(objective), err);
    exchange->arrival = (struct bl_arrival){.context = exchange,
                                            .lo = exchange->gather.node_first,
                                            .hi = exchange->gather.node_end,
                                            .poke = poke_codes,
                                            .wait = wait_for_codes};
    if (code != BL_OK)
        par_exchange_free(exchange);
    return code;
}

void par_exchange_free(struct par_exchange *exchange)
{
    par_gather_free(&exchange->gather);
    par_sums_free(&exchange->sums);
    par_pair_return_free(&exchange->pairs);
}

float *par_exchange_own_codes_local(const struct par_exchange *exchange)
{
    return exchange->gather.rows + exchange->gather.first * exchange->gather.stride;
}

void par_exchange_begin(struct par_exchange *exchange, const struct par_batch *own)
{
    if (exchange->gather.row.in_flight)
        par_gather_begin_labels(&exchange->gather, own->labels);
}

void par_exchange_codes(struct par_exchange *exchange, const struct par_batch *own)
{
    struct par_gather *gather = &exchange->gather;
    if (!exchange->wants_codes) {
        par_gather_own_local(gather, own->labels);
        return;
    }
    phases_enter(exchange->phases, PHASE_GATHER);
    if (gather->row.in_flight) {
        par_gather_wait_labels(gather);
        return;
    }
    par_code_memory_places_local(exchange->memory, own->rows, own->n_local, gather);
    par_gather_run(gather, own->labels);
    par_code_memory_take_local(exchange->memory, gather);
    par_nodes_meet(
        exchange->nodes); /* codes, and a memory with them in it, are there for all ranks of the node */
}

void par_exchange_sums(struct par_exchange *exchange, int64_t *sums)
{
    par_sums_run(&exchange->sums, sums);
    if (exchange->gather.row
            .in_flight) /* not before: the few bytes of the sums would wait behind the codes */
        par_gather_begin_codes(&exchange->gather);
}

void par_exchange_pairs(struct par_exchange *exchange, float *dh)
{
    if (!exchange->pairs.part)
        return;
    phases_enter(exchange->phases, PHASE_GATHER);
    par_pair_return_add(&exchange->pairs, dh);
    phases_enter(exchange->phases, PHASE_OBJECTIVE);
}

struct bl_batch par_exchange_batch_local(const struct par_exchange *exchange, struct bl_label_layout labels,
                                         const float *h)
{
    const struct par_gather *gather = &exchange->gather;
    return (struct bl_batch){.n_global = gather->n_global,
                             .n_local = gather->n_local,
                             .first = gather->first,
                             .bits = gather->row.bits,
                             .h = h,
                             .codes = gather->rows,
                             .codes_stride = gather->stride,
                             .label_layout = labels,
                             .labels = gather->labels,
                             .memory = par_code_memory_columns_local(exchange->memory, gather),
                             .arrival = gather->row.in_flight ? &exchange->arrival : NULL};
}
