#include "mpi/ranks/collective.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/reduce.h"
#include "support/ranks.h"

/* Pieces of a few bytes stand for counts above 2^31: the same code cuts both. */

static const int64_t pieces[] = {1, 7, 64, 1 << 30};
enum { PIECES = sizeof pieces / sizeof *pieces };

static struct par in_pieces(struct par par, int64_t bytes)
{
    par.piece_bytes = bytes;
    return par;
}

static void sums_in_pieces_are_the_sums(struct par par)
{
    enum { N = 37 };
    for (int p = 0; p < PIECES; p++) {
        int64_t integers[N];
        float floats[N]; /* whole numbers: exact in any order */
        double least[N];
        for (int i = 0; i < N; i++) {
            integers[i] = INT64_C(1) << (i + 20 - par.rank % 2);
            floats[i] = (float)(i * (par.rank + 1));
            least[i] = i - par.rank;
        }
        const struct par cut = in_pieces(par, pieces[p]);
        par_sum_integers(cut, integers, N);
        par_sum_floats(cut, floats, N);
        par_min_doubles(cut, least, N);
        for (int i = 0; i < N; i++) {
            const int64_t even = INT64_C(1) << (i + 20), odd = INT64_C(1) << (i + 19);
            CHECK(integers[i] == even * ((par.size + 1) / 2) + odd * (par.size / 2));
            CHECK(floats[i] == (float)(i * par.size * (par.size + 1) / 2));
            CHECK(least[i] == i - par.size + 1);
        }
        int64_t to_root[3] = {par.rank, 1, 2};
        par_reduce_to_root(cut, to_root, 3, MPI_INT64_T, MPI_SUM);
        CHECK(par.rank > 0 || to_root[0] == par.size * (par.size - 1) / 2);
        CHECK(par.rank > 0 || (to_root[1] == par.size && to_root[2] == 2 * par.size));
    }
}

static void broadcasts_in_pieces_arrive(struct par par)
{
    for (int p = 0; p < PIECES; p++)
        for (int root = 0; root < par.size; root++) {
            char text[30] = "";
            if (par.rank == root)
                memcpy(text, "all that has to be said", 24);
            par_broadcast_from(in_pieces(par, pieces[p]), root, text, sizeof text);
            CHECK(strcmp(text, "all that has to be said") == 0);
        }
}

/* Rank r brings 5 r % 7 units: one of four ranks none at all. */
static void unequal_blocks_in_pieces_are_gathered(struct par par)
{
    for (int p = 0; p < PIECES; p++) {
        struct par_blocks blocks;
        struct bl_error err;
        uint16_t values[60];
        memset(values, 0xff, sizeof values);
        CHECK(blocks_init(&blocks, par.size, &err) == BL_OK);
        par_blocks_gather(&blocks, par, 5 * par.rank % 7);
        for (int64_t i = blocks.begin[par.rank]; i < blocks.begin[par.rank + 1]; i++)
            values[2 * i] = values[2 * i + 1] = (uint16_t)(100 * par.rank + i);
        par_allgather(in_pieces(par, pieces[p]), &blocks, values, 2 * sizeof *values);
        for (int r = 0; r < par.size; r++) {
            CHECK(blocks.begin[r + 1] - blocks.begin[r] == 5 * r % 7);
            for (int64_t i = blocks.begin[r]; i < blocks.begin[r + 1]; i++)
                CHECK(values[2 * i] == 100 * r + i && values[2 * i + 1] == 100 * r + i);
        }
        CHECK(values[2 * blocks.begin[par.size]] == 0xffff);
        blocks_free(&blocks);
    }
}

