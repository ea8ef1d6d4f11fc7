#include "mpi/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "io/config_file.h"
#include "mpi/collective.h"
#include "mpi/dataset.h"
#include "mpi/plan.h"
#include "mpi/run_state.h"
#include "support/ranks.h"

/* Networks of a few KiB: buckets of 1 KiB make several of their gradients. */
enum { ROWS = 131, DIM = 8, CLASSES = 5, STEPS = 5, LIST = 3 };

static const char basis[] = "data: {file: x, shards: 4, normalize: none}\n"
                            "model: {hidden: [16, 12], heads: 2, bits: 8, dropout: %s}\n"
                            "objective: {preset: %s, relaxation: %s, terms: {pairwise: {similarity: %s}%s}}\n"
                            "optimizer: {lr: 0.01, clip_norm: %s}\n"
                            "train: {global_batch: %s, epochs: 9, reduction: %s, pairs: %s, threads: %s,\n"
                            "  overlap: %s, bucket_kib: 1}\n";

/* One way to train; NULL is the ordinary one. */
struct variant {
    const char *dropout, *relaxation, *similarity, *clip_norm, *global_batch, *reduction, *pairs, *threads,
        *overlap;
    const char *preset, *terms; /* terms: more of them, ", name: {key: value}" */
    int multi;
    int lists;    /* groups to a row: one, or LIST */
    double bound; /* of the gradient's difference from one rank's, by its norm; 0: 1e-5 */
};

/* All that a step needs, on the ranks of par. */
struct trainer {
    struct bl_config config;
    struct par_train_data data;
    struct par_run_state state;
    struct par_step step;
};

static const char *either(const char *value, const char *otherwise)
{
    return value ? value : otherwise;
}

static void make_rows(float *features, int32_t *classes, uint8_t *matrix)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        uint64_t random[4];
        bl_rng_words(3, BL_STREAM_LSH, i, 0, 0, random);
        for (uint64_t d = 0; d < DIM; d++)
            features[i * DIM + d] = (float)(random[d / 2] >> (d % 2 * 32) & 0xffff) / 32768.0f - 1.0f;
        classes[i] = (int32_t)(random[0] % CLASSES);
        for (uint64_t c = 0; c < CLASSES; c++)
            matrix[i * CLASSES + c] = (uint8_t)(random[1] >> (7 * c) & 1);
    }
}

/* Groups far apart, so that only dense numbers can be counted by; a row in seven is in none. */
static void make_groups(uint32_t *groups, int64_t words)
{
    for (int64_t at = 0; at < ROWS * words; at++) {
        uint64_t random[4];
        bl_rng_words(4, BL_STREAM_LSH, (uint64_t)at, 0, 0, random);
        groups[at] = at / words % 7 == 3 || random[0] % 3 == 0 ? (uint32_t)BL_UNLABELLED
                                                               : (uint32_t)(random[1] % 9) * 200000000u;
    }
}

static int write_data(const char *path, int multi, int64_t lists, struct bl_error *err)
{
    static float features[ROWS * DIM];
    static int32_t classes[ROWS];
    static uint8_t matrix[ROWS * CLASSES];
    static uint32_t groups[ROWS * LIST];
    struct par_split_writer *writer = NULL;
    const struct par_split_writer_options options = {
        .rows = ROWS,
        .dim = DIM,
        .type = BL_FLOAT32,
        .labels = multi ? bl_label_layout(BL_LABELS_MULTI, CLASSES) : bl_label_layout(BL_LABELS_SINGLE, 0),
        .groups = lists ? bl_group_layout(lists) : bl_label_layout(BL_LABELS_NONE, 0)};
    make_rows(features, classes, matrix);
    make_groups(groups, lists);
    int code = par_split_create_local(&writer, path, "train", &options, err);
    if (code == BL_OK && lists)
        code = par_split_put_groups_local(writer, ROWS, groups, err);
    if (code == BL_OK)
        code = par_split_append_local(writer, ROWS, features, multi ? (void *)matrix : (void *)classes, NULL,
                                      err);
    if (code == BL_OK)
        code = par_split_commit_local(writer, err);
    par_split_destroy_local(writer);
    return code;
}

