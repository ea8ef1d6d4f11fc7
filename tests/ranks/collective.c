#include "mpi/collective.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/gather.h"
#include "mpi/gradient.h"
#include "mpi/reduce.h"
#include "support/ranks.h"

/* Pieces of a few bytes stand for counts above 2^31: the same code cuts both. */

enum { BITS = 3, WORDS = 2, GROUPS = 8 };

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
        CHECK(par_blocks_init(&blocks, par.size, &err) == BL_OK);
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
        par_blocks_free(&blocks);
    }
}

/* Rank r sends s + 1 numbers to rank s, and nothing to itself if it is rank 1. */
static void parts_in_pieces_reach_their_ranks(struct par par)
{
    if (par.size == 1)
        return;
    for (int p = 0; p < PIECES; p++) {
        struct par_parts out, in;
        struct bl_error err;
        int32_t from[20], to[20];
        int64_t n = 0;
        CHECK(par_parts_init(&out, par.size, &err) == BL_OK);
        CHECK(par_parts_init(&in, par.size, &err) == BL_OK);
        memset(to, 0xff, sizeof to);
        for (int r = 0; r < par.size; r++) {
            out.count[r] = r == par.rank && r == 1 ? 0 : r + 1;
            in.count[r] = r == par.rank && r == 1 ? 0 : par.rank + 1;
            out.start[r] = n;
            in.start[r] = r * (par.rank + 1);
            for (int i = 0; i < out.count[r]; i++)
                from[n++] = 100 * par.rank + 10 * r + i;
        }
        par_alltoall(in_pieces(par, pieces[p]), &out, from, &in, to, sizeof *from, 20);
        for (int r = 0; r < par.size; r++)
            for (int i = 0; i <= par.rank; i++)
                CHECK(to[r * (par.rank + 1) + i] ==
                      (in.count[r] ? 100 * r + 10 * par.rank + i : (int32_t)0xffffffff));
        par_parts_free(&out);
        par_parts_free(&in);
    }
}

static void codes_and_labels_in_pieces_are_gathered(struct par par)
{
    for (int p = 0; p < PIECES; p++) {
        struct par_gather gather;
        struct bl_error err;
        const int64_t n = 2 + par.rank;
        uint32_t labels[2 * 6];
        CHECK(par_gather_init(&gather, in_pieces(par, pieces[p]), n, BITS, WORDS, 1, 0, &err) == BL_OK);
        for (int64_t i = 0; i < n; i++) {
            for (int b = 0; b < BITS; b++)
                gather.rows[(gather.first + i) * gather.stride + b] = (float)(10 * (gather.first + i) + b);
            gather.places[gather.first + i] = 100 - (uint32_t)(gather.first + i);
            labels[2 * i] = 7 + (uint32_t)(gather.first + i);
            labels[2 * i + 1] = 0xffffffffu - (uint32_t)par.rank;
        }
        par_gather_run(&gather, labels);
        CHECK(gather.n_global == par.size * (par.size + 3) / 2);
        for (int64_t i = 0; i < gather.n_global; i++) {
            CHECK(gather.rows[i * gather.stride + 2] == (float)(10 * i + 2));
            CHECK(gather.labels[2 * i] == 7 + (uint32_t)i);
            CHECK(gather.places[i] == 100 - (uint32_t)i);
            CHECK(gather.labels[2 * i + 1] > 0xfffffff0u);
        }
        par_gather_free(&gather);
    }
}

/* Rank r brings 5 r % 7 rows: one of four ranks none at all. */
static void codes_and_labels_in_flight_are_gathered(struct par par)
{
    for (int p = 0; p < PIECES; p++) {
        struct par_gather gather;
        struct bl_error err;
        const int64_t n = 5 * par.rank % 7 + (par.size == 1);
        uint32_t labels[2 * 6];
        CHECK(par_gather_init(&gather, in_pieces(par, pieces[p]), n, BITS, WORDS, 0, 1, &err) == BL_OK);
        for (int round = 0; round < 2; round++) {
            for (int64_t i = 0; i < n; i++) {
                labels[2 * i] = 7 + (uint32_t)(gather.first + i + round);
                labels[2 * i + 1] = 0xffffffffu;
            }
            par_gather_begin_labels(&gather, labels);
            for (int64_t i = 0; i < n * BITS; i++)
                gather.rows[gather.first * BITS + i] = (float)(gather.first * BITS + i + round);
            par_gather_begin_codes(&gather);
            par_flight_poke_local(&gather.codes_flight);
            par_flight_wait(&gather.labels_flight);
            for (int64_t i = 0; i < gather.n_global; i++)
                CHECK(gather.labels[2 * i] == 7 + (uint32_t)(i + round) &&
                      gather.labels[2 * i + 1] == 0xffffffffu);
            par_flight_wait(&gather.codes_flight);
            for (int64_t i = 0; i < gather.n_global * BITS; i++)
                CHECK(gather.rows[i] == (float)(i + round));
        }
        par_gather_free(&gather);
    }
}

