#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/tiny.h"

static char folder[CLI_PATH_MAX];
static struct cli_result result;

#define EVENTS                                                                                               \
    "{\"event\":\"start\",\"step\":0}\n"                                                                     \
    "{\"event\":\"step\",\"step\":10,\"epoch\":0.5,\"loss\":0.75,\"lr\":0.001,\"rows_per_s\":5000}\n"        \
    "{\"event\":\"epoch\",\"step\":20,\"epoch\":1.0,\"loss\":0.5}\n"                                         \
    "{\"event\":\"evaluation\",\"step\":20,\"epoch\":1.0,\"map\":0.625}\n"

/* A run folder in the temporary one, with these metrics. */
static void make_run(const char *name, const char *metrics)
{
    char path[2 * CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/%s/metrics.jsonl", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(metrics, file) >= 0 && fclose(file) == 0);
}

static void enter(void)
{
    cli_temp_folder(folder);
    make_run("run", EVENTS);
}

static void leave(void)
{
    cli_free(&result);
    folder_remove(folder);
}

TestSuite(cli_report, .init = enter, .fini = leave);

static void need_gnuplot(void)
{
    if (system("command -v gnuplot >/dev/null") != 0)
        cr_skip_test("there is no gnuplot here");
}

Test(cli_report, data_has_a_line_for_each_value_in_the_order_of_the_file)
{
    cli_run(&result, 0, "report %s/run --data", folder);
    cli_expect_success(&result);
    char expected[4 * CLI_PATH_MAX];
    snprintf(expected, sizeof expected,
             "run\tevent\tstep\tepoch\tloss\tmap\tlr\trows_per_s\n"
             "%s/run\tstep\t10\t0.5\t0.75\t\t0.001\t5000\n"
             "%s/run\tepoch\t20\t1\t0.5\t\t\t\n"
             "%s/run\tevaluation\t20\t1\t\t0.625\t\t\n",
             folder, folder, folder);
    cr_assert_str_eq(result.out, expected);
}

Test(cli_report, a_line_that_is_still_being_written_is_left_out)
{
    make_run("going", EVENTS "{\"event\":\"epoch\",\"step\":40,\"ep");
    cli_run(&result, 0, "report %s/going --data", folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "evaluation\t20") && !strstr(result.out, "\t40"), "%s", result.out);
}

Test(cli_report, a_trained_run_has_its_epochs_and_evaluations)
{
    struct tiny tiny;
    tiny_init(&tiny);
    cli_run(&result, 2, "train %s --run %s", tiny.config, tiny.run);
    cli_expect_success(&result);
    cli_free(&result);
    cli_run(&result, 0, "report %s --data", tiny.run);
    tiny_free(&tiny);
    cli_expect_success(&result);
    int epochs = 0, evaluations = 0;
    for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n")) {
        epochs += strstr(line, "\tepoch\t") && !strstr(line, "\tevent\t");
        evaluations += strstr(line, "\tevaluation\t") != NULL;
    }
    cr_assert_eq(epochs, 4);
    cr_assert_eq(evaluations, 4);
}

Test(cli_report, a_file_appears_as_a_whole_picture)
{
    need_gnuplot();
    make_run("it's another", EVENTS);
    cli_run(&result, 0, "report %s/run \"%s/it's another\" -o \"%s/it's.png\"", folder, folder, folder);
    cli_expect_success(&result);
    char path[CLI_PATH_MAX + 32];
    int64_t n;
    snprintf(path, sizeof path, "%s/it's.png", folder);
    char *bytes = tiny_read(path, &n);
    cr_assert(n > 1000 && memcmp(bytes, "\x89PNG", 4) == 0 && memcmp(bytes + n - 8, "IEND", 4) == 0);
    free(bytes);
    snprintf(path, sizeof path, "%s/it's.png.part", folder);
    cr_assert_not(tiny_exists(path));
}

Test(cli_report, without_a_file_the_curves_are_characters)
{
    need_gnuplot();
    cli_run(&result, 0, "report %s/run", folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "training loss") && strstr(result.out, "validation mAP"), "%s", result.out);
    cr_assert_str_empty(result.err, "%s", result.err);
}

Test(cli_report, a_run_without_evaluations_has_a_loss_alone)
{
    need_gnuplot();
    make_run("unlabelled", "{\"event\":\"epoch\",\"step\":20,\"epoch\":1.0,\"loss\":0.5}\n"
                           "{\"event\":\"epoch\",\"step\":40,\"epoch\":2.0,\"loss\":0.25}\n");
    cli_run(&result, 0, "report %s/unlabelled", folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "training loss") && !strstr(result.out, "mAP"), "%s", result.out);
}

/* A PATH with nothing in it but what starts the program. */
Test(cli_report, a_missing_gnuplot_is_one_line_that_names_the_way_round)
{
    char path[CLI_PATH_MAX + 64];
    snprintf(path, sizeof path, "ln -s \"$(command -v timeout)\" '%s/timeout'", folder);
    cr_assert_eq(system(path), 0);
    setenv("PATH", folder, 1);
    cli_run(&result, 0, "report %s/run", folder);
    cli_expect_error(&result, 2, "no gnuplot in PATH");
    cr_assert(strstr(result.err, "--data"));
    cr_assert_str_empty(result.out);
}