static void make_trainer(struct trainer *trainer, struct par par, const char *path,
                         const struct variant *variant)
{
    char text[800];
    struct bl_error err = {0};
    memset(trainer, 0, sizeof *trainer);
    snprintf(text, sizeof text, basis, either(variant->dropout, "0"), either(variant->preset, "likelihood"),
             either(variant->relaxation, "tanh"), either(variant->similarity, "label"),
             either(variant->terms, ""), either(variant->clip_norm, "0"), either(variant->global_batch, "32"),
             either(variant->reduction, "fast"), either(variant->pairs, "auto"),
             either(variant->threads, "1"), either(variant->overlap, "none"));
    CHECK(io_config_parse(text, "step.yaml", &trainer->config, &err) == BL_OK);
    CHECK(par_train_data_init(&trainer->data, par, path, &trainer->config, &err) == BL_OK);
    CHECK(par_run_state_init(&trainer->state, &trainer->config, DIM, trainer->data.labels, &err) == BL_OK);
    CHECK(par_step_init(&trainer->step, par, &trainer->config, &trainer->data, &trainer->state.model, &err) ==
          BL_OK);
}

static void free_trainer(struct trainer *trainer)
{
    par_step_free(&trainer->step);
    par_run_state_free(&trainer->state);
    par_train_data_free(&trainer->data);
}

/* The same data and configuration for all ranks together and for each rank by itself. */
static void make_both(struct par par, const struct variant *variant, struct trainer *together,
                      struct trainer *alone)
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

static double norm_of_difference(const float *a, const float *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum);
}

static void check_values(struct trainer *together, struct trainer *alone)
{
    double all[BL_TERMS_MAX], one[BL_TERMS_MAX];
    const int n = (int)together->step.objective.n_terms;
    par_groups_sum(&together->step.groups, together->step.par, together->step.group_values, BL_TERMS_MAX, n,
                   all);
    par_groups_sum(&alone->step.groups, par_alone(), alone->step.group_values, BL_TERMS_MAX, n, one);
    for (int t = 0; t < n; t++)
        CHECK(fabs(all[t] - one[t]) <= 1e-6 * fabs(one[t]));
}

/* At three steps of different epochs, so that other batches meet the same parameters. */
static void check_gradient(struct par par, const struct variant *variant)
{
    static struct trainer together, alone;
    static const int64_t numbers[] = {0, 2, 7};
    make_both(par, variant, &together, &alone);
    for (int i = 0; i < 3; i++) {
        struct par_step_outcome one, other;
        struct bl_error err = {0};
        const int64_t n = alone.state.model.layout.n_params;
        CHECK(par_step_gradient(&together.step, &together.state.model, numbers[i], &one, &err) == BL_OK);
        CHECK(par_step_gradient(&alone.step, &alone.state.model, numbers[i], &other, &err) == BL_OK);
        CHECK(other.grad_norm > 1e-4);
        par_gradient_share(&together.step.gradient, par, together.step.gradient.sum);
        CHECK(norm_of_difference(together.step.gradient.sum, alone.step.gradient.sum, n) <
              (variant->bound > 0.0 ? variant->bound : 1e-5) * other.grad_norm);
        check_values(&together, &alone);
    }
    free_trainer(&together);
    free_trainer(&alone);
}

static void the_gradient_is_that_of_one_rank(struct par par)
{
    check_gradient(par, &(struct variant){0});
}

static void it_is_with_dropout(struct par par)
{
    check_gradient(par, &(struct variant){.dropout = "0.4"});
}

static void it_is_for_a_full_batch_of_unequal_shards(struct par par)
{
    check_gradient(par, &(struct variant){.global_batch = "full"});
}

