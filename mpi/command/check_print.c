#include <inttypes.h>
#include <stdio.h>

#include "mpi/command/check_report.h"

static int64_t number(const json_t *report, const char *name)
{
    return json_integer_value(json_object_get(report, name));
}

static const char *text(const json_t *report, const char *name)
{
    return json_string_value(json_object_get(report, name));
}

/* In the unit that suits it, at most 9 characters. */
static const char *bytes_text(int64_t n_bytes, char out[32])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)n_bytes;
    int unit = 0;
    for (; value >= 1024.0 && unit < 5; unit++)
        value /= 1024.0;
    snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

static void print_work(const json_t *report)
{
    printf("%s\n", text(report, "config"));
    printf("  data        %s, split %s: %" PRId64 " rows of %" PRId64 " x %s\n", text(report, "data"),
           text(report, "split"), number(report, "rows"), number(report, "dim"), text(report, "type"));
    printf("  rows        %" PRId64 " to train on, %" PRId64 " held out, %" PRId64 " shards\n",
           number(report, "train_rows"), number(report, "validation_rows"), number(report, "shards"));
    printf("  network     %" PRId64 " layers, %" PRId64 " parameters, codes of %" PRId64 " bits\n",
           number(report, "layers"), number(report, "parameters"), number(report, "bits"));
    printf("  method      %s\n", text(report, "preset"));
    printf("  steps       batches of %" PRId64 " rows, %" PRId64 " steps an epoch, %" PRId64
           " in all, %" PRId64 " of them warm-up\n",
           number(report, "global_batch"), number(report, "steps_per_epoch"), number(report, "steps"),
           number(report, "warmup_steps"));
}

static void print_need(const json_t *report)
{
    char all[32], data[32], batch[32], parameters[32], gather[32];
    const int64_t ranks = number(report, "ranks");
    printf(
        "  memory      %s on the rank that needs most: data %s, batch %s, parameters %s, gathered codes %s\n",
        bytes_text(number(report, "memory_bytes"), all), bytes_text(number(report, "data_bytes"), data),
        bytes_text(number(report, "batch_bytes"), batch),
        bytes_text(number(report, "parameter_bytes"), parameters),
        bytes_text(number(report, "gather_bytes"), gather));
    if (ranks == 1)
        printf(
            "  wire        nothing: there is 1 rank; under mpirun -n RANKS this is the plan for so many\n");
    else
        printf("  wire        %s of codes and labels gathered and %s of gradients summed in a step, %" PRId64
               " ranks\n",
               bytes_text(number(report, "gathered_bytes_per_step"), gather),
               bytes_text(number(report, "reduced_bytes_per_step"), parameters), ranks);
}

static void print_run(const json_t *report)
{
    const json_t *run = json_object_get(report, "run"), *damaged = json_object_get(run, "damaged"), *path;
    size_t i;
    if (number(run, "checkpoints") == 0)
        printf("  run         %s has no checkpoints: a new run\n", text(run, "folder"));
    json_array_foreach(damaged, i, path)
    {
        printf("  run         %s is damaged and will be passed over\n", json_string_value(path));
    }
    if (text(run, "checkpoint"))
        printf("  run         %s is whole: step %" PRId64 " of %" PRId64 "%s\n", text(run, "checkpoint"),
               number(run, "step"), number(report, "steps"),
               number(run, "step") >= number(report, "steps") ? ", nothing is left to do" : "");
}

void check_report_print(const json_t *report)
{
    if (text(report, "summary")) {
        printf("%s: %s\n", text(report, "file"), text(report, "summary"));
        return;
    }
    print_work(report);
    print_need(report);
    print_run(report);
}
