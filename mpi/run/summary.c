#include "mpi/run/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/count.h"
#include "base/log.h"
#include "base/quantity.h"
#include "cost/rate.h"
#include "mpi/evaluate/figures.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "mpi/run/metrics.h"

/* Above these shares of the whole a phase is worth a hint. */
static const double input_limit = 0.05, exchange_limit = 0.25, imbalance_limit = 0.10, evaluation_limit = 0.3,
                    checkpoint_limit = 0.1;

/* The account of all ranks; the same on each. */
struct account {
    const struct step_facts *step; /* borrowed */
    int64_t steps, rows, peak_bytes;
    int64_t node_bytes; /* of all ranks of the node that holds most, shared pages once; 0: unknown */
    double least[PHASES], mean[PHASES], most[PHASES];
    double checkpoint_s[2];             /* by every_steps, by every_minutes; means over ranks */
    double background_s;                /* mean over ranks */
    double total_s, steps_s, compute_s; /* means over ranks */
    int is_streamed;
    double waited_s;                     /* for streamed rows, of the steps' time; mean over ranks */
    double flops;                        /* of all steps and ranks */
    double sgemm_gflops;                 /* of the slowest rank, all at once */
    struct par_traffic_count most_step;  /* of a step, the most of any rank */
    struct par_traffic_count most_link;  /* and of any node */
    int64_t received[PAR_TRAFFIC_KINDS]; /* bytes a step, the most of any rank */
};

static const enum phase compute[] = {PHASE_INPUT, PHASE_FORWARD, PHASE_OBJECTIVE, PHASE_BACKWARD};

/* Memory of this process, of what is shared its part; 0 where the system doesn't say. */
static int64_t proportional_bytes(void)
{
    char line[200];
    long long kib = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    while (file && kib == 0 && fgets(line, sizeof line, file))
        sscanf(line, "Pss: %lld kB", &kib);
    if (file)
        fclose(file);
    return kib * 1024;
}

static double mean_of(struct par par, double value)
{
    par_sum_doubles(par, &value, 1);
    return value / par.size;
}

static void collect_memory(struct account *account, const struct par_nodes *nodes)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    account->peak_bytes = par_max_integer(nodes->all, (int64_t)usage.ru_maxrss * 1024);
    account->node_bytes = proportional_bytes();
    par_sum_integers(nodes->node, &account->node_bytes, 1);
    account->node_bytes = par_max_integer(nodes->all, account->node_bytes);
}

/* Of each phase the least, the mean and the most of any rank. */
static void collect_phases(struct account *account, struct par par, const struct phases *phases)
{
    memcpy(account->least, phases->seconds, sizeof account->least);
    memcpy(account->mean, phases->seconds, sizeof account->mean);
    memcpy(account->most, phases->seconds, sizeof account->most);
    par_min_doubles(par, account->least, PHASES);
    par_max_doubles(par, account->most, PHASES);
    par_sum_doubles(par, account->mean, PHASES);
    for (int p = 0; p < PHASES; p++) {
        account->mean[p] /= par.size;
        account->total_s += account->mean[p];
        account->steps_s += p <= PHASE_UPDATE ? account->mean[p] : 0.0;
    }
    for (size_t c = 0; c < sizeof compute / sizeof *compute; c++)
        account->compute_s += account->mean[compute[c]];
}

/* What steps alone sent and received, a step. */
static void collect_traffic(struct account *account, const struct par_nodes *nodes,
                            const struct par_traffic *traffic)
{
    const struct par par = nodes->all;
    const struct par_traffic_count sum = traffic_of_steps(traffic);
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++)
        account->received[kind] = par_max_integer(par, traffic->of[kind].received_bytes) / account->steps;
    account->most_step = (struct par_traffic_count){
        .collectives = par_max_integer(par, sum.collectives) / account->steps,
        .messages = par_max_integer(par, sum.messages) / account->steps,
        .sent_bytes = par_max_integer(par, sum.sent_bytes) / account->steps,
        .received_bytes = par_max_integer(par, sum.received_bytes) / account->steps,
    };
    int64_t link[2] = {sum.sent_bytes, sum.received_bytes};
    par_sum_integers(nodes->node, link, 2);
    account->most_link = (struct par_traffic_count){
        .sent_bytes = par_max_integer(par, link[0]) / account->steps,
        .received_bytes = par_max_integer(par, link[1]) / account->steps,
    };
}

