#include "support/steps.h"
#include "base/share.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "io/config_file.h"
#include "mpi/files/dataset.h"
#include "mpi/plan/plan.h"
#include "mpi/ranks/collective.h"
#include "support/ranks.h"

enum { CLASSES = 5 };

static const char basis[] = "data: {file: x, shards: 4, normalize: none}\n"
                            "model: {hidden: %s, heads: 2, bits: 8, dropout: %s%s}\n"
                            "objective: {preset: %s, relaxation: %s, terms: {pairwise: {similarity: %s}%s}}\n"
                            "optimizer: {lr: 0.01, clip_norm: %s%s}\n"
                            "train: {global_batch: %s, epochs: 9, reduction: %s, pairs: %s, threads: %s,\n"
                            "  overlap: %s, bucket_kib: 1}\n";

static const char *either(const char *value, const char *otherwise)
{
    return value ? value : otherwise;
}

static void make_rows(float *features, int32_t *classes, uint8_t *matrix)
{
    for (uint64_t i = 0; i < STEPS_ROWS; i++) {
        uint64_t random[4];
        bl_rng_words(3, BL_STREAM_LSH, i, 0, 0, random);
        for (uint64_t d = 0; d < STEPS_DIM; d++)
            features[i * STEPS_DIM + d] = (float)(random[d / 2] >> (d % 2 * 32) & 0xffff) / 32768.0f - 1.0f;
        classes[i] = (int32_t)(random[0] % CLASSES);
        for (uint64_t c = 0; c < CLASSES; c++)
            matrix[i * CLASSES + c] = (uint8_t)(random[1] >> (7 * c) & 1);
    }
}

/* Group numbers far apart, to be made dense before they can be counted; one row in seven has no group. */
static void make_groups(uint32_t *groups, int64_t words)
{
    for (int64_t at = 0; at < STEPS_ROWS * words; at++) {
        uint64_t random[4];
        bl_rng_words(4, BL_STREAM_LSH, (uint64_t)at, 0, 0, random);
        groups[at] = at / words % 7 == 3 || random[0] % 3 == 0 ? (uint32_t)BL_UNLABELLED
                                                               : (uint32_t)(random[1] % 9) * 200000000u;
    }
}

static int write_data(const char *path, int multi, int64_t lists, struct bl_error *err)
{
    static float features[STEPS_ROWS * STEPS_DIM];
    static int32_t classes[STEPS_ROWS];
    static uint8_t matrix[STEPS_ROWS * CLASSES];
    static uint32_t groups[STEPS_ROWS * STEPS_LIST];
    struct split_writer *writer = NULL;
    const struct split_writer_options options = {
        .rows = STEPS_ROWS,
        .dim = STEPS_DIM,
        .type = BL_FLOAT32,
        .labels = multi ? bl_label_layout(BL_LABELS_MULTI, CLASSES) : bl_label_layout(BL_LABELS_SINGLE, 0),
        .groups = lists ? bl_group_layout(lists) : bl_label_layout(BL_LABELS_NONE, 0)};
    make_rows(features, classes, matrix);
    make_groups(groups, lists);
    int code = split_create(&writer, path, "train", &options, err);
    if (code == BL_OK && lists)
        code = split_put_groups(writer, STEPS_ROWS, groups, err);
    if (code == BL_OK)
        code =
            split_append(writer, STEPS_ROWS, features, multi ? (void *)matrix : (void *)classes, NULL, err);
    if (code == BL_OK)
        code = split_commit(writer, err);
    split_destroy(writer);
    return code;
}

static int steps_nodes(struct par par, const struct step_variant *variant)
{
    return variant->nodes == 0 ? 1 : variant->nodes < par.size ? variant->nodes : par.size;
}

static void make_nodes(struct par_nodes *nodes, struct par par, int n_nodes)
{
    struct bl_error err = {0};
    int number = 0;
    int64_t lo, hi;
    do
        bl_share(par.size, number, n_nodes, &lo, &hi);
    while (par.rank >= hi && ++number < n_nodes);
    CHECK(par_nodes_init_numbered(nodes, par, number, &err) == BL_OK);
    CHECK(nodes->n_nodes == n_nodes && nodes->own == number);
}