Test(cli_report, nothing_is_left_of_a_picture_that_could_not_be_drawn)
{
    cli_run(&result, 0, "report %s/run -o %s/absent/x.png --force", folder, folder);
    cli_expect_error(&result, 4, "can't write");
    cli_free(&result);
    cli_run(&result, 0, "report %s/run -o %s/x.gif --force", folder, folder);
    cli_expect_error(&result, 2, "must end in .png, .svg or .pdf");
}

Test(cli_report, what_is_no_run_is_refused_with_its_line)
{
    cli_run(&result, 0, "report %s", folder);
    cli_expect_error(&result, 4, "metrics.jsonl");
    cli_free(&result);
    make_run("text", EVENTS "hello\n");
    cli_run(&result, 0, "report %s/run %s/text --data", folder, folder);
    cli_expect_error(&result, 3, "text/metrics.jsonl:5: not a JSON object");
    cli_free(&result);
    make_run("new", "{\"event\":\"start\",\"step\":0}\n");
    cli_run(&result, 0, "report %s/new", folder);
    cli_expect_error(&result, 3, "no values yet");
}

/* What an evaluation printed, as far as a curve needs it. */
#define EVALUATION(method, name)                                                                             \
    "{\"map\":0.5,\"precision_by_radius\":[0.75,0.5,0.25],\"recall_by_radius\":[0.125,0.5,1],\"bits\":2,"    \
    "\"queries\":8,\"database\":16,\"protocol_name\":\"" name "\",\"protocol_seed\":3,\"data\":\"a/d.h5\","  \
    "\"training_rows_in_database\":\"no\",\"method\":\"" method "\"}\n"

static void write_file(const char *name, const char *text)
{
    char path[2 * CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    tiny_write(path, text, (int64_t)strlen(text));
}

Test(cli_report, curves_have_a_line_for_each_radius_and_their_protocol)
{
    write_file("one.json", EVALUATION("lsh", "54k"));
    cli_run(&result, 0, "report --precision-recall %s/one.json --data", folder);
    cli_expect_success(&result);
#define CURVE "one: lsh, 2 bits\t54k (seed 3) of d.h5: 8 queries, 16 items, training rows searched: no\t0.5\t"
    cr_assert_str_eq(result.out, "curve\tprotocol\tmap\tradius\trecall\tprecision\n" CURVE
                                 "0\t0.125\t0.75\n" CURVE "1\t0.5\t0.5\n" CURVE "2\t1\t0.25\n");
    cr_assert_str_empty(result.err, "%s", result.err);
}

Test(cli_report, curves_of_one_protocol_are_drawn_under_its_name)
{
    need_gnuplot();
    write_file("one.json", EVALUATION("lsh", "54k") EVALUATION("it's", "54k"));
    cli_run(&result, 0, "report --precision-recall %s/one.json", folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "54k (seed 3) of d.h5: 8 queries"), "%s", result.out);
    cr_assert(strstr(result.out, "one:2: it's, 2 bits, mAP 0.5000"), "%s", result.out);
    cli_free(&result);
    cli_run(&result, 0, "report --precision-recall %s/one.json -o %s/x.png --force", folder, folder);
    cli_expect_success(&result);
    char path[2 * CLI_PATH_MAX];
    int64_t n;
    snprintf(path, sizeof path, "%s/x.png", folder);
    char *bytes = tiny_read(path, &n);
    cr_assert(n > 1000 && memcmp(bytes, "\x89PNG", 4) == 0);
    free(bytes);
}

Test(cli_report, curves_of_different_protocols_are_drawn_with_a_warning)
{
    need_gnuplot();
    write_file("one.json", EVALUATION("lsh", "54k"));
    write_file("two.json", EVALUATION("lsh", "59k"));
    cli_run(&result, 0, "report --precision-recall %s/one.json %s/two.json", folder, folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "not comparable"), "%s", result.err);
    cr_assert(strstr(result.out, "not to be compared"), "%s", result.out);
}

Test(cli_report, what_is_no_evaluation_is_refused_with_its_line)
{
    write_file("text.json", EVALUATION("lsh", "54k") "{\"map\":0.5}\n");
    cli_fails(0, 3, "text.json:2: not an evaluation", "report --precision-recall %s/text.json", folder);
    write_file("text.json", "hello");
    cli_fails(0, 3, "text.json:1: not an evaluation", "report --precision-recall %s/text.json --data",
              folder);
    write_file("text.json", "{\"map\":1,\"precision_by_radius\":[1,2],\"recall_by_radius\":[1]}\n");
    cli_fails(0, 3, "not an evaluation", "report --precision-recall %s/text.json --data", folder);
    write_file("text.json", "");
    cli_fails(0, 3, "is empty", "report --precision-recall %s/text.json", folder);
    cli_fails(0, 4, "absent.json", "report --precision-recall %s/absent.json", folder);
}
