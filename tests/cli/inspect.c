#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/isa.h"
#include "support/folder.h"
#include "support/tiny.h"

/* What tells about configurations and files: init, check and info. */

static char folder[CLI_PATH_MAX];
static struct cli_result result;

static void enter(void)
{
    static const char config[] = "data: {file: d.h5, shards: 4}\ntrain: {global_batch: 8, epochs: 2}\n"
                                 "model: {hidden: [4], heads: 1, bits: 8}\nobjective: {preset: likelihood}\n";
    uint8_t features[64 * 3], labels[64];
    char path[CLI_PATH_MAX + 16];
    for (int i = 0; i < 64 * 3; i++)
        labels[i / 3] = features[i] = (uint8_t)(i % 2);
    cli_temp_folder(folder);
    snprintf(path, sizeof path, "%s/x.npy", folder);
    tiny_write_npy(path, "|u1", 64, 3, features);
    snprintf(path, sizeof path, "%s/y.npy", folder);
    tiny_write_npy(path, "|u1", 64, 0, labels);
    snprintf(path, sizeof path, "%s/run.yaml", folder);
    tiny_write(path, config, sizeof config - 1);
    cli_succeeds(0, "import --format npy --features %s/x.npy --labels %s/y.npy --split train -o %s/d.h5",
                 folder, folder, folder);
}

static void leave(void)
{
    cli_free(&result);
    folder_remove(folder);
}

TestSuite(cli_inspect, .init = enter, .fini = leave);

static void expect_text(const char *text)
{
    cli_expect_success(&result);
    cr_assert(strstr(result.out, text), "'%s' is not in: %s", text, result.out);
}

Test(cli_inspect, info_shows_the_splits_of_a_data_set)
{
    cli_run(&result, 0, "info %s/d.h5", folder);
    expect_text("train: 64 rows of 3 x uint8, one label per row");
}

Test(cli_inspect, info_as_json_is_one_line)
{
    cli_run(&result, 0, "info %s/d.h5 --json", folder);
    expect_text("\"kind\":\"data set\"");
    cr_assert_eq(strchr(result.out, '\n'), result.out + strlen(result.out) - 1);
}

Test(cli_inspect, info_refuses_what_is_not_hdf5)
{
    cli_run(&result, 0, "info %s/x.npy", folder);
    cli_expect_error(&result, 3, "x.npy");
}

/* The fingerprint that a message about other data shows is the one to look for. */
Test(cli_inspect, info_shows_the_fingerprint_of_the_data_as_messages_do)
{
    char shown[64];
    cli_run(&result, 0, "train %s/run.yaml --run %s/run", folder, folder);
    cli_expect_success(&result);
    cli_free(&result);
    cli_run(&result, 0, "import --format npy --features %s/x.npy --labels %s/x.npy --split train -o %s/x.h5",
            folder, folder, folder);
    cli_expect_success(&result);
    cli_free(&result);
    cli_run(&result, 0, "train %s/run.yaml --run %s/run --set data.file=x.h5", folder, folder);
    cli_expect_error(&result, 2, "was made from other data (fingerprint ");
    const char *at = strstr(result.err, "(fingerprint ") + strlen("(fingerprint ");
    snprintf(shown, sizeof shown, "data_fingerprint         %.16s\n", at);
    cli_free(&result);
    cli_run(&result, 0, "info %s/run/checkpoints/step-00000014.h5", folder);
    expect_text(shown);
    cli_free(&result);
    cli_run(&result, 0, "info %s/run/checkpoints/step-00000014.h5 --json", folder);
    expect_text("\"data_fingerprint\":\"");
}

Test(cli_inspect, check_prints_the_plan_for_the_ranks_it_runs_on)
{
    cli_run(&result, 2, "check %s/run.yaml --run %s/run --json", folder, folder);
    expect_text("\"ranks\":2");
    cr_assert(strstr(result.out, "\"steps_per_epoch\":7,\"steps\":14"), "%s", result.out);
    cr_assert(strstr(result.out, "\"parameters\":56"), "%s", result.out);
}