static void it_is_for_the_cosine_of_label_rows(struct par par)
{
    check_gradient(par, &(struct variant){.similarity = "cosine", .multi = 1});
}

static void it_is_for_jaccard_and_shared_labels(struct par par)
{
    check_gradient(par, &(struct variant){.similarity = "jaccard", .multi = 1});
    check_gradient(par, &(struct variant){.similarity = "shared", .multi = 1});
}

static void it_is_for_groups(struct par par)
{
    check_gradient(par, &(struct variant){.similarity = "group", .lists = 1});
    check_gradient(par, &(struct variant){.similarity = "group", .lists = LIST, .threads = "2"});
}

static void it_is_for_the_other_relaxations(struct par par)
{
    check_gradient(par, &(struct variant){.relaxation = "ste"});
    check_gradient(par, &(struct variant){.relaxation = "tanh-beta"});
}

/* Methods of other papers. */
static const struct variant rivals[] = {
    {.preset = "hashnet"},
    {.preset = "dsh"},
    /* Where two dissimilar rows have nearly the same code, the gradient goes as 1/(1 - cos): in the first
     * batch a pair at about 1e-3, so that its part carries the rounding of a cosine, 1e-7, a thousandfold. */
    {.preset = "dch", .bound = 1e-4},
    {.preset = "idhn", .similarity = "cosine", .multi = 1},
    {.preset = "dpsh"},
    {.preset = "dpsh", .similarity = "cosine, balance: balanced, form: contrastive, alpha: auto", .multi = 1},
    {.preset = "dpsh", .similarity = "group", .lists = LIST},
};
enum { RIVALS = sizeof rivals / sizeof *rivals };

static void it_is_for_rivals(struct par par)
{
    for (int i = 0; i < RIVALS; i++)
        check_gradient(par, &rivals[i]);
}

static const char *const more_terms[] = {
    ", classification: {weight: 1}", ", centers: {weight: 1}",
    ", cosine: {weight: 1}",         ", quantization: {weight: 1, form: log-cosh}",
    ", balance: {weight: 1}",        ", decorrelation: {weight: 1}",
    ", scatter: {weight: 1}",        ", quantization: {weight: 1e-9}, independence: {weight: 1}",
};
enum { MORE_TERMS = sizeof more_terms / sizeof *more_terms };

static void it_is_for_every_term_alone(struct par par)
{
    for (int t = 0; t < MORE_TERMS; t++)
        for (int multi = 0; multi < 2; multi++)
            check_gradient(par, &(struct variant){.preset = "none", .terms = more_terms[t], .multi = multi});
}

/* Compares with rank 0's bits. */
static void check_equal_on_all(struct par par, const struct trainer *trainer)
{
    float first[2048];
    const int64_t n = trainer->state.model.layout.n_params;
    CHECK(n <= 2048);
    memcpy(first, trainer->state.model.params, (size_t)n * sizeof *first);
    par_broadcast(par, first, n * (int64_t)sizeof *first);
    CHECK(memcmp(first, trainer->state.model.params, (size_t)n * sizeof *first) == 0);
}

static void check_steps(struct par par, const struct variant *variant)
{
    static struct trainer together, alone;
    make_both(par, variant, &together, &alone);
    const int64_t n = alone.state.model.layout.n_params;
    for (int64_t number = 0; number < STEPS; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &outcome,
                           &err) == BL_OK);
        check_equal_on_all(par, &together);
    }
    CHECK(norm_of_difference(together.state.model.params, alone.state.model.params, n) > 1e-3);
    free_trainer(&together);
    free_trainer(&alone);
}

static void parameters_are_the_same_bits_on_all_ranks_after_every_step(struct par par)
{
    check_steps(par, &(struct variant){0});
    check_steps(par, &(struct variant){.dropout = "0.3", .clip_norm = "0.01"});
    check_steps(par, &(struct variant){.global_batch = "full"});
}

