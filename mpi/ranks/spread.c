#include "mpi/ranks/spread.h"

#include "base/share.h"

int par_spread_init_local(struct par_spread *spread, const struct par_nodes *nodes, const int64_t *rows,
                          struct bl_error *err)
{
    *spread = (struct par_spread){.nodes = nodes};
    /* One block for each node, apart: between them lie the rows that other lanes carry. */
    int code = blocks_init_apart(&spread->carried, nodes->n_nodes, err);
    for (int k = 0; k < nodes->n_nodes && code == BL_OK && par_nodes_in_lane_local(nodes); k++) {
        /* Node k brings n rows from `first` on; lane l carries the l-th of n_lanes equal parts of them. */
        const int64_t first = rows[nodes->first[k]], n = rows[nodes->first[k + 1]] - first;
        int64_t lo, hi;
        bl_share(n, nodes->node.rank, nodes->n_lanes, &lo, &hi);
        spread->carried.begin[k] = first + lo;
        spread->carried.end[k] = first + hi;
    }
    return code;
}

void par_spread_free(struct par_spread *spread)
{
    blocks_free(&spread->carried);
}

void par_spread_run(struct par_spread *spread, enum par_traffic_kind kind, void *values, int64_t row_bytes)
{
    if (par_nodes_in_lane_local(spread->nodes))
        par_allgather(par_lane_as_local(spread->nodes, kind), &spread->carried, values, row_bytes);
}

void par_spread_begin(struct par_spread *spread, struct par_flight *flight, enum par_traffic_kind kind,
                      void *values, int64_t row_bytes)
{
    if (par_nodes_in_lane_local(spread->nodes))
        par_allgather_begin(flight, par_lane_as_local(spread->nodes, kind), &spread->carried, values,
                            row_bytes);
}

void par_spread_rows_local(const struct par_spread *spread, int k, int64_t *lo, int64_t *hi)
{
    const int others = k != spread->nodes->own; /* the own node's rows are in its memory already */
    *lo = others ? spread->carried.begin[k] : 0;
    *hi = others ? spread->carried.end[k] : 0;
}