/* The sum, its norm and the shared parameters of one exact or fast step, into out [n + 2]; with buckets in
 * flight. */
static void reduce_gradient(struct par par, int exact, int64_t bucket_floats, const struct bl_layout *layout,
                            float *out)
{
    struct par_gradient gradient;
    struct par_groups groups;
    struct bl_error err;
    int64_t lo, hi, rows[GROUPS] = {0};
    const struct bl_tensor *bad;
    const int64_t total = exact ? GROUPS : par.size;
    par_range_local(total, par.rank, par.size, &lo, &hi);
    CHECK(par_groups_init(&groups, par, total, rows, hi - lo, 1, &err) == BL_OK);
    CHECK(par_gradient_init(&gradient, par, layout, &groups, 2, 1, bucket_floats, &err) == BL_OK);
    for (int64_t node = 0; node < gradient.n_nodes; node++)
        for (int64_t i = 0; i < gradient.n_params; i++)
            gradient.nodes[node * gradient.n_params + i] = (float)(i % 1000 + node + 3 * par.rank);
    gradient.flags[0] = par.rank;
    gradient.flags[1] = 1;
    const struct bl_backward_watch *watch = par_gradient_watch_local(&gradient);
    CHECK((watch != NULL) == (bucket_floats > 0 && par.size > 1));
    CHECK(gradient.n_ranges == (watch ? 3 : 1));
    for (int64_t from = layout->n_params; watch && from >= 3000; from -= 1000) /* sum does the rest */
        watch->reached(watch->context, from);
    par_gradient_sum(&gradient);
    out[layout->n_params] = (float)par_gradient_square_sum(&gradient, &bad);
    out[layout->n_params + 1] = (float)gradient.flags[0];
    CHECK(gradient.flags[0] == par.size * (par.size - 1) / 2 && gradient.flags[1] == par.size && !bad);
    memcpy(out, gradient.sum, (size_t)layout->n_params * sizeof *out);
    par_gradient_share(&gradient, par, out);
    par_gradient_free(&gradient);
    par_groups_free(&groups);
}

static void gradients_in_pieces_and_in_flight_are_the_gradients(struct par par)
{
    enum { N = 12310 };
    const struct bl_layout layout = {
        .n_tensors = 4,
        .n_params = N,
        .n_network = N,
        .tensor = {{.name = "a", .rows = 300, .cols = 30},
                   {.name = "b", .rows = 300, .cols = 1, .offset = 9000},
                   {.name = "c", .rows = 10, .cols = 300, .offset = 9300},
                   {.name = "d", .rows = 10, .cols = 1, .offset = 12300}},
    };
    static float whole[N + 2], cut[N + 2];
    const int64_t n_bytes[] = {900, 4100, 16400, 1 << 30};
    for (int exact = 0; exact < 2; exact++) {
        reduce_gradient(par, exact, 0, &layout, whole);
        CHECK(whole[999] > 0.0f);
        for (int p = 0; p < 4; p++)
            for (int in_flight = 0; in_flight < 2; in_flight++) {
                memset(cut, 0, sizeof cut);
                reduce_gradient(in_pieces(par, n_bytes[p]), exact, in_flight ? 2000 : 0, &layout, cut);
                CHECK(memcmp(whole, cut, sizeof whole) == 0);
            }
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
    CHECK(par_blocks_init(&blocks, par.size, &err) == BL_OK);
    for (int r = 0; r < par.size; r++)
        blocks.begin[r + 1] = blocks.begin[r] + r + 1;
    par.kind = PAR_TRAFFIC_CODES;
    par_allgather(par, &blocks, values, 8);
    check_count(traffic.of[PAR_TRAFFIC_CODES], more, others, 8 * (par.rank + 1) * others,
                8 * (blocks.begin[par.size] - par.rank - 1));
    par_blocks_free(&blocks);
    check_count(par_traffic_of_steps(&traffic), 2 * more, 3 * others,
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
        CASE(parts_in_pieces_reach_their_ranks),
        CASE(codes_and_labels_in_pieces_are_gathered),
        CASE(codes_and_labels_in_flight_are_gathered),
        CASE(gradients_in_pieces_and_in_flight_are_the_gradients),
        CASE(collectives_are_counted_by_what_they_are_for),
        CASE(all_that_is_sent_is_received),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
