#include "mpi/ranks/collective.h"

#include <string.h>

#include "base/buffer.h"

enum { TAG = 1 };

void par_count_local(struct par par, struct par_traffic_count more)
{
    if (!par.traffic)
        return;
    struct par_traffic_count *sum = &par.traffic->of[par.kind];
    sum->collectives += more.collectives;
    sum->messages += more.messages;
    sum->sent_bytes += more.sent_bytes;
    sum->received_bytes += more.received_bytes;
}

/* At least one element, however large it is. */
int64_t par_piece_local(struct par par, int64_t element_bytes)
{
    return par.piece_bytes > element_bytes ? par.piece_bytes / element_bytes : 1;
}

/* MPI counts in an int, so every call below moves one piece of the array at a time. */
static int64_t shorter(int64_t left, int64_t piece)
{
    return left < piece ? left : piece;
}

/* Known here for the types in use: a lone process, which never starts MPI, may not call MPI_Type_size. */
static int64_t bytes_of(MPI_Datatype type)
{
    const struct {
        MPI_Datatype type;
        int bytes;
    } known[] = {{MPI_FLOAT, 4}, {MPI_UINT32_T, 4}, {MPI_DOUBLE, 8}, {MPI_INT64_T, 8}, {MPI_UINT64_T, 8}};
    int bytes;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].type == type)
            return known[i].bytes;
    MPI_Type_size(type, &bytes);
    return bytes;
}

/* values = op over ranks of `from`, or of values itself if from is NULL. */
static void allreduce(struct par par, const char *from, char *values, int64_t n, MPI_Datatype type, MPI_Op op)
{
    const int64_t bytes = bytes_of(type), piece = par_piece_local(par, bytes);
    par_count_local(par, traffic_allreduce(n, bytes, par.rank, par.size));
    for (int64_t at = 0; at < n; at += piece)
        MPI_Allreduce(from ? from + at * bytes : MPI_IN_PLACE, values + at * bytes,
                      (int)shorter(n - at, piece), type, op, par.comm);
}

void par_allreduce(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op)
{
    if (par.size > 1 && n > 0)
        allreduce(par, NULL, values, n, type, op);
}

void par_allreduce_from(struct par par, const void *from, void *values, int64_t n, MPI_Datatype type,
                        MPI_Op op)
{
    if (par.size > 1 && n > 0)
        allreduce(par, from, values, n, type, op);
    else /* one rank: the sum over ranks is its own value */
        memcpy(values, from, (size_t)(n * bytes_of(type)));
}

void par_reduce_to_root(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op)
{
    if (par.size == 1 || n == 0)
        return;
    const int64_t bytes = bytes_of(type), piece = par_piece_local(par, bytes);
    const int is_root = par.rank == 0;
    /* Every other rank sends its n elements once; rank 0 receives n (P - 1). */
    par_count_local(par,
                    (struct par_traffic_count){.collectives = 1,
                                               .messages = !is_root,
                                               .sent_bytes = is_root ? 0 : n * bytes,
                                               .received_bytes = is_root ? n * bytes * (par.size - 1) : 0});
    for (int64_t at = 0; at < n; at += piece) {
        char *part = (char *)values + at * bytes;
        /* Only the root may pass MPI_IN_PLACE; its values are then both operand and result. */
        MPI_Reduce(is_root ? MPI_IN_PLACE : part, is_root ? part : NULL, (int)shorter(n - at, piece), type,
                   op, 0, par.comm);
    }
}

void par_broadcast_from(struct par par, int root, void *bytes, int64_t n_bytes)
{
    const int is_root = par.rank == root;
    if (par.size == 1 || n_bytes == 0)
        return;
    /* By the convention: the root sends n to each of P - 1 ranks. */
    par_count_local(par, (struct par_traffic_count){.collectives = 1,
                                                    .messages = is_root ? par.size - 1 : 0,
                                                    .sent_bytes = is_root ? n_bytes * (par.size - 1) : 0,
                                                    .received_bytes = is_root ? 0 : n_bytes});
    for (int64_t at = 0; at < n_bytes; at += par_piece_local(par, 1))
        MPI_Bcast((char *)bytes + at, (int)shorter(n_bytes - at, par_piece_local(par, 1)), MPI_BYTE, root,
                  par.comm);
}

void par_broadcast(struct par par, void *bytes, int64_t n_bytes)
{
    par_broadcast_from(par, 0, bytes, n_bytes);
}

/* Sends n_out bytes to rank `to` while receiving n_in bytes from rank `from`, piece by piece. The two may
 * differ in length: the side that is finished takes part as MPI_PROC_NULL. */