static void make_trainer(struct step_trainer *trainer, struct par par, const char *path,
                         const struct step_variant *variant)
{
    char text[800];
    struct bl_error err = {0};
    memset(trainer, 0, sizeof *trainer);
    snprintf(text, sizeof text, basis, either(variant->hidden, "[16, 12]"), either(variant->dropout, "0"),
             either(variant->model, ""), either(variant->preset, "likelihood"),
             either(variant->relaxation, "tanh"), either(variant->similarity, "label"),
             either(variant->terms, ""), either(variant->clip_norm, "0"), either(variant->optimizer, ""),
             either(variant->global_batch, "32"), either(variant->reduction, "fast"),
             either(variant->pairs, "auto"), either(variant->threads, "1"), either(variant->overlap, "none"));
    CHECK(io_config_parse(text, "step.yaml", &trainer->config, &err) == BL_OK);
    CHECK(par_train_data_init(&trainer->data, par, path, &trainer->config, &err) == BL_OK);
    make_nodes(&trainer->nodes, par, par.size == 1 ? 1 : steps_nodes(par, variant));
    CHECK(par_run_state_init(&trainer->state, &trainer->nodes, &trainer->config, STEPS_DIM,
                             trainer->data.labels, &err) == BL_OK);
    phases_begin(&trainer->phases);
    CHECK(par_step_init(&trainer->step, &trainer->nodes, &trainer->config, &trainer->data,
                        &trainer->state.model, &trainer->phases, &err) == BL_OK);
}

void steps_free(struct step_trainer *trainer)
{
    par_step_free(&trainer->step);
    par_run_state_free(&trainer->state);
    par_nodes_free(&trainer->nodes);
    par_train_data_free(&trainer->data);
}

void steps_make_both(struct par par, const struct step_variant *variant, struct step_trainer *together,
                     struct step_trainer *alone)
{
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 16];
    struct bl_error err = {0};
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/data.h5", folder);
    if (par.rank == 0)
        CHECK(write_data(path, variant->multi, variant->lists, &err) == BL_OK);
    MPI_Barrier(par.comm);
    make_trainer(together, par, path, variant);
    make_trainer(alone, par_alone(), path, variant);
    ranks_remove_folder(par, folder);
}
const struct step_variant steps_rivals[STEPS_RIVALS] = {
    {.preset = "hashnet"},
    {.preset = "dsh"},
    /* For dissimilar rows with nearly the same code the gradient grows as 1/(1 - cos). In the first batch a
     * pair has 1 - cos of about 1e-3, which multiplies the rounding error of the cosine, 1e-7, by a
     * thousand. */
    {.preset = "dch", .bound = 1e-4},
    {.preset = "idhn", .similarity = "cosine", .multi = 1},
    {.preset = "dpsh"},
    {.preset = "dpsh", .similarity = "cosine, balance: balanced, form: contrastive, alpha: auto", .multi = 1},
    {.preset = "dpsh", .similarity = "group", .lists = STEPS_LIST},
};
const char *const steps_terms[STEPS_TERMS] = {
    ", classification: {weight: 1}", ", centers: {weight: 1}",
    ", cosine: {weight: 1}",         ", quantization: {weight: 1, form: log-cosh}",
    ", balance: {weight: 1}",        ", decorrelation: {weight: 1}",
    ", scatter: {weight: 1}",        ", quantization: {weight: 1e-9}, independence: {weight: 1}",
};
static double norm_of_difference(const float *a, const float *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum);
}

static void check_values(struct step_trainer *together, struct step_trainer *alone)
{
    double all[BL_TERMS_MAX], one[BL_TERMS_MAX];
    const int n = (int)together->step.objective.n_terms;
    par_sum_groups_sum(&together->step.groups, together->step.par, together->step.group_values, BL_TERMS_MAX,
                       n, all);
    par_sum_groups_sum(&alone->step.groups, par_alone(), alone->step.group_values, BL_TERMS_MAX, n, one);
    for (int t = 0; t < n; t++)
        CHECK(fabs(all[t] - one[t]) <= 1e-6 * fabs(one[t]));
}

