#include "mpi/plan/plan.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/buffer.h"
#include "io/config_file.h"
#include "mpi/evaluate/held_out.h"

static struct bl_error err;
static struct plan plan;

/* 1000 rows of 8 bytes in 10 shards of 100, a tenth held out; 8 -> 6 -> 4 -> 4 units. */
static struct bl_config config_of(const char *more)
{
    char text[500];
    struct bl_config config;
    snprintf(text, sizeof text,
             "data: {file: d.h5, shards: 10, validation: 0.1}\n"
             "model: {hidden: [6, 4], heads: 2, bits: 2}\n%s",
             more);
    cr_assert_eq(io_config_parse(text, "test", &config, &err), BL_OK, "%s", err.what);
    return config;
}

static struct par_split split_of(int64_t rows, enum bl_label_kind kind)
{
    return (struct par_split){.rows = rows,
                              .dim = 8,
                              .type = BL_UINT8,
                              .labels = bl_label_layout(kind, kind == BL_LABELS_NONE ? 0 : 5)};
}

static int plan_of(const char *more, const struct par_split *split, int64_t ranks)
{
    const struct bl_config config = config_of(more);
    const int code = plan_make(&plan, &config, split, ranks, 1, &err);
    cr_assert_eq(bl_alloc_live(), 0);
    return code;
}

#define PAIRS "objective: {preset: likelihood}\n" /* no tensors beside the network's */

static void plan_well(const char *more, int64_t ranks)
{
    const struct par_split split = split_of(1000, BL_LABELS_SINGLE);
    cr_assert_eq(plan_of(more, &split, ranks), BL_OK, "%s", err.what);
}

Test(plan, rows_are_trained_on_or_held_out)
{
    plan_well("train: {global_batch: 20}\n", 1);
    cr_assert_eq(plan.n_train, 900);
    cr_assert_eq(plan.n_validation, 100);
    cr_assert_eq(plan.shard_rows_min, 90);
}

Test(plan, parameters_are_weights_and_biases)
{
    plan_well("train: {global_batch: 20}\n" PAIRS, 1);
    cr_assert_eq(plan.layers, 3);
    cr_assert_eq(plan.bits, 4);
    cr_assert_eq(plan.parameters, 8 * 6 + 6 + 6 * 4 + 4 + 4 * 4 + 4);
}

Test(plan, steps_follow_from_the_smallest_shard_and_the_epochs)
{
    plan_well("train: {global_batch: 40, epochs: 7}\n", 1);
    cr_assert_eq(plan.batches.n_global, 40);
    cr_assert_eq(plan.batches.steps_per_epoch, 90 / 4);
    cr_assert_eq(plan.steps, 7 * 22);
}

Test(plan, a_number_of_steps_replaces_the_epochs)
{
    plan_well("train: {global_batch: 40, steps: 300}\n", 1);
    cr_assert_eq(plan.steps, 300);
    cr_assert_eq(plan.warmup_steps, 30);
}

Test(plan, a_full_batch_is_one_step_an_epoch)
{
    plan_well("train: {global_batch: full, epochs: 7}\n", 3);
    cr_assert_eq(plan.batches.n_global, 900);
    cr_assert_eq(plan.steps, 7);
}

Test(plan, memory_of_data_is_that_of_the_rank_with_most_shards)
{
    /* three ranks own 3, 3 and 4 shards: 400 rows of 8 bytes, a label, a mark and a row number, and an order
     * of the 360 training rows */
    plan_well("train: {global_batch: 20}\n", 3);
    cr_assert_eq(plan.data_bytes, 400 * (8 + 4 + 1 + 8) + 360 * 8);
}

