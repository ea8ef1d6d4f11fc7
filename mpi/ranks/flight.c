#include "mpi/ranks/flight.h"

#include <assert.h>

#include "base/buffer.h"

/* One tag for each kind of traffic (TAG + kind): exchanges of two kinds may be in flight at the same time. */
enum { TAG = 16 };

int flight_reserve(struct par_flight *flight, struct bl_error *err)
{
    /* The rehearsal counted the messages in n; from now on n counts those in flight. */
    flight->room = flight->n;
    flight->n = 0;
    return bl_alloc(&flight->request, flight->room, sizeof *flight->request, "messages in flight", err);
}

void par_flight_free(struct par_flight *flight)
{
    bl_free(&flight->request);
    flight->room = 0;
}

static int64_t shorter(int64_t left, int64_t piece)
{
    return left < piece ? left : piece;
}

/* The slot for the next message's request; NULL in a rehearsal, which only counts. */
static MPI_Request *next_request(struct par_flight *flight)
{
    if (!flight->request)
        return NULL;
    assert(flight->n < flight->room);
    return &flight->request[flight->n];
}

/* Nonblocking receive and send of n_bytes in pieces; messages of one tag arrive in the order they were
 * sent. */
static void receive(struct par_flight *flight, struct par par, int rank, char *to, int64_t n_bytes)
{
    const int64_t piece = par_piece_local(par, 1);
    for (int64_t at = 0; at < n_bytes; at += piece, flight->n++) {
        MPI_Request *request = next_request(flight);
        if (request)
            MPI_Irecv(to + at, (int)shorter(n_bytes - at, piece), MPI_BYTE, rank, TAG + (int)par.kind,
                      par.comm, request);
    }
}

static void send(struct par_flight *flight, struct par par, int rank, const char *from, int64_t n_bytes)
{
    const int64_t piece = par_piece_local(par, 1);
    for (int64_t at = 0; at < n_bytes; at += piece, flight->n++) {
        MPI_Request *request = next_request(flight);
        if (request)
            MPI_Isend(from + at, (int)shorter(n_bytes - at, piece), MPI_BYTE, rank, TAG + (int)par.kind,
                      par.comm, request);
    }
}

void par_allreduce_begin(struct par_flight *flight, struct par par, const void *from, void *values, int64_t n,
                         MPI_Datatype type)
{
    int bytes;
    if (par.size == 1 || n == 0)
        return;
    MPI_Type_size(type, &bytes);
    const int64_t piece = par_piece_local(par, bytes);
    /* Traffic is counted when it is sent, not in the rehearsal. */
    if (flight->request)
        par_count_local(par, traffic_allreduce(n, bytes, par.rank, par.size));
    for (int64_t at = 0; at < n; at += piece, flight->n++) {
        MPI_Request *request = next_request(flight);
        if (request)
            MPI_Iallreduce((const char *)from + at * bytes, (char *)values + at * bytes,
                           (int)shorter(n - at, piece), type, MPI_SUM, par.comm, request);
    }
}

/* Each rank sends its block to rank + 1, rank + 2, ... and so not all to the same rank first. Receives are
 * posted before sends, so that a message that arrives early finds its place. */
void par_allgather_begin(struct par_flight *flight, struct par par, const struct par_blocks *blocks,
                         void *values, int64_t unit_bytes)
{
    const int64_t *begin = blocks->begin, *end = blocks->end;
    char *bytes = values;
    if (flight->request)
        par_count_local(par, par_blocks_traffic_local(par, blocks, unit_bytes));
    for (int s = 1; s < par.size; s++) {
        const int left = (par.rank + par.size - s) % par.size;
        receive(flight, par, left, bytes + begin[left] * unit_bytes, (end[left] - begin[left]) * unit_bytes);
    }
    for (int s = 1; s < par.size; s++)
        send(flight, par, (par.rank + s) % par.size, bytes + begin[par.rank] * unit_bytes,
             (end[par.rank] - begin[par.rank]) * unit_bytes);
}

void par_flight_poke_local(struct par_flight *flight)
{
    int done; /* not used: the call is made for the progress that MPI makes inside it */
    if (flight->n > 0)
        MPI_Testall(flight->n, flight->request, &done, MPI_STATUSES_IGNORE);
}

void par_flight_wait(struct par_flight *flight)
{
    if (flight->n > 0)
        MPI_Waitall(flight->n, flight->request, MPI_STATUSES_IGNORE);
    flight->n = 0;
}
