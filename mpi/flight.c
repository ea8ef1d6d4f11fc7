#include "mpi/flight.h"

#include <assert.h>

#include "base/buffer.h"

/* Of the kinds of traffic each has its own, so that what is under way at the same time doesn't mix. */
enum { TAG = 16 };

int par_flight_reserve(struct par_flight *flight, struct bl_error *err)
{
    flight->room = flight->n;
    flight->n = 0;
    return bl_alloc(&flight->request, flight->room, sizeof *flight->request, "messages under way", err);
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

/* Where the next message's request goes; NULL in a rehearsal. */
static MPI_Request *next_request(struct par_flight *flight)
{
    if (!flight->request)
        return NULL;
    assert(flight->n < flight->room);
    return &flight->request[flight->n];
}

/* n_bytes from or to another rank, in pieces. */
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

/* The ranks to the right and to the left at each distance, so that not all send to the same one first. */
void par_alltoall_begin(struct par_flight *flight, struct par par, const struct par_parts *out,
                        const void *from, const struct par_parts *in, void *to, int64_t element_bytes)
{
    if (par.size > 1 && flight->request)
        par_count_local(par, par_parts_traffic_local(par, out, in, element_bytes));
    for (int s = 1; s < par.size; s++) {
        const int left = (par.rank + par.size - s) % par.size;
        receive(flight, par, left, (char *)to + in->start[left] * element_bytes,
                in->count[left] * element_bytes);
    }
    for (int s = 1; s < par.size; s++) {
        const int right = (par.rank + s) % par.size;
        send(flight, par, right, (const char *)from + out->start[right] * element_bytes,
             out->count[right] * element_bytes);
    }
}

static void count_allgather(struct par par, const struct par_blocks *blocks, int64_t unit_bytes)
{
    const int64_t *begin = blocks->begin, n_bytes = begin[par.size] * unit_bytes;
    if (par.size > 1 && n_bytes > 0)
        par_count_local(par, par_traffic_allgather(
                                 n_bytes, (begin[par.rank + 1] - begin[par.rank]) * unit_bytes, par.size));
}

void par_allgather_begin(struct par_flight *flight, struct par par, const struct par_blocks *blocks,
                         void *values, int64_t unit_bytes)
{
    const int64_t *begin = blocks->begin, n_own = begin[par.rank + 1] - begin[par.rank];
    char *bytes = values;
    if (flight->request)
        count_allgather(par, blocks, unit_bytes);
    for (int s = 1; s < par.size; s++) {
        const int left = (par.rank + par.size - s) % par.size;
        receive(flight, par, left, bytes + begin[left] * unit_bytes,
                (begin[left + 1] - begin[left]) * unit_bytes);
    }
    for (int s = 1; s < par.size; s++)
        send(flight, par, (par.rank + s) % par.size, bytes + begin[par.rank] * unit_bytes,
             n_own * unit_bytes);
}

void par_allgather_ring(struct par_flight *flight, struct par par, const struct par_blocks *blocks, int n,
                        void *values, const int64_t *start, int64_t unit_bytes)
{
    const int right = (par.rank + 1) % par.size, left = (par.rank + par.size - 1) % par.size;
    int most = 0; /* messages of a round */
    for (int i = 0; i < n && flight->request; i++)
        count_allgather(par, &blocks[i], unit_bytes);
    for (int round = 0; round + 1 < par.size; round++) {
        const int out = (par.rank - round + par.size) % par.size, in = (out + par.size - 1) % par.size;
        for (int i = 0; i < n; i++) {
            const int64_t *begin = blocks[i].begin;
            char *array = (char *)values + start[i] * unit_bytes;
            receive(flight, par, left, array + begin[in] * unit_bytes,
                    (begin[in + 1] - begin[in]) * unit_bytes);
            send(flight, par, right, array + begin[out] * unit_bytes,
                 (begin[out + 1] - begin[out]) * unit_bytes);
        }
        most = flight->n > most ? flight->n : most;
        if (flight->request)
            par_flight_wait(flight);
        flight->n = 0;
    }
    flight->n = flight->request ? 0 : most;
}

void par_flight_poke_local(struct par_flight *flight)
{
    int done;
    if (flight->n > 0)
        MPI_Testall(flight->n, flight->request, &done, MPI_STATUSES_IGNORE);
}

void par_flight_wait(struct par_flight *flight)
{
    if (flight->n > 0)
        MPI_Waitall(flight->n, flight->request, MPI_STATUSES_IGNORE);
    flight->n = 0;
}