Test(plan, memory_of_streamed_data_is_that_of_windows_and_not_of_rows)
{
    /* 2^20 / 8 rows make a block, so a window holds the 90 training rows of a shard: twice 4 of them with a
     * row number each, and the place of as many blocks as may be, 2; the order of one window; three blocks;
     * checksums of 2 blocks; of 400 rows a label, a mark and a row number. */
    const struct par_split split = split_of(1000, BL_LABELS_SINGLE);
    struct bl_config config = config_of("train: {global_batch: 20}\n");
    config.data.residency = BL_RESIDENCY_STREAM;
    cr_assert_eq(plan_make(&plan, &config, &split, 3, 1, &err), BL_OK, "%s", err.what);
    cr_assert_eq(plan.window_rows, 90);
    cr_assert_eq(plan.data_bytes,
                 4 * (2 * 90 * (8 + 8) + 2 * 8) + 90 * 8 + 3 * (1 << 20) + 2 * 8 + 400 * (4 + 1 + 8));
}

Test(plan, memory_of_a_batch_is_that_of_the_rank_with_most_rows)
{
    plan_well("train: {global_batch: 20}\nobjective: {preset: likelihood, terms: {pairwise: {weight: 0}}}\n",
              3);
    /* row number, label, 8 features, 3 x 4 code values, activations 6 and 4, a gradient of the wider */
    cr_assert_eq(plan.batch_bytes, 8 * (8 + 4 + 4 * (8 + 3 * 4 + 6 + 4 + 6)));
}

/* On cache lines of 64 bytes: what rides on the gradient, 32 numbers and under exact 256 for each tensor,
 * then the gradient. */
static int64_t gradient_bytes(int64_t tensors)
{
    return ((32 + 256 * tensors + plan.parameters) * 4 + 63) / 64 * 64;
}

Test(plan, a_rank_has_a_gradient_and_a_copy_for_checkpoints_and_shares_parameters_and_states)
{
    plan_well("train: {global_batch: 20, reduction: fast}\n", 1);
    cr_assert_eq(plan.parameter_bytes, gradient_bytes(0) + 4 * 4 * plan.parameters);
    cr_assert_eq(plan.shared_parameter_bytes, 4 * 4 * plan.parameters);
    plan_well("train: {global_batch: 20, reduction: fast}\n", 2);
    cr_assert_eq(plan.parameter_bytes, gradient_bytes(0) + 4 * 4 * plan.parameters / 2);
    cr_assert_eq(plan.shared_parameter_bytes, 4 * 4 * plan.parameters);
    plan_well("train: {global_batch: 20, reduction: fast}\ncheckpoint: {behind: false}\n", 1);
    cr_assert_eq(plan.parameter_bytes, gradient_bytes(0));
    plan_well("train: {global_batch: 20, reduction: fast}\noptimizer: {name: sgd}\n", 1);
    cr_assert_eq(plan.shared_parameter_bytes, 3 * 4 * plan.parameters);
    plan_well("train: {global_batch: 20, reduction: exact}\n" PAIRS, 3);
    cr_assert_eq(plan.parameter_bytes, gradient_bytes(6) + 4 * 4 * plan.parameters / 3);
}

static void expect_bytes(enum par_traffic_kind kind, int64_t sent, int64_t received)
{
    cr_expect_eq(plan.traffic.of[kind].sent_bytes, sent, "%s: %lld sent", traffic_name(kind),
                 (long long)plan.traffic.of[kind].sent_bytes);
    cr_expect_eq(plan.traffic.of[kind].received_bytes, received, "%s: %lld received", traffic_name(kind),
                 (long long)plan.traffic.of[kind].received_bytes);
}

static int plan_on(const char *more, int64_t ranks, int64_t hosts)
{
    const struct bl_config config = config_of(more);
    const struct par_split split = split_of(1000, BL_LABELS_SINGLE);
    return plan_make(&plan, &config, &split, ranks, hosts, &err);
}

Test(plan, between_hosts_each_sends_its_codes_and_a_share_of_the_gradient)
{
    /* two ranks, one on each of two hosts: 102 parameters and 32 numbers beside them */
    cr_assert_eq(plan_on("train: {global_batch: 20, reduction: fast}\n" PAIRS, 2, 2), BL_OK);
    cr_assert_eq(plan.parameters, 102);
    cr_assert_eq(plan.nodes, 2);
    expect_bytes(PAR_TRAFFIC_CODES, 10 * (4 * 4 + 4), 10 * (4 * 4 + 4));
    expect_bytes(PAR_TRAFFIC_GRADIENT, (102 + 32) * 4, (102 + 32) * 4);
    cr_assert_eq(plan_on("train: {global_batch: 20, reduction: exact}\n" PAIRS, 2, 2), BL_OK);
    expect_bytes(PAR_TRAFFIC_GRADIENT, (102 + 32 + 6 * 256) * 4, (102 + 32 + 6 * 256) * 4);
}