/* The same blocks with gaps of a unit between them, which stay as they are. */
static void blocks_that_stand_apart_are_gathered(struct par par)
{
    for (int p = 0; p < PIECES; p++) {
        struct par_blocks blocks;
        struct bl_error err;
        uint16_t values[60];
        memset(values, 0xff, sizeof values);
        CHECK(blocks_init_apart(&blocks, par.size, &err) == BL_OK);
        for (int r = 0, at = 1; r < par.size; r++, at++) {
            blocks.begin[r] = at;
            blocks.end[r] = at += 5 * r % 7;
        }
        for (int64_t i = blocks.begin[par.rank]; i < blocks.end[par.rank]; i++)
            values[i] = (uint16_t)(100 * par.rank + i);
        par_allgather(in_pieces(par, pieces[p]), &blocks, values, sizeof *values);
        for (int r = 0; r < par.size; r++) {
            for (int64_t i = blocks.begin[r]; i < blocks.end[r]; i++)
                CHECK(values[i] == 100 * r + i);
            CHECK(values[blocks.end[r]] == 0xffff);
        }
        CHECK(values[0] == 0xffff);
        blocks_free(&blocks);
    }
}

static void check_count(struct par_traffic_count got, int64_t collectives, int64_t messages, int64_t sent,
                        int64_t received)
{
    CHECK(got.collectives == collectives);
    CHECK(got.messages == messages);
    CHECK(got.sent_bytes == sent);
    CHECK(got.received_bytes == received);
}

static void collectives_are_counted_by_what_they_are_for(struct par par)
{
    struct par_traffic traffic = {0};
    struct par_blocks blocks;
    struct bl_error err;
    int64_t values[12] = {0};
    const int64_t others = par.size - 1, more = par.size > 1;
    par.traffic = &traffic;
    par.kind = PAR_TRAFFIC_SUMS;
    par_sum_integers(par, values, 12); /* 12 divides by 1 to 4 */
    check_count(traffic.of[PAR_TRAFFIC_SUMS], more, 2 * others, 2 * 96 * others / par.size,
                2 * 96 * others / par.size);
    par.kind = PAR_TRAFFIC_EVALUATION;
    par_broadcast(par, values, 5);
    par_reduce_to_root(par, values, 2, MPI_INT64_T, MPI_SUM);
    check_count(traffic.of[PAR_TRAFFIC_EVALUATION], 2 * more, par.rank == 0 ? others : 1,
                par.rank == 0 ? 5 * others : 16, par.rank == 0 ? 16 * others : 5);
    CHECK(blocks_init(&blocks, par.size, &err) == BL_OK);
    for (int r = 0; r < par.size; r++)
        blocks.begin[r + 1] = blocks.begin[r] + r + 1;
    par.kind = PAR_TRAFFIC_CODES;
    par_allgather(par, &blocks, values, 8);
    check_count(traffic.of[PAR_TRAFFIC_CODES], more, others, 8 * (par.rank + 1) * others,
                8 * (blocks.begin[par.size] - par.rank - 1));
    blocks_free(&blocks);
    check_count(traffic_of_steps(&traffic), 2 * more, 3 * others,
                2 * 96 * others / par.size + 8 * (par.rank + 1) * others,
                2 * 96 * others / par.size + 8 * (par.size * (par.size + 1) / 2 - par.rank - 1));
}

static void all_that_is_sent_is_received(struct par par)
{
    struct par_traffic traffic = {0};
    float values[7] = {0};
    par.traffic = &traffic;
    par_sum_floats(par, values, 7);
    int64_t sums[2] = {traffic.of[PAR_TRAFFIC_OTHER].sent_bytes,
                       traffic.of[PAR_TRAFFIC_OTHER].received_bytes};
    par.traffic = NULL;
    par_sum_integers(par, sums, 2);
    CHECK(sums[0] == sums[1]);
    CHECK(sums[0] == INT64_C(2) * (par.size - 1) * 28);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(sums_in_pieces_are_the_sums),
        CASE(broadcasts_in_pieces_arrive),
        CASE(unequal_blocks_in_pieces_are_gathered),
        CASE(blocks_that_stand_apart_are_gathered),
        CASE(collectives_are_counted_by_what_they_are_for),
        CASE(all_that_is_sent_is_received),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