static void check_equal_memories(const struct par_code_memory *a, const struct par_code_memory *b)
{
    CHECK(a->rows == b->rows);
    CHECK(a->rows == 0 || memcmp(a->codes, b->codes, (size_t)(a->rows * a->bits) * sizeof(float)) == 0);
}

/* After every step the parameters of all ranks together are, bit by bit, those of one rank alone; so are the
 * values of the terms, and after sharing the optimiser's states. */
static void check_exact(struct par par, const struct variant *variant)
{
    static struct trainer together, alone;
    make_both(par, variant, &together, &alone);
    const size_t bytes = (size_t)alone.state.model.layout.n_params * sizeof(float);
    for (int64_t number = 0; number < STEPS; number++) {
        struct par_step_outcome one, other;
        struct bl_error err = {0};
        double values[2][BL_TERMS_MAX];
        const int64_t n = together.step.objective.n_terms;
        const float first = alone.state.model.params[0];
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &one,
                           &err) == BL_OK);
        CHECK(par_step_run(&alone.step, &alone.state.model, &alone.state.optimizer, number, &other, &err) ==
              BL_OK);
        CHECK(memcmp(together.state.model.params, alone.state.model.params, bytes) == 0);
        CHECK(alone.state.model.params[0] != first);
        CHECK(one.grad_norm == other.grad_norm);
        check_equal_memories(&together.step.memory, &alone.step.memory);
        par_groups_sum(&together.step.groups, par, together.step.group_values, BL_TERMS_MAX, n, values[0]);
        par_groups_sum(&alone.step.groups, par_alone(), alone.step.group_values, BL_TERMS_MAX, n, values[1]);
        CHECK(memcmp(values[0], values[1], (size_t)n * sizeof(double)) == 0);
    }
    par_step_share_states(&together.step, &together.state.optimizer);
    for (int s = 0; s < alone.state.optimizer.type->n_states; s++)
        CHECK(memcmp(together.state.optimizer.states[s], alone.state.optimizer.states[s], bytes) == 0);
    free_trainer(&together);
    free_trainer(&alone);
}

static void exact_steps_have_the_bits_of_one_rank(struct par par)
{
    check_exact(par, &(struct variant){.reduction = "exact"});
    check_exact(par, &(struct variant){.reduction = "exact", .dropout = "0.3", .clip_norm = "0.01"});
    check_exact(par, &(struct variant){.reduction = "exact", .global_batch = "full"});
    check_exact(par, &(struct variant){.reduction = "exact", .relaxation = "ste", .threads = "3"});
    check_exact(par, &(struct variant){.reduction = "exact", .overlap = "gradient", .clip_norm = "0.01"});
    check_exact(par, &(struct variant){.reduction = "exact",
                                       .overlap = "gradient",
                                       .threads = "2",
                                       .terms = ", classification: {weight: 1}"});
    check_exact(par, &(struct variant){.reduction = "exact", .similarity = "cosine", .multi = 1});
    check_exact(par, &(struct variant){.reduction = "exact", .similarity = "group", .lists = 1});
    check_exact(par, &(struct variant){.reduction = "exact", .similarity = "group", .lists = LIST});
    for (int i = 0; i < RIVALS; i++) {
        struct variant variant = rivals[i];
        variant.reduction = "exact";
        variant.threads = "2";
        check_exact(par, &variant);
    }
    for (int t = 0; t < MORE_TERMS; t++)
        check_exact(par, &(struct variant){.reduction = "exact", .terms = more_terms[t], .multi = t % 2});
}

static void check_allocations(struct par par, const struct variant *variant)
{
    static struct trainer together, alone;
    make_both(par, variant, &together, &alone);
    const int64_t before = bl_alloc_count();
    for (int64_t number = 0; number < 10; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &outcome,
                           &err) == BL_OK);
    }
    CHECK(bl_alloc_count() == before);
    free_trainer(&together);
    free_trainer(&alone);
}

