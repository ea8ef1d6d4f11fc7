/* Exchange between nodes: ranks of this host that are taken for several of them, in even and uneven numbers.
 */
#include "mpi/ranks/nodes.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/step/code_memory.h"
#include "mpi/step/gather.h"
#include "mpi/step/gradient.h"
#include "mpi/step/sums.h"
#include "support/ranks.h"

/* Pieces of a few bytes stand for counts above 2^31: the same code cuts both. */
static const int64_t pieces[] = {1, 7, 64, 1 << 30};
enum { PIECES = sizeof pieces / sizeof *pieces, BITS = 3, WORDS = 2, GROUPS = 8 };

static struct par in_pieces(struct par par, int64_t bytes)
{
    par.piece_bytes = bytes;
    return par;
}

/* The last `last` ranks are a node and the others another; 0: all are one; -1: each is its own. */
static void make_nodes(struct par_nodes *nodes, struct par par, int last)
{
    struct bl_error err = {0};
    const int number = last < 0 ? par.rank : par.rank >= par.size - last && last < par.size;
    CHECK(par_nodes_init_numbered(nodes, par, number, &err) == BL_OK);
}

/* Runs a check on nodes of every kind that the ranks allow. */
static void on_nodes(struct par par, void (*check)(const struct par_nodes *nodes))
{
    for (int last = -1; last < par.size; last++) {
        struct par_nodes nodes;
        make_nodes(&nodes, par, last);
        check(&nodes);
        par_nodes_free(&nodes);
        par_nodes_free(&nodes);
    }
}

static void check_shape(const struct par_nodes *nodes)
{
    int64_t lanes = nodes->all.size, ranks = 0;
    for (int k = 0; k < nodes->n_nodes; k++) {
        const int n = nodes->first[k + 1] - nodes->first[k];
        lanes = n < lanes ? n : lanes;
        ranks += n;
    }
    CHECK(ranks == nodes->all.size && lanes == nodes->n_lanes);
    CHECK(nodes->is_even == (nodes->n_lanes * nodes->n_nodes == nodes->all.size));
    CHECK(nodes->first[nodes->own] + nodes->node.rank == nodes->all.rank);
    CHECK(nodes->node.size == nodes->first[nodes->own + 1] - nodes->first[nodes->own]);
    CHECK(nodes->lane.size == (par_nodes_in_lane_local(nodes) ? nodes->n_nodes : 1));
    CHECK(!par_nodes_in_lane_local(nodes) || nodes->lane.size == 1 || nodes->lane.rank == nodes->own);
}

static void every_rank_has_a_node_and_lanes_have_one_of_each(struct par par)
{
    on_nodes(par, check_shape);
}

static void ranks_of_this_host_are_one_node_unless_nothing_is_shared(struct par par)
{
    struct par_nodes nodes;
    struct bl_error err;
    CHECK(par_nodes_init(&nodes, par, PAR_SHARE_HOSTS, &err) == BL_OK);
    CHECK(nodes.n_nodes == 1 && nodes.node.size == par.size);
    par_nodes_free(&nodes);
    CHECK(par_nodes_init(&nodes, par, PAR_SHARE_NOTHING, &err) == BL_OK);
    CHECK(nodes.n_nodes == par.size && nodes.node.size == 1 && nodes.lane.size == par.size);
    par_nodes_free(&nodes);
}

static void check_window(const struct par_nodes *nodes)
{
    struct par_window once, parts;
    struct bl_error err;
    enum { N = 1000 };
    CHECK(par_window_init(&once, nodes, N, 0, "a test", &err) == BL_OK);
    CHECK(par_window_init(&parts, nodes, N, 1, "a test", &err) == BL_OK);
    char *part = parts.at, *whole = once.at;
    for (int i = 0; i < N * nodes->node.size; i++)
        CHECK(part[i] == 0 && (i >= N || whole[i] == 0));
    par_nodes_meet(nodes);
    memset(part + nodes->node.rank * N, nodes->all.rank + 1, N);
    if (nodes->node.rank == 0)
        memset(whole, 77 + nodes->own, N);
    par_nodes_meet(nodes);
    for (int i = 0; i < N * nodes->node.size; i++)
        CHECK(part[i] == nodes->first[nodes->own] + i / N + 1 && (i >= N || whole[i] == 77 + nodes->own));
    par_window_free(&once);
    par_window_free(&parts);
    par_window_free(&parts);
}

static void a_window_is_zeros_that_the_ranks_of_a_node_share(struct par par)
{
    on_nodes(par, check_window);
}

/* 64 TiB are more than any machine's. */
static void a_window_that_nobody_has_room_for_fails_on_all_ranks(struct par par)
{
    struct par_nodes nodes;
    struct par_window window;
    struct bl_error err = {0};
    if (par.size == 1)
        return;
    make_nodes(&nodes, par, 0);
    CHECK(par_window_init(&window, &nodes, INT64_C(1) << 46, 0, "a test", &err) == PAR_NO_WINDOW);
    CHECK(strstr(err.what, "train.shared: off") && strstr(err.what, "a test"));
    par_window_free(&window);
    par_nodes_free(&nodes);
}

