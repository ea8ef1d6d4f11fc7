#include "mpi/command/check/check_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/count.h"
#include "base/quantity.h"
#include "config/text.h"
#include "cost/rate.h"
#include "io/config_file.h"
#include "math/blas.h"
#include "mpi/command/check/blas_kernel.h"
#include "mpi/files/checkpoint.h"
#include "mpi/files/verify.h"
#include "mpi/process/memory.h"
#include "mpi/run/earlier_run.h"
#include "mpi/run/resume.h"
#include "mpi/run/run_folder.h"
#include "mpi/run/saved_state.h"
#include "mpi/step/overlap.h"

static void report_numbers(json_t *report, const struct bl_config *config, const struct par_split *split,
                           const struct plan *plan)
{
    const struct par_traffic_count step = traffic_of_steps(&plan->traffic);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"ranks", plan->ranks},
        {"threads", config->train.threads},
        {"shards", config->data.shards},
        {"rows", split->rows},
        {"train_rows", plan->n_train},
        {"validation_rows", plan->n_validation},
        {"dim", split->dim},
        {"layers", plan->layers},
        {"parameters", plan->parameters},
        {"bits", plan->bits},
        {"global_batch", plan->batches.n_global},
        {"steps_per_epoch", plan->batches.steps_per_epoch},
        {"steps", plan->steps},
        {"warmup_steps", plan->warmup_steps},
        {"window_rows", plan->window_rows},
        {"groups", plan->groups},
        {"data_bytes", plan->data_bytes},
        {"batch_bytes", plan->batch_bytes},
        {"parameter_bytes", plan->parameter_bytes},
        {"gather_bytes", plan->gather_bytes},
        {"codes_bytes", plan->codes_bytes},
        {"start_bytes", plan->start_bytes},
        {"shared_parameter_bytes", plan->shared_parameter_bytes},
        {"shared_gather_bytes", plan->shared_gather_bytes},
        {"shared_codes_bytes", plan->shared_codes_bytes},
        {"memory_bytes", plan_memory(plan)},
        {"nodes", plan->nodes},
        {"ranks_of_a_node", plan->node_ranks},
        {"node_memory_bytes", plan_node_memory(plan)},
        {"link_sent_bytes_per_step", plan->link_sent_bytes},
        {"link_received_bytes_per_step", plan->link_received_bytes},
        {"sent_bytes_per_step", step.sent_bytes},
        {"received_bytes_per_step", step.received_bytes},
        {"messages_per_step", step.messages},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(report, numbers[i].name, json_integer(numbers[i].value));
}

json_t *check_report_plan(const char *config_path, const char *data_path, const struct bl_config *config,
                          const struct par_split *split, const struct plan *plan)
{
    json_t *report = json_object();
    json_object_set_new(report, "config", json_string_nocheck(config_path));
    json_object_set_new(report, "data", json_string_nocheck(data_path));
    json_object_set_new(report, "split", json_string_nocheck(config->data.train));
    json_object_set_new(report, "type", json_string_nocheck(bl_type_name(split->type)));
    json_object_set_new(report, "preset", json_string_nocheck(bl_config_preset_name(config)));
    report_numbers(report, config, split, plan);
    json_t *traffic = json_object();
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++)
        if (traffic_in_step((enum par_traffic_kind)kind))
            json_object_set_new(traffic, traffic_name((enum par_traffic_kind)kind),
                                json_integer(plan->traffic.of[kind].received_bytes));
    json_object_set_new(report, "received_bytes_by_kind", traffic);
    const struct overlap overlap = overlap_choose(config, plan->ranks, plan->hosts, plan->lanes);
    json_object_set_new(report, "overlap", json_string(overlap_name(&overlap)));
    return report;
}

void check_report_labels(json_t *report, const struct bl_label_count *count, int64_t n_class_names)
{
    char text[BL_LABEL_TEXT];
    const char *doubt = bl_label_count_doubt(count);
    json_object_set_new(report, "labels", json_string(bl_label_count_say(count, n_class_names, text)));
    json_object_set_new(report, "rows_without_label", json_integer(count->none));
    if (doubt)
        json_object_set_new(report, "remark_on_labels", json_string(doubt));
}

int check_report_blas(json_t *report, struct bl_error *err)
{
    const char *better = bl_rate_better_kernel();
    double gflops;
    int code = bl_rate_sgemm(&gflops, err);
    if (code != BL_OK)
        return code;
    json_t *blas = json_pack("{s:s, s:f}", "kernel", bl_blas_kernel(), "gflops", gflops);
    const double other = better ? command_rate_with_kernel(better) : 0.0;
    if (other > 0.0) {
        json_object_set_new(blas, "other_kernel", json_string(better));
        json_object_set_new(blas, "other_gflops", json_real(other));
    }
    json_object_set_new(report, "blas", blas);
    return BL_OK;
}