/* How much longer the slowest rank computes than the mean of all, as a share of the steps' time. */
static double imbalance(const struct account *account)
{
    double excess = 0.0;
    for (size_t c = 0; c < sizeof compute / sizeof *compute; c++)
        excess += account->most[compute[c]] - account->mean[compute[c]];
    return account->steps_s > 0.0 ? excess / account->steps_s : 0.0;
}

/* While it computes: in input, forward, objective and backward, not while it waits. */
static double gflops_per_rank(const struct account *account)
{
    return 1e-9 * account->flops / (double)account->step->ranks / account->compute_s;
}

/* Of all threads of a rank. */
static double rank_sgemm_gflops(const struct account *account)
{
    return account->sgemm_gflops * (double)account->step->threads;
}

static void say_table(const struct account *account)
{
    bl_log_say("time by phase in s, over %s   least     mean     most  share",
               bl_count(account->step->ranks, "rank").text);
    for (int p = 0; p < PHASES; p++)
        if (account->most[p] > 0.0)
            bl_log_say("  %-26s %11.2f %8.2f %8.2f %5.1f %%", phases_name((enum phase)p), account->least[p],
                       account->mean[p], account->most[p], 100.0 * account->mean[p] / account->total_s);
    if (account->background_s > 0.0)
        bl_log_say("checkpoints written in the background: %.2f s (not part of the phases above)",
                   account->background_s);
    bl_log_say("%s in %.2f s: %.0f rows/s; memory: at most %s a rank, %s a node",
               bl_count(account->steps, "step").text, account->steps_s,
               (double)account->rows / account->steps_s, bl_bytes(account->peak_bytes).text,
               bl_bytes(account->node_bytes).text);
    bl_log_say("%.1f GFLOP/s on each rank while it computes, %.0f %% of the %.1f of OpenBLAS's sgemm here",
               gflops_per_rank(account), 100.0 * gflops_per_rank(account) / rank_sgemm_gflops(account),
               rank_sgemm_gflops(account));
}

static void say_traffic(const struct account *account)
{
    char kinds[300] = "";
    if (account->step->nodes == 1)
        return;
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++) {
        const size_t at = strlen(kinds);
        if (traffic_in_step((enum par_traffic_kind)kind) && account->received[kind] > 0)
            snprintf(kinds + at, sizeof kinds - at, "%s%s %s", at > 0 ? ", " : "",
                     traffic_name((enum par_traffic_kind)kind), bl_bytes(account->received[kind]).text);
    }
    bl_log_say(
        "a step on the wire: at most %s out of a node and %s into it; %s sent and %s received by a rank (%s) in "
        "%s, %s",
        bl_bytes(account->most_link.sent_bytes).text, bl_bytes(account->most_link.received_bytes).text,
        bl_bytes(account->most_step.sent_bytes).text, bl_bytes(account->most_step.received_bytes).text, kinds,
        bl_count(account->most_step.collectives, "collective").text,
        bl_count(account->most_step.messages, "message").text);
}

static void say_hints(const struct account *account)
{
    const double exchange = account->mean[PHASE_GATHER] + account->mean[PHASE_REDUCE];
    if (exchange > exchange_limit * account->steps_s)
        bl_log_say("hint: %.0f %% of the steps' time goes into exchange between ranks; a larger "
                   "train.global_batch or fewer ranks give each more to do",
                   100.0 * exchange / account->steps_s);
    if (imbalance(account) > imbalance_limit)
        bl_log_say(
            "hint: the slowest rank computes longer than the mean by %.0f %% of the steps' time; look for "
            "busy or slower cores, and for ranks that share one",
            100.0 * imbalance(account));
    if (account->waited_s > input_limit * account->steps_s)
        bl_log_say("hint: the steps waited for the disk for %.0f %% of their time; put data.file on a faster "
                   "one, or where it fits set data.residency to memory",
                   100.0 * account->waited_s / account->steps_s);
    else if (account->mean[PHASE_INPUT] > input_limit * account->steps_s)
        bl_log_say(
            "hint: %.0f %% of the steps' time goes into preparing rows; float32 features need the least",
            100.0 * account->mean[PHASE_INPUT] / account->steps_s);
    if (account->mean[PHASE_EVALUATION] > evaluation_limit * account->total_s)
        bl_log_say("hint: %.0f %% of the time goes into evaluation; raise evaluate.every_epochs or lower "
                   "data.validation",
                   100.0 * account->mean[PHASE_EVALUATION] / account->total_s);
    /* Not the last one, nor models: no key would leave them out. */
    const double by_steps = account->checkpoint_s[0], by_minutes = account->checkpoint_s[1];
    if (by_steps + by_minutes > checkpoint_limit * account->total_s)
        bl_log_say("hint: %.0f %% of the time goes into checkpoints; raise checkpoint.every_%s",
                   100.0 * (by_steps + by_minutes) / account->total_s,
                   by_steps >= by_minutes ? "steps" : "minutes");
    if (account->step->product->kind == BL_PRODUCT_BLAS && bl_rate_better_kernel())
        bl_log_say("hint: OpenBLAS uses its kernel for %s, and this processor could run that for %s "
                   "(OPENBLAS_CORETYPE=%s): `bitloom check` on this configuration measures both",
                   bl_blas_kernel(), bl_rate_better_kernel(), bl_rate_better_kernel());
}

