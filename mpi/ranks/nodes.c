#include "mpi/ranks/nodes.h"

#include <stdatomic.h>

#include "base/buffer.h"
#include "base/share.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* This rank alone, with the counters and limits of `par`. */
static struct par only_this(struct par par)
{
    par.comm = MPI_COMM_NULL;
    par.rank = 0;
    par.size = 1;
    return par;
}

/* The ranks of the same color, ordered by key; color < 0: this rank alone. Communicators of one rank are
 * freed at once. Collective. */
static struct par split(struct par par, int color, int key)
{
    struct par part = par;
    MPI_Comm_split(par.comm, color < 0 ? MPI_UNDEFINED : color, key, &part.comm);
    if (part.comm == MPI_COMM_NULL)
        return only_this(par);
    MPI_Comm_rank(part.comm, &part.rank);
    MPI_Comm_size(part.comm, &part.size);
    if (part.size == 1) {
        MPI_Comm_free(&part.comm);
        return only_this(par);
    }
    return part;
}

/* From number [size], the node of each rank: first[k] for each node, n_lanes = the fewest ranks of any node,
 * and this rank's own node. */
static void set_first(struct par_nodes *nodes, const int64_t *number)
{
    nodes->n_nodes = 0;
    for (int r = 0; r < nodes->all.size; r++)
        if (r == 0 || number[r] != number[r - 1])
            nodes->first[nodes->n_nodes++] = r;
    nodes->first[nodes->n_nodes] = nodes->all.size;
    nodes->n_lanes = nodes->all.size;
    for (int k = 0; k < nodes->n_nodes; k++) {
        const int ranks = nodes->first[k + 1] - nodes->first[k];
        nodes->n_lanes = ranks < nodes->n_lanes ? ranks : nodes->n_lanes;
        if (nodes->first[k] <= nodes->all.rank && nodes->all.rank < nodes->first[k + 1])
            nodes->own = k;
    }
    nodes->is_even = nodes->n_lanes * nodes->n_nodes == nodes->all.size;
}

static void connect(struct par_nodes *nodes)
{
    const int place = nodes->all.rank - nodes->first[nodes->own];
    nodes->node = split(nodes->all, nodes->own, place);
    if (nodes->node.size > 1)
        MPI_Comm_dup(nodes->node.comm, &nodes->second);
    /* Lane l holds the l-th rank of every node, in the order of nodes. */
    nodes->lane = split(nodes->all, place < nodes->n_lanes ? place : -1, nodes->own);
}

int par_nodes_init_numbered(struct par_nodes *nodes, struct par par, int number, struct bl_error *err)
{
    int64_t *numbers = NULL;
    *nodes = (struct par_nodes){.all = par,
                                .node = only_this(par),
                                .lane = only_this(par),
                                .second = MPI_COMM_NULL,
                                .n_nodes = 1,
                                .n_lanes = 1,
                                .is_even = 1};
    int code = bl_alloc_zero(&nodes->first, par.size + 1, sizeof(int), "the list of nodes", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&numbers, par.size, sizeof *numbers, "the list of nodes", err);
    code = par_agree(par, code, err);
    if (code == BL_OK && par.size > 1) {
        numbers[par.rank] = number; /* the sum with the others' zeros is an allgather */
        par_sum_integers(par, numbers, par.size);
        set_first(nodes, numbers);
        connect(nodes);
    } else if (code == BL_OK) {
        nodes->first[1] = 1;
    }
    bl_free(&numbers);
    if (code != BL_OK)
        par_nodes_free(nodes);
    return code;
}

int par_nodes_init(struct par_nodes *nodes, struct par par, enum par_sharing sharing, struct bl_error *err)
{
    int number = par.rank;
    if (sharing == PAR_SHARE_HOSTS && par.size > 1) {
        /* par_world numbers the ranks of a host one after the other, so this is the host's first rank. */
        struct par host = par_on_host(par);
        number = par.rank - host.rank;
        par_leave_host(&host);
    }
    return par_nodes_init_numbered(nodes, par, number, err);
}

void par_nodes_free(struct par_nodes *nodes)
{
    if (!nodes->first)
        return;
    /* Freeing a communicator is collective: all ranks free theirs in the same order. */
    if (nodes->node.comm != MPI_COMM_NULL)
        MPI_Comm_free(&nodes->node.comm);
    if (nodes->second != MPI_COMM_NULL)
        MPI_Comm_free(&nodes->second);
    if (nodes->lane.comm != MPI_COMM_NULL)
        MPI_Comm_free(&nodes->lane.comm);
    bl_free(&nodes->first);
}

int par_nodes_in_lane_local(const struct par_nodes *nodes)
{
    return nodes->node.rank < nodes->n_lanes;
}

void par_nodes_meet(const struct par_nodes *nodes)
{
    if (nodes->node.size == 1)
        return;
    /* A barrier orders ranks, not memory: the fences keep stores into a window before it and loads after. */
    atomic_thread_fence(memory_order_seq_cst);
    MPI_Barrier(nodes->node.comm);
    atomic_thread_fence(memory_order_seq_cst);
}

void par_nodes_share_local(const struct par_nodes *nodes, int64_t n, int64_t *lo, int64_t *hi)
{
    bl_share(n, nodes->node.rank, nodes->node.size, lo, hi);
}

struct par par_lane_as_local(const struct par_nodes *nodes, enum par_traffic_kind kind)
{
    return par_as_local(nodes->lane, kind);
}