Test(cli_inspect, what_check_plans_is_what_a_run_counts)
{
    static const char *const keys[] = {"received_bytes", "sent_bytes", "messages"};
    for (int fast = 0; fast < 2; fast++) {
        /* each rank a node of its own, so that something travels */
        const char *reduction = fast ? "fast --set train.shared=off" : "exact --set train.shared=off";
        char path[CLI_PATH_MAX + 64], run[16];
        double planned[3];
        snprintf(run, sizeof run, "run-%d", fast);
        cli_run(&result, 3, "check %s/run.yaml --run %s/%s --json --set train.reduction=%s", folder, folder,
                run, reduction);
        cli_expect_success(&result);
        for (int k = 0; k < 3; k++) {
            char key[64];
            snprintf(key, sizeof key, "%s_per_step", keys[k]);
            planned[k] = tiny_number(result.out, key);
        }
        cli_free(&result);
        cli_succeeds(3, "train %s/run.yaml --run %s/%s --set train.reduction=%s", folder, folder, run,
                     reduction);
        snprintf(path, sizeof path, "%s/%s/metrics.jsonl", folder, run);
        char *metrics = tiny_read(path, NULL);
        const char *summary = strstr(metrics, "traffic_per_step");
        cr_assert_not_null(summary);
        cr_assert_gt(planned[0], 0);
        /* Of the rank with most; exact forms the sum of the first of 14 steps twice. */
        const double most = fast ? planned[0] : planned[0] * 15 / 14;
        cr_assert_geq(tiny_number(summary, keys[0]), planned[0]);
        cr_assert_leq(tiny_number(summary, keys[0]), most);
        cr_assert_geq(tiny_number(summary, keys[1]), planned[1]);
        cr_assert_geq(tiny_number(summary, keys[2]), planned[2]);
        free(metrics);
    }
}

Test(cli_inspect, check_models_ranks_that_are_not_there)
{
    cli_run(
        &result, 0,
        "check %s/run.yaml --run %s/run --ranks 3 --network 1Gb/s --latency 5us --cores-per-node 1 --json",
        folder, folder);
    expect_text("\"scale\":{\"cores_per_node\":1,\"network_bytes_per_s\":125000000.0");
    expect_text("\"timed\":true");
    const char *last = strstr(result.out, "{\"ranks\":3,\"nodes\":3,");
    cr_assert(strstr(result.out, "{\"ranks\":1,") && strstr(result.out, "{\"ranks\":2,") && last, "%s",
              result.out);
    cr_assert_float_eq(tiny_number(last, "step_s"),
                       tiny_number(last, "compute_s") + tiny_number(last, "exchange_s"), 1e-9);
    cr_assert_gt(tiny_number(last, "exchange_s"), 5 * 5e-6);
    cli_free(&result);
    cli_run(&result, 0, "check %s/run.yaml --run %s/run --ranks 4 --gflops 50", folder, folder);
    expect_text("a rank's rate by --gflops");
    expect_text("% efficient up to ");
}

Test(cli_inspect, check_models_no_more_ranks_than_would_run)
{
    cli_run(&result, 0, "check %s/run.yaml --run %s/run --ranks 5", folder, folder);
    cli_expect_error(&result, 2, "5 ranks are more than data.shards = 4");
}

Test(cli_inspect, check_names_an_option_of_the_model_that_is_wrong)
{
    cli_fails(0, 2, "--network must be a number above 0 and a unit, like 100Gb/s, not '100'",
              "check %s/run.yaml --ranks 2 --network 100", folder);
    cli_fails(0, 2, "--latency must be", "check %s/run.yaml --ranks 2 --latency 5Gb/s", folder);
    cli_fails(0, 2, "need --ranks P", "check %s/run.yaml --network 1Gb/s", folder);
    cli_fails(0, 2, "--ranks are for a configuration", "check %s/d.h5 --ranks 2", folder);
}

Test(cli_inspect, one_of_a_kind_is_singular)
{
    cli_run(
        &result, 0,
        "check %s/run.yaml --run %s/run --set data.shards=1 --set model.bits=1 --set train.global_batch=full",
        folder, folder);
    expect_text("held out, 1 shard\n");
    expect_text("codes of 1 bit\n");
    expect_text(" rows, 1 step per epoch, 2 in all");
    expect_text("1 rank, 1 thread\n");
    cli_free(&result);
    cli_run(&result, 0, "train %s/run.yaml --run %s/run --set train.global_batch=full", folder, folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "1 head of 8 bits"), "%s", result.err);
    cr_assert(strstr(result.err, "1 step an epoch, 2 steps in all"), "%s", result.err);
}

/* A kernel from before AVX2, where OpenBLAS has it and the processor more: the rates may be any. */
Test(cli_inspect, check_times_openblas_and_a_kernel_that_suits)
{
    double gflops;
    char kernel[32];
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    cli_run(&result, 0, "version --rate");
    cli_expect_success(&result);
    cr_assert_eq(sscanf(result.out, "bitloom %*s OpenBLAS kernel %31[^,], %lf GFLOP/s", kernel, &gflops), 2,
                 "%s", result.out);
    cr_assert_gt(gflops, 0.0);
    int suits_another = 0;
#if defined(__x86_64__) && defined(__GNUC__)
    suits_another = strcmp(kernel, "Prescott") == 0 && bl_cpu_is_v3();
#endif
    cli_free(&result);
    cli_run(&result, 0, "check %s/run.yaml --run %s/run --json", folder, folder);
    cli_expect_success(&result);
    cr_assert_gt(tiny_number(result.out, "gflops"), 0.0);
    cr_assert_eq(strstr(result.out, "\"other_kernel\":") != NULL, suits_another, "%s", result.out);
    if (suits_another)
        cr_assert_gt(tiny_number(result.out, "other_gflops"), 0.0);
}