static void exchange(struct par par, int to, const char *out, int64_t n_out, int from, char *in, int64_t n_in)
{
    const int64_t piece = par_piece_local(par, 1);
    for (int64_t at = 0; at < n_out || at < n_in; at += piece) {
        const int send = at < n_out ? (int)shorter(n_out - at, piece) : 0;
        const int receive = at < n_in ? (int)shorter(n_in - at, piece) : 0;
        MPI_Sendrecv(send ? out + at : NULL, send, MPI_BYTE, send ? to : MPI_PROC_NULL, TAG,
                     receive ? in + at : NULL, receive, MPI_BYTE, receive ? from : MPI_PROC_NULL, TAG,
                     par.comm, MPI_STATUS_IGNORE);
    }
}

/* Without gaps one array [size + 1] serves as both begin and end: end[r] = begin[r + 1]. */
static int init_blocks(struct par_blocks *blocks, int size, int apart, struct bl_error *err)
{
    *blocks = (struct par_blocks){.apart = apart};
    int code = bl_alloc_zero(&blocks->begin, size + 1, sizeof *blocks->begin, "blocks of ranks", err);
    if (code == BL_OK && apart)
        code = bl_alloc_zero(&blocks->end, size, sizeof *blocks->end, "blocks of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&blocks->counts, size, sizeof(int), "blocks of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&blocks->starts, size, sizeof(int), "blocks of ranks", err);
    if (code != BL_OK)
        blocks_free(blocks);
    else if (!apart)
        blocks->end = blocks->begin + 1;
    return code;
}

int blocks_init(struct par_blocks *blocks, int size, struct bl_error *err)
{
    return init_blocks(blocks, size, 0, err);
}

int blocks_init_apart(struct par_blocks *blocks, int size, struct bl_error *err)
{
    return init_blocks(blocks, size, 1, err);
}

void blocks_free(struct par_blocks *blocks)
{
    if (blocks->apart) /* otherwise end points into begin */
        bl_free(&blocks->end);
    bl_free(&blocks->begin);
    bl_free(&blocks->counts);
    bl_free(&blocks->starts);
    blocks->end = NULL;
}

void par_blocks_gather(struct par_blocks *blocks, struct par par, int64_t own_units)
{
    int64_t *each = blocks->begin + 1;
    each[par.rank] = own_units;
    if (par.size > 1) {
        const int64_t n_bytes = sizeof(int64_t);
        par_count_local(par, traffic_allgather(par.size * n_bytes, n_bytes, par.size));
        MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, each, 1, MPI_INT64_T, par.comm);
    }
    /* Prefix sums: begin[r + 1] = begin[r] + units of rank r. */
    blocks->begin[0] = 0;
    for (int r = 0; r < par.size; r++)
        each[r] += blocks->begin[r];
}

struct par_traffic_count par_blocks_traffic_local(struct par par, const struct par_blocks *blocks,
                                                  int64_t unit_bytes)
{
    int64_t units = 0;
    for (int r = 0; r < par.size; r++)
        units += blocks->end[r] - blocks->begin[r];
    if (par.size == 1 || units == 0)
        return (struct par_traffic_count){0};
    return traffic_allgather(units * unit_bytes,
                             (blocks->end[par.rank] - blocks->begin[par.rank]) * unit_bytes, par.size);
}

/* Ring allgather: in round k each rank passes block (rank - k) mod size, the one it received last, to its
 * right neighbour and receives block (rank - k - 1) mod size from the left. Thakur, Rabenseifner and
 * Gropp, "Optimization of collective communication operations in MPICH", IJHPCA 19, 2005, section 4.1. */
static void allgather_ring(struct par par, const struct par_blocks *blocks, char *values, int64_t unit_bytes)
{
    const int size = par.size, right = (par.rank + 1) % size, left = (par.rank + size - 1) % size;
    for (int round = 0; round + 1 < size; round++) {
        const int out = (par.rank - round + size) % size, in = (par.rank - round - 1 + size) % size;
        exchange(par, right, values + blocks->begin[out] * unit_bytes,
                 (blocks->end[out] - blocks->begin[out]) * unit_bytes, left,
                 values + blocks->begin[in] * unit_bytes, (blocks->end[in] - blocks->begin[in]) * unit_bytes);
    }
}

void par_allgather(struct par par, struct par_blocks *blocks, void *values, int64_t unit_bytes)
{
    const struct par_traffic_count count = par_blocks_traffic_local(par, blocks, unit_bytes);
    if (count.collectives == 0)
        return;
    par_count_local(par, count);
    /* MPI_Allgatherv takes offsets as int: beyond that an own ring, whose messages can be cut. */
    if (blocks->end[par.size - 1] * unit_bytes > par_piece_local(par, 1)) {
        allgather_ring(par, blocks, values, unit_bytes);
        return;
    }
    /* All blocks together are fewer bytes than an int counts, so they move as bytes. */
    for (int r = 0; r < par.size; r++) {
        blocks->starts[r] = (int)(blocks->begin[r] * unit_bytes);
        blocks->counts[r] = (int)((blocks->end[r] - blocks->begin[r]) * unit_bytes);
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, blocks->counts, blocks->starts, MPI_BYTE,
                   par.comm);
}