Test(plan, what_leaves_a_host_does_not_grow_with_its_ranks)
{
    static const char text[] = "train: {global_batch: 20, reduction: fast}\n" PAIRS;
    cr_assert_eq(plan_on(text, 2, 2), BL_OK);
    const int64_t link = plan.link_sent_bytes;
    cr_assert_eq(link, (102 + 32) * 4 + 10 * (4 * 4 + 4) + 8); /* and one sum, of similarities */
    for (int64_t ranks = 4; ranks <= 10; ranks += 2) {
        cr_assert_eq(plan_on(text, ranks, 2), BL_OK);
        cr_expect_eq(plan.link_sent_bytes, link, "%d ranks: %lld", (int)ranks,
                     (long long)plan.link_sent_bytes);
        cr_expect_eq(plan.node_ranks, ranks / 2);
    }
    /* uneven: 1 and 2 ranks, 6 and 14 rows */
    cr_assert_eq(plan_on(text, 3, 2), BL_OK);
    cr_expect_eq(plan.lanes, 1);
    cr_expect_eq(plan.link_sent_bytes, (102 + 32) * 4 + 14 * (4 * 4 + 4) + 8);
}

Test(plan, a_rank_alone_on_its_host_has_two_gradients_where_they_are_in_flight)
{
    static const char text[] =
        "train: {global_batch: 20, reduction: fast, overlap: %s}\ncheckpoint: {behind: false}\n";
    char none[200], gradient[200];
    snprintf(none, sizeof none, text, "none");
    snprintf(gradient, sizeof gradient, text, "gradient");
    cr_assert_eq(plan_on(none, 2, 2), BL_OK);
    cr_assert_eq(plan.parameter_bytes, gradient_bytes(0));
    cr_assert_eq(plan_on(gradient, 2, 2), BL_OK);
    cr_assert_eq(plan.parameter_bytes, 2 * gradient_bytes(0));
    cr_assert_eq(plan_on(gradient, 4, 2), BL_OK);
    cr_assert_eq(plan.parameter_bytes, gradient_bytes(0));
}

Test(plan, ranks_of_one_host_send_nothing_unless_nothing_is_shared)
{
    cr_assert_eq(plan_on("train: {global_batch: 20, reduction: fast}\n" PAIRS, 4, 1), BL_OK);
    cr_assert_eq(plan.link_sent_bytes + plan.link_received_bytes, 0);
    cr_assert_eq(plan_on("train: {global_batch: 20, reduction: fast, shared: off}\n" PAIRS, 4, 1), BL_OK);
    cr_assert_eq(plan.nodes, 4);
    cr_assert_gt(plan.link_sent_bytes, 0);
}

Test(plan, a_node_has_what_its_ranks_have_and_what_they_share)
{
    cr_assert_eq(plan_on("train: {global_batch: 20}\n" PAIRS, 3, 1), BL_OK);
    const int64_t shared = plan.shared_parameter_bytes + plan.shared_gather_bytes;
    cr_assert_eq(plan_node_memory(&plan), 3 * (plan_memory(&plan) - shared) + shared);
}

Test(plan, terms_take_their_work_space)
{
    plan_well("train: {global_batch: 20}\nobjective: {preset: likelihood, terms: {pairwise: {weight: 0}}}\n",
              3);
    const int64_t without = plan.batch_bytes;
    /* probabilities of 5 classes for each of 8 rows */
    plan_well("train: {global_batch: 20}\nobjective: {preset: likelihood, terms: {pairwise: {weight: 0}, "
              "classification: "
              "{weight: 1}}}\n",
              3);
    cr_assert_eq(plan.batch_bytes - without, 8 * 5 * 4);
}

