#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/count.h"
#include "base/quantity.h"
#include "mpi/command/check/check_report.h"

/* A node that takes more than this share of its memory is worth a word. */
static const double close_to_all = 0.8;

static int64_t number(const json_t *report, const char *name)
{
    return json_integer_value(json_object_get(report, name));
}

static struct bl_counted count(const json_t *report, const char *name, const char *noun)
{
    return bl_count(number(report, name), noun);
}

static const char *text(const json_t *report, const char *name)
{
    return json_string_value(json_object_get(report, name));
}

/* If a window has fewer rows than a step takes, each step must wait for the disk, however fast it is. */
static void print_windows(const json_t *report)
{
    const int64_t rows = number(report, "window_rows");
    const int64_t step_rows = number(report, "global_batch") / number(report, "shards");
    printf("  streamed    batches are drawn from at most %s of each shard at a time\n",
           bl_count(rows, "row").text);
    if (rows < step_rows)
        printf("              a step takes %s of each and waits for the disk: raise data.window or "
               "data.shards\n",
               bl_count(step_rows, "row").text);
}

static void print_work(const json_t *report)
{
    printf("%s\n", text(report, "config"));
    printf("  data        %s, split %s: %s of %" PRId64 " x %s\n", text(report, "data"),
           text(report, "split"), count(report, "rows", "row").text, number(report, "dim"),
           text(report, "type"));
    printf("  labels      %s\n", text(report, "labels"));
    if (text(report, "remark_on_labels"))
        printf("              warning: %s\n", text(report, "remark_on_labels"));
    printf("  rows        %" PRId64 " for training, %" PRId64 " held out, %s\n", number(report, "train_rows"),
           number(report, "validation_rows"), count(report, "shards", "shard").text);
    if (number(report, "window_rows") > 0)
        print_windows(report);
    printf("  network     %s, %s, codes of %s\n", count(report, "layers", "layer").text,
           count(report, "parameters", "parameter").text, count(report, "bits", "bit").text);
    printf("  method      %s\n", text(report, "preset"));
    printf("  steps       batches of %s, %s per epoch, %" PRId64 " in all, %" PRId64 " of them warm-up\n",
           count(report, "global_batch", "row").text, count(report, "steps_per_epoch", "step").text,
           number(report, "steps"), number(report, "warmup_steps"));
}

/* With fewer rows in a group, exact sums cost noticeable time (docs/reproducibility.md). */
enum { CHEAP_GROUP_ROWS = 64 };

/* groups 0: reduction fast. */
static void print_sums(const json_t *report)
{
    const int64_t groups = number(report, "groups"), batch = number(report, "global_batch");
    if (groups == 0) {
        printf(
            "  sums        fast: the bits depend on the number of ranks, the processor and the libraries\n");
        return;
    }
    printf("  sums        exact: %s of about %s; the same bits on up to %s\n",
           count(report, "groups", "group").text, bl_count(batch / groups, "row").text,
           bl_count(groups, "rank").text);
    if (batch / groups < CHEAP_GROUP_ROWS)
        printf("              with %d rows in a group exact sums cost almost nothing: a lower "
               "train.exact_groups is faster, but allows fewer ranks\n",
               CHEAP_GROUP_ROWS);
}

/* Traffic of the node and of the rank that receive the most. */
static void print_wire(const json_t *report)
{
    json_t *kinds = json_object_get(report, "received_bytes_by_kind"), *value;
    const char *name, *before = "", *overlap = text(report, "overlap");
    const int64_t nodes = number(report, "nodes");
    if (number(report, "ranks") == 1) {
        printf("  wire        nothing: 1 rank, %s\n", count(report, "threads", "thread").text);
        return;
    }
    if (nodes == 1) {
        printf("  wire        nothing: %s on one node, %s each, share memory\n",
               count(report, "ranks", "rank").text, count(report, "threads", "thread").text);
        return;
    }
    printf("  wire        each step %s into a node, %s out of it, on %" PRId64
           " nodes of up to %s; into a rank ",
           bl_bytes(number(report, "link_received_bytes_per_step")).text,
           bl_bytes(number(report, "link_sent_bytes_per_step")).text, nodes,
           count(report, "ranks_of_a_node", "rank").text);
    json_object_foreach(kinds, name, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        printf("%s%s %s", before, name, bl_bytes(json_integer_value(value)).text);
        before = ", ";
    }
    if (strcmp(overlap, "none") != 0)
        printf("; overlapped with computing: %s", overlap);
    printf("\n");
}

/* What a node needs against the host that is asked. */
static void print_host(const json_t *report)
{
    const int64_t need = number(report, "node_memory_bytes"), host = number(report, "host_memory_bytes");
    if (host > 0 && (double)need > close_to_all * (double)host)
        printf("              hint: this host has %s of memory%s\n", bl_bytes(host).text,
               need > host ? ", which isn't enough for a node" : "; little is left for anything else");
}

