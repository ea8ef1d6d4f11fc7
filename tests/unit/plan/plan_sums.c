/* What a plan says of the rank, shard and node that have most or least. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "io/config_file.h"
#include "mpi/plan/plan.h"

enum { ROWS = 1003 };

static struct bl_config config;
static struct plan plan;
static struct par_split split = {.rows = ROWS, .dim = 6, .type = BL_FLOAT32};

static void make(const char *preset, int64_t ranks, int64_t hosts)
{
    char text[300];
    struct bl_error err = {0};
    split.labels = bl_label_layout(BL_LABELS_SINGLE, 4);
    snprintf(text, sizeof text,
             "data: {file: x, shards: 7, validation: 0}\nmodel: {hidden: [9], heads: 1, bits: 8}\n"
             "objective: {preset: %s}\nevaluate: {every_epochs: 0}\ntrain: {global_batch: full}\n",
             preset);
    cr_assert_eq(io_config_parse(text, "plan.yaml", &config, &err), BL_OK, "%s", err.what);
    cr_assert_eq(plan_make(&plan, &config, &split, ranks, hosts, &err), BL_OK, "%s", err.what);
}

Test(plan_sums, the_smallest_shard_is_the_smallest_wherever_it_is)
{
    make("likelihood", 1, 1);
    cr_assert_eq(plan.n_train, ROWS);
    cr_assert_eq(plan.shard_rows_min, ROWS / 7);
}

Test(plan_sums, memory_is_the_sum_of_all_its_parts)
{
    static const char *const presets[] = {"likelihood", "dpsh", "joint", "dh"};
    for (int p = 0; p < 4; p++) {
        make(presets[p], 5, 2);
        const int64_t own =
            plan.data_bytes + plan.batch_bytes + plan.parameter_bytes + plan.gather_bytes + plan.codes_bytes;
        const int64_t shared =
            plan.shared_parameter_bytes + plan.shared_gather_bytes + plan.shared_codes_bytes;
        cr_assert_eq(plan.shared_codes_bytes > 0, p == 1);
        cr_assert_eq(plan_memory(&plan), own + shared, "%s", presets[p]);
        cr_assert_eq(plan_node_memory(&plan), plan.node_ranks * own + shared, "%s", presets[p]);
        cr_assert_eq(plan.node_ranks, 3);
    }
}

Test(plan_sums, the_busiest_link_is_that_of_the_node_whose_ranks_send_most)
{
    for (int64_t ranks = 2; ranks <= 7; ranks++)
        for (int64_t hosts = 2; hosts <= ranks; hosts++) {
            int64_t sent = 0, received = 0;
            make("joint", ranks, hosts);
            for (int64_t node = 0; node < plan.nodes; node++) {
                struct par_traffic_count link = {0};
                int64_t lo, hi;
                plan_node(&plan, node, &lo, &hi);
                for (int64_t rank = lo; rank < hi; rank++) {
                    const struct par_traffic traffic = plan_traffic(&plan, &config, &split, (int)rank);
                    const struct par_traffic_count step = traffic_of_steps(&traffic);
                    traffic_add(&link, &step);
                }
                sent = link.sent_bytes > sent ? link.sent_bytes : sent;
                received = link.received_bytes > received ? link.received_bytes : received;
            }
            cr_assert_eq(plan.link_sent_bytes, sent, "%d ranks, %d hosts", (int)ranks, (int)hosts);
            cr_assert_eq(plan.link_received_bytes, received, "%d ranks, %d hosts", (int)ranks, (int)hosts);
        }
}
