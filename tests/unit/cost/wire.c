#include "cost/wire.h"

#include <criterion/criterion.h>

/* A network of 1 us and 1 GB/s, so that 1,000 bytes take 1 us; memory ten times as good. */
static struct bl_wire wire_of(int64_t nodes, int64_t node_ranks)
{
    return (struct bl_wire){.nodes = nodes,
                            .node_ranks = node_ranks,
                            .network = {.latency_s = 1e-6, .bytes_per_s = 1e9},
                            .memory = {.latency_s = 1e-7, .bytes_per_s = 1e10}};
}

static void expect_us(double seconds, double us)
{
    cr_expect_float_eq(1e6 * seconds, us, 1e-9 * us + 1e-12, "%.9g us instead of %.9g", 1e6 * seconds, us);
}

Test(wire, one_node_and_nothing_to_send_cost_nothing)
{
    const struct bl_wire one = wire_of(1, 8), four = wire_of(4, 1);
    cr_assert_eq(bl_cost_allgather(&one, 1e6) + bl_cost_allreduce(&one, 1e6), 0.0);
    cr_assert_eq(bl_cost_allgather(&four, 0) + bl_cost_allreduce(&four, 0), 0.0);
    cr_assert_eq(bl_cost_meeting(&four), 0.0);
}

Test(wire, a_short_allgather_takes_the_rounds_of_doubling)
{
    const struct bl_wire wire = wire_of(8, 1), odd = wire_of(6, 1);
    expect_us(bl_cost_allgather(&wire, 8000), 3 + 7);
    expect_us(bl_cost_allgather(&odd, 6000), 3 + 5);
}

Test(wire, a_long_allgather_goes_round_the_ring)
{
    const struct bl_wire wire = wire_of(8, 1), odd = wire_of(6, 1);
    expect_us(bl_cost_allgather(&wire, 8e6), 7 + 7000);
    expect_us(bl_cost_allgather(&odd, 6e5), 5 + 500);
}

/* Doubling up to 512 KiB where nodes are a power of two, else up to 80 KiB. */
Test(wire, an_odd_number_of_nodes_goes_round_the_ring_sooner)
{
    const struct bl_wire wire = wire_of(8, 1), odd = wire_of(6, 1);
    expect_us(bl_cost_allgather(&wire, 5.2e5), 3 + 455);
    expect_us(bl_cost_allgather(&wire, 5.28e5), 7 + 462);
    expect_us(bl_cost_allgather(&odd, 8.1e4), 3 + 67.5);
    expect_us(bl_cost_allgather(&odd, 8.4e4), 5 + 70);
}

Test(wire, a_long_allreduce_moves_almost_twice_its_bytes)
{
    const struct bl_wire wire = wire_of(8, 1), odd = wire_of(3, 1);
    expect_us(bl_cost_allreduce(&wire, 8e6), 2 * 3 + 2 * 7000);
    expect_us(bl_cost_allreduce(&odd, 3e6), 2 * 2 + 2 * 2000);
}

Test(wire, a_short_allreduce_doubles)
{
    const struct bl_wire wire = wire_of(8, 1);
    expect_us(bl_cost_allreduce(&wire, 1000), 3 * (1 + 1));
}

Test(wire, what_leaves_a_node_does_not_know_its_ranks)
{
    const struct bl_wire few = wire_of(4, 1), many = wire_of(4, 64);
    cr_assert_eq(bl_cost_allreduce(&few, 5e6), bl_cost_allreduce(&many, 5e6));
    cr_assert_eq(bl_cost_allgather(&few, 5e6), bl_cost_allgather(&many, 5e6));
}

Test(wire, ranks_of_a_node_meet_in_rounds_and_share_its_memory)
{
    const struct bl_wire wire = wire_of(2, 12);
    expect_us(bl_cost_meeting(&wire), 4 * 0.1);
    expect_us(bl_cost_memory(&wire, 5e6), 500);
}