/* Memory of a rank's own, and memory that the ranks of a node share. */
static void print_need(const json_t *report)
{
    const int64_t shared = number(report, "shared_parameter_bytes") + number(report, "shared_gather_bytes") +
                           number(report, "shared_codes_bytes");
    printf(
        "  memory      at most %s on a rank: data %s, batch %s, gradient and checkpoint copy %s, other %s\n",
        bl_bytes(number(report, "memory_bytes") - shared).text, bl_bytes(number(report, "data_bytes")).text,
        bl_bytes(number(report, "batch_bytes")).text, bl_bytes(number(report, "parameter_bytes")).text,
        bl_bytes(number(report, "gather_bytes") + number(report, "codes_bytes")).text);
    printf("              %s shared on each node: parameters and optimiser states %s, codes of a batch %s",
           bl_bytes(shared).text, bl_bytes(number(report, "shared_parameter_bytes")).text,
           bl_bytes(number(report, "shared_gather_bytes")).text);
    if (number(report, "shared_codes_bytes") > 0)
        printf(", memory of codes %s", bl_bytes(number(report, "shared_codes_bytes")).text);
    printf("\n              in all %s on a node of %s\n", bl_bytes(number(report, "node_memory_bytes")).text,
           count(report, "ranks_of_a_node", "rank").text);
    print_host(report);
    if (number(report, "start_bytes") > 0)
        printf("  start       model.init takes %s on each rank, freed before the first step\n",
               bl_bytes(number(report, "start_bytes")).text);
    print_wire(report);
}

static double real(const json_t *report, const char *name)
{
    return json_number_value(json_object_get(report, name));
}

/* With exact sums, matrix products use bitloom's own kernels and not OpenBLAS. */
static void print_blas(const json_t *report)
{
    const json_t *blas = json_object_get(report, "blas");
    const double gflops = real(blas, "gflops"), other = real(blas, "other_gflops");
    const char *kernel = text(blas, "other_kernel");
    printf("  OpenBLAS    kernel %s, %.1f GFLOP/s of sgemm on one core\n", text(blas, "kernel"), gflops);
    if (kernel)
        printf("              %swith OPENBLAS_CORETYPE=%s in the job's environment %.1f, %.2f times as "
               "fast%s\n",
               other > gflops ? "hint: " : "", kernel, other, other / gflops,
               number(report, "groups") > 0 ? "; steps under exact sums don't use OpenBLAS" : "");
}

static void print_scale(const json_t *report)
{
    const json_t *scale = json_object_get(report, "scale"), *row;
    size_t i;
    if (!scale)
        return;
    printf("  model       nodes of %" PRId64
           " cores and %.3g GB/s of memory, %.3g Gb/s and %.3g us between them; %s\n",
           number(scale, "cores_per_node"), 1e-9 * real(scale, "memory_bytes_per_s"),
           8e-9 * real(scale, "network_bytes_per_s"), 1e6 * real(scale, "latency_s"),
           json_is_true(json_object_get(scale, "timed")) ? "a rank's computing time measured here"
                                                         : "a rank's rate by --gflops");
    printf("      ranks  nodes  rows each   compute  exchange   step ms    rows/s  efficiency   into node  "
           "memory: rank       node  "
           "limit\n");
    json_array_foreach(json_object_get(scale, "ranks"), i, row)
    {
        printf("    %7" PRId64 " %6" PRId64 " %10" PRId64
               " %9.2f %9.2f %9.2f %9.0f %9.0f %% %11s %13s %10s  %s\n",
               number(row, "ranks"), number(row, "nodes"), number(row, "rows"), 1e3 * real(row, "compute_s"),
               1e3 * real(row, "exchange_s"), 1e3 * real(row, "step_s"), real(row, "rows_per_s"),
               100.0 * real(row, "efficiency"), bl_bytes(number(row, "link_bytes")).text,
               bl_bytes(number(row, "memory_bytes")).text, bl_bytes(number(row, "node_memory_bytes")).text,
               text(row, "limit"));
    }
    printf("              %s\n", text(scale, "verdict"));
}

/* A line for each checkpoint that was looked at, newest first, until an intact one. */
static void print_run(const json_t *report)
{
    const json_t *run = json_object_get(report, "run"), *damaged = json_object_get(run, "damaged"), *path;
    size_t i;
    if (number(run, "checkpoints") == 0)
        printf("  run         %s has no checkpoints: %s\n", text(run, "folder"),
               json_is_true(json_object_get(run, "refused")) ? "it can't go on, and a new run is refused"
                                                             : "a new run");
    json_array_foreach(damaged, i, path)
    {
        printf("  run         %s is damaged and will be skipped\n", json_string_value(path));
    }
    if (text(run, "checkpoint"))
        printf("  run         %s is intact: step %" PRId64 " of %" PRId64 "%s\n", text(run, "checkpoint"),
               number(run, "step"), number(report, "steps"),
               number(run, "step") >= number(report, "steps") ? ", nothing left to do" : "");
}

static void print_warnings(const json_t *report)
{
    json_t *value;
    size_t i;
    json_array_foreach(json_object_get(report, "warnings"), i, value)
        printf("  warning     %s\n", json_string_value(value));
}

void check_report_print(const json_t *report)
{
    if (text(report, "summary")) {
        printf("%s: %s\n", text(report, "file"), text(report, "summary"));
        return;
    }
    print_work(report);
    print_warnings(report);
    print_sums(report);
    print_need(report);
    print_blas(report);
    print_scale(report);
    print_run(report);
}