Test(cli_inspect, check_refuses_more_ranks_than_shards)
{
    cli_run(&result, 3, "check %s/run.yaml --set data.shards=2 --run %s/run", folder, folder);
    cli_expect_error(&result, 2, "3 ranks are more than data.shards = 2");
}

Test(cli_inspect, check_names_the_line_of_a_mistake)
{
    cli_run(&result, 0, "check %s/run.yaml --set train.epoch=3", folder);
    cli_expect_error(&result, 2, "did you mean train.epochs");
}

Test(cli_inspect, check_says_that_a_file_is_whole)
{
    cli_run(&result, 0, "check %s/d.h5", folder);
    expect_text("intact");
}

Test(cli_inspect, check_sees_what_a_run_left_and_whether_it_would_continue)
{
    cli_succeeds(0, "train %s/run.yaml --run %s/run", folder, folder);
    cli_run(&result, 0, "check %s/run.yaml --run %s/run", folder, folder);
    expect_text("is intact: step 14 of 14");
    cli_free(&result);
    cli_run(&result, 2, "check %s/run.yaml --run %s/run --set optimizer.lr=0.5", folder, folder);
    cli_expect_error(&result, 2, "optimizer.lr: 0.001 -> 0.5");
    cr_assert(strstr(result.out, "steps per epoch"), "the plan is missing: %s", result.out);
}

Test(cli_inspect, check_of_a_damaged_checkpoint_names_an_older_whole_one)
{
    char path[CLI_PATH_MAX + 64];
    cli_succeeds(0, "train %s/run.yaml --run %s/run --set checkpoint.every_steps=10", folder, folder);
    cli_run(&result, 0, "info %s/run/checkpoints/step-00000010.h5 --config", folder);
    expect_text("epochs: 2");
    cli_free(&result);
    snprintf(path, sizeof path, "%s/run/checkpoints/step-00000014.h5", folder);
    FILE *file = fopen(path, "r+b");
    cr_assert_not_null(file);
    fseek(file, 0, SEEK_END);
    const long middle = ftell(file) / 2;
    for (long i = 0; i < middle; i++) {
        fseek(file, middle + i, SEEK_SET);
        fputc(0xa5, file);
    }
    fclose(file);
    cli_fails(0, 3, "step-00000010.h5 is intact", "check %s", path);
    cli_run(&result, 0, "check %s/run.yaml --run %s/run", folder, folder);
    expect_text("step-00000010.h5 is intact: step 10 of 14");
    cr_assert(strstr(result.out, "step-00000014.h5 is damaged"), "%s", result.out);
}

Test(cli_inspect, a_plan_that_no_memory_here_holds_ends_as_training_would)
{
    cli_run(&result, 0, "check %s/run.yaml --set 'model.hidden=[16777216,16777216]'", folder);
    cli_expect_error(&result, 7, "a node of 1 rank needs 9.");
    cr_assert(strstr(result.err, "PiB and this host has "), "%s", result.err);
    cr_assert(strstr(result.out, "hint: this host has ") &&
                  strstr(result.out, ", which isn't enough for a node"),
              "%s", result.out);
    cli_free(&result);
    cli_run(&result, 0, "check %s/run.yaml", folder);
    cr_assert_null(strstr(result.out, "hint: this host has "), "%s", result.out);
    cli_expect_success(&result);
}

Test(cli_inspect, what_init_prints_can_be_checked)
{
    cli_succeeds(0, "init --data d.h5 --bits 48 -o %s/first.yaml", folder);
    cli_run(&result, 0, "check %s/first.yaml --set train.global_batch=16 --json", folder);
    expect_text("\"bits\":48");
}

Test(cli_inspect, init_overwrites_nothing)
{
    cli_run(&result, 0, "init -o %s/run.yaml", folder);
    cli_expect_error(&result, 4, "run.yaml exists");
}

Test(cli_inspect, init_refuses_a_code_that_is_too_long)
{
    cli_run(&result, 0, "init --bits 1025");
    cli_expect_error(&result, 2, "--bits must be a whole number from 1 to 1024");
}
