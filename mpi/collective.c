#include "mpi/collective.h"

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

int64_t par_piece_local(struct par par, int64_t element_bytes)
{
    return par.piece_bytes > element_bytes ? par.piece_bytes / element_bytes : 1;
}

static int64_t shorter(int64_t left, int64_t piece)
{
    return left < piece ? left : piece;
}

static int64_t bytes_of(MPI_Datatype type)
{
    int bytes;
    MPI_Type_size(type, &bytes);
    return bytes;
}

void par_allreduce(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op)
{
    if (par.size == 1 || n == 0)
        return;
    const int64_t bytes = bytes_of(type), piece = par_piece_local(par, bytes);
    par_count_local(par, par_traffic_allreduce(n, bytes, par.rank, par.size));
    for (int64_t at = 0; at < n; at += piece)
        MPI_Allreduce(MPI_IN_PLACE, (char *)values + at * bytes, (int)shorter(n - at, piece), type, op,
                      par.comm);
}

void par_reduce_to_root(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op)
{
    if (par.size == 1 || n == 0)
        return;
    const int64_t bytes = bytes_of(type), piece = par_piece_local(par, bytes);
    const int is_root = par.rank == 0;
    par_count_local(par,
                    (struct par_traffic_count){.collectives = 1,
                                               .messages = !is_root,
                                               .sent_bytes = is_root ? 0 : n * bytes,
                                               .received_bytes = is_root ? n * bytes * (par.size - 1) : 0});
    for (int64_t at = 0; at < n; at += piece) {
        char *part = (char *)values + at * bytes;
        MPI_Reduce(is_root ? MPI_IN_PLACE : part, is_root ? part : NULL, (int)shorter(n - at, piece), type,
                   op, 0, par.comm);
    }
}

void par_broadcast_from(struct par par, int root, void *bytes, int64_t n_bytes)
{
    const int is_root = par.rank == root;
    if (par.size == 1 || n_bytes == 0)
        return;
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

/* What is too much for one call goes between pairs of ranks, piece by piece; who has nothing left to send or
 * to receive talks to nobody. */
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

int par_blocks_init(struct par_blocks *blocks, int size, struct bl_error *err)
{
    *blocks = (struct par_blocks){0};
    int code = bl_alloc_zero(&blocks->begin, size + 1, sizeof *blocks->begin, "blocks of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&blocks->counts, size, sizeof(int), "blocks of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&blocks->starts, size, sizeof(int), "blocks of ranks", err);
    if (code != BL_OK)
        par_blocks_free(blocks);
    return code;
}

void par_blocks_free(struct par_blocks *blocks)
{
    bl_free(&blocks->begin);
    bl_free(&blocks->counts);
    bl_free(&blocks->starts);
}

void par_blocks_gather(struct par_blocks *blocks, struct par par, int64_t own_units)
{
    int64_t *each = blocks->begin + 1;
    each[par.rank] = own_units;
    if (par.size > 1) {
        const int64_t n_bytes = sizeof(int64_t);
        par_count_local(par, par_traffic_allgather(par.size * n_bytes, n_bytes, par.size));
        MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, each, 1, MPI_INT64_T, par.comm);
    }
    blocks->begin[0] = 0;
    for (int r = 0; r < par.size; r++)
        each[r] += blocks->begin[r];
}

/* Ring: in each round the block that came in the last one goes on to the right neighbour. Thakur,
 * Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH", IJHPCA 19, 2005,
 * section 4.1. */
static void allgather_ring(struct par par, const struct par_blocks *blocks, char *values, int64_t unit_bytes)
{
    const int size = par.size, right = (par.rank + 1) % size, left = (par.rank + size - 1) % size;
    for (int round = 0; round + 1 < size; round++) {
        const int out = (par.rank - round + size) % size, in = (par.rank - round - 1 + size) % size;
        exchange(par, right, values + blocks->begin[out] * unit_bytes,
                 (blocks->begin[out + 1] - blocks->begin[out]) * unit_bytes, left,
                 values + blocks->begin[in] * unit_bytes,
                 (blocks->begin[in + 1] - blocks->begin[in]) * unit_bytes);
    }
}