/* Rank r brings 5 r % 7 + 1 rows, each with its number in several forms. */
static void check_gather_in(const struct par_nodes *nodes, int in_flight)
{
    struct par_gather gather;
    struct bl_error err;
    const int64_t n = 5 * nodes->all.rank % 7 + 1;
    uint32_t labels[2 * 7];
    const struct gather_row row = {
        .bits = BITS, .label_words = WORDS, .with_places = !in_flight, .in_flight = in_flight};
    CHECK(par_gather_init(&gather, nodes, n, &row, &err) == BL_OK);
    for (uint32_t round = 0; round < 2; round++) {
        for (int64_t i = 0; i < n; i++) {
            labels[2 * i] = 7 + round + (uint32_t)(gather.first + i);
            labels[2 * i + 1] = 0xffffffffu - round;
        }
        if (in_flight)
            par_gather_begin_labels(&gather, labels);
        for (int64_t i = gather.first; i < gather.first + n; i++) {
            for (int b = 0; b < BITS; b++)
                gather.rows[i * gather.stride + b] = (float)(10 * i + b + round);
            if (gather.places)
                gather.places[i] = 100 + round - (uint32_t)i;
        }
        if (in_flight) {
            par_gather_wait_labels(&gather);
            par_gather_begin_codes(&gather);
            par_flight_poke_local(&gather.codes_flight);
            for (int64_t i = gather.node_first; i < gather.node_end; i++)
                CHECK(gather.rows[i * gather.stride + 2] == (float)(10 * i + 2 + round));
            par_gather_wait_codes(&gather);
        } else {
            par_gather_run(&gather, labels);
            par_nodes_meet(nodes);
        }
        for (int64_t i = 0; i < gather.n_global; i++) {
            CHECK(gather.rows[i * gather.stride + 2] == (float)(10 * i + 2 + round));
            CHECK(gather.labels[2 * i] == 7 + round + (uint32_t)i &&
                  gather.labels[2 * i + 1] == 0xffffffffu - round);
            CHECK(!gather.places || gather.places[i] == 100 + round - (uint32_t)i);
        }
        par_nodes_meet(nodes); /* all have looked */
    }
    par_gather_free(&gather);
}

static void check_gather(const struct par_nodes *nodes)
{
    check_gather_in(nodes, 0);
    check_gather_in(nodes, 1);
}

static void codes_and_labels_come_to_every_node(struct par par)
{
    for (int p = 0; p < PIECES; p++)
        on_nodes(in_pieces(par, pieces[p]), check_gather);
}

static void check_sums(const struct par_nodes *nodes)
{
    struct par_sums sums;
    struct bl_error err;
    enum { N = 11 };
    CHECK(par_sums_init(&sums, nodes, N, &err) == BL_OK);
    for (int64_t round = 0; round < 2; round++) {
        int64_t values[N];
        const int64_t size = nodes->all.size;
        for (int64_t i = 0; i < N; i++)
            values[i] = (i << 40) + nodes->all.rank - round;
        par_sums_run(&sums, values);
        for (int64_t i = 0; i < N; i++)
            CHECK(values[i] == (i << 40) * size + size * (size - 1) / 2 - round * size);
        par_nodes_meet(nodes);
    }
    par_sums_free(&sums);
}

static void sums_of_terms_are_those_of_all_ranks(struct par par)
{
    for (int p = 0; p < PIECES; p++)
        on_nodes(in_pieces(par, pieces[p]), check_sums);
}

enum { N = 12310 };
static const struct bl_layout layout = {
    .n_tensors = 4,
    .n_params = N,
    .n_network = N,
    .tensor = {{.name = "a", .rows = 300, .cols = 30},
               {.name = "b", .rows = 300, .cols = 1, .offset = 9000},
               {.name = "c", .rows = 10, .cols = 300, .offset = 9300},
               {.name = "d", .rows = 10, .cols = 1, .offset = 12300}},
};

static int64_t value_of(int rank, int64_t i)
{
    return i % 1000 + 3 * rank;
}

/* A rank's part: whole numbers, which floats and integers at a scale of 1 hold; the largest value of a group
 * is said to have this exponent, and one more in one tensor of rank 1. */
static void fill_part(struct par_gradient *gradient, int rank, int exponent)
{
    par_gradient_clear_local(gradient);
    for (int64_t i = 0; i < N && gradient->part.integers; i++)
        gradient->part.integers[i] = (int32_t)value_of(rank, i);
    for (int64_t i = 0; i < N && gradient->part.sum; i++)
        gradient->part.sum[i] = (float)value_of(rank, i);
    for (int64_t t = 0; t < layout.n_tensors && gradient->part.integers; t++) {
        /* of the last thread, raised as products do it */
        uint32_t *largest = &gradient->part.largest[(gradient->options.threads - 1) * layout.n_tensors + t];
        const uint32_t bits = (uint32_t)(exponent + (rank == 1 && t == 2)) << 23;
        *largest = bits > *largest ? bits : *largest;
    }
    gradient->flags[0] = rank;
    gradient->flags[1] = 1.0;
}