static void ten_steps_allocate_nothing(struct par par)
{
    check_allocations(par, &(struct variant){.dropout = "0.3"});
    check_allocations(par, &(struct variant){.reduction = "exact"});
    check_allocations(par, &(struct variant){.similarity = "group", .lists = LIST});
    for (int i = 0; i < RIVALS; i++)
        check_allocations(par, &rivals[i]);
    for (int t = 0; t < MORE_TERMS; t++)
        check_allocations(par, &(struct variant){.terms = more_terms[t]});
}

/* Each training row, in the order of the file, has its label there, and once it was in a batch a code. */
static void a_memory_holds_all_training_rows(struct par par)
{
    static struct trainer together, alone;
    make_both(par, &(struct variant){.preset = "dpsh"}, &together, &alone);
    const struct par_code_memory *memory = &together.step.memory;
    int64_t place = 0, filled = 0;
    CHECK(memory->rows == together.data.n_train_global);
    for (int64_t s = 0; s < alone.data.shards; s++)
        for (int64_t i = 0; i < alone.data.shard[s].n_train; i++, place++)
            CHECK(memory->labels[place] == *par_train_data_labels(&alone.data, alone.data.shard[s].train[i]));
    CHECK(place == memory->rows);
    for (int64_t number = 0; number < together.step.batches.steps_per_epoch; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        CHECK(par_step_gradient(&together.step, &together.state.model, number, &outcome, &err) == BL_OK);
    }
    for (int64_t i = 0; i < memory->rows; i++)
        filled += memory->codes[i * memory->bits] != 0.0f;
    CHECK(filled == together.step.batches.steps_per_epoch * together.step.batches.n_global);
    free_trainer(&together);
    free_trainer(&alone);
}

/* Three steps count three times what the plan says for this rank. */
static void check_traffic(struct par par, const struct variant *variant)
{
    static struct trainer together, alone;
    struct par_traffic traffic = {0};
    struct par_plan plan;
    struct bl_error err = {0};
    par.traffic = &traffic;
    make_both(par, variant, &together, &alone);
    const struct par_split split = {
        .rows = ROWS, .dim = DIM, .type = BL_FLOAT32, .labels = together.data.labels};
    CHECK(par_plan_local(&plan, &together.config, &split, par.size, 1, &err) == BL_OK);
    const struct par_traffic planned = par_plan_traffic_local(&plan, &together.config, &split, par.rank);
    const struct par_traffic before = traffic;
    for (int64_t number = 0; number < 3; number++) {
        struct par_step_outcome outcome;
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &outcome,
                           &err) == BL_OK);
    }
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++) {
        const struct par_traffic_count *was = &before.of[kind], *is = &traffic.of[kind],
                                       *one = &planned.of[kind];
        CHECK(is->collectives - was->collectives == 3 * one->collectives);
        CHECK(is->messages - was->messages == 3 * one->messages);
        CHECK(is->sent_bytes - was->sent_bytes == 3 * one->sent_bytes);
        CHECK(is->received_bytes - was->received_bytes == 3 * one->received_bytes);
    }
    CHECK((par_traffic_of_steps(&planned).received_bytes > 0) == (par.size > 1));
    free_trainer(&together);
    free_trainer(&alone);
}

static void a_step_sends_and_receives_what_is_planned(struct par par)
{
    check_traffic(par, &(struct variant){0});
    check_traffic(par, &(struct variant){.reduction = "exact"});
    check_traffic(par, &(struct variant){.reduction = "exact", .global_batch = "full"});
    check_traffic(par, &(struct variant){.similarity = "cosine", .multi = 1});
    for (int i = 0; i < RIVALS; i++)
        check_traffic(par, &rivals[i]);
    for (int t = 0; t < MORE_TERMS; t++) {
        check_traffic(par, &(struct variant){.preset = "none", .terms = more_terms[t]});
        check_traffic(par, &(struct variant){.reduction = "exact", .terms = more_terms[t], .multi = 1});
    }
}