/* Of a step of all ranks together, and what it allocates on this one. */
static int64_t check_gradient(struct step_trainer *together, struct step_trainer *alone,
                              const struct step_variant *variant, int64_t number)
{
    struct par_step_outcome one, other;
    struct bl_error err = {0};
    const int64_t n = alone->state.model.layout.n_params, before = bl_alloc_count();
    CHECK(par_step_gradient(&together->step, &together->state.model, number, &one, &err) == BL_OK);
    const int64_t allocated = bl_alloc_count() - before;
    CHECK(par_step_gradient(&alone->step, &alone->state.model, number, &other, &err) == BL_OK);
    CHECK(other.grad_norm > 1e-4);
    par_nodes_meet(&together->nodes);
    CHECK(norm_of_difference(together->step.gradient.sum, alone->step.gradient.sum, n) <
          (variant->bound > 0.0 ? variant->bound : 1e-5) * other.grad_norm);
    check_values(together, alone);
    par_nodes_meet(&together->nodes); /* all have looked */
    return allocated;
}

/* Parameters must have the same bits as rank 0's. */
static void check_equal_on_all(struct par par, const struct step_trainer *trainer)
{
    float first[2048];
    const int64_t n = trainer->state.model.layout.n_params;
    CHECK(n <= 2048);
    memcpy(first, trainer->state.model.params, (size_t)n * sizeof *first);
    par_broadcast(par, first, n * (int64_t)sizeof *first);
    CHECK(memcmp(first, trainer->state.model.params, (size_t)n * sizeof *first) == 0);
}

/* What was counted since `before` is three times what the plan says for this rank. */
static void check_traffic(struct par par, const struct step_trainer *together, int n_nodes,
                          const struct par_traffic *before, const struct par_traffic *after)
{
    struct plan plan;
    struct bl_error err = {0};
    const struct par_split split = {
        .rows = STEPS_ROWS, .dim = STEPS_DIM, .type = BL_FLOAT32, .labels = together->data.labels};
    CHECK(plan_make(&plan, &together->config, &split, par.size, n_nodes, &err) == BL_OK);
    const struct par_traffic planned = plan_traffic(&plan, &together->config, &split, par.rank);
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++) {
        const struct par_traffic_count *was = &before->of[kind], *is = &after->of[kind],
                                       *one = &planned.of[kind];
        CHECK(is->collectives - was->collectives == 3 * one->collectives);
        CHECK(is->messages - was->messages == 3 * one->messages);
        CHECK(is->sent_bytes - was->sent_bytes == 3 * one->sent_bytes);
        CHECK(is->received_bytes - was->received_bytes == 3 * one->received_bytes);
    }
    CHECK((plan.link_received_bytes > 0) == (n_nodes > 1));
}

void steps_check(struct par par, const struct step_variant *variant, unsigned what)
{
    static struct step_trainer together, alone;
    static const int64_t numbers[] = {0, 2, 7};
    struct par counted = par;
    struct par_traffic traffic = {0}, before = {0}, after = {0};
    struct bl_error err = {0};
    int64_t allocated = 0;
    counted.traffic = &traffic;
    steps_make_both(counted, variant, &together, &alone);
    for (int i = 0; i < 3 && what & STEPS_GRADIENT; i++)
        allocated += check_gradient(&together, &alone, variant, numbers[i]);
    const int64_t steps = what & STEPS_ALLOCATIONS               ? 10
                          : what & (STEPS_EQUAL | STEPS_TRAFFIC) ? STEPS_MANY
                                                                 : 0;
    for (int64_t number = 0; number < steps; number++) {
        struct par_step_outcome outcome;
        const int64_t count = bl_alloc_count();
        if (number == 1) /* the first sum of a run is made twice: its scales aren't known yet */
            before = traffic;
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &outcome,
                           &err) == BL_OK);
        allocated += bl_alloc_count() - count;
        if (number == 3)
            after = traffic;
        if (number < STEPS_MANY && what & STEPS_EQUAL) {
            const struct par_traffic uncounted = traffic;
            check_equal_on_all(par, &together);
            traffic = uncounted;
        }
    }
    if (what & STEPS_EQUAL)
        CHECK(norm_of_difference(together.state.model.params, alone.state.model.params,
                                 alone.state.model.layout.n_params) > 1e-3);
    if (what & STEPS_TRAFFIC)
        check_traffic(par, &together, steps_nodes(par, variant), &before, &after);
    if (what & STEPS_ALLOCATIONS)
        CHECK(allocated == 0);
    steps_free(&together);
    steps_free(&alone);
}