static json_t *traffic_of(const struct account *account)
{
    const struct par_traffic_count *step = &account->most_step;
    json_t *traffic = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I}", "link_sent_bytes", (json_int_t)account->most_link.sent_bytes,
        "link_received_bytes", (json_int_t)account->most_link.received_bytes, "collectives",
        (json_int_t)step->collectives, "messages", (json_int_t)step->messages, "sent_bytes",
        (json_int_t)step->sent_bytes, "received_bytes", (json_int_t)step->received_bytes);
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++)
        if (traffic_in_step((enum par_traffic_kind)kind))
            json_object_set_new(traffic, traffic_name((enum par_traffic_kind)kind),
                                json_integer(account->received[kind]));
    return traffic;
}

static json_t *event_of(const struct account *account)
{
    json_t *event = json_object(), *phases = json_object();
    json_object_set_new(event, "event", json_string("summary"));
    json_object_set_new(event, "steps", json_integer(account->steps));
    json_object_set_new(event, "ranks", json_integer(account->step->ranks));
    json_object_set_new(event, "rows_per_s", figure_json((double)account->rows / account->steps_s));
    json_object_set_new(event, "gflops_per_rank", figure_json(gflops_per_rank(account)));
    json_object_set_new(event, "sgemm_gflops_per_rank", figure_json(rank_sgemm_gflops(account)));
    json_object_set_new(event, "imbalance", figure_json(imbalance(account)));
    json_object_set_new(event, "traffic_per_step", traffic_of(account));
    if (account->is_streamed)
        json_object_set_new(event, "waited_for_disk_s", figure_json(account->waited_s));
    json_object_set_new(event, "peak_bytes", json_integer(account->peak_bytes));
    json_object_set_new(event, "node_bytes", json_integer(account->node_bytes));
    for (int p = 0; p < PHASES; p++)
        json_object_set_new(phases, phases_name((enum phase)p),
                            json_pack("[f, f, f]", account->least[p], account->mean[p], account->most[p]));
    json_object_set_new(event, "phases", phases);
    json_object_set_new(event, "checkpoints_behind_s", figure_json(account->background_s));
    return event;
}

int par_summary(const struct par_nodes *nodes, const struct par_summary_of *of, struct bl_error *err)
{
    const struct par par = nodes->all;
    const struct par_traffic traffic = par.traffic ? *par.traffic : (struct par_traffic){0};
    struct account account = {.step = &of->step,
                              .steps = of->steps,
                              .rows = of->steps * of->step.batch_rows,
                              .flops = (double)of->steps * of->step.flops,
                              .is_streamed = of->is_streamed};
    if (of->steps == 0)
        return BL_OK;
    collect_memory(&account, nodes);
    collect_phases(&account, par, of->phases);
    account.background_s = mean_of(par, of->background_s);
    account.waited_s = mean_of(par, of->waited_s);
    for (int cause = 0; cause < 2; cause++)
        account.checkpoint_s[cause] = mean_of(par, of->checkpoint_s[cause]);
    collect_traffic(&account, nodes, &traffic);
    /* All ranks measure at once, as they computed; the slowest counts. */
    int code = par_agree(par, bl_rate_sgemm(&account.sgemm_gflops, err), err);
    if (code != BL_OK)
        return code;
    par_min_doubles(par, &account.sgemm_gflops, 1);
    say_table(&account);
    say_traffic(&account);
    say_hints(&account);
    return par_agree(par, metrics_write(event_of(&account), err), err);
}