/* Alone there is one block of rows, whose pairs are visited twice; together the ranks' blocks meet once. */
static void it_is_where_pairs_are_visited_once(struct par par)
{
    static const struct variant kinds[] = {
        {.global_batch = "32"},
        {.global_batch = "full"},
        {.preset = "dsh"},
        {.preset = "dch", .threads = "2", .bound = 1e-4}, /* as above */
        {.preset = "idhn", .similarity = "cosine", .multi = 1},
        {.similarity = "jaccard", .multi = 1},
        {.similarity = "shared, form: literal, alpha: auto", .multi = 1},
        {.similarity = "group", .lists = 1},
        {.similarity = "group", .lists = LIST, .relaxation = "ste"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct variant variant = kinds[i];
        variant.pairs = "once";
        check_gradient(par, &variant);
        check_traffic(par, &variant);
        check_allocations(par, &variant);
    }
    check_steps(par, &(struct variant){.pairs = "once", .global_batch = "full"});
}

/* Own rows' pairs before those of others, gradients by buckets. */
static void it_is_where_exchange_is_in_flight(struct par par)
{
    static const struct variant kinds[] = {
        {.overlap = "codes"},
        {.overlap = "gradient", .dropout = "0.4", .clip_norm = "0.01"},
        {.overlap = "both", .global_batch = "full", .terms = ", classification: {weight: 1}"},
        {.overlap = "both", .pairs = "once", .global_batch = "full"},
        {.overlap = "both", .pairs = "once", .preset = "dsh", .threads = "2"},
        {.overlap = "both", .preset = "dch", .bound = 1e-4}, /* as above */
        {.overlap = "both", .pairs = "once", .preset = "dch", .bound = 1e-4},
        {.overlap = "both", .similarity = "cosine", .multi = 1},
        {.overlap = "both", .similarity = "group", .lists = LIST, .relaxation = "ste"},
        {.overlap = "both", .preset = "dpsh"},
        {.overlap = "both", .preset = "none", .terms = ", centers: {weight: 1}"},
        {.overlap = "both", .terms = ", quantization: {weight: 1e-9}, independence: {weight: 1}"},
        {.overlap = "gradient", .reduction = "exact", .global_batch = "full"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        check_gradient(par, &kinds[i]);
        check_traffic(par, &kinds[i]);
        check_allocations(par, &kinds[i]);
        check_steps(par, &kinds[i]);
    }
}

static void a_value_that_is_not_finite_fails_on_all_ranks(struct par par)
{
    static struct trainer together, alone;
    struct par_step_outcome outcome;
    struct bl_error err = {0};
    make_both(par, &(struct variant){0}, &together, &alone);
    /* On the last rank only, as a broken memory would. */
    if (par.rank == par.size - 1)
        ((float *)together.data.features)[3] = NAN;
    int64_t number = 0;
    int code = BL_OK;
    for (; number < 4 && code == BL_OK; number++)
        code = par_step_gradient(&together.step, &together.state.model, number, &outcome, &err);
    CHECK(code == BL_NUMBERS);
    CHECK(strstr(err.what, "step "));
    free_trainer(&together);
    free_trainer(&alone);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(the_gradient_is_that_of_one_rank),
        CASE(it_is_with_dropout),
        CASE(it_is_for_a_full_batch_of_unequal_shards),
        CASE(it_is_for_the_cosine_of_label_rows),
        CASE(it_is_for_jaccard_and_shared_labels),
        CASE(it_is_for_groups),
        CASE(it_is_for_the_other_relaxations),
        CASE(it_is_for_rivals),
        CASE(it_is_for_every_term_alone),
        CASE(it_is_where_pairs_are_visited_once),
        CASE(it_is_where_exchange_is_in_flight),
        CASE(parameters_are_the_same_bits_on_all_ranks_after_every_step),
        CASE(exact_steps_have_the_bits_of_one_rank),
        CASE(a_memory_holds_all_training_rows),
        CASE(ten_steps_allocate_nothing),
        CASE(a_step_sends_and_receives_what_is_planned),
        CASE(a_value_that_is_not_finite_fails_on_all_ranks),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