int check_report_memory(json_t *report, const struct plan *plan, int modelled, struct bl_error *err)
{
    const int64_t host = memory_of_host(), need = plan_node_memory(plan);
    if (host <= 0)
        return BL_OK;
    json_object_set_new(report, "host_memory_bytes", json_integer(host));
    if (modelled || need <= host)
        return BL_OK;
    return bl_fail(err, BL_MEMORY,
                   "a node of %s needs %s and this host has %s of memory; take narrower layers, a smaller "
                   "train.global_batch, or more nodes",
                   bl_count(plan->node_ranks, "rank").text, bl_bytes(need).text, bl_bytes(host).text);
}

/* Finds the first intact one of paths, newest first, and reads its head; damaged ones before it are added
 * to `damaged`. Returns its position, or n if there is none. Any error but damage ends the search: *code
 * has it. */
static int64_t find_intact(char **paths, int64_t n, struct snapshot *head, json_t *damaged, int *code,
                           struct bl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        char summary[300];
        *code = verify_file(paths[i], summary, sizeof summary, err);
        if (*code == BL_OK)
            *code = par_checkpoint_open(par_alone(), paths[i], head, err);
        if (*code != BL_INPUT || checkpoint_is_newer(paths[i]))
            return i;
        json_array_append_new(damaged, json_string_nocheck(paths[i]));
        *code = BL_OK;
    }
    return n;
}

/* What a run would find in the checkpoint that it continues from: its step, and keys that differ and may
 * not. */
static int report_checkpoint(json_t *run, const char *path, const struct snapshot *head,
                             const struct bl_config *config, struct bl_error *err)
{
    struct bl_config old;
    char keys[600];
    const char *text = snapshot_find_text(head, "config");
    const struct snapshot_number *step = snapshot_find_number(head, "step");
    if (!text || !step)
        return bl_fail(err, BL_INPUT,
                       "%s: its configuration or step is missing; use an older checkpoint or --fresh", path);
    json_object_set_new(run, "checkpoint", json_string_nocheck(path));
    json_object_set_new(run, "step", json_integer(step->integer));
    int code = io_config_parse(text, path, &old, err);
    if (code != BL_OK)
        return code;
    const int n = bl_config_difference(&old, config, keys, sizeof keys);
    json_object_set_new(run, "differences", json_string_nocheck(keys));
    if (n > 0)
        code =
            bl_fail(err, BL_USAGE,
                    "%s was made with another configuration (%s); restore these keys, use another --run, or "
                    "train with --fresh",
                    path, keys);
    return code;
}

int check_report_run(json_t *report, const char *run_path, const struct bl_config *config,
                     struct bl_error *err)
{
    struct par_run_folder names;
    enum earlier_run earlier;
    char **paths = NULL;
    int64_t n = 0;
    struct snapshot head = {0};
    json_t *run = json_object(), *damaged = json_array();
    int code = run_folder_name(&names, run_path, err);
    if (code == BL_OK && access(names.checkpoints, F_OK) == 0)
        code = par_run_folder_list_local(names.checkpoints, &paths, &n, err);
    json_object_set_new(run, "folder", json_string_nocheck(run_path));
    json_object_set_new(run, "checkpoints", json_integer(n));
    json_object_set_new(run, "damaged", damaged);
    json_object_set_new(report, "run", run);
    if (code == BL_OK && n == 0)
        code = earlier_run_check(&names, config, 0, &earlier, err);
    json_object_set_new(run, "refused", json_boolean(code == BL_USAGE));
    if (code == BL_OK && n > 0) {
        const int64_t intact = find_intact(paths, n, &head, damaged, &code, err);
        if (intact == n)
            code = par_fail_all_damaged_local(names.checkpoints, n, err);
        else if (code == BL_OK)
            code = report_checkpoint(run, paths[intact], &head, config, err);
        snapshot_free(&head);
    }
    for (int64_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    return code;
}

void check_report_older(const char *path, struct bl_error *err)
{
    char folder[BL_PATH_MAX];
    char **paths = NULL;
    int64_t n = 0;
    struct bl_error ignored;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strncmp(name, "step-", 5) != 0 ||
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".") >=
            BL_PATH_MAX)
        return;
    if (par_run_folder_list_local(folder, &paths, &n, &ignored) != BL_OK)
        n = 0;
    const struct bl_error before = *err; /* bl_fail overwrites the message that it is given */
    int found = 0;
    for (int64_t i = 0; i < n && !found; i++) {
        char summary[300];
        if (strcmp(strrchr(paths[i], '/') + 1, name) == 0)
            continue;
        found = verify_file(paths[i], summary, sizeof summary, &ignored) == BL_OK &&
                par_saved_state_check_local(paths[i], &ignored) == BL_OK;
        if (found)
            bl_fail(err, before.code, "%.700s; %.250s is intact", before.what, paths[i]);
    }
    for (int64_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
}