Test(plan, pairs_visited_once_take_room_for_the_rows_of_a_host)
{
    static const char once[] = "train: {global_batch: 20, reduction: fast, pairs: once}\n";
    plan_well("train: {global_batch: 20, reduction: fast}\n", 4);
    const int64_t without = plan.gather_bytes;
    plan_well(once, 4);
    cr_assert_eq(plan.gather_bytes - without, 20 * (4 * 4 + 8));
    cr_assert_eq(plan_on(once, 4, 2), BL_OK);
    cr_assert_eq(plan.gather_bytes - without, 192 + 10 * 8); /* 10 rows of 16 bytes, on cache lines */
}

static void expect_calls(enum par_traffic_kind kind, int64_t collectives, int64_t messages)
{
    cr_expect_eq(plan.traffic.of[kind].collectives, collectives, "%s", traffic_name(kind));
    cr_expect_eq(plan.traffic.of[kind].messages, messages, "%s", traffic_name(kind));
}

Test(plan, exchange_in_flight_sends_the_same_bytes_in_more_messages)
{
    static const char together[] = "train: {global_batch: 20, reduction: fast, overlap: none}\n" PAIRS;
    static const char apart[] = "train: {global_batch: 20, reduction: fast, bucket_kib: 1}\n" PAIRS;
    cr_assert_eq(plan_on(together, 2, 2), BL_OK);
    const int64_t received = plan.link_received_bytes;
    expect_calls(PAR_TRAFFIC_CODES, 1, 1);
    expect_calls(PAR_TRAFFIC_GRADIENT, 1, 2);
    cr_assert_eq(plan_on(apart, 2, 2), BL_OK); /* auto, on two hosts */
    expect_calls(PAR_TRAFFIC_CODES, 2, 2);     /* labels by themselves */
    expect_calls(PAR_TRAFFIC_GRADIENT, 1, 2);  /* of 102 parameters one bucket */
    cr_expect_eq(plan.link_received_bytes, received);
}

Test(plan, one_rank_sends_nothing)
{
    plan_well("train: {global_batch: 20}\n", 1);
    const struct par_traffic_count sum = traffic_of_steps(&plan.traffic);
    cr_assert_eq(sum.collectives, 0);
    cr_assert_eq(sum.sent_bytes + sum.received_bytes, 0);
}

Test(plan, an_objective_without_pairs_gathers_nothing)
{
    plan_well("train: {global_batch: 20}\nobjective: {preset: likelihood, terms: {pairwise: {weight: 0}}}\n",
              2);
    expect_bytes(PAR_TRAFFIC_CODES, 0, 0);
}

Test(plan, memory_is_the_sum_of_its_parts)
{
    plan_well("train: {global_batch: 20}\n", 2);
    cr_assert_eq(plan_memory(&plan), plan.data_bytes + plan.batch_bytes + plan.parameter_bytes +
                                         plan.gather_bytes + plan.shared_parameter_bytes +
                                         plan.shared_gather_bytes);
}

static int plan_start(int init, int64_t dim)
{
    struct bl_config config = config_of("train: {global_batch: 20}\n");
    struct par_split split = split_of(1000, BL_LABELS_SINGLE);
    config.model.init = init;
    split.dim = dim;
    return plan_make(&plan, &config, &split, 3, 1, &err);
}

Test(plan, a_start_from_the_data_takes_matrices_or_projections)
{
    cr_assert_eq(plan_start(BL_INIT_RANDOM, 8), BL_OK);
    cr_assert_eq(plan.start_bytes, 0);
    const int64_t memory = plan_memory(&plan);
    cr_assert_eq(plan_start(BL_INIT_PCA, 8), BL_OK);
    cr_assert_eq(plan.start_bytes, 16 * 8 * 8);
    cr_assert_eq(plan_memory(&plan), memory); /* its time is over when steps begin */
    cr_assert_eq(plan_start(BL_INIT_ITQ, 8), BL_OK);
    cr_assert_eq(plan.start_bytes, 360 * 4 * 4); /* 360 rows of 4 bits are more than 8 x 8 numbers */
}