void par_allgather(struct par par, struct par_blocks *blocks, void *values, int64_t unit_bytes)
{
    const int64_t *begin = blocks->begin, n_bytes = begin[par.size] * unit_bytes;
    if (par.size == 1 || n_bytes == 0)
        return;
    par_count_local(
        par, par_traffic_allgather(n_bytes, (begin[par.rank + 1] - begin[par.rank]) * unit_bytes, par.size));
    if (n_bytes > par_piece_local(par, 1)) {
        allgather_ring(par, blocks, values, unit_bytes);
        return;
    }
    for (int r = 0; r < par.size; r++) {
        blocks->starts[r] = (int)(begin[r] * unit_bytes);
        blocks->counts[r] = (int)((begin[r + 1] - begin[r]) * unit_bytes);
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, blocks->counts, blocks->starts, MPI_BYTE,
                   par.comm);
}

int par_parts_init(struct par_parts *parts, int size, struct bl_error *err)
{
    *parts = (struct par_parts){0};
    int code = bl_alloc_zero(&parts->count, size, sizeof *parts->count, "parts of ranks", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&parts->start, size, sizeof *parts->start, "parts of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&parts->mpi_count, size, sizeof(int), "parts of ranks", err);
    if (code == BL_OK)
        code = bl_alloc(&parts->mpi_start, size, sizeof(int), "parts of ranks", err);
    if (code != BL_OK)
        par_parts_free(parts);
    return code;
}

void par_parts_free(struct par_parts *parts)
{
    bl_free(&parts->count);
    bl_free(&parts->start);
    bl_free(&parts->mpi_count);
    bl_free(&parts->mpi_start);
}

struct par_traffic_count par_parts_traffic_local(struct par par, const struct par_parts *out,
                                                 const struct par_parts *in, int64_t element_bytes)
{
    struct par_traffic_count sum = {.collectives = 1};
    for (int r = 0; r < par.size; r++) {
        sum.messages += r != par.rank && out->count[r] > 0;
        sum.sent_bytes += r != par.rank ? out->count[r] * element_bytes : 0;
        sum.received_bytes += r != par.rank ? in->count[r] * element_bytes : 0;
    }
    return sum;
}

/* Pairwise: in round s with the ranks s to the right and to the left (the same source, section 4.2). */
static void alltoall_pairs(struct par par, const struct par_parts *out, const char *from,
                           const struct par_parts *in, char *to, int64_t element_bytes)
{
    const int size = par.size;
    for (int s = 0; s < size; s++) { /* 0: what a rank keeps */
        const int right = (par.rank + s) % size, left = (par.rank + size - s) % size;
        exchange(par, right, from + out->start[right] * element_bytes, out->count[right] * element_bytes,
                 left, to + in->start[left] * element_bytes, in->count[left] * element_bytes);
    }
}

static void set_for_mpi(struct par_parts *parts, int size, int64_t element_bytes)
{
    for (int r = 0; r < size; r++) {
        parts->mpi_count[r] = (int)(parts->count[r] * element_bytes);
        parts->mpi_start[r] = (int)(parts->start[r] * element_bytes);
    }
}

void par_alltoall(struct par par, struct par_parts *out, const void *from, struct par_parts *in, void *to,
                  int64_t element_bytes, int64_t most)
{
    if (par.size == 1)
        return;
    par_count_local(par, par_parts_traffic_local(par, out, in, element_bytes));
    if (most * element_bytes > par_piece_local(par, 1)) {
        alltoall_pairs(par, out, from, in, to, element_bytes);
        return;
    }
    set_for_mpi(out, par.size, element_bytes);
    set_for_mpi(in, par.size, element_bytes);
    MPI_Alltoallv(from, out->mpi_count, out->mpi_start, MPI_BYTE, to, in->mpi_count, in->mpi_start, MPI_BYTE,
                  par.comm);
}