/* Sums a step, once more at the finer scale that the first asks for, and compares. */
static void sum_and_compare(struct par_gradient *gradient, float scale, int exponent)
{
    const struct par_nodes *nodes = gradient->nodes;
    const int size = nodes->all.size;
    for (int64_t t = 0; t < layout.n_tensors; t++)
        gradient->scale[t] = scale;
    fill_part(gradient, nodes->all.rank, exponent);
    const struct bl_backward_watch *watch = par_gradient_watch_local(gradient);
    for (int64_t from = N; watch && from >= 3000; from -= 1000) /* sum does the rest */
        watch->reached(watch->context, from);
    par_gradient_sum(gradient);
    const struct par_gradient_outcome outcome = par_gradient_judge(gradient);
    double square_sum = 0.0;
    for (int64_t i = 0; i < N; i++) {
        int64_t expected = 0;
        for (int r = 0; r < size; r++)
            expected += value_of(r, i);
        CHECK(scale == 0.0f || gradient->sum[i] == (float)expected);
        square_sum += (double)expected * (double)expected;
    }
    CHECK(scale == 0.0f || outcome.square_sum == square_sum);
    CHECK(gradient->flags[0] == size * (size - 1) / 2 && gradient->flags[1] == size && !outcome.bad);
    CHECK(outcome.again == (gradient->part.integers && scale == 0.0f));
    for (int64_t t = 0; t < layout.n_tensors && gradient->part.integers; t++)
        CHECK(gradient->scale[t] == bl_grid_scale(exponent + (size > 1 && t == 2), GROUPS));
    par_nodes_meet(nodes); /* all have looked */
}

static void check_gradient(const struct par_nodes *nodes)
{
    for (int exact = 0; exact < 2; exact++)
        for (int in_flight = 0; in_flight < 2; in_flight++) {
            struct par_gradient gradient;
            struct bl_error err;
            const struct par_gradient_options options = {.groups = exact ? GROUPS : 0,
                                                         .n_flags = 2,
                                                         .threads = 2,
                                                         .bucket_floats = in_flight ? 2000 : 0};
            CHECK(par_gradient_init(&gradient, nodes, &layout, &options, &err) == BL_OK);
            CHECK((par_gradient_watch_local(&gradient) != NULL) == (in_flight && nodes->all.size > 1));
            CHECK(par_gradient_watch_local(&gradient) ? gradient.n_ranges > 1 : gradient.n_ranges == 1);
            for (int round = 0; round < 3; round++)
                sum_and_compare(&gradient, exact && round == 0 ? 0.0f : 1.0f, 136 - round);
            par_gradient_free(&gradient);
        }
}

static void gradients_are_those_of_all_ranks(struct par par)
{
    static const int64_t n_bytes[] = {900, 4100, 16400, 1 << 30};
    for (int p = 0; p < 4; p++)
        on_nodes(in_pieces(par, n_bytes[p]), check_gradient);
}

/* Not a number in one group of one rank is told by its tensor, and nothing is done again. */
static void check_not_finite(const struct par_nodes *nodes)
{
    struct par_gradient gradient;
    struct bl_error err;
    const struct par_gradient_options options = {.groups = GROUPS, .n_flags = 2, .threads = 1};
    CHECK(par_gradient_init(&gradient, nodes, &layout, &options, &err) == BL_OK);
    fill_part(&gradient, nodes->all.rank, 136);
    if (nodes->all.rank == nodes->all.size - 1)
        gradient.part.largest[3] = 0x7fc00000u;
    par_gradient_sum(&gradient);
    const struct par_gradient_outcome outcome = par_gradient_judge(&gradient);
    CHECK(outcome.bad == &layout.tensor[3] && !outcome.again);
    par_gradient_free(&gradient);
}

static void what_is_not_finite_on_one_rank_is_told_on_all(struct par par)
{
    on_nodes(par, check_not_finite);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(every_rank_has_a_node_and_lanes_have_one_of_each),
        CASE(ranks_of_this_host_are_one_node_unless_nothing_is_shared),
        CASE(a_window_is_zeros_that_the_ranks_of_a_node_share),
        CASE(a_window_that_nobody_has_room_for_fails_on_all_ranks),
        CASE(codes_and_labels_come_to_every_node),
        CASE(sums_of_terms_are_those_of_all_ranks),
        CASE(gradients_are_those_of_all_ranks),
        CASE(what_is_not_finite_on_one_rank_is_told_on_all),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