Test(plan, more_columns_than_a_start_can_fit_are_refused)
{
    cr_assert_eq(plan_start(BL_INIT_RANDOM, 40000), BL_OK, "%s", err.what);
    cr_assert_eq(plan_start(BL_INIT_PCA, 40000), BL_USAGE);
    cr_assert(strstr(err.what, "at most 32768 inputs, not 40000; set it to random"), "%s", err.what);
}

Test(plan, more_ranks_than_shards_are_refused)
{
    const struct par_split split = split_of(1000, BL_LABELS_SINGLE);
    cr_assert_eq(plan_of("train: {global_batch: 20}\n", &split, 11), BL_USAGE);
    cr_assert(strstr(err.what, "11 ranks are more than data.shards = 10"), "%s", err.what);
}

Test(plan, a_memory_of_codes_holds_every_training_row_once_a_node)
{
    plan_well("train: {global_batch: 20}\n", 2);
    const struct plan without = plan;
    cr_assert_eq(without.codes_bytes + without.shared_codes_bytes, 0);
    plan_well("train: {global_batch: 20}\nobjective: {preset: dpsh}\n", 2);
    cr_assert_eq(plan.shared_codes_bytes, (900 * 4 * plan.bits + 63) / 64 * 64 + 900 * 4);
    cr_assert_eq(plan.codes_bytes, 900 * 4 + 900 * 4 * plan.bits / plan.ranks); /* lengths, and a copy */
    cr_assert_eq(plan.data_bytes, without.data_bytes + 500 * 4);
    cr_assert_eq(plan.gathered_bytes, without.gathered_bytes + 20 * 4);
}

Test(plan, more_shards_than_rows_are_refused)
{
    const struct par_split split = split_of(9, BL_LABELS_SINGLE);
    cr_assert_eq(plan_of("train: {global_batch: 20}\n", &split, 1), BL_USAGE);
    cr_assert(strstr(err.what, "data.shards = 10 is more than the 9 rows"), "%s", err.what);
}

Test(plan, a_batch_that_needs_more_rows_than_a_shard_has_is_refused)
{
    const struct par_split split = split_of(1000, BL_LABELS_SINGLE);
    cr_assert_eq(plan_of("train: {global_batch: 910}\n", &split, 1), BL_USAGE);
    cr_assert(strstr(err.what, "91 training rows of each shard"), "%s", err.what);
    cr_assert_eq(plan_of("train: {global_batch: 900}\n", &split, 1), BL_OK);
}

Test(plan, pairs_without_labels_are_refused)
{
    const struct par_split split = split_of(1000, BL_LABELS_NONE);
    cr_assert_eq(plan_of("train: {global_batch: 20}\n", &split, 1), BL_USAGE);
    cr_assert(strstr(err.what, "label"), "%s", err.what);
}

Test(plan, stopping_early_without_labels_is_refused)
{
    const struct par_split split = split_of(1000, BL_LABELS_NONE);
    const char *const more =
        "train: {global_batch: 20}\nobjective: {preset: none, terms: {quantization: {weight: 1}}}\n";
    char stopping[300];
    snprintf(stopping, sizeof stopping, "%sevaluate: {early_stop: 3}\n", more);
    cr_assert_eq(plan_of(more, &split, 1), BL_OK, "%s", err.what);
    cr_assert_eq(plan_of(stopping, &split, 1), BL_USAGE);
    cr_assert(strstr(err.what, "the train split has no labels"), "%s", err.what);
}

Test(plan, stopping_early_without_a_row_held_out_is_refused)
{
    const struct bl_config config = config_of("evaluate: {early_stop: 3}\ntrain: {global_batch: 20}\n");
    const struct bl_label_layout labels = bl_label_layout(BL_LABELS_SINGLE, 5);
    cr_assert_eq(held_out_check_early_stop(&config, 1, labels, &err), BL_OK);
    cr_assert_eq(held_out_check_early_stop(&config, 0, labels, &err), BL_USAGE);
    cr_assert(strstr(err.what, "no row is held out"), "%s", err.what);
}
